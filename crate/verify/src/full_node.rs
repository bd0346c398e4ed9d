//! The other side of the light-client protocol: what a full node makes of its blocks and states.
//!
//! [Specification](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/altair/light-client/full-node.md).
//! A node gives each block with the few parts of its state that light clients are told of; this makes
//! the objects that it serves, checked as a client would check them, but for the signature, which the
//! node has checked itself.

mod collection;

use alloc::sync::Arc;
use alloc::vec::Vec;

use alloy_primitives::B256;

pub use collection::{LightClientData, MAX_BLOCKS, MAX_PERIODS};

use crate::Error;
use crate::config::{Fork, GeneralizedIndices, Network};
use crate::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader,
    LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate, SyncCommittee,
    normalize_merkle_branch,
};
use crate::light_client::{MIN_SYNC_COMMITTEE_PARTICIPANTS, is_valid_light_client_header};
use crate::merkle::is_valid_normalized_merkle_branch;

/// A block that a node has imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedBlock {
    /// Its header, as `block_to_light_client_header` makes it.
    pub header: LightClientHeader,
    /// The signature of its parent that it carries.
    pub sync_aggregate: SyncAggregate,
    /// What light clients are told of its post-state.
    pub state: PostState,
}

/// What light clients are told of a block's state, with the branches to the state's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostState {
    /// The sync committee of the block's period.
    pub current_sync_committee: Arc<SyncCommittee>,
    /// Its branch.
    pub current_sync_committee_branch: Vec<B256>,
    /// The sync committee of the period after.
    pub next_sync_committee: Arc<SyncCommittee>,
    /// Its branch.
    pub next_sync_committee_branch: Vec<B256>,
    /// `finalized_checkpoint.root`; zero while that is genesis.
    pub finalized_root: B256,
    /// Its branch.
    pub finality_branch: Vec<B256>,
}

impl ImportedBlock {
    /// The root that names the block.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.header.beacon.hash_tree_root()
    }

    const fn slot(&self) -> u64 {
        self.header.beacon.slot
    }

    /// Checks that all parts belong to the block.
    pub fn check(&self, network: &Network) -> Result<(), Error> {
        let fork = network.fork_at_slot(self.slot());
        if fork < Fork::Altair {
            return Err(Error::UnsupportedFork { fork });
        }
        is_valid_light_client_header(&self.header, network)?;
        let (state, indices) = (&self.state, fork.generalized_indices());
        let check = |what, leaf, branch: &[B256], gindex| {
            let root = self.header.beacon.state_root;
            if is_valid_normalized_merkle_branch(leaf, branch, gindex, root) {
                Ok(())
            } else {
                Err(Error::MerkleBranch { what, root })
            }
        };
        check(
            "current sync committee",
            state.current_sync_committee.hash_tree_root(),
            &state.current_sync_committee_branch,
            indices.current_sync_committee,
        )?;
        check(
            "next sync committee",
            state.next_sync_committee.hash_tree_root(),
            &state.next_sync_committee_branch,
            indices.next_sync_committee,
        )?;
        check(
            "finalized header",
            state.finalized_root,
            &state.finality_branch,
            indices.finalized_root,
        )
    }
}

/// What a light client starts from, if it trusts the block.
#[must_use]
pub fn create_light_client_bootstrap(block: &ImportedBlock) -> LightClientBootstrap {
    let branch = &block.state.current_sync_committee_branch;
    LightClientBootstrap {
        header: block.header.clone(),
        current_sync_committee: Arc::clone(&block.state.current_sync_committee),
        current_sync_committee_branch: normalized(branch, |i| i.current_sync_committee),
    }
}

/// The update that `block` makes of its parent `attested_block`, by the signature that it carries.
///
/// `finalized_header` is that of the block that the attested state has finalized, if it is at hand;
/// the default one if that is genesis.
pub fn create_light_client_update(
    block: &ImportedBlock,
    attested_block: &ImportedBlock,
    finalized_header: Option<&LightClientHeader>,
    network: &Network,
) -> Result<LightClientUpdate, Error> {
    let participants = block.sync_aggregate.participants();
    if participants < MIN_SYNC_COMMITTEE_PARTICIPANTS {
        let expected = MIN_SYNC_COMMITTEE_PARTICIPANTS;
        return Err(Error::Participants {
            expected,
            got: participants,
        });
    }
    check_root(
        "attested block",
        block.header.beacon.parent_root,
        attested_block.root(),
    )?;
    let (state, slot) = (&attested_block.state, attested_block.slot());
    let period = |slot: u64| network.sync_committee_period_at_slot(slot);
    let is_signed_by_current = period(slot) == period(block.slot());
    let mut update = LightClientUpdate {
        attested_header: attested_block.header.clone(),
        next_sync_committee: None,
        next_sync_committee_branch: normalized(&[], |i| i.next_sync_committee),
        finalized_header: LightClientHeader::default(),
        finality_branch: normalized(&[], |i| i.finalized_root),
        sync_aggregate: block.sync_aggregate.clone(),
        signature_slot: block.slot(),
    };
    // The next committee is only of use if the current one signed.
    if is_signed_by_current {
        update.next_sync_committee = Some(Arc::clone(&state.next_sync_committee));
        let branch = &state.next_sync_committee_branch;
        update.next_sync_committee_branch = normalized(branch, |i| i.next_sync_committee);
    }
    if let Some(finalized_header) = finalized_header {
        let is_genesis = finalized_header.beacon.slot == 0;
        let got = if is_genesis {
            B256::ZERO
        } else {
            update.finalized_header = finalized_header.clone();
            finalized_header.beacon.hash_tree_root()
        };
        check_root("finalized block", state.finalized_root, got)?;
        update.finality_branch = normalized(&state.finality_branch, |i| i.finalized_root);
    }
    Ok(update)
}

/// The same without the next committee.
#[must_use]
pub fn create_light_client_finality_update(
    update: &LightClientUpdate,
) -> LightClientFinalityUpdate {
    LightClientFinalityUpdate {
        attested_header: update.attested_header.clone(),
        finalized_header: update.finalized_header.clone(),
        finality_branch: update.finality_branch.clone(),
        sync_aggregate: update.sync_aggregate.clone(),
        signature_slot: update.signature_slot,
    }
}

/// The same with the signed header alone.
#[must_use]
pub fn create_light_client_optimistic_update(
    update: &LightClientUpdate,
) -> LightClientOptimisticUpdate {
    LightClientOptimisticUpdate {
        attested_header: update.attested_header.clone(),
        sync_aggregate: update.sync_aggregate.clone(),
        signature_slot: update.signature_slot,
    }
}

/// A branch in the shape of the newest fork, which is that of all objects.
fn normalized(branch: &[B256], gindex: fn(GeneralizedIndices) -> u64) -> Vec<B256> {
    normalize_merkle_branch(branch.to_vec(), gindex(Fork::NEWEST.generalized_indices()))
}

fn check_root(what: &'static str, expected: B256, got: B256) -> Result<(), Error> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::Hash {
            what,
            expected,
            got,
        })
    }
}
