//! What can go wrong.

use crate::frame::FrameError;

/// Why there is no connection, or no more. None of it is a reason to stop the program.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The connection was closed, by us or by the other side.
    #[error("the connection is closed")]
    Closed,
    /// Nothing has come from the other side for too long.
    #[error("the other side fell silent")]
    Silent,
    /// There was no authenticated connection in time.
    #[error("no connection within {seconds} s")]
    Timeout {
        /// The time that it had.
        seconds: u64,
    },
    /// The other side does not follow the protocol.
    #[error("the other side broke the rules: {0}")]
    Frame(#[from] FrameError),
    /// Noise did not vouch for the other side's identity and certificate.
    #[error("the other side could not be authenticated: {reason}")]
    Authentication {
        /// What Noise said.
        reason: String,
    },
    /// What was said of one side of a connection cannot be used.
    #[error("malformed description of a connection")]
    Description,
    /// A certificate could not be made or read.
    #[error("the certificate is unusable: {reason}")]
    Certificate {
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system or the browser refused.
    #[error("{action}: {reason}")]
    Platform {
        /// What was tried.
        action: &'static str,
        /// What it said.
        reason: String,
    },
    /// WebRTC failed.
    #[error("WebRTC failed: {reason}")]
    WebRtc {
        /// What the implementation said.
        reason: String,
    },
}

/// Shorthand.
pub(crate) type Result<T> = std::result::Result<T, Error>;
