//! What can go wrong in a gateway, and whose fault it is.

use alloy_primitives::B256;
use lampyris_verify::Fault;

/// An error of the gateway.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An upstream node could not be reached or broke off.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked, without credentials.
        url: String,
        /// Why it failed.
        reason: String,
    },
    /// An upstream node answered with an HTTP status other than success.
    #[error("{url}: answered {status}")]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// An upstream answer is longer than what we accept.
    #[error("{url}: answer exceeds {limit} bytes")]
    TooLong {
        /// What was asked.
        url: String,
        /// The bound.
        limit: usize,
    },
    /// An upstream answer does not have the documented form.
    #[error("{what}: {reason}")]
    Malformed {
        /// Which answer.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An upstream answer contradicts the hash that it was asked by, or that was verified.
    #[error("{what}: expected {expected}, got {got}")]
    Mismatch {
        /// Which value.
        what: &'static str,
        /// The verified hash.
        expected: B256,
        /// The hash of what the upstream sent.
        got: B256,
    },
    /// The execution node answered a call with a JSON-RPC error.
    #[error("{method}: {message} ({code})")]
    Rpc {
        /// The method.
        method: &'static str,
        /// The JSON-RPC error code.
        code: i64,
        /// The node's message.
        message: String,
    },
    /// The upstream does not have what was asked for.
    #[error("{0} is not available")]
    Missing(&'static str),
    /// The upstream is of another network than the configured one.
    #[error("{url} serves another network: {what} is {got}, configured is {expected}")]
    WrongNetwork {
        /// The node.
        url: String,
        /// What differs.
        what: &'static str,
        /// As configured.
        expected: String,
        /// As the node says.
        got: String,
    },
    /// Verification refused what the upstream sent.
    #[error("verification: {0}")]
    Verify(#[from] lampyris_verify::Error),
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(String),
    /// A file could not be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A local socket could not be opened.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whose fault the error is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::Rpc { .. }
            | Self::Missing(_) => Fault::Unavailable,
            Self::TooLong { .. }
            | Self::Malformed { .. }
            | Self::Mismatch { .. }
            | Self::WrongNetwork { .. } => Fault::PeerMisbehaved,
            Self::Verify(error) => error.fault(),
            Self::Configuration(_) | Self::File { .. } | Self::Listen { .. } => Fault::Misuse,
        }
    }

    /// Shorthand for [`Error::Malformed`].
    pub(crate) fn malformed(what: &'static str, reason: impl ToString) -> Self {
        Self::Malformed {
            what,
            reason: reason.to_string(),
        }
    }
}
