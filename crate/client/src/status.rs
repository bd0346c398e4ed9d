//! The state as one picture for the page, with a sentence that says why it is so.

use lampyris_verify::proven::Finality;

use crate::{
    client::Inner,
    event::{Phase, Status, number},
    platform::Platform,
};

/// A head older than so many slots is ageing …
const AGEING_SLOTS: u64 = 4;
/// … but never before this, since short slots leave little room for a slow machine.
const AGEING_MS_MIN: u64 = 8_000;

impl<P: Platform> Inner<P> {
    pub(crate) fn status(&self) -> Status {
        let phase = self.phase();
        let chain = self.chain.borrow();
        Status {
            phase,
            network: self.config.network.name.clone(),
            message: self.message(phase),
            optimistic: self.head_view(Finality::Optimistic),
            finalized: self.head_view(Finality::Finalized),
            peers: self.peers.borrow().views(),
            now: number(self.chain_ms()),
            checkpoint: self.config.checkpoint,
            progress: self.progress(),
            first_head_ms: chain.first_head_ms.map(number),
            first_gossip_ms: chain.first_gossip_ms.map(number),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        let chain = self.chain.borrow();
        let connected = self.peers.borrow().connected_count() > 0;
        if chain.stale_checkpoint {
            Phase::StaleCheckpoint
        } else if chain.store.is_none() || chain.first_head_ms.is_none() {
            if connected {
                Phase::Syncing
            } else {
                Phase::Connecting
            }
        } else if !connected || self.head_is_old() {
            Phase::Ageing
        } else {
            Phase::Synced
        }
    }

    fn head_is_old(&self) -> bool {
        let network = &self.config.network;
        let slot = self.chain.borrow().optimistic_slot();
        let limit = network
            .slot_duration_ms
            .saturating_mul(AGEING_SLOTS)
            .max(AGEING_MS_MIN);
        // The head of a slot is signed, and so known, one slot later.
        let signed = network.slot_start_unix_ms(slot.saturating_add(1));
        self.chain_ms().saturating_sub(signed) > limit
    }

    fn message(&self, phase: Phase) -> String {
        let peers = self.peers.borrow();
        let connected = peers.connected_count();
        let losses = peers.losses();
        let absent = if losses.is_empty() {
            String::new()
        } else {
            format!(" Not connected: {}.", losses.join(", "))
        };
        let note = self
            .chain
            .borrow()
            .note
            .clone()
            .map_or(String::new(), |note| format!(" {note}."));
        match phase {
            Phase::Connecting => format!("Looking for peers.{absent}{note}"),
            Phase::Syncing => format!("Verifying the chain of sync committees.{note}{absent}"),
            Phase::Synced => {
                let peers = if connected == 1 { "peer" } else { "peers" };
                format!("Following the chain with {connected} {peers}.{absent}")
            }
            Phase::Ageing if connected == 0 => format!(
                "No newer head is coming in: no peer is connected. What is shown was true when its \
                 head was new.{absent}"
            ),
            Phase::Ageing => format!(
                "No newer head is coming in, though {connected} connected. What is shown was true \
                 when its head was new.{note}{absent}"
            ),
            Phase::StaleCheckpoint => {
                "The checkpoint is older than the weak-subjectivity period, so it cannot be trusted. \
                 Give a newer finalized block root in the settings."
                    .into()
            }
        }
    }
}
