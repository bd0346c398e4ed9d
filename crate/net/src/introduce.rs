//! Introducing tabs to each other: as carrier, as the one who seeks, as the one who is sought.
//!
//! A tab has no address. Whoever is connected to two of them, gateway or tab, carries an offer from one to
//! the other and the answer back ([`lampyris_wire::introduce`]). The carrier is not trusted: the two
//! authenticate each other on their connection.
//!
//! ```text
//!   driver ── "due" ──▶ asks a neighbour N for its peers, chooses B, dials /p2p/N/webrtc/p2p/B
//!   transport: makes an offer ── Wish ──▶ driver ── Carry ──▶ N ── Offer ──▶ B's driver ── Offered ──▶ B's transport
//!   transport: connects  ◀────────────── answer ───────────────────────────────────── makes an answer, connects
//! ```
//!
//! Bounds: [`STREAMS_PER_PEER_MAX`], [`CARRIED_MAX`], [`ANSWERING_MAX`], [`Seeker`]'s memory; the rate of
//! each peer is [`crate::rate::INTRODUCTIONS`].

#[cfg(target_arch = "wasm32")]
mod browser;
mod exchange;
#[cfg(not(target_arch = "wasm32"))]
mod memory;
mod seeker;
mod stun;
mod transport;

use std::time::Duration;

use futures::channel::oneshot;
use lampyris_wire::introduce::{Refusal, Request, Response};
use libp2p::{Multiaddr, PeerId, multiaddr::Protocol, swarm::ConnectionId};

use crate::relay::Call;

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{Signalled, answer_sdp};
pub(crate) use exchange::{Patience, answered, ask, in_time, list, serve};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use memory::{Signalled, answer_sdp};
pub(crate) use seeker::Seeker;
pub(crate) use stun::Servers;
pub(crate) use transport::{Inlet, join};

/// Introductions of one peer that we deal with at a time, as carrier or as the one sought; and offers that
/// we carry to one peer at a time.
pub(crate) const STREAMS_PER_PEER_MAX: usize = 4;
/// Offers that are being carried by us, of all peers.
pub(crate) const CARRIED_MAX: usize = 64;
/// Offers that we are answering. Each costs a connection of the browser while it lasts.
pub(crate) const ANSWERING_MAX: usize = 4;
/// Of these, offers that one neighbour brought, so that a liar leaves room for the others' offers.
pub(crate) const ANSWERING_PER_CARRIER_MAX: usize = 2;
/// How long an offer and its answer may take, seen by the carrier. Its asker waits a little longer.
pub(crate) const CARRY_TIME: Duration = Duration::from_secs(8);
/// How long an introduction may take from the offer to the connection.
pub(crate) const INTRODUCTION_TIME: Duration = Duration::from_secs(20);

/// What tasks and the transport want of the driver.
#[derive(Debug)]
pub(crate) enum Notice {
    /// The transport dials a peer through a neighbour.
    Wish(Wish),
    /// A peer asks something.
    Asked {
        connection: ConnectionId,
        request: Request,
        answer: oneshot::Sender<Response>,
    },
    /// A neighbour told its peers.
    Listed { via: PeerId, peers: Vec<PeerId> },
}

/// An offer of ours that is to be carried.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) via: PeerId,
    pub(crate) to: PeerId,
    pub(crate) offer: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Result<Vec<u8>, Refusal>>,
}

/// An offer of another peer, for the transport.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) via: PeerId,
    pub(crate) from: PeerId,
    pub(crate) offer: Offer,
}

/// How an offer comes.
#[derive(Debug)]
pub(crate) enum Offer {
    /// Carried, as is the answer.
    Carried {
        offer: Vec<u8>,
        answer: oneshot::Sender<Vec<u8>>,
    },
    /// By a call through a relay.
    Call(Box<Call>),
}

impl Offered {
    /// Where it is from, as we tell its sender. Of a call there is nothing to tell: js-libp2p takes an
    /// address without an IP for an error, and does not go on.
    pub(crate) fn address(&self) -> Multiaddr {
        let Self { via, from, offer } = self;
        let (via, peer) = (*via, *from);
        match offer {
            Offer::Carried { .. } => Address { via, peer }.to_multiaddr(),
            Offer::Call(_) => Multiaddr::empty(),
        }
    }
}

/// Where a peer is that a neighbour introduces: `/p2p/NEIGHBOUR/webrtc/p2p/PEER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) via: PeerId,
    pub(crate) peer: PeerId,
}

impl Address {
    pub(crate) fn parse(address: &Multiaddr) -> Option<Self> {
        let mut parts = address.iter();
        match (parts.next()?, parts.next()?, parts.next()?, parts.next()) {
            (Protocol::P2p(via), Protocol::WebRTC, Protocol::P2p(peer), None) => {
                Some(Self { via, peer })
            }
            _ => None,
        }
    }

    pub(crate) fn to_multiaddr(self) -> Multiaddr {
        Multiaddr::empty()
            .with(Protocol::P2p(self.via))
            .with(Protocol::WebRTC)
            .with(Protocol::P2p(self.peer))
    }
}

/// A number below `bound`, or 0. Its source is the one that makes keys.
pub(crate) fn random_below(bound: usize) -> usize {
    let bytes = PeerId::random().to_bytes();
    let number = bytes
        .last_chunk()
        .map_or(0, |tail| u32::from_le_bytes(*tail));
    usize::try_from(number)
        .unwrap_or(0)
        .checked_rem(bound)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_neighbour_and_the_peer() {
        let [via, peer] = [PeerId::random(), PeerId::random()];
        let address = Address { via, peer };
        let multiaddr = address.to_multiaddr();
        assert_eq!(
            multiaddr.to_string(),
            format!("/p2p/{via}/webrtc/p2p/{peer}")
        );
        assert_eq!(Address::parse(&multiaddr), Some(address));
        for other in [
            format!("/p2p/{via}/webrtc"),
            format!("/p2p/{via}/p2p-circuit/webrtc/p2p/{peer}"),
            format!("/p2p/{via}/webrtc/p2p/{peer}/p2p-circuit"),
            format!("/webrtc/p2p/{peer}"),
            "/memory/1".into(),
        ] {
            assert_eq!(Address::parse(&other.parse().unwrap()), None, "{other}");
        }
    }

    #[test]
    fn random_numbers_are_below_their_bound_and_not_one() {
        let numbers: std::collections::HashSet<_> = (0..200).map(|_| random_below(10)).collect();
        assert!(numbers.iter().all(|number| *number < 10));
        assert!(numbers.len() > 5, "{numbers:?}");
        assert_eq!(random_below(0), 0);
    }
}
