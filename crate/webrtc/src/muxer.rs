//! The streams of a connection.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures::FutureExt;
use futures_timer::Delay;
use libp2p_core::muxing::{StreamMuxer, StreamMuxerEvent};

use crate::{
    backend::{Backend, Event},
    channel::{Channel, Closer},
    clock,
    error::Error,
    signal::Signal,
    substream::{Substream, lock},
};

/// Streams of one connection at a time. What the other side opens beyond is closed at once; our own wait.
pub(crate) const CHANNELS_MAX: usize = 512;
/// Streams that the other side opened and nobody has taken yet.
pub(crate) const INBOUND_WAITING_MAX: usize = 64;
/// Events in a row before other tasks get to run.
const BURST_MAX: u32 = 64;
/// How often deadlines are looked at while there are any.
const TICK: Duration = Duration::from_secs(1);

/// A connection with its streams.
pub(crate) struct Muxer<B: Backend> {
    backend: B,
    channels: HashMap<B::Id, Arc<Mutex<Channel>>>,
    inbound: VecDeque<Substream>,
    inbound_waker: Option<Waker>,
    outbound_waker: Option<Waker>,
    signal: Signal,
    tick: Option<Delay>,
    /// Until when, or until the other side's first stream, we open none.
    patience: Option<Delay>,
    /// The end of the connection, said once more to who asks again.
    ended: Option<Error>,
}

impl<B: Backend> Muxer<B> {
    pub(crate) fn new(backend: B, signal: Signal) -> Self {
        Self {
            backend,
            channels: HashMap::new(),
            inbound: VecDeque::new(),
            inbound_waker: None,
            outbound_waker: None,
            signal,
            tick: None,
            patience: None,
            ended: None,
        }
    }

    /// Lets the other side open the first stream, if it does so in time.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn be_patient(&mut self, time: Duration) {
        if self.inbound.is_empty() {
            self.patience = Some(Delay::new(time));
        }
    }

    /// What carries the streams.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) const fn backend(&self) -> &B {
        &self.backend
    }

    /// The stream over a data channel that exists on both sides without being opened.
    pub(crate) fn adopt(&mut self, id: B::Id, closer: Closer) -> Substream {
        let channel = Channel::new(closer, self.signal.clone());
        let channel = Arc::new(Mutex::new(channel));
        self.channels.insert(id, Arc::clone(&channel));
        Substream::new(channel)
    }

    /// Drives everything as far as it goes. Ready is the end of the connection.
    pub(crate) fn poll_drive(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        if let Some(error) = &self.ended {
            return Poll::Ready(error.clone());
        }
        self.signal.register(context.waker());
        for _ in 0..BURST_MAX {
            if let Err(error) = self.send_waiting() {
                return Poll::Ready(self.end(error));
            }
            if self.is_ticking(context) {
                self.signal.raise();
                continue;
            }
            match self.backend.poll(context) {
                Poll::Ready(Ok(event)) => self.on_event(event),
                Poll::Ready(Err(error)) => return Poll::Ready(self.end(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn on_event(&mut self, event: Event<B::Id>) {
        match event {
            Event::Opened(id) => self.on_opened(id),
            Event::Message(id, message) => {
                if let Some(channel) = self.channels.get(&id) {
                    let mut channel = lock(channel);
                    let is_good = channel.on_message(&message, clock::now()).is_ok();
                    // Flags are answered, and what cannot be read or held breaks off.
                    self.signal.raise();
                    if !is_good || self.signal.unread() > B::UNREAD_BYTES_MAX {
                        channel.break_off();
                    }
                }
            }
            Event::Closed(id) => {
                if let Some(channel) = self.channels.remove(&id) {
                    lock(&channel).on_closed();
                    wake(&mut self.outbound_waker);
                }
            }
            Event::Drained => self.signal.raise(),
        }
    }

    fn on_opened(&mut self, id: B::Id) {
        if self.channels.len() >= CHANNELS_MAX || self.inbound.len() >= INBOUND_WAITING_MAX {
            self.backend.close_channel(id);
            return;
        }
        let stream = self.adopt(id, Closer::They);
        self.inbound.push_back(stream);
        wake(&mut self.inbound_waker);
        if self.patience.take().is_some() {
            wake(&mut self.outbound_waker);
        }
    }

    /// Hands to the backend what streams want to send, and closes the data channels that are done.
    fn send_waiting(&mut self) -> Result<(), Error> {
        if !self.signal.take() {
            return Ok(());
        }
        let now = clock::now();
        let mut done = Vec::new();
        let mut has_deadline = false;
        for (id, channel) in &self.channels {
            let mut channel = lock(channel);
            let mut is_flushed = true;
            while let Some(frame) = channel.next_frame(now) {
                if !self.backend.send(*id, &frame)? {
                    channel.put_back(frame);
                    is_flushed = false;
                    break;
                }
            }
            if is_flushed {
                channel.flushed();
            }
            if channel.is_done(now) {
                done.push(*id);
            }
            has_deadline |= channel.deadline().is_some();
        }
        for id in done {
            if let Some(channel) = self.channels.remove(&id) {
                lock(&channel).on_closed();
            }
            self.backend.close_channel(id);
            wake(&mut self.outbound_waker);
        }
        if has_deadline && self.tick.is_none() {
            self.tick = Some(Delay::new(TICK));
        }
        Ok(())
    }

    /// Whether it is time to look at the deadlines.
    fn is_ticking(&mut self, context: &mut Context<'_>) -> bool {
        let is_due = self
            .tick
            .as_mut()
            .is_some_and(|tick| tick.poll_unpin(context).is_ready());
        if is_due {
            self.tick = None;
        }
        is_due
    }

    fn end(&mut self, error: Error) -> Error {
        self.ended = Some(error.clone());
        self.forget_channels();
        error
    }

    fn forget_channels(&mut self) {
        for (_, channel) in self.channels.drain() {
            lock(&channel).on_closed();
        }
        self.inbound.clear();
    }
}

impl<B: Backend> StreamMuxer for Muxer<B> {
    type Substream = Substream;
    type Error = Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        if let Some(stream) = self.inbound.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        if let Some(error) = &self.ended {
            return Poll::Ready(Err(error.clone()));
        }
        self.inbound_waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        if let Some(error) = &self.ended {
            return Poll::Ready(Err(error.clone()));
        }
        let is_patient = self
            .patience
            .as_mut()
            .is_some_and(|patience| patience.poll_unpin(context).is_pending());
        if is_patient || self.channels.len() >= CHANNELS_MAX {
            self.outbound_waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.patience = None;
        let id = self.backend.open()?;
        let stream = self.adopt(id, Closer::We);
        self.signal.raise();
        Poll::Ready(Ok(stream))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.ended.is_none() {
            self.backend.close();
            self.end(Error::Closed);
        }
        Poll::Ready(Ok(()))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        self.poll_drive(context).map(Err)
    }
}

impl<B: Backend> Drop for Muxer<B> {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.backend.close();
        }
        self.forget_channels();
    }
}

impl<B: Backend> fmt::Debug for Muxer<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Muxer")
            .field("channels", &self.channels.len())
            .finish_non_exhaustive()
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
