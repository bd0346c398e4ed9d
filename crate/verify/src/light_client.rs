//! The light-client protocol: following the chain by the sync committee's signatures.
//!
//! Functions carry the names that the
//! [specification](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/electra/light-client/sync-protocol.md)
//! gives them, so that one can be read beside the other. The specification's `upgrade_lc_*` functions
//! have no counterpart: decoding brings objects of all forks into one shape, see [`crate::containers`].

mod batch;
mod committee;
pub mod gloas;
pub mod gossip;
mod ranking;
mod record;
mod validation;

use alloc::sync::Arc;
use alloc::vec::Vec;

use alloy_primitives::B256;

pub use batch::{MAX_BATCH, process_light_client_updates};
pub use ranking::is_better_update;
pub use validation::{
    get_lc_execution_root, is_valid_light_client_header, validate_light_client_update,
};

use self::committee::Committee;
use self::validation::validate_all_but_signature;
use crate::Error;
use crate::config::{Fork, GeneralizedIndices, Network};
use crate::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader,
    LightClientOptimisticUpdate, LightClientUpdate, SyncCommittee, normalize_merkle_branch,
};
use crate::merkle::is_valid_normalized_merkle_branch;
use crate::proven::{ExecutionBlock, Finality, Proven};

/// The fewest members whose signature counts.
pub const MIN_SYNC_COMMITTEE_PARTICIPANTS: usize = 1;

/// All that a light client remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientStore {
    /// The newest header known to be final.
    pub(crate) finalized_header: LightClientHeader,
    /// The sync committee of its period.
    pub(crate) current_sync_committee: Committee,
    /// The committee of the period after, once known.
    pub(crate) next_sync_committee: Option<Committee>,
    /// The best update that could not be applied yet.
    pub(crate) best_valid_update: Option<LightClientUpdate>,
    /// The newest header that enough members signed.
    pub(crate) optimistic_header: LightClientHeader,
    /// The most participants of any update in the period before.
    pub(crate) previous_max_active_participants: u64,
    /// The most participants of any update in this period.
    pub(crate) current_max_active_participants: u64,
    /// Whether the finalized header was forced: it may not be final at all.
    pub(crate) is_forced: bool,
}

impl LightClientStore {
    /// The newest header known to be final, or forced to be taken for it.
    #[must_use]
    pub const fn finalized_header(&self) -> &LightClientHeader {
        &self.finalized_header
    }

    /// The newest header that enough members signed.
    #[must_use]
    pub const fn optimistic_header(&self) -> &LightClientHeader {
        &self.optimistic_header
    }

    /// The sync committee of the finalized header's period.
    #[must_use]
    pub fn current_sync_committee(&self) -> &SyncCommittee {
        self.current_sync_committee.members()
    }

    /// The committee of the period after, once known.
    #[must_use]
    pub fn next_sync_committee(&self) -> Option<&SyncCommittee> {
        let next = self.next_sync_committee.as_ref();
        next.map(|committee| committee.members().as_ref())
    }

    /// The best update that could not be applied yet.
    #[must_use]
    pub const fn best_valid_update(&self) -> Option<&LightClientUpdate> {
        self.best_valid_update.as_ref()
    }

    /// The period of the current sync committee.
    #[must_use]
    pub fn committee_period(&self, network: &Network) -> u64 {
        network.sync_committee_period_at_slot(self.finalized_header.beacon.slot)
    }

    /// The newest final execution block; `None` before Capella, and after a forced update.
    #[must_use]
    pub fn finalized(&self) -> Option<Proven<ExecutionBlock>> {
        if self.is_forced {
            return None;
        }
        Proven::from_header(&self.finalized_header, Finality::Finalized)
    }

    /// The newest signed execution block; `None` before Capella.
    #[must_use]
    pub fn optimistic(&self) -> Option<Proven<ExecutionBlock>> {
        Proven::from_header(&self.optimistic_header, Finality::Optimistic)
    }
}

/// Starts from a block that the caller trusts.
pub fn initialize_light_client_store(
    trusted_block_root: B256,
    bootstrap: &LightClientBootstrap,
    network: &Network,
) -> Result<LightClientStore, Error> {
    let header = &bootstrap.header;
    is_valid_light_client_header(header, network)?;
    let got = header.beacon.hash_tree_root();
    if got != trusted_block_root {
        return Err(Error::TrustedBlockRoot {
            expected: trusted_block_root,
            got,
        });
    }
    let fork = network.fork_at_slot(header.beacon.slot);
    let root = header.beacon.state_root;
    let committee = Committee::from(Arc::clone(&bootstrap.current_sync_committee));
    if !is_valid_normalized_merkle_branch(
        committee.root(),
        &bootstrap.current_sync_committee_branch,
        fork.generalized_indices().current_sync_committee,
        root,
    ) {
        return Err(Error::MerkleBranch {
            what: "current sync committee",
            root,
        });
    }
    Ok(LightClientStore {
        finalized_header: header.clone(),
        current_sync_committee: committee,
        next_sync_committee: None,
        best_valid_update: None,
        optimistic_header: header.clone(),
        previous_max_active_participants: 0,
        current_max_active_participants: 0,
        is_forced: false,
    })
}

/// Takes in an update: verifies it, and follows it as far as it goes.
pub fn process_light_client_update(
    store: &mut LightClientStore,
    update: &LightClientUpdate,
    current_slot: u64,
    network: &Network,
) -> Result<(), Error> {
    let claim = validate_all_but_signature(store, update, current_slot, network)?;
    claim.verify()?;
    follow(store, update, claim.next_sync_committee, network)
}

/// Follows a verified update as far as it goes: the part of `process_light_client_update` behind the
/// validation.
fn follow(
    store: &mut LightClientStore,
    update: &LightClientUpdate,
    next_sync_committee: Option<Committee>,
    network: &Network,
) -> Result<(), Error> {
    let participants = update.sync_aggregate.participants();
    let participants = u64::try_from(participants).unwrap_or(u64::MAX);
    store.current_max_active_participants = store.current_max_active_participants.max(participants);

    if participants > get_safety_threshold(store)
        && update.attested_header.beacon.slot > store.optimistic_header.beacon.slot
    {
        store.optimistic_header = update.attested_header.clone();
    }

    let period =
        |header: &LightClientHeader| network.sync_committee_period_at_slot(header.beacon.slot);
    let has_finalized_next_sync_committee = store.next_sync_committee.is_none()
        && is_sync_committee_update(update)
        && is_finality_update(update)
        && period(&update.finalized_header) == period(&update.attested_header);
    let finalizes = update.finalized_header.beacon.slot > store.finalized_header.beacon.slot;
    if update.sync_aggregate.has_supermajority() && (finalizes || has_finalized_next_sync_committee)
    {
        apply_light_client_update(store, update, next_sync_committee, network)?;
        store.best_valid_update = None;
        return Ok(());
    }
    // What is applied at once need not be kept as the best that could not.
    let best = store.best_valid_update.as_ref();
    if best.is_none_or(|best| is_better_update(update, best, network)) {
        store.best_valid_update = Some(update.clone());
    }
    Ok(())
}

/// Takes in a finality update.
pub fn process_light_client_finality_update(
    store: &mut LightClientStore,
    update: &LightClientFinalityUpdate,
    current_slot: u64,
    network: &Network,
) -> Result<(), Error> {
    let update = LightClientUpdate::from(update.clone());
    process_light_client_update(store, &update, current_slot, network)
}

/// Takes in an optimistic update.
pub fn process_light_client_optimistic_update(
    store: &mut LightClientStore,
    update: &LightClientOptimisticUpdate,
    current_slot: u64,
    network: &Network,
) -> Result<(), Error> {
    let update = LightClientUpdate::from(update.clone());
    process_light_client_update(store, &update, current_slot, network)
}

/// Gives up waiting for finality: takes the best update there is, once nothing was finalized for a
/// whole period.
///
/// From then on [`LightClientStore::finalized`] is `None` until the chain finalizes. Less than two
/// thirds may have signed that update, and it may have brought the next committee: who calls this
/// trusts fewer members than otherwise, for good, and should have asked the user before.
pub fn process_light_client_store_force_update(
    store: &mut LightClientStore,
    current_slot: u64,
    network: &Network,
) -> Result<(), Error> {
    let finalized_slot = store.finalized_header.beacon.slot;
    let timeout = finalized_slot.saturating_add(network.preset.slots_per_period());
    if current_slot <= timeout {
        return Ok(());
    }
    let Some(mut update) = store.best_valid_update.take() else {
        return Ok(());
    };
    if update.finalized_header.beacon.slot <= finalized_slot {
        update.finalized_header = update.attested_header.clone();
    }
    let next = update.next_sync_committee.clone().map(Committee::from);
    apply_light_client_update(store, &update, next, network)?;
    store.is_forced |= store.finalized_header.beacon.slot > finalized_slot;
    Ok(())
}

/// Follows a verified update into the next period, and to its finalized header.
fn apply_light_client_update(
    store: &mut LightClientStore,
    update: &LightClientUpdate,
    next_sync_committee: Option<Committee>,
    network: &Network,
) -> Result<(), Error> {
    let store_period = store.committee_period(network);
    let finalized_slot = update.finalized_header.beacon.slot;
    let finalized_period = network.sync_committee_period_at_slot(finalized_slot);
    if store.next_sync_committee.is_none() {
        if finalized_period != store_period {
            return Err(Error::Period {
                store_period,
                got: finalized_period,
            });
        }
        store.next_sync_committee = next_sync_committee;
    } else if Some(finalized_period) == store_period.checked_add(1) {
        let next = core::mem::replace(&mut store.next_sync_committee, next_sync_committee);
        if let Some(next) = next {
            store.current_sync_committee = next;
        }
        store.previous_max_active_participants = store.current_max_active_participants;
        store.current_max_active_participants = 0;
    }
    if finalized_slot > store.finalized_header.beacon.slot {
        store.finalized_header = update.finalized_header.clone();
        store.is_forced = false;
        if finalized_slot > store.optimistic_header.beacon.slot {
            store.optimistic_header = store.finalized_header.clone();
        }
    }
    Ok(())
}

/// Half of the most participants seen lately: fewer are too easily bought.
#[must_use]
pub fn get_safety_threshold(store: &LightClientStore) -> u64 {
    store
        .previous_max_active_participants
        .max(store.current_max_active_participants)
        / 2
}

/// Whether an update carries the next sync committee.
#[must_use]
pub fn is_sync_committee_update(update: &LightClientUpdate) -> bool {
    !update.next_sync_committee_branch.iter().all(B256::is_zero)
}

/// Whether an update carries a finalized header.
#[must_use]
pub fn is_finality_update(update: &LightClientUpdate) -> bool {
    !update.finality_branch.iter().all(B256::is_zero)
}

impl From<LightClientFinalityUpdate> for LightClientUpdate {
    fn from(update: LightClientFinalityUpdate) -> Self {
        Self {
            attested_header: update.attested_header,
            next_sync_committee: None,
            next_sync_committee_branch: no_branch(|indices| indices.next_sync_committee),
            finalized_header: update.finalized_header,
            finality_branch: update.finality_branch,
            sync_aggregate: update.sync_aggregate,
            signature_slot: update.signature_slot,
        }
    }
}

impl From<LightClientOptimisticUpdate> for LightClientUpdate {
    fn from(update: LightClientOptimisticUpdate) -> Self {
        Self {
            attested_header: update.attested_header,
            next_sync_committee: None,
            next_sync_committee_branch: no_branch(|indices| indices.next_sync_committee),
            finalized_header: LightClientHeader::default(),
            finality_branch: no_branch(|indices| indices.finalized_root),
            sync_aggregate: update.sync_aggregate,
            signature_slot: update.signature_slot,
        }
    }
}

/// A branch of zeros: there is nothing that it would prove.
fn no_branch(gindex: fn(GeneralizedIndices) -> u64) -> Vec<B256> {
    normalize_merkle_branch(Vec::new(), gindex(Fork::NEWEST.generalized_indices()))
}
