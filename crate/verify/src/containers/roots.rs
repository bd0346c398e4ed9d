//! Hash tree roots.

use alloc::vec::Vec;

use alloy_primitives::B256;

use super::{BeaconBlockHeader, ExecutionPayloadHeader, SyncCommittee};
use crate::config::Fork;
use crate::merkle::{chunks, hash_pair, merkleize, merkleize_bytes, uint64_leaf};

impl BeaconBlockHeader {
    /// The root, which names the block.
    #[must_use]
    pub fn hash_tree_root(&self) -> B256 {
        merkleize(&[
            uint64_leaf(self.slot),
            uint64_leaf(self.proposer_index),
            self.parent_root,
            self.state_root,
            self.body_root,
        ])
    }
}

impl ExecutionPayloadHeader {
    /// The root as `fork` computes it.
    #[must_use]
    pub fn hash_tree_root(&self, fork: Fork) -> B256 {
        merkleize(&self.leaves(fork))
    }

    /// The roots of the fields that `fork` has.
    pub(crate) fn leaves(&self, fork: Fork) -> Vec<B256> {
        let extra_data_length = u64::try_from(self.extra_data.len()).unwrap_or(u64::MAX);
        let extra_data = B256::right_padding_from(
            self.extra_data
                .get(..32)
                .unwrap_or(self.extra_data.as_ref()),
        );
        let mut leaves = Vec::from([
            self.parent_hash,
            B256::right_padding_from(self.fee_recipient.as_slice()),
            self.state_root,
            self.receipts_root,
            merkleize_bytes(&self.logs_bloom),
            self.prev_randao,
            uint64_leaf(self.block_number),
            uint64_leaf(self.gas_limit),
            uint64_leaf(self.gas_used),
            uint64_leaf(self.timestamp),
            hash_pair(extra_data, uint64_leaf(extra_data_length)),
            B256::from(self.base_fee_per_gas.to_le_bytes::<32>()),
            self.block_hash,
            self.transactions_root,
            self.withdrawals_root,
        ]);
        if fork.has_blob_gas() {
            leaves.push(uint64_leaf(self.blob_gas_used));
            leaves.push(uint64_leaf(self.excess_blob_gas));
        }
        leaves
    }
}

impl SyncCommittee {
    /// The root, which states commit to.
    #[must_use]
    pub fn hash_tree_root(&self) -> B256 {
        // Each key has two chunks, so that the chunks of all are a layer of the same tree.
        let keys = self.pubkeys.iter().flat_map(|key| chunks(key.as_slice()));
        let keys = merkleize(&keys.collect::<Vec<_>>());
        hash_pair(keys, merkleize_bytes(&self.aggregate_pubkey))
    }
}
