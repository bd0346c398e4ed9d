//! The seam between what the native half and the browser half share and what they do not.

use std::{
    hash::Hash,
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::error::Error;

/// What happens on a connection.
#[derive(Debug)]
pub(crate) enum Event<Id> {
    /// The other side opened a data channel.
    Opened(Id),
    /// A message came.
    Message(Id, Bytes),
    /// A data channel is gone.
    Closed(Id),
    /// There is room again for what [`Backend::send`] refused.
    Drained,
}

/// An encrypted connection with data channels. It is driven by [`Backend::poll`] alone and ends when it
/// is dropped: it keeps nothing that outlives it.
pub(crate) trait Backend: Unpin {
    /// Names a data channel while it exists.
    type Id: Copy + Eq + Hash + Unpin + std::fmt::Debug;

    /// What all streams of the connection may hold unread.
    const UNREAD_BYTES_MAX: usize;

    /// Drives the connection to the next event. An error is its end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Event<Self::Id>, Error>>;

    /// Opens a data channel.
    fn open(&mut self) -> Result<Self::Id, Error>;

    /// Sends a message, or says that there is no room yet.
    fn send(&mut self, id: Self::Id, message: &[u8]) -> Result<bool, Error>;

    /// Closes a data channel, after what was sent on it. [`Event::Closed`] follows.
    fn close_channel(&mut self, id: Self::Id);

    /// Tells the other side that the connection ends.
    fn close(&mut self);
}
