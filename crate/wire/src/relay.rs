//! Circuit relay v2, as much of it as a tab needs that other implementations call through a gateway: it
//! asks the gateway for a reservation, and is told of callers.
//!
//! ```text
//!   tab ── RESERVE ──▶ gateway                                          /libp2p/circuit/relay/0.2.0/hop
//!   tab ◀── STATUS ─── gateway ◀── CONNECT to the tab ── caller
//!   tab ◀── CONNECT: the caller ── gateway                              /libp2p/circuit/relay/0.2.0/stop
//!   tab ── STATUS ──▶ gateway: from here on this stream is the caller's
//! ```
//!
//! Each message has its length before it. Source:
//! <https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md>.

use crate::{
    error::{Error, Result},
    introduce::{PEER_ID_BYTES_MAX, PeerIdBytes},
    protobuf::{Value, push_number, take},
};

/// Between a peer and its relay.
pub const HOP_PROTOCOL: &str = "/libp2p/circuit/relay/0.2.0/hop";
/// Between a relay and the peer that somebody calls.
pub const STOP_PROTOCOL: &str = "/libp2p/circuit/relay/0.2.0/stop";
/// The largest message, as in the other implementations.
pub const MESSAGE_BYTES_MAX: usize = 4_096;

const TYPE: u64 = 1;
const PEER: u64 = 2;
const PEER_ID: u64 = 1;
const HOP_RESERVE: u64 = 0;
const HOP_STATUS: u64 = 2;
const HOP_STATUS_FIELD: u64 = 5;
const STOP_CONNECT: u64 = 0;
const STOP_STATUS: u64 = 1;
const STOP_STATUS_FIELD: u64 = 4;
const STATUS_OK: u64 = 100;

/// What a called peer says to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The call is taken.
    Ok,
    /// There are too many.
    ResourceLimitExceeded,
    /// This one is not wanted.
    PermissionDenied,
    /// The message cannot be read.
    MalformedMessage,
}

impl Status {
    const fn code(self) -> u64 {
        match self {
            Self::Ok => STATUS_OK,
            Self::ResourceLimitExceeded => 201,
            Self::PermissionDenied => 202,
            Self::MalformedMessage => 400,
        }
    }
}

/// Asks for a reservation.
#[must_use]
pub fn reserve() -> Vec<u8> {
    let mut message = Vec::new();
    push_number(TYPE, HOP_RESERVE, &mut message);
    message
}

/// Whether the answer to [`reserve`] grants it. For how long, and where the relay believes to be, is not
/// looked at: nobody relies on it.
pub fn is_reserved(mut message: &[u8]) -> Result<bool> {
    check(message)?;
    let (mut kind, mut status) = (None, None);
    while let Some(field) = take(&mut message)? {
        match field {
            (TYPE, Value::Number(number)) => kind = Some(number),
            (HOP_STATUS_FIELD, Value::Number(number)) => status = Some(number),
            _ => {}
        }
    }
    expect("answer to a reservation", kind, HOP_STATUS)?;
    Ok(status == Some(STATUS_OK))
}

/// Who calls, says the relay.
pub fn caller(mut message: &[u8]) -> Result<PeerIdBytes> {
    check(message)?;
    let (mut kind, mut peer) = (None, None);
    while let Some(field) = take(&mut message)? {
        match field {
            (TYPE, Value::Number(number)) => kind = Some(number),
            (PEER, Value::Bytes(bytes)) => peer = Some(bytes),
            _ => {}
        }
    }
    expect("call through a relay", kind, STOP_CONNECT)?;
    let mut peer = peer.ok_or_else(|| missing("caller"))?;
    let mut id = None;
    while let Some(field) = take(&mut peer)? {
        if let (PEER_ID, Value::Bytes(bytes)) = field {
            id = Some(bytes);
        }
    }
    let id = id.ok_or_else(|| missing("caller's id"))?;
    if id.len() > PEER_ID_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "peer id",
            maximum: PEER_ID_BYTES_MAX,
            got: id.len(),
        });
    }
    Ok(id.to_vec())
}

/// The answer to a call.
#[must_use]
pub fn status(status: Status) -> Vec<u8> {
    let mut message = Vec::new();
    push_number(TYPE, STOP_STATUS, &mut message);
    push_number(STOP_STATUS_FIELD, status.code(), &mut message);
    message
}

const fn check(message: &[u8]) -> Result<()> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "message of a relay",
            maximum: MESSAGE_BYTES_MAX,
            got: message.len(),
        });
    }
    Ok(())
}

fn expect(what: &'static str, kind: Option<u64>, expected: u64) -> Result<()> {
    let kind = kind.ok_or_else(|| missing(what))?;
    if kind != expected {
        return Err(Error::UnknownTag {
            what,
            expected: u8::try_from(expected + 1).unwrap_or(u8::MAX),
            got: u8::try_from(kind).unwrap_or(u8::MAX),
        });
    }
    Ok(())
}

const fn missing(what: &'static str) -> Error {
    Error::Truncated {
        what,
        expected: 1,
        got: 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protobuf::push_bytes;

    fn call(id: &[u8]) -> Vec<u8> {
        let mut peer = Vec::new();
        push_bytes(PEER_ID, id, &mut peer);
        push_bytes(2, b"an address", &mut peer);
        let mut message = Vec::new();
        push_number(TYPE, STOP_CONNECT, &mut message);
        push_bytes(PEER, &peer, &mut message);
        push_bytes(3, &[8, 30, 16, 100], &mut message);
        message
    }

    #[test]
    fn a_reservation_is_asked_for_and_granted() {
        assert_eq!(reserve(), [8, 0]);
        // From rust-libp2p: a status, a reservation, a limit, and OK.
        let granted = [8, 2, 26, 2, 8, 9, 34, 2, 8, 30, 40, 100];
        assert_eq!(is_reserved(&granted), Ok(true));
        let refused = [8, 2, 40, 200, 1];
        assert_eq!(is_reserved(&refused), Ok(false));
        assert_eq!(is_reserved(&[8, 2]), Ok(false), "silence is not consent");
        for malformed in [&[][..], &[40, 100], &[8, 1, 40, 100], &[8, 2, 40], &[8]] {
            assert!(is_reserved(malformed).is_err(), "{malformed:?}");
        }
        let large = [granted.to_vec(), vec![0; MESSAGE_BYTES_MAX]].concat();
        assert!(matches!(is_reserved(&large), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn a_call_says_who_calls() {
        let id = vec![7; 38];
        assert_eq!(caller(&call(&id)), Ok(id.clone()));
        assert_eq!(status(Status::Ok), [8, 1, 32, 100]);
        assert_eq!(status(Status::MalformedMessage), [8, 1, 32, 0x90, 3]);
        let whole = call(&id);
        for length in 0..whole.len() {
            let cut = whole.get(..length).unwrap_or_default();
            // Only the limit, which comes last, may be missing.
            let is_complete = length == whole.len() - 6;
            assert_eq!(caller(cut).is_ok(), is_complete, "{length}");
        }
        let long = call(&[7; PEER_ID_BYTES_MAX + 1]);
        assert!(matches!(caller(&long), Err(Error::TooLarge { .. })));
        let mut other = whole;
        if let Some(kind) = other.get_mut(1) {
            *kind = 1;
        }
        assert!(matches!(caller(&other), Err(Error::UnknownTag { .. })));
        assert!(caller(&[8, 0, 18, 0]).is_err(), "nobody");
    }

    proptest! {
        #[test]
        fn it_never_panics(bytes: Vec<u8>) {
            let _ = is_reserved(&bytes);
            if let Ok(id) = caller(&bytes) {
                prop_assert!(id.len() <= PEER_ID_BYTES_MAX);
            }
        }
    }
}
