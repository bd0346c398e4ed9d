//! WebSocket in a tab, as a stream of bytes.
//!
//! Why not `libp2p-websocket-websys` 0.6: nobody is told when a socket cannot be opened or is closed,
//! so that a dial to a dead gateway takes its whole ten seconds; what is written waits for a timer of
//! 100 ms; and a text message, which a peer may send, makes the browser throw inside the wasm.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures::{AsyncRead, AsyncWrite, FutureExt, future::BoxFuture};
use futures_timer::Delay;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use libp2p::{
    Multiaddr,
    core::transport::{DialOpts, ListenerId, TransportError, TransportEvent},
    multiaddr::Protocol,
};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, prelude::*};

/// What may wait to be read. An honest peer keeps to the windows of its streams, far below.
const UNREAD_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What the browser may have to send before a writer waits.
const UNSENT_BYTES_MAX: f64 = 256.0 * 1024.0;
/// The largest message that is sent.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// How often a waiting writer looks whether the browser has sent something: there is no event for it.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What may have been thrown instead.
type Thrown<T> = Result<T, JsValue>;
type Handler = Closure<dyn Fn(JsValue)>;

#[wasm_bindgen]
extern "C" {
    /// <https://websockets.spec.whatwg.org/#the-websocket-interface>
    #[wasm_bindgen(js_name = WebSocket)]
    type Socket;

    #[wasm_bindgen(constructor, catch, js_class = "WebSocket")]
    fn new_socket(url: &str) -> Thrown<Socket>;

    #[wasm_bindgen(method, catch, js_name = send)]
    fn send_bytes(this: &Socket, bytes: &Uint8Array) -> Thrown<()>;

    #[wasm_bindgen(method, getter, catch, js_name = bufferedAmount)]
    fn buffered_amount(this: &Socket) -> Thrown<f64>;

    #[wasm_bindgen(method, catch, js_name = close)]
    fn close_socket(this: &Socket) -> Thrown<()>;
}

/// Dials; a tab cannot listen.
#[derive(Debug, Default)]
pub(super) struct Transport;

impl libp2p::Transport for Transport {
    type Output = Connection;
    type Error = io::Error;
    type ListenerUpgrade = BoxFuture<'static, io::Result<Connection>>;
    type Dial = BoxFuture<'static, io::Result<Connection>>;

    fn listen_on(
        &mut self,
        _: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<Self::Error>> {
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        false
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        _: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        let Some(url) = url(&address) else {
            return Err(TransportError::MultiaddrNotSupported(address));
        };
        let dial = async move {
            let connection = Connection::new(&url)?;
            poll_fn(|context| connection.0.poll_open(context)).await?;
            Ok(connection)
        };
        Ok(SendWrapper::new(dial).boxed())
    }

    fn poll(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Poll::Pending
    }
}

fn url(address: &Multiaddr) -> Option<String> {
    let mut parts = address.iter();
    let host = match parts.next()? {
        Protocol::Ip4(ip) => ip.to_string(),
        Protocol::Ip6(ip) => format!("[{ip}]"),
        Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) => name.into_owned(),
        _ => return None,
    };
    let Protocol::Tcp(port) = parts.next()? else {
        return None;
    };
    let (scheme, path) = match (parts.next()?, parts.next()) {
        (Protocol::Tls, Some(Protocol::Ws(path))) | (Protocol::Wss(path), _) => ("wss", path),
        (Protocol::Ws(path), _) => ("ws", path),
        _ => return None,
    };
    Some(format!("{scheme}://{host}:{port}{path}"))
}

/// A socket, from its first moment on.
pub(super) struct Connection(SendWrapper<Inner>);

struct Inner {
    socket: Socket,
    state: Rc<RefCell<State>>,
    /// Kept as long as the browser may call them.
    handlers: [(&'static str, Handler); 3],
    /// Wakes a writer to look again.
    pause: Option<Delay>,
}

#[derive(Default)]
struct State {
    is_open: bool,
    /// Why there will be no more.
    end: Option<&'static str>,
    unread: VecDeque<u8>,
    reader: Option<Waker>,
}

impl State {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn end(&mut self, reason: &'static str) {
        self.end.get_or_insert(reason);
        self.wake();
    }

    fn on_message(&mut self, event: &JsValue) {
        match bytes_of(event) {
            Some(bytes) if self.unread.len() + bytes.len() <= UNREAD_BYTES_MAX => {
                self.unread.extend(bytes);
                self.wake();
            }
            Some(_) => self.end("the peer floods us"),
            None => self.end("the peer sent text"),
        }
    }
}

impl Connection {
    fn new(url: &str) -> io::Result<Self> {
        let socket = Socket::new_socket(url)
            .map_err(|_| io::Error::other("the browser refuses this address"))?;
        let state = Rc::new(RefCell::new(State::default()));
        let handler = |handle: fn(&mut State, &JsValue)| {
            let state = Rc::clone(&state);
            Handler::new(move |event| handle(&mut state.borrow_mut(), &event))
        };
        let handlers = [
            (
                "onopen",
                handler(|state, _| {
                    state.is_open = true;
                    state.wake();
                }),
            ),
            ("onmessage", handler(State::on_message)),
            // It comes after each error, too.
            (
                "onclose",
                handler(|state, _| {
                    state.end(match state.is_open {
                        true => "the connection broke",
                        false => "nobody takes a WebSocket there",
                    });
                }),
            ),
        ];
        // Owned before anything can fail, so that it is closed in any case.
        let connection = Self(SendWrapper::new(Inner {
            socket,
            state,
            handlers,
            pause: None,
        }));
        connection.0.set("binaryType", &"arraybuffer".into())?;
        for (name, handler) in &connection.0.handlers {
            connection.0.set(name, handler.as_ref())?;
        }
        Ok(connection)
    }
}

impl Inner {
    fn set(&self, name: &str, value: &JsValue) -> io::Result<()> {
        Reflect::set(&self.socket, &name.into(), value)
            .map(drop)
            .map_err(|_| io::Error::other("the browser's WebSocket is not as it should be"))
    }

    fn poll_open(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state.borrow_mut();
        match (state.end, state.is_open) {
            (Some(reason), _) => Poll::Ready(Err(io::Error::other(reason))),
            (None, true) => Poll::Ready(Ok(())),
            (None, false) => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether the browser can take more.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.socket.buffered_amount().unwrap_or(0.0) < UNSENT_BYTES_MAX {
                self.pause = None;
                return Poll::Ready(());
            }
            let pause = self.pause.get_or_insert_with(|| Delay::new(LOOK_AGAIN));
            std::task::ready!(pause.poll_unpin(context));
            self.pause = None;
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.state.borrow_mut();
        if state.unread.is_empty() {
            if state.end.is_some() {
                return Poll::Ready(Ok(0));
            }
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        // From a queue in memory, this neither waits nor fails.
        Poll::Ready(io::Read::read(&mut state.unread, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(reason) = self.0.state.borrow().end {
            return Poll::Ready(Err(io::Error::other(reason)));
        }
        std::task::ready!(self.0.poll_room(context));
        let message = bytes.get(..MESSAGE_BYTES_MAX).unwrap_or(bytes);
        // A copy: memory of wasm may move while the browser reads.
        let sent = self.0.socket.send_bytes(&Uint8Array::from(message));
        Poll::Ready(match sent {
            Ok(()) => Ok(message.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        })
    }

    /// What was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // It is closed at the latest when it is dropped.
        let _thrown = self.0.socket.close_socket();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for (name, _) in &self.0.handlers {
            let _thrown = self.0.set(name, &JsValue::NULL);
        }
        let _thrown = self.0.socket.close_socket();
    }
}

/// The bytes of a `message` event; `None` for text, which libp2p never sends.
fn bytes_of(event: &JsValue) -> Option<Vec<u8>> {
    let data = Reflect::get(event, &"data".into()).ok()?;
    let buffer: ArrayBuffer = data.dyn_into().ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
