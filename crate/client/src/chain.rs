//! What is known of the chain: the verified store, the heads seen, and how we came by them.

use std::collections::VecDeque;

use lampyris_verify::{
    B256,
    light_client::LightClientStore,
    proven::{ExecutionBlock, Proven},
};

/// Heads remembered as proven, so that a transaction's block is known without asking.
const RECENT_MAX: usize = 64;

/// What is known of the chain.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) store: Option<LightClientStore>,
    pub(crate) recent: VecDeque<Proven<ExecutionBlock>>,
    pub(crate) head_supplier: String,
    pub(crate) finalized_supplier: String,
    pub(crate) participants: (u64, u64),
    pub(crate) note: Option<String>,
    pub(crate) stale_checkpoint: bool,
    pub(crate) caught_up: bool,
    pub(crate) head_changed_ms: u64,
    pub(crate) first_head_ms: Option<u64>,
    pub(crate) first_gossip_ms: Option<u64>,
    pub(crate) first_connection_ms: Option<u64>,
    pub(crate) started_ms: u64,
    pub(crate) saved: Option<B256>,
    pub(crate) polled_slot: u64,
    pub(crate) committee_asked_slot: u64,
}

impl Chain {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            store: None,
            recent: VecDeque::new(),
            head_supplier: String::new(),
            finalized_supplier: String::new(),
            participants: (0, 0),
            note: None,
            stale_checkpoint: false,
            caught_up: false,
            head_changed_ms: now_ms,
            first_head_ms: None,
            first_gossip_ms: None,
            first_connection_ms: None,
            started_ms: now_ms,
            saved: None,
            polled_slot: 0,
            committee_asked_slot: 0,
        }
    }

    pub(crate) fn first_connection(&mut self, now_ms: u64) {
        self.first_connection_ms.get_or_insert(now_ms);
    }

    pub(crate) fn gossip_arrived(&mut self, now_ms: u64) {
        let since = self.first_connection_ms.unwrap_or(now_ms);
        self.first_gossip_ms
            .get_or_insert(now_ms.saturating_sub(since));
    }

    pub(crate) fn optimistic_slot(&self) -> u64 {
        self.store
            .as_ref()
            .map_or(0, |store| store.optimistic_header().beacon.slot)
    }

    pub(crate) fn finalized_slot(&self) -> u64 {
        self.store
            .as_ref()
            .map_or(0, |store| store.finalized_header().beacon.slot)
    }

    pub(crate) fn optimistic(&self) -> Option<Proven<ExecutionBlock>> {
        self.store.as_ref()?.optimistic()
    }

    pub(crate) fn finalized(&self) -> Option<Proven<ExecutionBlock>> {
        self.store.as_ref()?.finalized()
    }

    /// A recently proven head with this hash.
    pub(crate) fn recent(&self, hash: B256) -> Option<Proven<ExecutionBlock>> {
        self.recent
            .iter()
            .rev()
            .find(|block| block.value().hash == hash)
            .cloned()
    }

    pub(crate) fn remember(&mut self, block: Proven<ExecutionBlock>) {
        if self.recent(block.value().hash).is_none() {
            if self.recent.len() >= RECENT_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(block);
        }
    }
}
