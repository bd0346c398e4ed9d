//! The bootstrap and the updates.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{
    UINT64, branch_field, check_supported, encode_branch, hashes, normalize_merkle_branch, uint64,
};
use crate::Error;
use crate::config::{Fork, Preset};
use crate::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader,
    LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate, SyncCommittee,
};
use crate::ssz::{self, Field};

impl LightClientBootstrap {
    fn layout(fork: Fork, size: usize) -> [Field; 3] {
        let branch = branch_field(fork.generalized_indices().current_sync_committee);
        [
            LightClientHeader::field(fork),
            SyncCommittee::field(size),
            branch,
        ]
    }

    /// Decodes a bootstrap of `fork`.
    pub fn decode(bytes: &[u8], fork: Fork, preset: &Preset) -> Result<Self, Error> {
        check_supported(fork)?;
        let layout = Self::layout(fork, preset.sync_committee_size);
        let [header, committee, branch] = ssz::split("LightClientBootstrap", bytes, layout)?;
        let gindex = Fork::NEWEST.generalized_indices().current_sync_committee;
        Ok(Self {
            header: LightClientHeader::decode(header, fork)?,
            current_sync_committee: Arc::new(SyncCommittee::decode(committee, preset)?),
            current_sync_committee_branch: normalize_merkle_branch(hashes(branch), gindex),
        })
    }

    /// Encodes the bootstrap as `fork` lays it out.
    #[must_use]
    pub fn encode(&self, fork: Fork) -> Vec<u8> {
        let gindex = fork.generalized_indices().current_sync_committee;
        let header = self.header.encode(fork);
        let committee = self.current_sync_committee.encode();
        let branch = encode_branch(&self.current_sync_committee_branch, gindex);
        let layout = Self::layout(fork, self.current_sync_committee.pubkeys.len());
        ssz::join(layout, [&header, &committee, &branch])
    }
}

impl LightClientUpdate {
    fn layout(fork: Fork, size: usize) -> [Field; 7] {
        let indices = fork.generalized_indices();
        [
            LightClientHeader::field(fork),
            SyncCommittee::field(size),
            branch_field(indices.next_sync_committee),
            LightClientHeader::field(fork),
            branch_field(indices.finalized_root),
            SyncAggregate::field(size),
            UINT64,
        ]
    }

    /// Decodes an update of `fork`.
    pub fn decode(bytes: &[u8], fork: Fork, preset: &Preset) -> Result<Self, Error> {
        check_supported(fork)?;
        let layout = Self::layout(fork, preset.sync_committee_size);
        let [
            attested,
            committee,
            committee_branch,
            finalized,
            finality_branch,
            aggregate,
            slot,
        ] = ssz::split("LightClientUpdate", bytes, layout)?;
        let indices = Fork::NEWEST.generalized_indices();
        let committee = if committee.iter().all(|byte| *byte == 0) {
            None
        } else {
            Some(Arc::new(SyncCommittee::decode(committee, preset)?))
        };
        Ok(Self {
            attested_header: LightClientHeader::decode(attested, fork)?,
            next_sync_committee: committee,
            next_sync_committee_branch: normalize_merkle_branch(
                hashes(committee_branch),
                indices.next_sync_committee,
            ),
            finalized_header: LightClientHeader::decode(finalized, fork)?,
            finality_branch: normalize_merkle_branch(
                hashes(finality_branch),
                indices.finalized_root,
            ),
            sync_aggregate: SyncAggregate::decode(aggregate, preset)?,
            signature_slot: uint64(slot),
        })
    }

    /// Encodes the update as `fork` lays it out.
    #[must_use]
    pub fn encode(&self, fork: Fork) -> Vec<u8> {
        let indices = fork.generalized_indices();
        let size = self.sync_aggregate.committee_size();
        let attested = self.attested_header.encode(fork);
        let committee = self
            .next_sync_committee
            .as_deref()
            .map(SyncCommittee::encode);
        let committee_branch = encode_branch(
            &self.next_sync_committee_branch,
            indices.next_sync_committee,
        );
        let finalized = self.finalized_header.encode(fork);
        let finality_branch = encode_branch(&self.finality_branch, indices.finalized_root);
        let aggregate = self.sync_aggregate.encode();
        let fields: [&[u8]; 7] = [
            &attested,
            committee.as_deref().unwrap_or_default(),
            &committee_branch,
            &finalized,
            &finality_branch,
            &aggregate,
            &self.signature_slot.to_le_bytes(),
        ];
        ssz::join(Self::layout(fork, size), fields)
    }
}

impl LightClientFinalityUpdate {
    fn layout(fork: Fork, size: usize) -> [Field; 5] {
        let header = LightClientHeader::field(fork);
        let branch = branch_field(fork.generalized_indices().finalized_root);
        [header, header, branch, SyncAggregate::field(size), UINT64]
    }

    /// Decodes a finality update of `fork`.
    pub fn decode(bytes: &[u8], fork: Fork, preset: &Preset) -> Result<Self, Error> {
        check_supported(fork)?;
        let layout = Self::layout(fork, preset.sync_committee_size);
        let [attested, finalized, branch, aggregate, slot] =
            ssz::split("LightClientFinalityUpdate", bytes, layout)?;
        let gindex = Fork::NEWEST.generalized_indices().finalized_root;
        Ok(Self {
            attested_header: LightClientHeader::decode(attested, fork)?,
            finalized_header: LightClientHeader::decode(finalized, fork)?,
            finality_branch: normalize_merkle_branch(hashes(branch), gindex),
            sync_aggregate: SyncAggregate::decode(aggregate, preset)?,
            signature_slot: uint64(slot),
        })
    }

    /// Encodes the update as `fork` lays it out.
    #[must_use]
    pub fn encode(&self, fork: Fork) -> Vec<u8> {
        let attested = self.attested_header.encode(fork);
        let finalized = self.finalized_header.encode(fork);
        let gindex = fork.generalized_indices().finalized_root;
        let branch = encode_branch(&self.finality_branch, gindex);
        let aggregate = self.sync_aggregate.encode();
        let slot = self.signature_slot.to_le_bytes();
        let layout = Self::layout(fork, self.sync_aggregate.committee_size());
        ssz::join(layout, [&attested, &finalized, &branch, &aggregate, &slot])
    }
}

impl LightClientOptimisticUpdate {
    fn layout(fork: Fork, size: usize) -> [Field; 3] {
        [
            LightClientHeader::field(fork),
            SyncAggregate::field(size),
            UINT64,
        ]
    }

    /// Decodes an optimistic update of `fork`.
    pub fn decode(bytes: &[u8], fork: Fork, preset: &Preset) -> Result<Self, Error> {
        check_supported(fork)?;
        let layout = Self::layout(fork, preset.sync_committee_size);
        let [attested, aggregate, slot] = ssz::split("LightClientOptimisticUpdate", bytes, layout)?;
        Ok(Self {
            attested_header: LightClientHeader::decode(attested, fork)?,
            sync_aggregate: SyncAggregate::decode(aggregate, preset)?,
            signature_slot: uint64(slot),
        })
    }

    /// Encodes the update as `fork` lays it out.
    #[must_use]
    pub fn encode(&self, fork: Fork) -> Vec<u8> {
        let attested = self.attested_header.encode(fork);
        let aggregate = self.sync_aggregate.encode();
        let slot = self.signature_slot.to_le_bytes();
        let layout = Self::layout(fork, self.sync_aggregate.committee_size());
        ssz::join(layout, [&attested, &aggregate, &slot])
    }
}
