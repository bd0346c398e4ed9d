//! Introducing: a common neighbour carries an offer of a connection, and its answer, between two of its
//! peers that have no address to be dialled at.
//!
//! Each request has a stream of its own, ended by its sender; then comes the response, and the stream's
//! end. The stream stands for the introduction, so that no answer can be given to another offer.
//!
//! ```text
//!   A ── List ──▶ N             N: here are peers of mine
//!   A ── Carry { to: B, … } ──▶ N ── Offer { from: A, … } ──▶ B
//!   A ◀── Answer or Refused ─── N ◀── Answer or Refused ───── B
//! ```
//!
//! Offers and answers are opaque here and to N. What N changes in them, or says falsely about who they are
//! from, comes to light when A and B authenticate each other on the connection itself.

use crate::error::{Error, Result};

/// The largest offer or answer: credentials, a certificate's hash and some addresses need 1 to 2 KiB.
pub const DESCRIPTION_BYTES_MAX: usize = 8 * 1024;
/// The longest peer id; those of ed25519 have 38 bytes.
pub const PEER_ID_BYTES_MAX: usize = 64;
/// How many peers are named at a time.
pub const PEERS_MAX: usize = 16;
/// The largest request.
pub const REQUEST_BYTES_MAX: usize = 2 + PEER_ID_BYTES_MAX + DESCRIPTION_BYTES_MAX;
/// The largest response.
pub const RESPONSE_BYTES_MAX: usize = 1 + DESCRIPTION_BYTES_MAX;

const LIST: u8 = 0;
const CARRY: u8 = 1;
const OFFER: u8 = 2;
const REQUESTS: u8 = 3;

const PEERS: u8 = 0;
const ANSWER: u8 = 1;
const REFUSED: u8 = 2;
const RESPONSES: u8 = 3;

/// A peer's id, as libp2p encodes it; whether it is one is for libp2p to say.
pub type PeerIdBytes = Vec<u8>;

/// What is asked of a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Whom could you introduce me to?
    List,
    /// Carry this to a peer of yours.
    Carry {
        /// Whom it is for.
        to: PeerIdBytes,
        /// What only the two understand.
        offer: Vec<u8>,
    },
    /// A peer of mine gave me this for you.
    Offer {
        /// Whom it is from, says the carrier.
        from: PeerIdBytes,
        /// What only the two understand.
        offer: Vec<u8>,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Some peers, in no particular order.
    Peers(Vec<PeerIdBytes>),
    /// The answer to an offer.
    Answer(Vec<u8>),
    /// There is none.
    Refused(Refusal),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The carrier is not connected to the peer.
    #[error("the neighbour does not know the peer")]
    Unknown,
    /// The carrier carries as much as it bears.
    #[error("the neighbour is busy")]
    Busy,
    /// The peer does not want the connection.
    #[error("the peer does not want another connection")]
    Unwilling,
    /// The peer did not answer the carrier.
    #[error("the peer did not answer its neighbour")]
    Silent,
}

impl Refusal {
    const ALL: [Self; 4] = [Self::Unknown, Self::Busy, Self::Unwilling, Self::Silent];

    const fn code(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Busy => 1,
            Self::Unwilling => 2,
            Self::Silent => 3,
        }
    }
}

impl Request {
    /// Encodes it; fails when it exceeds a bound that every receiver enforces.
    pub fn encode(&self) -> Result<Vec<u8>> {
        match self {
            Self::List => Ok(vec![LIST]),
            Self::Carry { to, offer } => addressed(CARRY, to, offer),
            Self::Offer { from, offer } => addressed(OFFER, from, offer),
        }
    }

    /// Decodes it.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (tag, rest) = tag("introduction", bytes, REQUESTS)?;
        match tag {
            CARRY => {
                let (to, offer) = from_addressed(rest)?;
                Ok(Self::Carry { to, offer })
            }
            OFFER => {
                let (from, offer) = from_addressed(rest)?;
                Ok(Self::Offer { from, offer })
            }
            _ if rest.is_empty() => Ok(Self::List),
            _ => Err(Error::Trailing {
                what: "introduction",
                got: rest.len(),
            }),
        }
    }
}

impl Response {
    /// Encodes it; fails when it exceeds a bound that every receiver enforces.
    pub fn encode(&self) -> Result<Vec<u8>> {
        match self {
            Self::Peers(peers) => {
                check_to_send("number of peers", peers.len(), PEERS_MAX)?;
                let mut output = vec![PEERS];
                for peer in peers {
                    push_peer(peer, &mut output)?;
                }
                Ok(output)
            }
            Self::Answer(answer) => {
                check_to_send(DESCRIPTION, answer.len(), DESCRIPTION_BYTES_MAX)?;
                Ok([&[ANSWER], answer.as_slice()].concat())
            }
            Self::Refused(refusal) => Ok(vec![REFUSED, refusal.code()]),
        }
    }

    /// Decodes it.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (tag, rest) = tag("answer to an introduction", bytes, RESPONSES)?;
        match tag {
            ANSWER => {
                check_received(DESCRIPTION, rest.len(), DESCRIPTION_BYTES_MAX)?;
                Ok(Self::Answer(rest.to_vec()))
            }
            REFUSED => refusal(rest).map(Self::Refused),
            _ => peers(rest).map(Self::Peers),
        }
    }
}

const DESCRIPTION: &str = "description of a connection";
const PEER_ID: &str = "peer id";

fn addressed(tag: u8, peer: &[u8], offer: &[u8]) -> Result<Vec<u8>> {
    check_to_send(DESCRIPTION, offer.len(), DESCRIPTION_BYTES_MAX)?;
    let mut output = vec![tag];
    push_peer(peer, &mut output)?;
    output.extend(offer);
    Ok(output)
}

fn from_addressed(bytes: &[u8]) -> Result<(PeerIdBytes, Vec<u8>)> {
    let (peer, offer) = take_peer(bytes)?;
    check_received(DESCRIPTION, offer.len(), DESCRIPTION_BYTES_MAX)?;
    Ok((peer, offer.to_vec()))
}

fn push_peer(peer: &[u8], output: &mut Vec<u8>) -> Result<()> {
    check_to_send(PEER_ID, peer.len(), PEER_ID_BYTES_MAX)?;
    let length = u8::try_from(peer.len()).map_err(|_| oversized(PEER_ID, peer.len(), 255))?;
    output.push(length);
    output.extend(peer);
    Ok(())
}

fn take_peer(bytes: &[u8]) -> Result<(PeerIdBytes, &[u8])> {
    let (length, rest) = bytes.split_first().ok_or(Error::Truncated {
        what: PEER_ID,
        expected: 1,
        got: 0,
    })?;
    let length = usize::from(*length);
    check_received(PEER_ID, length, PEER_ID_BYTES_MAX)?;
    let (peer, rest) = rest.split_at_checked(length).ok_or(Error::Truncated {
        what: PEER_ID,
        expected: length,
        got: rest.len(),
    })?;
    Ok((peer.to_vec(), rest))
}

fn peers(mut bytes: &[u8]) -> Result<Vec<PeerIdBytes>> {
    let mut peers = Vec::new();
    while !bytes.is_empty() {
        check_received("number of peers", peers.len() + 1, PEERS_MAX)?;
        let (peer, rest) = take_peer(bytes)?;
        peers.push(peer);
        bytes = rest;
    }
    Ok(peers)
}

fn refusal(bytes: &[u8]) -> Result<Refusal> {
    let (code, rest) = tag("refusal", bytes, 4)?;
    if !rest.is_empty() {
        return Err(Error::Trailing {
            what: "refusal",
            got: rest.len(),
        });
    }
    let known = Refusal::ALL.into_iter().find(|known| known.code() == code);
    known.ok_or(Error::UnknownTag {
        what: "refusal",
        expected: 4,
        got: code,
    })
}

fn tag<'a>(what: &'static str, bytes: &'a [u8], expected: u8) -> Result<(u8, &'a [u8])> {
    match bytes.split_first() {
        Some((tag, rest)) if *tag < expected => Ok((*tag, rest)),
        Some((tag, _)) => Err(Error::UnknownTag {
            what,
            expected,
            got: *tag,
        }),
        None => Err(Error::Truncated {
            what,
            expected: 1,
            got: 0,
        }),
    }
}

fn check_to_send(what: &'static str, got: usize, maximum: usize) -> Result<()> {
    if got > maximum {
        return Err(oversized(what, got, maximum));
    }
    Ok(())
}

const fn oversized(what: &'static str, got: usize, maximum: usize) -> Error {
    Error::Oversized { what, maximum, got }
}

fn check_received(what: &'static str, got: usize, maximum: usize) -> Result<()> {
    if got > maximum {
        return Err(Error::TooLarge { what, maximum, got });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn examples() -> ([Request; 4], [Response; 6]) {
        let (to, from) = (vec![1; 38], vec![2; PEER_ID_BYTES_MAX]);
        let requests = [
            Request::List,
            Request::Carry {
                to,
                offer: vec![3; DESCRIPTION_BYTES_MAX],
            },
            Request::Offer {
                from,
                offer: vec![4; 700],
            },
            Request::Carry {
                to: vec![],
                offer: vec![],
            },
        ];
        let responses = [
            Response::Peers(vec![]),
            Response::Peers(vec![vec![1; PEER_ID_BYTES_MAX]; PEERS_MAX]),
            Response::Answer(vec![]),
            Response::Answer(vec![5; DESCRIPTION_BYTES_MAX]),
            Response::Refused(Refusal::Unknown),
            Response::Refused(Refusal::Silent),
        ];
        (requests, responses)
    }

    #[test]
    fn what_is_sent_is_read_and_within_its_bounds() {
        let (requests, responses) = examples();
        for request in requests {
            let bytes = request.encode().unwrap();
            assert!(bytes.len() <= REQUEST_BYTES_MAX);
            assert_eq!(Request::decode(&bytes).unwrap(), request);
        }
        for response in responses {
            let bytes = response.encode().unwrap();
            assert!(bytes.len() <= RESPONSE_BYTES_MAX);
            assert_eq!(Response::decode(&bytes).unwrap(), response);
        }
        for refusal in Refusal::ALL {
            let bytes = Response::Refused(refusal).encode().unwrap();
            assert_eq!(
                Response::decode(&bytes).unwrap(),
                Response::Refused(refusal)
            );
        }
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let long = vec![0; DESCRIPTION_BYTES_MAX + 1];
        let offer = |to: Vec<u8>, offer: Vec<u8>| Request::Carry { to, offer }.encode();
        let peers = |count, length| Response::Peers(vec![vec![0; length]; count]).encode();
        let refused = [
            offer(vec![0; 38], long.clone()),
            offer(vec![0; PEER_ID_BYTES_MAX + 1], vec![]),
            offer(vec![0; 300], vec![]),
            Response::Answer(long.clone()).encode(),
            peers(PEERS_MAX + 1, 1),
            peers(1, PEER_ID_BYTES_MAX + 1),
        ];
        for result in refused {
            assert!(matches!(result, Err(Error::Oversized { .. })), "{result:?}");
        }
        let mut carried = vec![CARRY, 0];
        carried.extend(&long);
        let mut answered = vec![ANSWER];
        answered.extend(&long);
        let many = [vec![PEERS], vec![0; PEERS_MAX + 1]].concat();
        assert!(matches!(
            Request::decode(&carried),
            Err(Error::TooLarge { .. })
        ));
        assert!(matches!(
            Request::decode(&[OFFER, 65]),
            Err(Error::TooLarge { .. })
        ));
        for bytes in [answered, many, vec![PEERS, 65]] {
            assert!(matches!(
                Response::decode(&bytes),
                Err(Error::TooLarge { .. })
            ));
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for bytes in [
            vec![],
            vec![REQUESTS],
            vec![LIST, 0],
            vec![CARRY],
            vec![OFFER, 2, 0],
        ] {
            assert!(Request::decode(&bytes).is_err(), "{bytes:?}");
        }
        for bytes in [
            vec![],
            vec![RESPONSES],
            vec![PEERS, 2, 0],
            vec![REFUSED],
            vec![REFUSED, 4],
            vec![REFUSED, 0, 0],
        ] {
            assert!(Response::decode(&bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_would_be_sent(bytes: Vec<u8>) {
            if let Ok(request) = Request::decode(&bytes) {
                prop_assert_eq!(request.encode().unwrap(), bytes.clone());
            }
            if let Ok(response) = Response::decode(&bytes) {
                prop_assert_eq!(response.encode().unwrap(), bytes);
            }
        }
    }
}
