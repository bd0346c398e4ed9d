//! A stream as its owner holds it.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures::{AsyncRead, AsyncWrite};

use crate::{channel::Channel, clock};

/// A stream of a connection. Dropping it before it was closed breaks it off.
pub struct Substream(Arc<Mutex<Channel>>);

impl Substream {
    pub(crate) const fn new(channel: Arc<Mutex<Channel>>) -> Self {
        Self(channel)
    }
}

/// Nothing that holds a channel panics, and if it did, the channel's state would still be one.
pub(crate) fn lock(channel: &Mutex<Channel>) -> MutexGuard<'_, Channel> {
    channel.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for Substream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        lock(&self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Substream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        lock(&self.0).poll_write(context, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_close(context)
    }
}

impl Drop for Substream {
    fn drop(&mut self) {
        lock(&self.0).drop_stream(clock::now());
    }
}

impl fmt::Debug for Substream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Substream").finish()
    }
}
