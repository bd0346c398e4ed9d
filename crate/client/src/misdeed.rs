//! What a peer can do wrong, and in answer to what.

/// What a request is about, for the record of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bootstrap,
    Update,
    Finality,
    Optimistic,
    Proof,
    Code,
    Headers,
    Send,
    Transaction,
    Preimage,
    Gossip,
}

impl Kind {
    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Update => "committee update",
            Self::Finality => "finality update",
            Self::Optimistic => "optimistic update",
            Self::Proof => "state proof",
            Self::Code => "contract code",
            Self::Headers => "block headers",
            Self::Send => "transaction delivery",
            Self::Transaction => "transaction and receipt proof",
            Self::Preimage => "text",
            Self::Gossip => "gossip message",
        }
    }
}

/// What a peer did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misdeed {
    /// Sent something that does not verify.
    Lied(String),
    /// Sent something valid that everybody else has left behind.
    Stale(String),
    /// Sent more than the protocol allows.
    Oversized,
    /// Did not answer.
    Silent,
}
