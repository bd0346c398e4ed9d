//! Whether an update is what it says it is.

use alloc::sync::Arc;

use alloy_primitives::B256;

use super::committee::Committee;
use super::{
    LightClientStore, MIN_SYNC_COMMITTEE_PARTICIPANTS, is_finality_update, is_sync_committee_update,
};
use crate::Error;
use crate::bls::{self, Signature, SignatureSet};
use crate::config::{Fork, Network};
use crate::containers::{ExecutionPayloadHeader, LightClientHeader, LightClientUpdate};
use crate::merkle::{hash_pair, is_valid_merkle_branch, is_valid_normalized_merkle_branch};

/// The domain of sync committees' signatures.
const DOMAIN_SYNC_COMMITTEE: [u8; 4] = [7, 0, 0, 0];

/// Checks that a header's execution part is the one that its beacon part commits to.
pub fn is_valid_light_client_header(
    header: &LightClientHeader,
    network: &Network,
) -> Result<(), Error> {
    let fork = network.fork_at_slot(header.beacon.slot);
    if fork > Fork::NEWEST {
        return Err(Error::UnsupportedFork { fork });
    }
    let Some(execution) = &header.execution else {
        if fork.has_execution_header() || !header.execution_branch.is_empty() {
            return Err(Error::Unproven {
                what: "header without its execution part",
            });
        }
        return Ok(());
    };
    if !fork.has_execution_header() {
        return Err(Error::Unproven {
            what: "execution header before Capella",
        });
    }
    if !fork.has_blob_gas() && (execution.blob_gas_used != 0 || execution.excess_blob_gas != 0) {
        return Err(Error::Unproven {
            what: "blob gas before Deneb",
        });
    }
    let root = header.beacon.body_root;
    let gindex = fork.generalized_indices().execution;
    let leaf = get_lc_execution_root(header, network);
    if is_valid_merkle_branch(leaf, &header.execution_branch, gindex, root) {
        Ok(())
    } else {
        Err(Error::MerkleBranch {
            what: "execution header",
            root,
        })
    }
}

/// The root of a header's execution part; zero before Capella.
#[must_use]
pub fn get_lc_execution_root(header: &LightClientHeader, network: &Network) -> B256 {
    let fork = network.fork_at_slot(header.beacon.slot);
    let root = |execution: &ExecutionPayloadHeader| execution.hash_tree_root(fork);
    header.execution.as_ref().map_or(B256::ZERO, root)
}

/// Checks all that can be checked of an update against what the store knows.
pub fn validate_light_client_update(
    store: &LightClientStore,
    update: &LightClientUpdate,
    current_slot: u64,
    network: &Network,
) -> Result<(), Error> {
    let mut store = store.clone();
    let claim = validate_all_but_signature(&mut store, update, current_slot, network)?;
    claim.verify()
}

/// What an update claims: valid it is if this signature is.
pub(super) struct Claim {
    /// Who signed what, according to the update.
    pub(super) signature: SignatureSet,
    /// The root of the committee that is said to have signed.
    pub(super) signers_root: B256,
    /// The next committee, if the update brings it.
    pub(super) next_sync_committee: Option<Committee>,
}

impl Claim {
    /// Checks the signature by itself.
    pub(super) fn verify(&self) -> Result<(), Error> {
        if bls::verify(&self.signature) {
            Ok(())
        } else {
            Err(Error::Signature)
        }
    }
}

/// Checks all but the signature, which is left to the caller.
///
/// Of the store, only what committees remember of their keys changes.
pub(super) fn validate_all_but_signature(
    store: &mut LightClientStore,
    update: &LightClientUpdate,
    current_slot: u64,
    network: &Network,
) -> Result<Claim, Error> {
    let participants = update.sync_aggregate.participants();
    if participants < MIN_SYNC_COMMITTEE_PARTICIPANTS {
        let expected = MIN_SYNC_COMMITTEE_PARTICIPANTS;
        return Err(Error::Participants {
            expected,
            got: participants,
        });
    }
    validate_slots(store, update, current_slot, network)?;
    is_valid_light_client_header(&update.attested_header, network)?;
    validate_finality(update, network)?;
    let next_sync_committee = validate_next_sync_committee(store, update, network)?;
    let committee = signing_committee(store, update.signature_slot, network)?;
    Ok(Claim {
        signers_root: committee.root(),
        signature: signature_set(committee, update, network)?,
        next_sync_committee,
    })
}

/// Checks that the update is neither early nor useless, and signed in a period that we know.
fn validate_slots(
    store: &LightClientStore,
    update: &LightClientUpdate,
    current_slot: u64,
    network: &Network,
) -> Result<(), Error> {
    let attested_slot = update.attested_header.beacon.slot;
    let update_finalized_slot = update.finalized_header.beacon.slot;
    let signature_slot = update.signature_slot;
    if signature_slot <= attested_slot || attested_slot < update_finalized_slot {
        let finalized_slot = update_finalized_slot;
        return Err(Error::SlotOrder {
            signature_slot,
            attested_slot,
            finalized_slot,
        });
    }
    if current_slot < signature_slot {
        return Err(Error::Early {
            signature_slot,
            current_slot,
        });
    }
    let store_period = store.committee_period(network);
    let signature_period = network.sync_committee_period_at_slot(signature_slot);
    let is_next = Some(signature_period) == store_period.checked_add(1);
    if signature_period != store_period && !(is_next && store.next_sync_committee.is_some()) {
        return Err(Error::Period {
            store_period,
            got: signature_period,
        });
    }
    let brings_next_sync_committee = store.next_sync_committee.is_none()
        && is_sync_committee_update(update)
        && network.sync_committee_period_at_slot(attested_slot) == store_period;
    let finalized_slot = store.finalized_header.beacon.slot;
    if attested_slot <= finalized_slot && !brings_next_sync_committee {
        return Err(Error::Irrelevant {
            attested_slot,
            finalized_slot,
        });
    }
    Ok(())
}

/// Checks that the finalized header, if there is one, is the one that the attested state names.
fn validate_finality(update: &LightClientUpdate, network: &Network) -> Result<(), Error> {
    let finalized = &update.finalized_header;
    let is_genesis = finalized.beacon.slot == 0;
    if (is_genesis || !is_finality_update(update)) && *finalized != LightClientHeader::default() {
        return Err(Error::Unproven {
            what: "finalized header",
        });
    }
    if !is_finality_update(update) {
        return Ok(());
    }
    // The state names the genesis block, while it is the last finalized one, by zeros.
    let leaf = if is_genesis {
        B256::ZERO
    } else {
        is_valid_light_client_header(finalized, network)?;
        finalized.beacon.hash_tree_root()
    };
    let attested = &update.attested_header.beacon;
    let gindex = network
        .fork_at_slot(attested.slot)
        .generalized_indices()
        .finalized_root;
    let root = attested.state_root;
    if is_valid_normalized_merkle_branch(leaf, &update.finality_branch, gindex, root) {
        Ok(())
    } else {
        Err(Error::MerkleBranch {
            what: "finalized header",
            root,
        })
    }
}

/// Checks that the next committee, if there is one, is the one that the attested state names.
///
/// A committee that the store knows already is compared by its bytes and not hashed again.
fn validate_next_sync_committee(
    store: &LightClientStore,
    update: &LightClientUpdate,
    network: &Network,
) -> Result<Option<Committee>, Error> {
    let committee = match &update.next_sync_committee {
        None if !is_sync_committee_update(update) => return Ok(None),
        Some(committee) if is_sync_committee_update(update) => committee,
        _ => {
            return Err(Error::Unproven {
                what: "next sync committee",
            });
        }
    };
    let attested = &update.attested_header.beacon;
    let attested_period = network.sync_committee_period_at_slot(attested.slot);
    let is_of_store_period = attested_period == store.committee_period(network);
    let leaf = match &store.next_sync_committee {
        Some(known) if is_of_store_period && known.members() != committee => {
            return Err(Error::NextSyncCommittee {
                expected: known.root(),
                got: committee.hash_tree_root(),
            });
        }
        Some(known) if is_of_store_period => known.root(),
        _ => committee.hash_tree_root(),
    };
    let gindex = network
        .fork_at_slot(attested.slot)
        .generalized_indices()
        .next_sync_committee;
    let root = attested.state_root;
    let branch = &update.next_sync_committee_branch;
    if is_valid_normalized_merkle_branch(leaf, branch, gindex, root) {
        Ok(Some(Committee::new(Arc::clone(committee), leaf)))
    } else {
        Err(Error::MerkleBranch {
            what: "next sync committee",
            root,
        })
    }
}

/// Who signed what, according to the update.
fn signature_set(
    committee: &mut Committee,
    update: &LightClientUpdate,
    network: &Network,
) -> Result<SignatureSet, Error> {
    let aggregate = &update.sync_aggregate;
    let size = committee.members().pubkeys.len();
    if aggregate.committee_size() != size {
        let (expected, got) = (size / 8, aggregate.sync_committee_bits.len());
        return Err(Error::Length {
            what: "bits of the sync committee",
            expected,
            got,
        });
    }
    // The committee signs the head of the slot before, by the rules of that slot.
    let fork_version_slot = update.signature_slot.max(1).saturating_sub(1);
    let fork_version = network.fork_version(network.epoch_at_slot(fork_version_slot));
    let domain = compute_domain(network.fork_data_root(fork_version));
    let signing_root = hash_pair(update.attested_header.beacon.hash_tree_root(), domain);
    #[cfg(feature = "counting")]
    crate::counting::count_signature_check();
    let signature = Signature::from_bytes(&aggregate.sync_committee_signature);
    Ok(SignatureSet {
        signature: signature.ok_or(Error::Signature)?,
        key: committee.participants_key(&aggregate.participates())?,
        message: signing_root.0,
    })
}

fn signing_committee<'a>(
    store: &'a mut LightClientStore,
    signature_slot: u64,
    network: &Network,
) -> Result<&'a mut Committee, Error> {
    let store_period = store.committee_period(network);
    let got = network.sync_committee_period_at_slot(signature_slot);
    if got == store_period {
        return Ok(&mut store.current_sync_committee);
    }
    store
        .next_sync_committee
        .as_mut()
        .ok_or(Error::Period { store_period, got })
}

/// The domain type, and the first 28 bytes of the fork data root.
fn compute_domain(fork_data_root: B256) -> B256 {
    let mut domain = B256::ZERO;
    let bytes = DOMAIN_SYNC_COMMITTEE.iter().chain(fork_data_root.iter());
    for (target, byte) in domain.iter_mut().zip(bytes) {
        *target = *byte;
    }
    domain
}
