//! The objects of the light-client protocol.
//!
//! [Specification](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/electra/light-client/sync-protocol.md#containers).
//! There is one type for all forks: the fork is an argument of decoding and encoding. Decoding also
//! brings an object into the shape of the newest fork (the specification's `upgrade_lc_*`): branches
//! are as long as Electra's, with zeros in front, and what is all zero is `None`.

mod codec;
#[cfg(feature = "json")]
mod json;
mod roots;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};

pub(crate) use codec::normalize_merkle_branch;

/// The header of a beacon block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BeaconBlockHeader {
    /// Its slot.
    pub slot: u64,
    /// Who proposed it.
    pub proposer_index: u64,
    /// The root of its parent.
    pub parent_root: B256,
    /// The root of the state after it.
    pub state_root: B256,
    /// The root of its body.
    pub body_root: B256,
}

/// The header of an execution block, as consensus sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionPayloadHeader {
    /// The hash of its parent.
    pub parent_hash: B256,
    /// Who gets its fees.
    pub fee_recipient: Address,
    /// The root of all accounts after it.
    pub state_root: B256,
    /// The root of its receipts.
    pub receipts_root: B256,
    /// The Bloom filter of its logs, 256 bytes.
    pub logs_bloom: Bytes,
    /// The beacon chain's randomness.
    pub prev_randao: B256,
    /// Its number.
    pub block_number: u64,
    /// The gas that it could have used.
    pub gas_limit: u64,
    /// The gas that it used.
    pub gas_used: u64,
    /// Its time, in seconds since 1970.
    pub timestamp: u64,
    /// Its builder's words, at most 32 bytes.
    pub extra_data: Bytes,
    /// The fee per gas that is burnt.
    pub base_fee_per_gas: U256,
    /// Its hash.
    pub block_hash: B256,
    /// The SSZ root of its transactions.
    pub transactions_root: B256,
    /// The SSZ root of its withdrawals.
    pub withdrawals_root: B256,
    /// The blob gas that it used; 0 before Deneb.
    pub blob_gas_used: u64,
    /// The blob gas above target so far; 0 before Deneb.
    pub excess_blob_gas: u64,
}

/// A beacon header with the execution header that it commits to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LightClientHeader {
    /// The beacon header.
    pub beacon: BeaconBlockHeader,
    /// The execution header; `None` before Capella, or if it is all zero.
    pub execution: Option<ExecutionPayloadHeader>,
    /// The branch from the execution header to the body's root; empty without a header.
    pub execution_branch: Vec<B256>,
}

/// The keys of a sync committee.
#[derive(Clone, PartialEq, Eq)]
pub struct SyncCommittee {
    /// The members' public keys; a validator can be a member more than once.
    pub pubkeys: Vec<[u8; 48]>,
    /// Their sum.
    pub aggregate_pubkey: [u8; 48],
}

/// The signature of a sync committee.
#[derive(Clone, PartialEq, Eq)]
pub struct SyncAggregate {
    /// A bit for each member, the first in the lowest bit of the first byte.
    pub sync_committee_bits: Vec<u8>,
    /// The participants' aggregated signature.
    pub sync_committee_signature: [u8; 96],
}

/// What a light client starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientBootstrap {
    /// The header of the checkpoint.
    pub header: LightClientHeader,
    /// The sync committee of its period.
    pub current_sync_committee: Arc<SyncCommittee>,
    /// The branch from the committee to the state's root.
    pub current_sync_committee_branch: Vec<B256>,
}

/// What takes a light client from one period to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientUpdate {
    /// The header that was signed.
    pub attested_header: LightClientHeader,
    /// The sync committee of the next period; `None` if the update carries none.
    pub next_sync_committee: Option<Arc<SyncCommittee>>,
    /// The branch from that committee to the attested state's root.
    pub next_sync_committee_branch: Vec<B256>,
    /// The header that the attested state has finalized.
    pub finalized_header: LightClientHeader,
    /// The branch from the finalized root to the attested state's root.
    pub finality_branch: Vec<B256>,
    /// The signature.
    pub sync_aggregate: SyncAggregate,
    /// The slot of the block that carried the signature.
    pub signature_slot: u64,
}

/// An update that finalizes, without the next committee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientFinalityUpdate {
    /// The header that was signed.
    pub attested_header: LightClientHeader,
    /// The header that the attested state has finalized.
    pub finalized_header: LightClientHeader,
    /// The branch from the finalized root to the attested state's root.
    pub finality_branch: Vec<B256>,
    /// The signature.
    pub sync_aggregate: SyncAggregate,
    /// The slot of the block that carried the signature.
    pub signature_slot: u64,
}

/// An update that only shows the newest signed header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientOptimisticUpdate {
    /// The header that was signed.
    pub attested_header: LightClientHeader,
    /// The signature.
    pub sync_aggregate: SyncAggregate,
    /// The slot of the block that carried the signature.
    pub signature_slot: u64,
}

impl fmt::Debug for SyncCommittee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aggregate_pubkey = FixedBytes(self.aggregate_pubkey);
        f.debug_struct("SyncCommittee")
            .field("pubkeys", &self.pubkeys.len())
            .field("aggregate_pubkey", &aggregate_pubkey)
            .finish()
    }
}

impl fmt::Debug for SyncAggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncAggregate")
            .field("participants", &self.participants())
            .field(
                "sync_committee_signature",
                &FixedBytes(self.sync_committee_signature),
            )
            .finish()
    }
}

impl SyncAggregate {
    /// How many members signed.
    #[must_use]
    pub fn participants(&self) -> usize {
        let ones = self
            .sync_committee_bits
            .iter()
            .map(|byte| byte.count_ones());
        usize::try_from(ones.fold(0, u32::saturating_add)).unwrap_or(usize::MAX)
    }

    /// How many members there are.
    #[must_use]
    pub const fn committee_size(&self) -> usize {
        self.sync_committee_bits.len().saturating_mul(8)
    }

    /// Whether at least two thirds of the members signed.
    #[must_use]
    pub fn has_supermajority(&self) -> bool {
        self.participants().saturating_mul(3) >= self.committee_size().saturating_mul(2)
    }

    /// For each member, whether it signed.
    pub(crate) fn participates(&self) -> Vec<bool> {
        let bits = |byte: &u8| {
            let byte = *byte;
            [1, 2, 4, 8, 16, 32, 64, 128].map(|bit| byte & bit != 0)
        };
        self.sync_committee_bits.iter().flat_map(bits).collect()
    }
}
