//! A tab's connection: events of the browser, taken in by a queue.
//!
//! Handlers only put into the queue; nothing of ours runs inside an event. They are set before the
//! first message can come, and unset before their Rust half goes, so that none is called in between.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::binding::{ChannelState, DataChannel, PeerConnection, bytes_of, channel_of};
use crate::{
    backend::{Backend, Event},
    error::{Error, Result},
    muxer::CHANNELS_MAX,
    signal::Signal,
};

/// What a data channel may have on its way. Browsers break it when it has some megabytes.
const CHANNEL_BUFFER_BYTES: f64 = 256.0 * 1_024.0;
/// When there is room again.
const CHANNEL_BUFFER_LOW_BYTES: u32 = 64 * 1_024;

/// Names a data channel, also after its number was used again.
pub(crate) type Id = u32;

type Handler = Closure<dyn Fn(JsValue)>;

/// One connection.
pub(crate) struct Link(SendWrapper<Inner>);

struct Inner {
    connection: PeerConnection,
    shared: Rc<Shared>,
    /// Kept as long as the browser may call them.
    handlers: Vec<(&'static str, Handler)>,
}

/// What handlers reach.
struct Shared {
    state: RefCell<State>,
    /// Whether the other side's next data channel of this name is only there to begin with.
    expected: Cell<Option<&'static str>>,
    signal: Signal,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event<Id>>,
    /// The bytes of the messages among them.
    bytes: usize,
    channels: HashMap<Id, Channel>,
    next: Id,
    /// Why there will be no more.
    end: Option<Error>,
}

struct Channel {
    channel: DataChannel,
    handlers: [(&'static str, Handler); 4],
}

impl Link {
    /// A new connection, with all its handlers.
    pub(crate) fn new(signal: Signal, stun: &[String]) -> Result<Self> {
        let connection = PeerConnection::create(stun)?;
        let shared = Rc::new(Shared {
            state: RefCell::default(),
            expected: Cell::default(),
            signal,
        });
        let opened = {
            let shared = Rc::clone(&shared);
            handler(move |event| shared.on_opened(&event))
        };
        let changed = {
            let (shared, connection) = (Rc::clone(&shared), connection.clone());
            handler(move |_| {
                if connection.is_over() {
                    shared.end(Error::Closed);
                }
            })
        };
        // Owned before anything can fail, so that it is closed in any case.
        let link = Self(SendWrapper::new(Inner {
            connection,
            shared,
            handlers: vec![
                ("ondatachannel", opened),
                ("onconnectionstatechange", changed),
            ],
        }));
        for (name, handler) in &link.0.handlers {
            link.0
                .connection
                .handle(name, Some(handler.as_ref().unchecked_ref()))?;
        }
        Ok(link)
    }

    pub(crate) fn connection(&self) -> &PeerConnection {
        &self.0.connection
    }

    /// Data channel 0, which both sides know of without opening it.
    pub(crate) fn handshake_channel(&self) -> Result<Id> {
        self.open_channel(true)
    }

    /// Takes the other side's data channel of this name, once, for no stream: who opened it closes it.
    pub(crate) fn expect_channel(&self, name: &'static str) {
        self.0.shared.expected.set(Some(name));
    }

    fn open_channel(&self, is_handshake: bool) -> Result<Id> {
        let channel = self.0.connection.channel(is_handshake)?;
        self.0.shared.adopt(channel)
    }
}

impl Shared {
    fn on_opened(self: &Rc<Self>, event: &JsValue) {
        let Some(channel) = channel_of(event) else {
            return;
        };
        if self.state.borrow().channels.len() >= CHANNELS_MAX {
            channel.close();
            return;
        }
        let expected = self.expected.get();
        let is_expected = expected.is_some() && channel.label().as_deref() == expected;
        match self.adopt(channel) {
            Ok(_) if is_expected => self.expected.set(None),
            Ok(id) => self.push(Event::Opened(id)),
            Err(error) => tracing::debug!(%error, "a data channel is refused"),
        }
    }

    /// Takes a data channel in, with its handlers.
    fn adopt(self: &Rc<Self>, channel: DataChannel) -> Result<Id> {
        let id = {
            let mut state = self.state.borrow_mut();
            state.next = state.next.wrapping_add(1);
            state.next
        };
        let on = |act: fn(&Self, Id, JsValue)| {
            let shared = Rc::clone(self);
            handler(move |event| act(&shared, id, event))
        };
        let handlers = [
            ("onmessage", on(Self::on_message)),
            (
                "onclose",
                on(|shared, id, _| shared.push(Event::Closed(id))),
            ),
            ("onopen", on(|shared, _, _| shared.push(Event::Drained))),
            (
                "onbufferedamountlow",
                on(|shared, _, _| shared.push(Event::Drained)),
            ),
        ];
        let channel = Channel { channel, handlers };
        channel.channel.configure(CHANNEL_BUFFER_LOW_BYTES)?;
        for (name, handler) in &channel.handlers {
            channel
                .channel
                .handle(name, Some(handler.as_ref().unchecked_ref()))?;
        }
        self.state.borrow_mut().channels.insert(id, channel);
        Ok(id)
    }

    fn on_message(&self, id: Id, event: JsValue) {
        match bytes_of(&event) {
            Some(bytes) => self.push(Event::Message(id, Bytes::from(bytes))),
            None => tracing::debug!("a message of text is ignored"),
        }
    }

    fn push(&self, event: Event<Id>) {
        let mut state = self.state.borrow_mut();
        if let Event::Message(_, message) = &event {
            state.bytes += message.len();
        }
        state.events.push_back(event);
        let is_full = state.bytes > Link::UNREAD_BYTES_MAX;
        drop(state);
        if is_full {
            return self.end(Error::Closed);
        }
        self.signal.wake();
    }

    fn end(&self, error: Error) {
        self.state.borrow_mut().end.get_or_insert(error);
        self.signal.wake();
    }
}

impl Backend for Link {
    type Id = Id;

    /// More than the largest answer: a browser cannot be made to wait.
    const UNREAD_BYTES_MAX: usize = 8 * 1_024 * 1_024;

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<Result<Event<Id>>> {
        let mut state = self.0.shared.state.borrow_mut();
        let event = state.events.pop_front();
        match &event {
            Some(Event::Message(_, message)) => state.bytes -= message.len(),
            Some(Event::Closed(id)) => {
                let gone = state.channels.remove(id);
                drop(state);
                drop(gone);
            }
            Some(_) => {}
            None => {
                return match &state.end {
                    Some(error) => Poll::Ready(Err(error.clone())),
                    None => Poll::Pending,
                };
            }
        }
        event.map_or(Poll::Pending, |event| Poll::Ready(Ok(event)))
    }

    fn open(&mut self) -> Result<Id> {
        self.open_channel(false)
    }

    fn send(&mut self, id: Id, message: &[u8]) -> Result<bool> {
        let channel = {
            let state = self.0.shared.state.borrow();
            state
                .channels
                .get(&id)
                .map(|channel| channel.channel.clone())
        };
        let Some(channel) = channel else {
            return Ok(true);
        };
        match channel.state() {
            ChannelState::Connecting => Ok(false),
            ChannelState::Open if channel.buffered_bytes() >= CHANNEL_BUFFER_BYTES => Ok(false),
            ChannelState::Open => {
                if let Err(error) = channel.send(message) {
                    tracing::debug!(%error, "a data channel is unusable");
                    channel.close();
                }
                Ok(true)
            }
            // Its end is on the way.
            ChannelState::Over => Ok(true),
        }
    }

    fn close_channel(&mut self, id: Id) {
        // It may still send what it holds; only we are no longer interested.
        let channel = self.0.shared.state.borrow_mut().channels.remove(&id);
        drop(channel);
    }

    fn close(&mut self) {
        self.0.connection.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for (name, _) in &self.handlers {
            if let Err(error) = self.connection.handle(name, None) {
                tracing::debug!(%error, "a handler stays");
            }
        }
        let channels = std::mem::take(&mut self.shared.state.borrow_mut().channels);
        drop(channels);
        self.connection.close();
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        for (name, _) in &self.handlers {
            if let Err(error) = self.channel.handle(name, None) {
                tracing::debug!(%error, "a handler stays");
            }
        }
        self.channel.close();
    }
}

/// `Fn`, so that it may be called again while it runs.
fn handler(act: impl Fn(JsValue) + 'static) -> Handler {
    Closure::new(act)
}
