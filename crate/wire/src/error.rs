//! What can be wrong with a message, and whose fault it is.

/// The result of this crate's functions.
pub type Result<T> = core::result::Result<T, Error>;

/// Whose fault an error is; the caller acts on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The peer sent what no honest peer sends: drop it.
    PeerMisbehaved,
    /// The peer cannot help now: ask another.
    Unavailable,
    /// Our own caller asked for what cannot be.
    Misuse,
    /// An invariant of ours is broken.
    Bug,
}

/// Why a message could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A received part is larger than its bound.
    #[error("{what} too large: at most {maximum}, got {got}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its bound.
        maximum: usize,
        /// What was declared or received.
        got: usize,
    },
    /// A received part ends too early.
    #[error("{what} cut short: expected {expected} bytes, got {got}")]
    Truncated {
        /// Which part.
        what: &'static str,
        /// How many bytes it needs.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Bytes are left over behind a complete message.
    #[error("{got} bytes behind the end of {what}")]
    Trailing {
        /// Behind which part.
        what: &'static str,
        /// How many bytes.
        got: usize,
    },
    /// An SSZ offset does not point to where it must.
    #[error("wrong offset in {what}: expected {expected}, got {got}")]
    Offset {
        /// In which part.
        what: &'static str,
        /// What it must be, or must not exceed.
        expected: usize,
        /// What it is.
        got: usize,
    },
    /// A tag byte has no meaning.
    #[error("unknown {what}: expected less than {expected}, got {got}")]
    UnknownTag {
        /// Which tag.
        what: &'static str,
        /// The number of known tags.
        expected: u8,
        /// The byte.
        got: u8,
    },
    /// A variable-length integer is too long, not minimal or beyond this machine's range.
    #[error("malformed variable-length integer")]
    Uvarint,
    /// A snappy stream or block is not well-formed, or its checksum differs.
    #[error("malformed snappy data: {reason}")]
    Snappy {
        /// What was wrong with it.
        reason: String,
    },
    /// A text is not UTF-8.
    #[error("{what} is not UTF-8")]
    Text {
        /// Which text.
        what: &'static str,
    },
    /// A gossip topic is not one of ours.
    #[error("not a light-client topic: \"{got}\"")]
    Topic {
        /// What is printable of the topic's name, cut to 100 characters.
        got: String,
    },
    /// The peer answered that it cannot serve a request.
    #[error("peer answered with error {code}: {message}")]
    Refused {
        /// The result byte; see [`crate::req_resp::code`].
        code: u8,
        /// The peer's words: hostile text, not to be trusted.
        message: String,
    },
    /// Our own message exceeds the bound that every receiver enforces.
    #[error("{what} too large to send: at most {maximum}, got {got}")]
    Oversized {
        /// Which part.
        what: &'static str,
        /// Its bound.
        maximum: usize,
        /// Its size.
        got: usize,
    },
}

impl Error {
    /// Whose fault this is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Refused { .. } => Fault::Unavailable,
            Self::Oversized { .. } => Fault::Misuse,
            Self::TooLarge { .. }
            | Self::Truncated { .. }
            | Self::Trailing { .. }
            | Self::Offset { .. }
            | Self::UnknownTag { .. }
            | Self::Uvarint
            | Self::Snappy { .. }
            | Self::Text { .. }
            | Self::Topic { .. } => Fault::PeerMisbehaved,
        }
    }
}
