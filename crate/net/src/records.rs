//! Signed records of where gateways are: each names itself, and everybody passes the names on.
//!
//! A record is libp2p's signed envelope around a routing record (RFCs 0002 and 0003 of its
//! specifications): nobody can change one, or make one for somebody else. What it says is still only
//! a hint: a liar can name itself, or a place where nobody is, and that costs a dial. Records are
//! exchanged once a connection, verified, kept in a table with bounds, and told to the owner of the
//! swarm, who decides whom to dial.

mod address;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod crafted;
mod exchange;
mod table;

use libp2p::{
    Multiaddr, PeerId,
    core::{PeerRecord, SignedEnvelope},
    multiaddr::Protocol,
};

pub(crate) use address::Scope;
pub(crate) use exchange::Acquaintance;
pub(crate) use table::{Shared, Table};

/// The largest record that is read: a key, a signature, and addresses of 100 bytes.
pub(crate) const RECORD_BYTES_MAX: usize = 1_024;
/// Records that are handed over on one connection.
pub(crate) const BATCH_MAX: usize = 16;
/// Addresses of one peer.
pub(crate) const ADDRESSES_MAX: usize = 8;

/// Where a gateway says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who.
    pub peer: String,
    /// Its addresses, each with its peer id.
    pub addresses: Vec<String>,
    /// The record as it was signed, for [`crate::Handle::remember`] after a restart.
    pub envelope: Vec<u8>,
}

/// A record whose signature is its peer's.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) peer: PeerId,
    pub(crate) sequence: u64,
    pub(crate) addresses: Vec<Multiaddr>,
}

/// Verifies a record, and leaves of its addresses those that a tab can dial and that its teller, as
/// near as `scope`, may know of.
pub(crate) fn verify(bytes: &[u8], scope: Scope) -> Result<Verified, String> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(format!("{} bytes, at most {RECORD_BYTES_MAX}", bytes.len()));
    }
    let envelope =
        SignedEnvelope::from_protobuf_encoding(bytes).map_err(|error| error.to_string())?;
    let record =
        PeerRecord::from_signed_envelope_interop(envelope).map_err(|error| error.to_string())?;
    let peer = record.peer_id();
    let addresses = record
        .addresses()
        .iter()
        .filter_map(|address| of_peer(address, peer))
        .filter(|address| address::kind(address).is_some_and(|needed| needed <= scope))
        .take(ADDRESSES_MAX)
        .collect();
    Ok(Verified {
        peer,
        sequence: record.seq(),
        addresses,
    })
}

/// The address with its peer at the end; none if another peer is there.
fn of_peer(address: &Multiaddr, peer: PeerId) -> Option<Multiaddr> {
    match address.iter().last() {
        Some(Protocol::P2p(named)) => (named == peer).then(|| address.clone()),
        _ => Some(address.clone().with(Protocol::P2p(peer))),
    }
}

#[cfg(test)]
mod tests;
