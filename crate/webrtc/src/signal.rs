//! Waking the task that drives a connection.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures::task::AtomicWaker;

/// What the streams of a connection share with its driver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signal(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    driver: AtomicWaker,
    has_work: AtomicBool,
    unread: AtomicUsize,
    is_waiting: AtomicBool,
}

impl Signal {
    /// Says that a stream has something to send, or ended.
    pub(crate) fn raise(&self) {
        self.0.has_work.store(true, Ordering::Release);
        self.0.driver.wake();
    }

    /// Has the driver look.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn wake(&self) {
        self.0.driver.wake();
    }

    /// Names the task that drives.
    pub(crate) fn register(&self, waker: &std::task::Waker) {
        self.0.driver.register(waker);
    }

    /// Whether something was raised since the last time.
    pub(crate) fn take(&self) -> bool {
        self.0.has_work.swap(false, Ordering::AcqRel)
    }

    /// Counts bytes that arrived and wait for their reader.
    pub(crate) fn add_unread(&self, bytes: usize) {
        self.0.unread.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that were read or dropped, and wakes a driver that waits for that.
    pub(crate) fn remove_unread(&self, bytes: usize) {
        self.0.unread.fetch_sub(bytes, Ordering::Relaxed);
        if bytes > 0 && self.0.is_waiting.swap(false, Ordering::AcqRel) {
            self.0.driver.wake();
        }
    }

    /// The bytes of all streams that wait for their readers.
    pub(crate) fn unread(&self) -> usize {
        self.0.unread.load(Ordering::Relaxed)
    }

    /// Whether more than this is unread. If so, the driver is woken when some of it is read.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn is_above(&self, bytes: usize) -> bool {
        if self.unread() <= bytes {
            return false;
        }
        self.0.is_waiting.store(true, Ordering::Release);
        // It may have been read just before.
        self.unread() > bytes
    }
}
