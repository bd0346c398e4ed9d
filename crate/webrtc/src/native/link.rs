//! A native connection: str0m fed from a socket.

use std::{
    collections::HashSet,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, ready};
use libp2p_webrtc_utils::Fingerprint;
use str0m::{
    Event as RtcEvent, Input, Output, Rtc, RtcError,
    channel::{ChannelConfig, ChannelId},
    net::{Protocol, Receive, Transmit},
};
use tokio::{io::ReadBuf, net::UdpSocket, time::Sleep};

use super::socket::{Inlet, failed};
use crate::{
    backend::{Backend, Event},
    clock::{self, Instant},
    error::{Error, Result},
    signal::Signal,
};

/// After this long without any datagram the other side is dead. It is heard at least every few seconds:
/// a dialler keeps asking for consent, and a listener answers.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// What one stream may have on its way, so that the others keep some room.
const CHANNEL_BUFFER_BYTES: usize = 192 * 1_024;
/// What all streams may have on their way.
pub(crate) const CONNECTION_BUFFER_BYTES: usize = 256 * 1_024;
/// Above this, datagrams stay unread for a while, so that the other side slows down.
const UNREAD_BYTES_PAUSE: usize = 512 * 1_024;
/// How long they stay unread at most: heartbeats are among them.
const PAUSE_MAX: Duration = Duration::from_secs(1);

type Writable = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// One connection.
pub(crate) struct Link {
    rtc: Rtc,
    inlet: Inlet,
    socket: Arc<UdpSocket>,
    /// Our address as far as ICE knows it.
    local: SocketAddr,
    timer: Pin<Box<Sleep>>,
    heard: Instant,
    /// A datagram for which the socket had no room, and what waits for that.
    unsent: Option<(Transmit, Writable)>,
    is_connected: bool,
    /// Whether data channel 0, our first, is open at this side.
    pub(super) is_open: bool,
    /// Why there will be no connection.
    failure: Option<Error>,
    /// Whether [`Backend::send`] refused something since the last [`Event::Drained`].
    has_refused: bool,
    /// Until when no datagrams are read.
    pause: Option<Instant>,
    /// Data channel 0. It stays, or the next one would get its number, and a stock listener hears nothing
    /// of that.
    handshake: Option<ChannelId>,
    /// Data channels that we opened.
    own: HashSet<ChannelId>,
    signal: Signal,
}

impl Link {
    pub(crate) fn new(
        rtc: Rtc,
        socket: Arc<UdpSocket>,
        inlet: Inlet,
        local: SocketAddr,
        signal: Signal,
    ) -> Self {
        let now = clock::now();
        Self {
            rtc,
            inlet,
            socket,
            local,
            timer: Box::pin(tokio::time::sleep_until(now.into())),
            heard: now,
            unsent: None,
            is_connected: false,
            is_open: false,
            failure: None,
            has_refused: false,
            pause: None,
            handshake: None,
            own: HashSet::new(),
            signal,
        }
    }

    /// Data channel 0, which both sides know of without opening it.
    pub(crate) fn handshake_channel(&mut self) -> ChannelId {
        let id = self.rtc.direct_api().create_data_channel(ChannelConfig {
            negotiated: Some(0),
            ..ChannelConfig::default()
        });
        self.handshake = Some(id);
        self.own.insert(id);
        id
    }

    /// The connection is encrypted; the other side's certificate.
    pub(crate) fn poll_connected(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Fingerprint>> {
        loop {
            // The first event is that one.
            ready!(self.poll(context))?;
            if self.is_connected {
                return Poll::Ready(self.remote_fingerprint());
            }
        }
    }

    /// The handshake is over.
    pub(crate) fn established(&self) {
        if let Inlet::Shared { place, .. } = &self.inlet {
            place.established();
        }
    }

    fn remote_fingerprint(&mut self) -> Result<Fingerprint> {
        let api = self.rtc.direct_api();
        api.remote_dtls_fingerprint()
            .and_then(|fingerprint| fingerprint.bytes.as_slice().try_into().ok())
            .map(Fingerprint::raw)
            .ok_or_else(|| Error::WebRtc {
                reason: "the other side showed no certificate".into(),
            })
    }

    /// Takes from str0m what it has to say, until it waits.
    fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<Result<Event<ChannelId>>> {
        loop {
            if let Some((transmit, mut writable)) = self.unsent.take() {
                if writable.poll_unpin(context).is_pending() {
                    self.unsent = Some((transmit, writable));
                    return Poll::Pending;
                }
                self.transmit(transmit);
                continue;
            }
            if let Some(failure) = self.failure.take() {
                return Poll::Ready(Err(failure));
            }
            match self.rtc.poll_output().map_err(webrtc)? {
                Output::Transmit(transmit) => self.transmit(transmit),
                Output::Event(event) => {
                    if let Some(event) = self.on_rtc_event(event) {
                        return Poll::Ready(event);
                    }
                }
                Output::Timeout(at) => {
                    let at = at.min(self.heard + SILENCE_MAX).into();
                    if self.timer.deadline() != at {
                        self.timer.as_mut().reset(at);
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn on_rtc_event(&mut self, event: RtcEvent) -> Option<Result<Event<ChannelId>>> {
        match event {
            RtcEvent::Connected => {
                self.is_connected = true;
                Some(Ok(Event::Drained))
            }
            // A channel of ours can send from now on.
            RtcEvent::ChannelOpen(id, _) if self.own.contains(&id) => {
                self.is_open = true;
                Some(Ok(Event::Drained))
            }
            RtcEvent::ChannelOpen(id, _) => Some(Ok(Event::Opened(id))),
            RtcEvent::ChannelData(data) => {
                Some(Ok(Event::Message(data.id, Bytes::from(data.data))))
            }
            RtcEvent::ChannelClose(id) => {
                self.own.remove(&id);
                Some(Ok(Event::Closed(id)))
            }
            RtcEvent::Closed => {
                self.close();
                Some(Err(Error::Closed))
            }
            _ => None,
        }
    }

    /// Sends a datagram, or keeps it until the socket has room.
    fn transmit(&mut self, transmit: Transmit) {
        match self.try_transmit(&transmit) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let socket = Arc::clone(&self.socket);
                let writable = async move { socket.writable().await };
                self.unsent = Some((transmit, Box::pin(writable)));
            }
            Err(error) => self.on_lost(&error),
            Ok(_) => {}
        }
    }

    /// A router said that nobody is there: reason enough to give a dial up. Later on anybody can say so,
    /// and it is for the silence to tell.
    fn on_lost(&mut self, error: &io::Error) {
        tracing::trace!(%error, "a datagram is lost");
        if !self.is_connected && error.kind() == io::ErrorKind::ConnectionRefused {
            self.failure = Some(failed("dialling", error));
        }
    }

    fn try_transmit(&self, transmit: &Transmit) -> io::Result<usize> {
        match &self.inlet {
            Inlet::Own { .. } => self.socket.try_send(&transmit.contents),
            Inlet::Shared { .. } => {
                let destination = transmit.destination;
                self.socket.try_send_to(&transmit.contents, destination)
            }
        }
    }

    /// Reads one datagram into str0m.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let now = clock::now();
        if self.is_paused(now) {
            return Poll::Pending;
        }
        match &mut self.inlet {
            Inlet::Own { remote, space } => {
                let mut buffer = ReadBuf::new(space.as_mut_slice());
                match ready!(self.socket.poll_recv(context, &mut buffer)) {
                    Ok(()) => receive(&mut self.rtc, now, *remote, self.local, buffer.filled()),
                    Err(error) => {
                        self.on_lost(&error);
                        return Poll::Ready(self.failure.take().map_or(Ok(()), Err));
                    }
                }
            }
            Inlet::Shared { datagrams, .. } => {
                let Some(datagram) = ready!(datagrams.poll_next_unpin(context)) else {
                    return Poll::Ready(Err(Error::Closed));
                };
                receive(
                    &mut self.rtc,
                    now,
                    datagram.source,
                    self.local,
                    &datagram.bytes,
                );
            }
        }
        self.heard = now;
        Poll::Ready(Ok(()))
    }

    /// While our own readers are behind, the other side has to wait as well.
    fn is_paused(&mut self, now: Instant) -> bool {
        if !self.signal.is_above(UNREAD_BYTES_PAUSE) {
            self.pause = None;
            return false;
        }
        let until = *self.pause.get_or_insert(now + PAUSE_MAX);
        if until > now {
            let until = until.into();
            if self.timer.deadline() > until {
                self.timer.as_mut().reset(until);
            }
        }
        until > now
    }
}

impl Backend for Link {
    type Id = ChannelId;

    const UNREAD_BYTES_MAX: usize = 1_024 * 1_024;

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Event<ChannelId>>> {
        loop {
            if let Poll::Ready(event) = self.poll_output(context) {
                return Poll::Ready(event);
            }
            if self.unsent.is_some() {
                return Poll::Pending;
            }
            if self.poll_input(context)?.is_ready() {
                // What arrives acknowledges, and so makes room.
                if self.has_refused {
                    self.has_refused = false;
                    return Poll::Ready(Ok(Event::Drained));
                }
                continue;
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let now = clock::now();
            if now.saturating_duration_since(self.heard) >= SILENCE_MAX {
                return Poll::Ready(Err(Error::Silent));
            }
            self.rtc.handle_input(Input::Timeout(now)).map_err(webrtc)?;
        }
    }

    fn open(&mut self) -> Result<ChannelId> {
        let id = self
            .rtc
            .direct_api()
            .create_data_channel(ChannelConfig::default());
        self.own.insert(id);
        Ok(id)
    }

    fn send(&mut self, id: ChannelId, message: &[u8]) -> Result<bool> {
        let sent = match self.rtc.channel(id) {
            Some(mut channel) => {
                if channel.buffered_amount() < CHANNEL_BUFFER_BYTES {
                    channel.write(true, message)
                } else {
                    Ok(false)
                }
            }
            None => Ok(false),
        };
        let is_sent = sent.unwrap_or_else(|error| {
            tracing::debug!(%error, "a data channel is unusable");
            self.close_channel(id);
            true
        });
        self.has_refused |= !is_sent;
        Ok(is_sent)
    }

    fn close_channel(&mut self, id: ChannelId) {
        if self.handshake != Some(id) {
            self.rtc.direct_api().close_data_channel(id);
        }
    }

    fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "closing without a word");
        }
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    // The last words are not worth waiting for.
                    let _sent = self.try_transmit(&transmit);
                }
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(_)) | Err(_) => break,
            }
        }
        self.rtc.disconnect();
    }
}

/// Feeds a datagram. What is malformed or forged says nothing about the other side, for anybody can
/// send it; a connection that really broke is noticed by its silence.
fn receive(rtc: &mut Rtc, now: Instant, source: SocketAddr, local: SocketAddr, bytes: &[u8]) {
    let fed = Receive::new(Protocol::Udp, source, local, bytes)
        .map_err(RtcError::from)
        .and_then(|receive| rtc.handle_input(Input::Receive(now, receive)));
    if let Err(error) = fed {
        tracing::trace!(%error, "a datagram is ignored");
    }
}

fn webrtc(error: RtcError) -> Error {
    Error::WebRtc {
        reason: error.to_string(),
    }
}
