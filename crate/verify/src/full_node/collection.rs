//! Which objects a full node serves: those of the chain that fork choice selects.
//!
//! Everything about blocks that are not yet final is derived anew from the chain below the head, so
//! that a reorganization needs no care. Bounded by [`MAX_BLOCKS`] and [`MAX_PERIODS`].

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use alloy_primitives::B256;

use super::{
    ImportedBlock, create_light_client_bootstrap, create_light_client_finality_update,
    create_light_client_optimistic_update, create_light_client_update,
};
use crate::Error;
use crate::config::Network;
use crate::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader,
    LightClientOptimisticUpdate, LightClientUpdate,
};
use crate::light_client::{is_better_update, is_finality_update};

/// The most blocks that are not yet final: a day without finality.
pub const MAX_BLOCKS: usize = 8_192;

/// The periods of which the best update is kept: `MIN_EPOCHS_FOR_BLOCK_REQUESTS`, five months.
pub const MAX_PERIODS: usize = 130;

/// The best update of each period, and the newest.
type Updates = (BTreeMap<u64, LightClientUpdate>, Option<LightClientUpdate>);

/// The light-client data of one chain.
#[derive(Clone, Debug)]
pub struct LightClientData {
    network: Network,
    /// The newest final block and all that descend from it.
    blocks: BTreeMap<B256, ImportedBlock>,
    /// The newest final block.
    tail: B256,
    /// Headers of older final blocks that states of `blocks` still name.
    finalized_headers: BTreeMap<B256, LightClientHeader>,
    /// The best update of each period, of final blocks.
    finalized_best: BTreeMap<u64, LightClientUpdate>,
    /// Better ones, of blocks between the tail and the head.
    pending_best: BTreeMap<u64, LightClientUpdate>,
    /// The newest update of final blocks.
    finalized_latest: Option<LightClientUpdate>,
    /// The newest update of blocks between the tail and the head.
    pending_latest: Option<LightClientUpdate>,
}

impl LightClientData {
    /// Starts with a block that is final.
    pub fn new(tail: ImportedBlock, network: Network) -> Result<Self, Error> {
        tail.check(&network)?;
        let root = tail.root();
        Ok(Self {
            network,
            blocks: BTreeMap::from([(root, tail)]),
            tail: root,
            finalized_headers: BTreeMap::new(),
            finalized_best: BTreeMap::new(),
            pending_best: BTreeMap::new(),
            finalized_latest: None,
            pending_latest: None,
        })
    }

    /// Takes in a block whose parent is known.
    pub fn import(&mut self, block: ImportedBlock) -> Result<(), Error> {
        if self.blocks.len() >= MAX_BLOCKS {
            return Err(Error::TooLarge {
                what: "blocks that are not final",
                max: MAX_BLOCKS,
                got: self.blocks.len().saturating_add(1),
            });
        }
        self.known(block.header.beacon.parent_root)?;
        block.check(&self.network)?;
        self.blocks.insert(block.root(), block);
        Ok(())
    }

    /// Follows fork choice to a known block. Returns the bootstraps of all epoch boundary blocks that
    /// this made final; they are not kept here.
    pub fn set_head(&mut self, head: B256) -> Result<Vec<LightClientBootstrap>, Error> {
        let chain = self.chain(head)?;
        let finalized_root = self.known(head)?.state.finalized_root;
        let finalized = chain.iter().position(|root| *root == finalized_root);
        let finalized = finalized.unwrap_or(0);

        let (final_part, pending_part) = chain.split_at(finalized);
        let next = pending_part.first().copied().into_iter();
        let final_part: Vec<_> = final_part.iter().copied().chain(next).collect();

        let bootstraps = self.bootstraps(&final_part)?;
        let (best, latest) = self.updates(&final_part)?;
        let (pending_best, pending_latest) = self.updates(pending_part)?;
        self.finalized_best.extend(best);
        while self.finalized_best.len() > MAX_PERIODS {
            self.finalized_best.pop_first();
        }
        self.finalized_latest = latest.or_else(|| self.finalized_latest.take());
        // What final blocks brought just now may be better.
        self.pending_best = pending_best
            .into_iter()
            .filter(|(period, update)| {
                let old = self.finalized_best.get(period);
                old.is_none_or(|old| is_better_update(update, old, &self.network))
            })
            .collect();
        self.pending_latest = pending_latest;
        if finalized > 0 {
            self.finalize(finalized_root);
        }
        Ok(bootstraps)
    }

    /// The best update of a period, if there is one.
    #[must_use]
    pub fn best_update(&self, period: u64) -> Option<&LightClientUpdate> {
        let pending = self.pending_best.get(&period);
        pending.or_else(|| self.finalized_best.get(&period))
    }

    /// The newest finality update.
    #[must_use]
    pub fn finality_update(&self) -> Option<LightClientFinalityUpdate> {
        let update = self.latest().filter(|update| is_finality_update(update));
        update.map(create_light_client_finality_update)
    }

    /// The newest optimistic update.
    #[must_use]
    pub fn optimistic_update(&self) -> Option<LightClientOptimisticUpdate> {
        self.latest().map(create_light_client_optimistic_update)
    }

    fn latest(&self) -> Option<&LightClientUpdate> {
        let pending = self.pending_latest.as_ref();
        pending.or(self.finalized_latest.as_ref())
    }

    /// The roots from the tail to the head.
    fn chain(&self, head: B256) -> Result<Vec<B256>, Error> {
        let mut chain = Vec::from([head]);
        let mut root = head;
        while root != self.tail {
            root = self.known(root)?.header.beacon.parent_root;
            chain.push(root);
        }
        chain.reverse();
        Ok(chain)
    }

    fn known(&self, root: B256) -> Result<&ImportedBlock, Error> {
        self.blocks.get(&root).ok_or(Error::UnknownBlock { root })
    }

    /// Of a chain's blocks but the first, the bootstraps of the last and of all that can be checkpoints.
    fn bootstraps(&self, chain: &[B256]) -> Result<Vec<LightClientBootstrap>, Error> {
        let blocks = chain.iter().map(|root| self.known(*root));
        let blocks: Vec<_> = blocks.collect::<Result<_, _>>()?;
        let next_slots = blocks.iter().skip(2).map(|block| Some(block.slot()));
        let with_next = blocks.iter().skip(1).zip(next_slots.chain([None]));
        Ok(with_next
            .filter(|(block, next_slot)| self.is_epoch_boundary(block, *next_slot))
            .map(|(block, _)| create_light_client_bootstrap(block))
            .collect())
    }

    /// Of a chain, the best update of each period that is better than the final ones, and the newest.
    fn updates(&self, chain: &[B256]) -> Result<Updates, Error> {
        let (mut best, mut latest) = (BTreeMap::new(), None);
        for pair in chain.windows(2) {
            let [parent, child] = pair else { continue };
            if let Some(update) = self.update(self.known(*parent)?, self.known(*child)?)? {
                self.keep_better(&mut best, &update);
                latest = Some(update);
            }
        }
        Ok((best, latest))
    }

    /// What a block makes of its parent, if anybody signed.
    fn update(
        &self,
        parent: &ImportedBlock,
        child: &ImportedBlock,
    ) -> Result<Option<LightClientUpdate>, Error> {
        let root = parent.state.finalized_root;
        let genesis = LightClientHeader::default();
        let known = self.blocks.get(&root).map(|block| &block.header);
        let finalized = if root.is_zero() {
            Some(&genesis)
        } else {
            known.or_else(|| self.finalized_headers.get(&root))
        };
        match create_light_client_update(child, parent, finalized, &self.network) {
            Ok(update) => Ok(Some(update)),
            Err(Error::Participants { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps an update that is better than any known before it, if its own period signed it.
    fn keep_better(&self, best: &mut BTreeMap<u64, LightClientUpdate>, update: &LightClientUpdate) {
        let period = |slot: u64| self.network.sync_committee_period_at_slot(slot);
        let of = period(update.attested_header.beacon.slot);
        if of != period(update.signature_slot) {
            return;
        }
        let old = best.get(&of).or_else(|| self.finalized_best.get(&of));
        if old.is_none_or(|old| is_better_update(update, old, &self.network)) {
            best.insert(of, update.clone());
        }
    }

    /// Whether a block is the last one at the start of some epoch, and so can be a checkpoint. One
    /// without a next block is final, and so is one.
    fn is_epoch_boundary(&self, block: &ImportedBlock, next_slot: Option<u64>) -> bool {
        let slots = self.network.preset.slots_per_epoch;
        let next_epoch = self.network.epoch_at_slot(block.slot()).saturating_add(1);
        let next_start = next_epoch.saturating_mul(slots);
        block.slot().checked_rem(slots) == Some(0) || next_slot.is_none_or(|slot| slot > next_start)
    }

    /// Forgets all that does not descend from the new tail, but for headers that are still named.
    fn finalize(&mut self, tail: B256) {
        let mut roots: Vec<_> = self.blocks.iter().map(|(r, b)| (b.slot(), *r)).collect();
        roots.sort_unstable();
        let mut kept = BTreeSet::from([tail]);
        for (_, root) in roots {
            let parent = self.blocks.get(&root).map(|b| b.header.beacon.parent_root);
            if parent.is_some_and(|parent| kept.contains(&parent)) {
                kept.insert(root);
            }
        }
        let named: BTreeSet<_> = kept
            .iter()
            .filter_map(|root| Some(self.blocks.get(root)?.state.finalized_root))
            .collect();
        for (root, block) in &self.blocks {
            self.finalized_headers.insert(*root, block.header.clone());
        }
        self.finalized_headers
            .retain(|root, _| named.contains(root));
        self.blocks.retain(|root, _| kept.contains(root));
        self.tail = tail;
    }
}
