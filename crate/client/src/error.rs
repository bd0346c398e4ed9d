//! One error for everything that the client answers: a stable code, a sentence, and whose fault it was.

use std::ops::Deref;

use serde::Serialize;

/// Stable names of what can go wrong; the JavaScript side's `ClientError.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No verified head yet.
    NotSynced,
    /// No peer is connected.
    NoPeers,
    /// No peer could answer; it may work later.
    Unavailable,
    /// Every peer that answered sent something false.
    PeerMisbehaved,
    /// The caller's argument is wrong.
    InvalidArgument,
    /// The account is locked.
    Locked,
    /// The passphrase does not open the vault.
    WrongPassphrase,
    /// The account cannot pay for it.
    InsufficientFunds,
    /// The network refused the transaction.
    Refused,
    /// The checkpoint is too old to be trusted.
    StaleCheckpoint,
    /// A defect of ours.
    Bug,
}

/// Whose fault it was, as the caller's reaction depends on it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A peer lied: it is dropped.
    Peer,
    /// Nobody's: ask again, or ask another.
    Unavailable,
    /// The caller's.
    Caller,
    /// Ours.
    Bug,
}

/// Why a call was refused. One pointer, since every step of every call hands it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
#[error("{}", .0.message)]
pub struct Error(Box<Reason>);

/// What an [`Error`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable name.
    pub code: Code,
    /// Whose fault.
    pub fault: Fault,
    /// What happened and what to do, for people.
    pub message: String,
}

impl Deref for Error {
    type Target = Reason;

    fn deref(&self) -> &Reason {
        &self.0
    }
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let fault = match code {
            Code::PeerMisbehaved => Fault::Peer,
            Code::NotSynced | Code::NoPeers | Code::Unavailable => Fault::Unavailable,
            Code::Bug => Fault::Bug,
            _ => Fault::Caller,
        };
        let message = message.into();
        Self(Box::new(Reason {
            code,
            fault,
            message,
        }))
    }

    /// The caller's argument is wrong.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }
}

impl From<lampyris_verify::Error> for Error {
    fn from(error: lampyris_verify::Error) -> Self {
        use lampyris_verify::Fault as Of;
        let code = match error.fault() {
            Of::PeerMisbehaved => Code::PeerMisbehaved,
            Of::Unavailable => Code::Unavailable,
            Of::Misuse => Code::InvalidArgument,
            Of::Bug => Code::Bug,
        };
        Self::new(code, error.to_string())
    }
}
