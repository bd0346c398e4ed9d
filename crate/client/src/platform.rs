//! The one seam between the client and the world it runs in: time, entropy, storage, peers.
//!
//! The browser's worker, a native test and a simulation each implement [`Platform`] once; nothing
//! else in this crate knows where it runs. All futures are local: the client is one event loop.

use std::future::Future;
use std::pin::Pin;

use lampyris_wire::Protocol;

use crate::event::Event;

/// A future that stays on the client's thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// What the client needs from where it runs.
pub trait Platform: 'static {
    /// Wall-clock time in milliseconds since 1970.
    fn unix_ms(&self) -> u64;

    /// Fills `bytes` with entropy of cryptographic quality.
    fn fill_entropy(&self, bytes: &mut [u8]);

    /// Completes after `ms` milliseconds.
    fn sleep(&self, ms: u32) -> LocalFuture<()>;

    /// Runs a task on the client's thread.
    fn spawn(&self, task: LocalFuture<()>);

    /// Asks a peer; the answer is whatever bytes it sent, unverified, at most
    /// [`Protocol::response_bytes_max`] of them.
    fn request(
        &self,
        peer: &str,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> LocalFuture<Result<Vec<u8>, RequestError>>;

    /// The number of the answer that was handed over last: right after [`Self::request`], of its own.
    fn last_answer(&self) -> u32 {
        0
    }

    /// Says that an answer is true as a whole, and may be served to other peers as it came.
    fn keep(&self, _answer: u32) {}

    /// Starts to connect to a multiaddress; the outcome arrives as a [`crate::NetEvent`].
    fn dial(&self, address: &str);

    /// Ends the connection with a peer; the reason is for people.
    fn disconnect(&self, peer: &str, reason: &str);

    /// Joins a gossip topic.
    fn subscribe(&self, topic: &str);

    /// Leaves a gossip topic.
    fn unsubscribe(&self, topic: &str);

    /// Says what became of a gossip message; only accepted ones are forwarded.
    fn report(&self, message_id: &[u8], peer: &str, verdict: Verdict);

    /// Reads a stored record; `None` if there is none or if storage cannot be read.
    fn load(&self, key: &str) -> LocalFuture<Option<Vec<u8>>>;

    /// Lists the stored records whose key starts with `prefix`.
    fn keys(&self, prefix: &str) -> LocalFuture<Vec<String>>;

    /// Stores a record, or removes it; `false` if storage refused.
    fn save(&self, key: &str, value: Option<Vec<u8>>) -> LocalFuture<bool>;

    /// Tells the page what happened.
    fn emit(&self, event: Event);
}

/// What is to be done with a gossip message (gossipsub v1.1's extended validators).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Valid and new: forward it.
    Accept,
    /// Neither invalid nor worth forwarding.
    Ignore,
    /// Invalid: the sender is at fault.
    Reject,
}

/// Why a request brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No answer in time.
    #[error("Timeout")]
    Timeout,
    /// The connection ended.
    #[error("Disconnected")]
    Disconnected,
    /// The peer does not speak the protocol.
    #[error("Unsupported")]
    Unsupported,
    /// The answer was larger than the protocol allows.
    #[error("TooLarge")]
    TooLarge,
    /// Anything else that went wrong on the way.
    #[error("Failed")]
    Failed,
}
