//! The records that are known.
//!
//! Who floods us with records displaces its own: of one teller's records that never worked, so many
//! are kept as it can hand over at a time, and what did work is not displaced by any that did not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use libp2p::{Multiaddr, PeerId, core::PeerRecord, identity::Keypair};

use super::{ADDRESSES_MAX, BATCH_MAX, Record, Scope, address, of_peer, verify};

/// Records that are kept.
pub(crate) const TABLE_MAX: usize = 64;

/// The table, for the swarm, its handles and the connections' tasks.
pub(crate) type Shared = Arc<Mutex<Table>>;

/// The records that are known, and our own.
#[derive(Debug)]
pub(crate) struct Table {
    key: Keypair,
    /// Where we can be dialled.
    listening: Vec<Multiaddr>,
    own: Option<Vec<u8>>,
    entries: HashMap<PeerId, Entry>,
    /// Counts what comes, so that the oldest can be told.
    arrivals: u64,
}

#[derive(Debug)]
struct Entry {
    envelope: Vec<u8>,
    sequence: u64,
    addresses: Vec<Multiaddr>,
    /// Who told it; nobody if it is remembered.
    teller: Option<PeerId>,
    arrival: u64,
    /// Whether we have been connected to it.
    worked: bool,
}

impl Table {
    pub(crate) fn new(key: Keypair) -> Self {
        Self {
            key,
            listening: Vec::new(),
            own: None,
            entries: HashMap::new(),
            arrivals: 0,
        }
    }

    /// Says where we can be dialled; our own record is made of it.
    pub(crate) fn listen(&mut self, addresses: &[Multiaddr]) {
        let peer = self.key.public().to_peer_id();
        self.listening = addresses
            .iter()
            .filter_map(|address| of_peer(address, peer))
            .filter(|address| address::kind(address).is_some())
            .take(ADDRESSES_MAX)
            .collect();
        self.own = None;
    }

    /// Takes a record; says whether it was new. An error is its teller's fault.
    pub(crate) fn insert(
        &mut self,
        envelope: &[u8],
        teller: Option<PeerId>,
        scope: Scope,
    ) -> Result<bool, String> {
        let record = verify(envelope, scope)?;
        let known = self.entries.get(&record.peer);
        let is_newer = known.is_none_or(|entry| entry.sequence < record.sequence);
        let is_us = record.peer == self.key.public().to_peer_id();
        if is_us || !is_newer || record.addresses.is_empty() {
            return Ok(false);
        }
        let known = known.map(|entry| (entry.worked, entry.teller));
        if known.is_none() && !self.make_room(teller) {
            return Ok(false);
        }
        let (worked, teller) = known.unwrap_or((false, teller));
        self.arrivals += 1;
        let entry = Entry {
            envelope: envelope.into(),
            sequence: record.sequence,
            addresses: record.addresses,
            teller,
            arrival: self.arrivals,
            worked,
        };
        self.entries.insert(record.peer, entry);
        Ok(true)
    }

    /// Remembers that a peer could be reached.
    pub(crate) fn worked(&mut self, peer: &PeerId) {
        if let Some(entry) = self.entries.get_mut(peer) {
            entry.worked = true;
        }
    }

    /// Forgets a peer.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.entries.remove(peer);
    }

    /// All records but our own.
    pub(crate) fn records(&self) -> Vec<Record> {
        let record = |(peer, entry): (&PeerId, &Entry)| Record {
            peer: peer.to_string(),
            addresses: entry.addresses.iter().map(Multiaddr::to_string).collect(),
            envelope: entry.envelope.clone(),
        };
        self.entries.iter().map(record).collect()
    }

    /// What is told to a peer: our own record, then those that worked, then others as they come; none
    /// about itself, and none that it told us.
    pub(crate) fn batch(&mut self, peer: PeerId) -> Vec<Vec<u8>> {
        let mut others: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|(known, entry)| **known != peer && entry.teller != Some(peer))
            .map(|(_, entry)| entry)
            .collect();
        others.sort_by_key(|entry| !entry.worked);
        let others = others.into_iter().map(|entry| entry.envelope.clone());
        let others: Vec<Vec<u8>> = others.take(BATCH_MAX).collect();
        let mut batch: Vec<Vec<u8>> = self.own_record().into_iter().chain(others).collect();
        batch.truncate(BATCH_MAX);
        batch
    }

    fn own_record(&mut self) -> Option<Vec<u8>> {
        if self.own.is_none() && !self.listening.is_empty() {
            // Only a key that cannot sign fails, and ours are ed25519.
            let record = PeerRecord::new_interop(&self.key, self.listening.clone()).ok()?;
            self.own = Some(record.into_signed_envelope().into_protobuf_encoding());
        }
        self.own.clone()
    }

    /// Makes room for one more record of a teller; false if there is none.
    fn make_room(&mut self, teller: Option<PeerId>) -> bool {
        let oldest = |of: &dyn Fn(&Entry) -> bool| {
            let mut candidates: Vec<(u64, PeerId)> = self
                .entries
                .iter()
                .filter(|(_, entry)| !entry.worked && of(entry))
                .map(|(peer, entry)| (entry.arrival, *peer))
                .collect();
            candidates.sort_unstable();
            (candidates.first().map(|(_, peer)| *peer), candidates.len())
        };
        let (own, count) = oldest(&|entry| entry.teller == teller);
        let goes = if teller.is_some() && count >= BATCH_MAX {
            own
        } else if self.entries.len() >= TABLE_MAX {
            let (any, _) = oldest(&|_| true);
            if any.is_none() {
                return false;
            }
            any
        } else {
            None
        };
        if let Some(peer) = goes {
            self.entries.remove(&peer);
        }
        true
    }
}
