//! Counting what exists, so that what stays behind is seen.

use std::sync::atomic::{AtomicU64, Ordering};

static CHANNELS: AtomicU64 = AtomicU64::new(0);

/// The data channels of all connections of this process, those that are being closed included. When
/// nobody is connected there are none.
#[must_use]
pub fn open_channels() -> u64 {
    CHANNELS.load(Ordering::Relaxed)
}

/// A channel is counted while it holds this.
#[derive(Debug)]
pub(crate) struct Counted(());

impl Counted {
    pub(crate) fn new() -> Self {
        CHANNELS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        CHANNELS.fetch_sub(1, Ordering::Relaxed);
    }
}
