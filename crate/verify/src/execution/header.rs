//! Headers of execution blocks.

use alloc::vec::Vec;

use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use alloy_rlp::{Encodable, Header as RlpHeader};
use lampyris_hash::keccak256;

use super::rlp::Items;
use crate::Error;

/// The header of an execution block.
///
/// Its hash commits to all of its fields; forks append fields, and so an older header ends earlier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The hash of its parent.
    pub parent_hash: B256,
    /// The hash of its uncles; of none, since the merge.
    pub ommers_hash: B256,
    /// Who gets its fees.
    pub beneficiary: Address,
    /// The root of all accounts after it.
    pub state_root: B256,
    /// The root of its transactions.
    pub transactions_root: B256,
    /// The root of its receipts.
    pub receipts_root: B256,
    /// The Bloom filter of its logs.
    pub logs_bloom: Bloom,
    /// Its difficulty; 0 since the merge.
    pub difficulty: U256,
    /// Its number.
    pub number: u64,
    /// The gas that it could have used.
    pub gas_limit: u64,
    /// The gas that it used.
    pub gas_used: u64,
    /// Its time, in seconds since 1970.
    pub timestamp: u64,
    /// Its builder's words.
    pub extra_data: Bytes,
    /// Randomness, since the merge.
    pub mix_hash: B256,
    /// Zeros, since the merge.
    pub nonce: B64,
    /// The fee per gas that is burnt, since London.
    pub base_fee_per_gas: Option<U256>,
    /// The root of its withdrawals, since Shanghai.
    pub withdrawals_root: Option<B256>,
    /// The blob gas that it used, since Cancun.
    pub blob_gas_used: Option<u64>,
    /// The blob gas above target so far, since Cancun.
    pub excess_blob_gas: Option<u64>,
    /// The beacon block before it, since Cancun.
    pub parent_beacon_block_root: Option<B256>,
    /// The hash of its requests to the beacon chain, since Prague.
    pub requests_hash: Option<B256>,
}

impl Header {
    /// Reads a header.
    pub fn decode_rlp(bytes: &[u8]) -> Result<Self, Error> {
        let mut items = Items::new("execution header", bytes)?;
        let header = Self {
            parent_hash: items.next()?,
            ommers_hash: items.next()?,
            beneficiary: items.next()?,
            state_root: items.next()?,
            transactions_root: items.next()?,
            receipts_root: items.next()?,
            logs_bloom: items.next()?,
            difficulty: items.next()?,
            number: items.next()?,
            gas_limit: items.next()?,
            gas_used: items.next()?,
            timestamp: items.next()?,
            extra_data: items.next()?,
            mix_hash: items.next()?,
            nonce: items.next()?,
            base_fee_per_gas: items.next_if_any()?,
            withdrawals_root: items.next_if_any()?,
            blob_gas_used: items.next_if_any()?,
            excess_blob_gas: items.next_if_any()?,
            parent_beacon_block_root: items.next_if_any()?,
            requests_hash: items.next_if_any()?,
        };
        items.end()?;
        Ok(header)
    }

    /// Encodes the header. Optional fields end with the first that is `None`.
    #[must_use]
    pub fn encode_rlp(&self) -> Vec<u8> {
        let mandatory: [&dyn Encodable; 15] = [
            &self.parent_hash,
            &self.ommers_hash,
            &self.beneficiary,
            &self.state_root,
            &self.transactions_root,
            &self.receipts_root,
            &self.logs_bloom,
            &self.difficulty,
            &self.number,
            &self.gas_limit,
            &self.gas_used,
            &self.timestamp,
            &self.extra_data,
            &self.mix_hash,
            &self.nonce,
        ];
        let optional: [Option<&dyn Encodable>; 6] = [
            field(&self.base_fee_per_gas),
            field(&self.withdrawals_root),
            field(&self.blob_gas_used),
            field(&self.excess_blob_gas),
            field(&self.parent_beacon_block_root),
            field(&self.requests_hash),
        ];
        let mut payload = Vec::new();
        let optional = optional.into_iter().map_while(|item| item);
        for item in mandatory.into_iter().chain(optional) {
            item.encode(&mut payload);
        }
        let mut bytes = Vec::new();
        RlpHeader {
            list: true,
            payload_length: payload.len(),
        }
        .encode(&mut bytes);
        bytes.append(&mut payload);
        bytes
    }

    /// The hash of the block.
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.encode_rlp())
    }
}

fn field<T: Encodable>(value: &Option<T>) -> Option<&dyn Encodable> {
    value.as_ref().map(|value| value as &dyn Encodable)
}
