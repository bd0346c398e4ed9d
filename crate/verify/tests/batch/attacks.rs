//! Ways to falsify an update.

use std::sync::Arc;

use blst::min_pk::{AggregateSignature, Signature};
use lampyris_verify::B256;
use lampyris_verify::containers::{
    BeaconBlockHeader, LightClientHeader, LightClientUpdate, SyncCommittee,
};

/// A change, and what it is called.
pub(crate) type Attack = (&'static str, fn(&mut LightClientUpdate));

/// Each part of an update, changed once. None of them may be accepted.
pub(crate) const ATTACKS: [Attack; 33] = [
    ("attested slot", |update| {
        update.attested_header.beacon.slot -= 1
    }),
    ("attested proposer", |update| {
        update.attested_header.beacon.proposer_index ^= 1
    }),
    ("attested parent", |update| {
        flip(&mut update.attested_header.beacon.parent_root)
    }),
    ("attested state", |update| {
        flip(&mut update.attested_header.beacon.state_root)
    }),
    ("attested body", |update| {
        flip(&mut update.attested_header.beacon.body_root)
    }),
    ("attested block", |update| {
        execution(&mut update.attested_header, |it| flip(&mut it.block_hash))
    }),
    ("attested number", |update| {
        execution(&mut update.attested_header, |it| it.block_number ^= 1)
    }),
    ("attested accounts", |update| {
        execution(&mut update.attested_header, |it| flip(&mut it.state_root))
    }),
    ("attested branch", |update| {
        flip(&mut update.attested_header.execution_branch[3])
    }),
    ("no attested block", |update| {
        update.attested_header.execution = None
    }),
    ("next key", |update| {
        next(update, |it| it.pubkeys[7][9] ^= 1)
    }),
    ("next keys swapped", |update| {
        next(update, |it| it.pubkeys.swap(0, 1))
    }),
    ("next key less", |update| {
        next(update, |it| it.pubkeys.truncate(31))
    }),
    ("next aggregate", |update| {
        next(update, |it| it.aggregate_pubkey[47] ^= 1)
    }),
    ("no next", |update| update.next_sync_committee = None),
    ("next branch", |update| {
        flip(update.next_sync_committee_branch.last_mut().unwrap())
    }),
    ("no next branch", |update| {
        update.next_sync_committee_branch.fill(B256::ZERO)
    }),
    ("finalized slot", |update| {
        update.finalized_header.beacon.slot -= 1
    }),
    ("finalized proposer", |update| {
        update.finalized_header.beacon.proposer_index ^= 1
    }),
    ("finalized state", |update| {
        flip(&mut update.finalized_header.beacon.state_root)
    }),
    ("finalized block", |update| {
        execution(&mut update.finalized_header, |it| flip(&mut it.block_hash))
    }),
    ("finalized branch of the block", |update| {
        flip(&mut update.finalized_header.execution_branch[0])
    }),
    ("no finalized header", |update| {
        update.finalized_header = LightClientHeader::default()
    }),
    ("finalized genesis", |update| {
        update.finalized_header.beacon = BeaconBlockHeader::default()
    }),
    ("finality branch", |update| {
        flip(update.finality_branch.last_mut().unwrap())
    }),
    ("no finality branch", |update| {
        update.finality_branch.fill(B256::ZERO)
    }),
    ("one less signed", |update| {
        let byte = update
            .sync_aggregate
            .sync_committee_bits
            .iter_mut()
            .find(|byte| **byte != 0);
        let byte = byte.unwrap();
        *byte &= *byte - 1;
    }),
    ("nobody signed", |update| {
        update.sync_aggregate.sync_committee_bits.fill(0)
    }),
    ("fewer bits", |update| {
        update.sync_aggregate.sync_committee_bits.truncate(3)
    }),
    ("signature", |update| {
        update.sync_aggregate.sync_committee_signature[95] ^= 1
    }),
    ("opposite signature", |update| {
        update.sync_aggregate.sync_committee_signature[0] ^= 0x20
    }),
    ("signature at infinity", |update| {
        update.sync_aggregate.sync_committee_signature = [0; 96];
        update.sync_aggregate.sync_committee_signature[0] = 0xc0;
    }),
    ("signature slot", |update| {
        update.signature_slot = update.attested_header.beacon.slot
    }),
];

/// Gives each of two updates the other's signature: both are points as they should be.
pub(crate) fn swap_signatures(one: &mut LightClientUpdate, other: &mut LightClientUpdate) {
    std::mem::swap(
        &mut one.sync_aggregate.sync_committee_signature,
        &mut other.sync_aggregate.sync_committee_signature,
    );
}

/// Adds a point to one signature and takes it from another: their sum stays what it is.
pub(crate) fn cancelling_errors(one: &mut LightClientUpdate, other: &mut LightClientUpdate) {
    let error = one.sync_aggregate.sync_committee_signature;
    let mut opposite = error;
    opposite[0] ^= 0x20;
    for (update, error) in [(one, error), (other, opposite)] {
        let bytes = &mut update.sync_aggregate.sync_committee_signature;
        let point = |bytes: &[u8; 96]| Signature::from_bytes(bytes).unwrap();
        let mut sum = AggregateSignature::from_signature(&point(bytes));
        sum.add_signature(&point(&error), true).unwrap();
        *bytes = sum.to_signature().to_bytes();
    }
}

fn flip(hash: &mut B256) {
    hash.0[31] ^= 1;
}

fn execution(
    header: &mut LightClientHeader,
    change: impl Fn(&mut lampyris_verify::containers::ExecutionPayloadHeader),
) {
    change(header.execution.as_mut().unwrap());
}

fn next(update: &mut LightClientUpdate, change: impl Fn(&mut SyncCommittee)) {
    change(Arc::make_mut(update.next_sync_committee.as_mut().unwrap()));
}
