//! What can go wrong, and whose fault it is.

use lampyris_wire::Fault;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a command was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no tokio runtime to run the swarm.
    #[error("a swarm must be started inside a tokio runtime")]
    NoRuntime,
    /// A key does not have its 32 bytes.
    #[error("malformed key: expected 32 bytes, got {got}")]
    Key {
        /// How many bytes there are.
        got: usize,
    },
    /// The certificate cannot be read or made.
    #[error("malformed certificate: {reason}")]
    Certificate {
        /// What was wrong with it.
        reason: String,
    },
    /// We cannot listen there.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        reason: String,
    },
    /// A network address cannot be used.
    #[error("malformed address {address}: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What was wrong with it.
        reason: String,
    },
    /// A peer id cannot be read.
    #[error("malformed peer id {got}")]
    PeerId {
        /// What was given.
        got: String,
    },
    /// A topic is not one that this network carries.
    #[error(transparent)]
    Topic(lampyris_wire::Error),
    /// A message was not published.
    #[error("not published: {reason}")]
    Publish {
        /// Why.
        reason: String,
    },
    /// More commands are waiting than the swarm takes.
    #[error("the swarm is busy: {maximum} commands are waiting")]
    Busy {
        /// The queue's bound.
        maximum: usize,
    },
    /// The swarm has ended.
    #[error("the swarm is closed")]
    Closed,
    /// The configuration contradicts itself.
    #[error("cannot start: {reason}")]
    Config {
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whose fault this is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Publish { .. } | Self::Busy { .. } | Self::Closed => Fault::Unavailable,
            _ => Fault::Misuse,
        }
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The peer did not answer in time.
    #[error("no answer within {timeout_ms} ms")]
    Timeout {
        /// The time it had.
        timeout_ms: u32,
    },
    /// We are not connected to the peer, or not any more.
    #[error("not connected to the peer")]
    Disconnected,
    /// The peer does not speak the protocol.
    #[error("the peer does not speak {protocol}")]
    Unsupported {
        /// Which protocol.
        protocol: &'static str,
    },
    /// The answer exceeds what an honest peer sends, or the request what a peer takes.
    #[error("{what} exceeds {maximum} bytes")]
    TooLarge {
        /// The request or the answer.
        what: &'static str,
        /// The bound.
        maximum: usize,
        /// Whose it was.
        fault: Fault,
    },
    /// Anything else.
    #[error("{reason}")]
    Failed {
        /// What happened.
        reason: String,
        /// Whose fault it was.
        fault: Fault,
    },
}

impl RequestError {
    /// A stable name for callers in other languages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::Disconnected => "disconnected",
            Self::Unsupported { .. } => "unsupported",
            Self::TooLarge { .. } => "too_large",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whose fault this is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Timeout { .. } | Self::Disconnected | Self::Unsupported { .. } => {
                Fault::Unavailable
            }
            Self::TooLarge { fault, .. } | Self::Failed { fault, .. } => *fault,
        }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            fault: Fault::Unavailable,
        }
    }

    pub(crate) fn misbehaved(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            fault: Fault::PeerMisbehaved,
        }
    }
}
