//! The containers in SSZ, as each fork lays them out.
//!
//! What a fork does not have yet is a field of no bytes.

mod objects;

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};

use super::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientHeader, SyncAggregate, SyncCommittee,
};
use crate::Error;
use crate::config::{Fork, Preset};
use crate::ssz::{self, Field};

const NOTHING: Field = Field::Fixed(0);
const HASH: Field = Field::Fixed(32);
const UINT64: Field = Field::Fixed(8);
const PUBKEY: Field = Field::Fixed(48);
const SIGNATURE: Field = Field::Fixed(96);
const LOGS_BLOOM_BYTES: usize = 256;
/// The longest extra data that the execution layer allows.
const EXTRA_DATA_BYTES_MAX: usize = 32;
const BEACON_HEADER_BYTES: usize = 112;

impl BeaconBlockHeader {
    const LAYOUT: [Field; 5] = [UINT64, UINT64, HASH, HASH, HASH];

    /// Decodes a header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let [slot, proposer_index, parent_root, state_root, body_root] =
            ssz::split("BeaconBlockHeader", bytes, Self::LAYOUT)?;
        Ok(Self {
            slot: uint64(slot),
            proposer_index: uint64(proposer_index),
            parent_root: hash(parent_root),
            state_root: hash(state_root),
            body_root: hash(body_root),
        })
    }

    /// Encodes the header.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let slot = self.slot.to_le_bytes();
        let proposer_index = self.proposer_index.to_le_bytes();
        let (parent, state, body) = (self.parent_root, self.state_root, self.body_root);
        ssz::join(
            Self::LAYOUT,
            [&slot, &proposer_index, &parent.0, &state.0, &body.0],
        )
    }
}

impl ExecutionPayloadHeader {
    fn layout(fork: Fork) -> [Field; 17] {
        let address = Field::Fixed(20);
        let bloom = Field::Fixed(LOGS_BLOOM_BYTES);
        let extra = Field::Variable;
        let blob_gas = if fork.has_blob_gas() { UINT64 } else { NOTHING };
        [
            HASH, address, HASH, HASH, bloom, HASH, UINT64, UINT64, UINT64, UINT64, extra, HASH,
            HASH, HASH, HASH, blob_gas, blob_gas,
        ]
    }

    /// Decodes a header as `fork` lays it out.
    pub fn decode(bytes: &[u8], fork: Fork) -> Result<Self, Error> {
        let what = "ExecutionPayloadHeader";
        let [
            parent_hash,
            fee_recipient,
            state_root,
            receipts_root,
            logs_bloom,
            prev_randao,
            block_number,
            gas_limit,
            gas_used,
            timestamp,
            extra_data,
            base_fee_per_gas,
            block_hash,
            transactions_root,
            withdrawals_root,
            blob_gas_used,
            excess_blob_gas,
        ] = ssz::split(what, bytes, Self::layout(fork))?;
        if extra_data.len() > EXTRA_DATA_BYTES_MAX {
            let (what, max) = ("extra data", EXTRA_DATA_BYTES_MAX);
            return Err(Error::TooLarge {
                what,
                max,
                got: extra_data.len(),
            });
        }
        Ok(Self {
            parent_hash: hash(parent_hash),
            fee_recipient: Address::from(array(fee_recipient)),
            state_root: hash(state_root),
            receipts_root: hash(receipts_root),
            logs_bloom: Bytes::copy_from_slice(logs_bloom),
            prev_randao: hash(prev_randao),
            block_number: uint64(block_number),
            gas_limit: uint64(gas_limit),
            gas_used: uint64(gas_used),
            timestamp: uint64(timestamp),
            extra_data: Bytes::copy_from_slice(extra_data),
            base_fee_per_gas: U256::from_le_bytes(hash(base_fee_per_gas).0),
            block_hash: hash(block_hash),
            transactions_root: hash(transactions_root),
            withdrawals_root: hash(withdrawals_root),
            blob_gas_used: uint64(blob_gas_used),
            excess_blob_gas: uint64(excess_blob_gas),
        })
    }

    /// Encodes the header as `fork` lays it out.
    #[must_use]
    pub fn encode(&self, fork: Fork) -> Vec<u8> {
        let fields: [&[u8]; 17] = [
            self.parent_hash.as_slice(),
            self.fee_recipient.as_slice(),
            self.state_root.as_slice(),
            self.receipts_root.as_slice(),
            &self.logs_bloom,
            self.prev_randao.as_slice(),
            &self.block_number.to_le_bytes(),
            &self.gas_limit.to_le_bytes(),
            &self.gas_used.to_le_bytes(),
            &self.timestamp.to_le_bytes(),
            &self.extra_data,
            &self.base_fee_per_gas.to_le_bytes::<32>(),
            self.block_hash.as_slice(),
            self.transactions_root.as_slice(),
            self.withdrawals_root.as_slice(),
            &self.blob_gas_used.to_le_bytes(),
            &self.excess_blob_gas.to_le_bytes(),
        ];
        ssz::join(Self::layout(fork), fields)
    }
}

impl LightClientHeader {
    fn layout(fork: Fork) -> [Field; 3] {
        let beacon = Field::Fixed(BEACON_HEADER_BYTES);
        if fork.has_execution_header() {
            [
                beacon,
                Field::Variable,
                branch_field(fork.generalized_indices().execution),
            ]
        } else {
            [beacon, NOTHING, NOTHING]
        }
    }

    /// How a header of `fork` lies in another container.
    fn field(fork: Fork) -> Field {
        if fork.has_execution_header() {
            Field::Variable
        } else {
            Field::Fixed(BEACON_HEADER_BYTES)
        }
    }

    /// Decodes a header of `fork`.
    pub fn decode(bytes: &[u8], fork: Fork) -> Result<Self, Error> {
        check_supported(fork)?;
        let [beacon, execution, branch] =
            ssz::split("LightClientHeader", bytes, Self::layout(fork))?;
        let beacon = BeaconBlockHeader::decode(beacon)?;
        if !fork.has_execution_header() {
            return Ok(Self {
                beacon,
                ..Self::default()
            });
        }
        let execution = ExecutionPayloadHeader::decode(execution, fork)?;
        Ok(Self::normalized(beacon, execution, hashes(branch)))
    }

    /// Encodes the header as `fork` lays it out.
    #[must_use]
    pub fn encode(&self, fork: Fork) -> Vec<u8> {
        let beacon = self.beacon.encode();
        if !fork.has_execution_header() {
            return beacon;
        }
        let execution = self.execution.as_ref().map_or_else(
            || ExecutionPayloadHeader::empty().encode(fork),
            |execution| execution.encode(fork),
        );
        let branch = self.execution_branch.concat();
        ssz::join(Self::layout(fork), [&beacon, &execution, &branch])
    }

    /// A header without an execution part if that is all zero.
    pub(super) fn normalized(
        beacon: BeaconBlockHeader,
        execution: ExecutionPayloadHeader,
        branch: Vec<B256>,
    ) -> Self {
        if branch.iter().all(B256::is_zero) && execution == ExecutionPayloadHeader::empty() {
            return Self {
                beacon,
                ..Self::default()
            };
        }
        Self {
            beacon,
            execution: Some(execution),
            execution_branch: branch,
        }
    }
}

impl ExecutionPayloadHeader {
    fn empty() -> Self {
        Self {
            logs_bloom: Bytes::from_static(&[0; LOGS_BLOOM_BYTES]),
            ..Self::default()
        }
    }
}

impl SyncCommittee {
    fn field(size: usize) -> Field {
        Field::Fixed(size.saturating_add(1).saturating_mul(48))
    }

    /// Decodes a committee of the preset's size.
    pub fn decode(bytes: &[u8], preset: &Preset) -> Result<Self, Error> {
        let keys = Field::Fixed(preset.sync_committee_size.saturating_mul(48));
        let [pubkeys, aggregate] = ssz::split("SyncCommittee", bytes, [keys, PUBKEY])?;
        let (pubkeys, _) = pubkeys.as_chunks::<48>();
        Ok(Self {
            pubkeys: pubkeys.to_vec(),
            aggregate_pubkey: array(aggregate),
        })
    }

    /// Encodes the committee.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.pubkeys.concat();
        bytes.extend_from_slice(&self.aggregate_pubkey);
        bytes
    }
}

impl SyncAggregate {
    fn field(size: usize) -> Field {
        Field::Fixed(size.div_ceil(8).saturating_add(96))
    }

    /// Decodes the signature of a committee of the preset's size.
    pub fn decode(bytes: &[u8], preset: &Preset) -> Result<Self, Error> {
        let bits = Field::Fixed(preset.sync_committee_size.div_ceil(8));
        let [bits, signature] = ssz::split("SyncAggregate", bytes, [bits, SIGNATURE])?;
        Ok(Self {
            sync_committee_bits: bits.to_vec(),
            sync_committee_signature: array(signature),
        })
    }

    /// Encodes the signature.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.sync_committee_bits.clone();
        bytes.extend_from_slice(&self.sync_committee_signature);
        bytes
    }
}

/// Refuses forks before light clients, and those whose objects look otherwise.
pub(super) fn check_supported(fork: Fork) -> Result<(), Error> {
    if (Fork::Altair..=Fork::NEWEST).contains(&fork) {
        Ok(())
    } else {
        Err(Error::UnsupportedFork { fork })
    }
}

/// [`normalize_merkle_branch`](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/electra/light-client/fork.md#normalize_merkle_branch):
/// as long as `gindex` is deep, with zeros in front.
pub(crate) fn normalize_merkle_branch(branch: Vec<B256>, gindex: u64) -> Vec<B256> {
    let missing = depth(gindex).saturating_sub(branch.len());
    core::iter::repeat_n(B256::ZERO, missing)
        .chain(branch)
        .collect()
}

/// The last part of a branch, as long as `gindex` is deep.
fn encode_branch(branch: &[B256], gindex: u64) -> Vec<u8> {
    let surplus = branch.len().saturating_sub(depth(gindex));
    branch
        .iter()
        .skip(surplus)
        .flat_map(|node| node.0)
        .collect()
}

fn branch_field(gindex: u64) -> Field {
    Field::Fixed(depth(gindex).saturating_mul(32))
}

pub(super) fn depth(gindex: u64) -> usize {
    gindex
        .checked_ilog2()
        .and_then(|depth| usize::try_from(depth).ok())
        .unwrap_or(0)
}

fn hashes(field: &[u8]) -> Vec<B256> {
    let (hashes, _) = field.as_chunks::<32>();
    hashes.iter().map(B256::from).collect()
}

fn hash(field: &[u8]) -> B256 {
    B256::from(array(field))
}

/// Zero if the fork does not have the field yet.
fn uint64(field: &[u8]) -> u64 {
    u64::from_le_bytes(array(field))
}

/// The bytes of a field of fixed length. [`ssz::split`] has cut it to the length of its layout, so
/// that there is nothing left to refuse; a branch for that in each of some 50 fields is what took
/// most of the decoders' wasm.
fn array<const N: usize>(field: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    for (byte, from) in array.iter_mut().zip(field) {
        *byte = *from;
    }
    array
}
