//! One stream over one data channel, without I/O: half-closing, resets, acknowledgements, and when the
//! data channel itself may be closed.
//!
//! | a direction ends by | what it means |
//! |---|---|
//! | FIN, answered by FIN_ACK | all that was written has arrived |
//! | STOP_SENDING | its reader wants no more |
//! | RESET | both directions break off, as everywhere in libp2p |
//!
//! The data channel is closed when both directions have ended, by whoever opened it: were both to close
//! it at once, its number could be used again by one side while the other still closes. The other side
//! closes it only when nothing happens for [`LINGER`] after its stream was dropped.

use std::{
    collections::VecDeque,
    io,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Buf, Bytes};

use crate::{
    census::Counted,
    clock::Instant,
    frame::{self, Decoder, Flag, FrameError, PAYLOAD_BYTES_MAX},
    signal::Signal,
};

/// What a stream holds that the transport has not taken yet. A writer waits above it.
pub(crate) const SENDING_BYTES_MAX: usize = 64 * 1_024;
/// An acknowledgement travels with our own FIN, and this much later at the latest. The stock Rust crates
/// know no acknowledgement and break a stream by which they still read when one comes; others wait ten
/// seconds for it.
const ACKNOWLEDGE_TIME: Duration = Duration::from_secs(5);
/// How long a dropped stream waits for the other side's last word: the stock crates never say it.
const LINGER: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Open,
    /// The other side sent FIN.
    Ended,
    /// We want no more.
    Stopped,
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    /// FIN is to be sent after what is waiting.
    Ending,
    /// FIN was sent.
    Ended,
    /// FIN was sent and acknowledged.
    Acknowledged,
    /// The other side wants no more.
    Stopped,
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acknowledgement {
    NotDue,
    Due(Instant),
    Sent,
}

/// Who closes the data channel when all is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closer {
    We,
    They,
}

/// The state of a stream.
#[derive(Debug)]
pub(crate) struct Channel {
    decoder: Decoder,
    received: VecDeque<Bytes>,
    reading: Reading,
    sending: VecDeque<Bytes>,
    sending_bytes: usize,
    writing: Writing,
    /// Our answer to the other side's FIN.
    acknowledgement: Acknowledgement,
    /// A flag that goes before everything else.
    urgent: Option<Flag>,
    /// A frame that the transport did not take.
    returned: Option<Bytes>,
    /// Until when the last words may take, once the stream is dropped.
    linger: Option<Instant>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    closer: Closer,
    signal: Signal,
    _counted: Counted,
}

impl Channel {
    pub(crate) fn new(closer: Closer, signal: Signal) -> Self {
        Self {
            closer,
            decoder: Decoder::default(),
            received: VecDeque::new(),
            reading: Reading::Open,
            sending: VecDeque::new(),
            sending_bytes: 0,
            writing: Writing::Open,
            acknowledgement: Acknowledgement::NotDue,
            urgent: None,
            returned: None,
            linger: None,
            reader: None,
            writer: None,
            signal,
            _counted: Counted::new(),
        }
    }

    // What the stream's owner does.

    pub(crate) fn poll_read(
        &mut self,
        context: &Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(first) = self.received.front_mut() {
            let length = first.len().min(buffer.len());
            first.copy_to_slice(&mut buffer[..length]);
            if first.is_empty() {
                self.received.pop_front();
            }
            self.signal.remove_unread(length);
            return Poll::Ready(Ok(length));
        }
        match self.reading {
            Reading::Open => {
                self.reader = Some(context.waker().clone());
                Poll::Pending
            }
            Reading::Ended => Poll::Ready(Ok(0)),
            Reading::Stopped | Reading::Broken => Poll::Ready(Err(broken())),
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        context: &Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.writing {
            Writing::Open => {}
            Writing::Broken => return Poll::Ready(Err(broken())),
            _ => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
        if self.sending_bytes >= SENDING_BYTES_MAX {
            self.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let payload = buffer.get(..PAYLOAD_BYTES_MAX).unwrap_or(buffer);
        if !payload.is_empty() {
            let frame = frame::data(payload);
            self.sending_bytes += frame.len();
            self.sending.push_back(frame);
            self.signal.raise();
        }
        Poll::Ready(Ok(payload.len()))
    }

    /// Ready when the transport has taken everything.
    pub(crate) fn poll_flush(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        if self.writing == Writing::Broken {
            return Poll::Ready(Err(broken()));
        }
        if self.sending.is_empty() && self.returned.is_none() {
            return Poll::Ready(Ok(()));
        }
        self.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Ready when the transport has taken everything, our FIN included.
    pub(crate) fn poll_close(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        if self.writing == Writing::Open {
            self.writing = Writing::Ending;
            self.signal.raise();
        }
        match self.writing {
            Writing::Open | Writing::Ending => {
                self.writer = Some(context.waker().clone());
                Poll::Pending
            }
            Writing::Ended => self.poll_flush(context),
            // Who wants no more misses nothing.
            Writing::Acknowledged | Writing::Stopped => Poll::Ready(Ok(())),
            Writing::Broken => Poll::Ready(Err(broken())),
        }
    }

    /// The owner is gone. What it did not end properly, breaks.
    pub(crate) fn drop_stream(&mut self, now: Instant) {
        self.linger = Some(now + LINGER);
        if self.writing == Writing::Open {
            self.break_off();
        } else if self.reading == Reading::Open {
            self.urgent = Some(Flag::StopSending);
        }
        self.forget_received();
        if self.reading == Reading::Open {
            self.reading = Reading::Stopped;
        }
        self.signal.raise();
    }

    // What the connection's driver does.

    /// Takes a message of the other side.
    pub(crate) fn on_message(&mut self, message: &[u8], now: Instant) -> Result<(), FrameError> {
        self.decoder.push(message);
        while let Some(frame) = self.decoder.next()? {
            if self.reading == Reading::Open && !frame.payload.is_empty() {
                self.signal.add_unread(frame.payload.len());
                self.received.push_back(frame.payload);
                wake(&mut self.reader);
            }
            if let Some(flag) = frame.flag {
                self.on_flag(flag, now);
            }
        }
        Ok(())
    }

    /// The data channel is gone.
    pub(crate) fn on_closed(&mut self) {
        if self.reading == Reading::Open {
            self.reading = Reading::Broken;
        }
        self.writing = match self.writing {
            Writing::Open | Writing::Ending if self.reading != Reading::Ended => Writing::Broken,
            Writing::Open | Writing::Ending => Writing::Stopped,
            ended => ended,
        };
        self.forget_sending();
        self.urgent = None;
        self.acknowledgement = Acknowledgement::Sent;
        self.wake_all();
    }

    /// Breaks both directions, and says so.
    pub(crate) fn break_off(&mut self) {
        self.reading = Reading::Broken;
        self.writing = Writing::Broken;
        self.forget_received();
        self.forget_sending();
        self.urgent = Some(Flag::Reset);
        self.wake_all();
        self.signal.raise();
    }

    /// The next frame for the transport.
    pub(crate) fn next_frame(&mut self, now: Instant) -> Option<Bytes> {
        if let Some(frame) = self.returned.take() {
            return Some(frame);
        }
        if let Some(flag) = self.urgent.take() {
            return Some(frame::flag(flag));
        }
        if let Some(frame) = self.sending.pop_front() {
            self.sending_bytes -= frame.len();
            if self.sending_bytes < SENDING_BYTES_MAX / 2 {
                wake(&mut self.writer);
            }
            return Some(frame);
        }
        if self.writing == Writing::Ending {
            self.writing = Writing::Ended;
            wake(&mut self.writer);
            return Some(frame::flag(Flag::Fin));
        }
        match self.acknowledgement {
            Acknowledgement::Due(at) if at <= now || self.writing != Writing::Open => {
                self.acknowledgement = Acknowledgement::Sent;
                Some(frame::flag(Flag::FinAck))
            }
            _ => None,
        }
    }

    /// Takes back a frame for which the transport has no room.
    pub(crate) fn put_back(&mut self, frame: Bytes) {
        self.returned = Some(frame);
    }

    /// The transport took everything.
    pub(crate) fn flushed(&mut self) {
        wake(&mut self.writer);
    }

    /// Whether to close the data channel.
    pub(crate) fn is_done(&self, now: Instant) -> bool {
        if self.linger.is_some_and(|until| until <= now) {
            return true;
        }
        let is_read = match self.reading {
            Reading::Open => false,
            Reading::Ended => self.acknowledgement == Acknowledgement::Sent,
            Reading::Stopped | Reading::Broken => true,
        };
        let is_written = matches!(
            self.writing,
            Writing::Acknowledged | Writing::Stopped | Writing::Broken
        );
        let is_ours = self.closer == Closer::We;
        is_ours && is_read && is_written && self.urgent.is_none() && self.returned.is_none()
    }

    /// When to look again without a cause from outside.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match (self.acknowledgement, self.linger) {
            (Acknowledgement::Due(at), Some(until)) => Some(at.min(until)),
            (Acknowledgement::Due(at), None) => Some(at),
            (_, linger) => linger,
        }
    }

    fn on_flag(&mut self, flag: Flag, now: Instant) {
        match flag {
            Flag::Fin => {
                if self.reading == Reading::Open {
                    self.reading = Reading::Ended;
                    wake(&mut self.reader);
                }
                if self.acknowledgement == Acknowledgement::NotDue {
                    self.acknowledgement = Acknowledgement::Due(now + ACKNOWLEDGE_TIME);
                }
            }
            Flag::FinAck => {
                if self.writing == Writing::Ended {
                    self.writing = Writing::Acknowledged;
                }
            }
            Flag::StopSending => {
                if matches!(self.writing, Writing::Open | Writing::Ending) {
                    self.writing = Writing::Stopped;
                    self.forget_sending();
                    wake(&mut self.writer);
                }
            }
            Flag::Reset => {
                self.reading = Reading::Broken;
                self.writing = Writing::Broken;
                self.forget_received();
                self.forget_sending();
                self.wake_all();
            }
        }
    }

    fn forget_received(&mut self) {
        let bytes = self.received.iter().map(Bytes::len).sum();
        self.received.clear();
        self.signal.remove_unread(bytes);
    }

    fn forget_sending(&mut self) {
        self.sending.clear();
        self.sending_bytes = 0;
        self.returned = None;
    }

    fn wake_all(&mut self) {
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.forget_received();
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

#[cfg(test)]
mod tests;
