//! A stream that counts what arrives.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use futures::{AsyncRead, AsyncWrite};

/// How many times something arrived on a connection: a sign of life for its heartbeat, which may be
/// queued behind megabytes of an answer on a slow link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<AtomicU64>);

impl Activity {
    /// The number of arrivals so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn arrived(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A negotiated stream.
#[derive(Debug)]
pub(crate) struct Stream {
    inner: libp2p::Stream,
    activity: Activity,
}

impl Stream {
    pub(super) const fn new(inner: libp2p::Stream, activity: Activity) -> Self {
        Self { inner, activity }
    }

    /// The arrivals on its whole connection.
    pub(crate) fn activity(&self) -> Activity {
        self.activity.clone()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if length > 0 {
            self.activity.arrived();
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(context)
    }
}
