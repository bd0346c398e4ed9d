//! The chain as this gateway has verified it: a light-client store, the latest updates ready to be
//! sent, and which state belongs to which recent block.

use crate::{Error, clock::Clock, metrics::Progress};
use alloy_primitives::{B256, Bytes};
use lampyris_verify::{
    ExecutionBlock,
    config::Network,
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate, SyncAggregate, SyncCommittee,
    },
    light_client::{
        LightClientStore, gossip as rules, initialize_light_client_store,
        process_light_client_finality_update, process_light_client_optimistic_update,
        process_light_client_update,
    },
};
use lampyris_wire::{gossip, req_resp};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tokio::sync::watch;

/// Recent blocks whose roots are kept; two epochs and the finalized blocks of a day.
const BLOCKS_MAX: usize = 512;

/// A head older than this many slots is no longer following.
const HEAD_AGE_SLOTS_MAX: u64 = 8;

/// An object as it is sent, with its fork digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The digest of its attested slot's fork.
    pub digest: [u8; 4],
    /// The object.
    pub ssz: Vec<u8>,
}

/// The latest verified update of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Latest {
    /// The update.
    pub encoded: Encoded,
    /// The same as a response.
    pub response: Vec<u8>,
    /// The same as a gossip message's data.
    pub message: Vec<u8>,
    /// What makes one newer than another.
    pub rank: Rank,
    /// The slot of the block that carries its signature: gossip waits for it.
    pub signature_slot: u64,
}

/// The order of updates: which is newer, or as new with more signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The slot that gossip compares: finalized for finality updates, attested for others.
    pub slot: u64,
    /// The slot that the committee attested.
    pub attested_slot: u64,
    /// How many of the committee signed.
    pub participants: usize,
    /// Whether that is more than two thirds.
    pub has_supermajority: bool,
}

/// What the gateway knows of the chain, shared by its tasks.
#[derive(Debug)]
pub struct Chain {
    network: Network,
    clock: Clock,
    store: Mutex<Option<LightClientStore>>,
    blocks: RwLock<VecDeque<ExecutionBlock>>,
    finality: watch::Sender<Option<Arc<Latest>>>,
    optimistic: watch::Sender<Option<Arc<Latest>>>,
}

impl Chain {
    /// A chain of which nothing is known yet.
    pub fn new(network: Network, clock: Clock) -> Self {
        Self {
            network,
            clock,
            store: Mutex::default(),
            blocks: RwLock::default(),
            finality: watch::Sender::default(),
            optimistic: watch::Sender::default(),
        }
    }

    /// Which network it is.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its time.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The slot of the present.
    pub fn current_slot(&self) -> u64 {
        self.clock.slot(&self.network)
    }

    /// Starts from a block that is trusted.
    pub fn bootstrap(&self, root: B256, bootstrap: &LightClientBootstrap) -> Result<(), Error> {
        let store = initialize_light_client_store(root, bootstrap, &self.network)?;
        self.restore(store);
        Ok(())
    }

    /// Starts from a store that was kept.
    pub fn restore(&self, store: LightClientStore) {
        self.note_blocks(&store);
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
    }

    /// A copy of the store.
    pub fn store(&self) -> Option<LightClientStore> {
        self.store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The sync-committee period of the finalized header.
    pub fn committee_period(&self) -> Option<u64> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store
            .as_ref()
            .map(|store| store.committee_period(&self.network))
    }

    /// The committee of a period, when the store has it.
    pub fn committee(&self, period: u64) -> Option<SyncCommittee> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let store = store.as_ref()?;
        let own = store.committee_period(&self.network);
        if period == own {
            return Some(store.current_sync_committee().clone());
        }
        store
            .next_sync_committee()
            .cloned()
            .filter(|_| own.checked_add(1) == Some(period))
    }

    /// Whether the committee of the next period is known.
    pub fn knows_next_committee(&self) -> bool {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store
            .as_ref()
            .is_some_and(|store| store.next_sync_committee().is_some())
    }

    /// Verifies and applies an update.
    pub fn take_update(&self, update: &LightClientUpdate) -> Result<(), Error> {
        let slot = self.current_slot();
        self.with_store(|store| process_light_client_update(store, update, slot, &self.network))
    }

    /// Verifies and applies a finality update, and keeps it if it is the newest. True if it is.
    pub fn take_finality(&self, update: &LightClientFinalityUpdate) -> Result<bool, Error> {
        let attested_slot = update.attested_header.beacon.slot;
        let slot = update.finalized_header.beacon.slot;
        let rank = Rank::new(slot, attested_slot, &update.sync_aggregate);
        if !is_newer(&self.finality, rank) {
            return Ok(false);
        }
        let now = self.current_slot();
        self.with_store(|store| {
            process_light_client_finality_update(store, update, now, &self.network)
        })?;
        let ssz = update.encode(self.network.fork_at_slot(attested_slot));
        Ok(replace(
            &self.finality,
            self.latest(rank, update.signature_slot, ssz),
        ))
    }

    /// Verifies and applies an optimistic update, and keeps it if it is the newest. True if it is.
    pub fn take_optimistic(&self, update: &LightClientOptimisticUpdate) -> Result<bool, Error> {
        let attested_slot = update.attested_header.beacon.slot;
        let rank = Rank::new(attested_slot, attested_slot, &update.sync_aggregate);
        if !is_newer(&self.optimistic, rank) {
            return Ok(false);
        }
        let now = self.current_slot();
        self.with_store(|store| {
            process_light_client_optimistic_update(store, update, now, &self.network)
        })?;
        let ssz = update.encode(self.network.fork_at_slot(attested_slot));
        Ok(replace(
            &self.optimistic,
            self.latest(rank, update.signature_slot, ssz),
        ))
    }

    /// Whether gossip forwards an update of a kind, if it is valid. Cheap.
    pub(crate) fn is_news(&self, kind: gossip::TopicKind, update: &LightClientUpdate) -> bool {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let advances = store.as_ref().is_some_and(|store| match kind {
            gossip::TopicKind::FinalityUpdate => rules::advances_finalized(store, update),
            gossip::TopicKind::OptimisticUpdate => rules::advances_optimistic(store, update),
        });
        let now = self.clock.unix_ms();
        advances && !rules::is_too_early(update.signature_slot, now, &self.network)
    }

    /// The latest finality update, with news of changes.
    pub fn finality(&self) -> watch::Receiver<Option<Arc<Latest>>> {
        self.finality.subscribe()
    }

    /// The latest optimistic update, with news of changes.
    pub fn optimistic(&self) -> watch::Receiver<Option<Arc<Latest>>> {
        self.optimistic.subscribe()
    }

    /// A recent verified block by its hash.
    pub fn block(&self, hash: B256) -> Option<ExecutionBlock> {
        let blocks = self.blocks.read().unwrap_or_else(PoisonError::into_inner);
        blocks
            .iter()
            .rev()
            .find(|block| block.hash == hash)
            .copied()
    }

    /// Recent verified blocks, oldest first.
    pub fn recent_blocks(&self) -> Vec<ExecutionBlock> {
        let blocks = self.blocks.read().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().copied().collect()
    }

    /// How far the chain is followed; nothing before the bootstrap.
    pub fn progress(&self) -> Option<Progress> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let store = store.as_ref()?;
        let head_slot = store.optimistic_header().beacon.slot;
        let began_ms = self.network.slot_start_unix_ms(head_slot);
        Some(Progress {
            head_slot,
            head_age_seconds: self.clock.unix_ms().saturating_sub(began_ms) / 1000,
            finalized_slot: store.finalized_header().beacon.slot,
        })
    }

    /// Whether the head is recent. Where time stands still, every head is.
    pub(crate) fn follows(&self) -> bool {
        self.progress().is_some_and(|progress| {
            let behind = self.current_slot().saturating_sub(progress.head_slot);
            self.clock.is_fixed() || behind <= HEAD_AGE_SLOTS_MAX
        })
    }

    fn with_store(
        &self,
        process: impl FnOnce(&mut LightClientStore) -> Result<(), lampyris_verify::Error>,
    ) -> Result<(), Error> {
        let mut guard = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let store = guard.as_mut().ok_or(Error::Missing("light-client store"))?;
        process(store)?;
        self.note_blocks(store);
        Ok(())
    }

    fn note_blocks(&self, store: &LightClientStore) {
        let mut blocks = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
        let proven = [store.finalized(), store.optimistic()];
        for block in proven.into_iter().flatten() {
            let block = block.value();
            if blocks.iter().rev().any(|known| known.hash == block.hash) {
                continue;
            }
            if blocks.len() >= BLOCKS_MAX {
                blocks.pop_front();
            }
            blocks.push_back(*block);
        }
    }

    fn latest(&self, rank: Rank, signature_slot: u64, ssz: Vec<u8>) -> Latest {
        let encoded = self.encode(rank.attested_slot, ssz);
        let response = req_resp::encode_chunk(encoded.digest, &encoded.ssz);
        let message = gossip::compress(&encoded.ssz);
        Latest {
            encoded,
            response,
            message,
            rank,
            signature_slot,
        }
    }

    /// Adds the digest of a slot's fork to an object.
    fn encode(&self, slot: u64, ssz: Vec<u8>) -> Encoded {
        let epoch = self.network.epoch_at_slot(slot);
        Encoded {
            digest: self.network.compute_fork_digest(epoch),
            ssz,
        }
    }

    /// An object of a slot as a chunk of a response.
    pub(crate) fn encode_chunk(&self, slot: u64, ssz: Vec<u8>) -> Bytes {
        let encoded = self.encode(slot, ssz);
        req_resp::encode_chunk(encoded.digest, &encoded.ssz).into()
    }
}

impl Rank {
    fn new(slot: u64, attested_slot: u64, aggregate: &SyncAggregate) -> Self {
        let participants = aggregate.participants();
        Self {
            slot,
            attested_slot,
            participants,
            has_supermajority: aggregate.has_supermajority(),
        }
    }

    /// Whether gossip forwards an update of this rank after one of `published`: a newer slot, or the
    /// same with the supermajority that was missing.
    pub fn is_news_after(&self, published: Option<&Self>) -> bool {
        published.is_none_or(|published| {
            self.slot > published.slot
                || (self.slot == published.slot
                    && self.has_supermajority
                    && !published.has_supermajority)
        })
    }
}

fn is_newer(latest: &watch::Sender<Option<Arc<Latest>>>, rank: Rank) -> bool {
    latest.borrow().as_ref().is_none_or(|latest| {
        let order = |rank: &Rank| (rank.attested_slot, rank.participants);
        order(&rank) > order(&latest.rank)
    })
}

fn replace(sender: &watch::Sender<Option<Arc<Latest>>>, latest: Latest) -> bool {
    sender.send_if_modified(|current| {
        // Another task may have been faster.
        let newer = current.as_ref().is_none_or(|current| {
            (latest.rank.attested_slot, latest.rank.participants)
                > (current.rank.attested_slot, current.rank.participants)
        });
        if newer {
            *current = Some(Arc::new(latest));
        }
        newer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(slot: u64, participants: usize) -> Rank {
        Rank {
            slot,
            attested_slot: slot + 70,
            participants,
            has_supermajority: participants * 3 > 32 * 2,
        }
    }

    #[test]
    fn gossip_gets_each_slot_once_and_once_more_at_the_supermajority() {
        assert!(rank(5, 20).is_news_after(None));
        assert!(rank(6, 20).is_news_after(Some(&rank(5, 32))));
        assert!(!rank(5, 21).is_news_after(Some(&rank(5, 20))));
        assert!(rank(5, 22).is_news_after(Some(&rank(5, 21))));
        assert!(!rank(5, 32).is_news_after(Some(&rank(5, 22))));
        assert!(!rank(4, 32).is_news_after(Some(&rank(5, 20))));
    }
}
