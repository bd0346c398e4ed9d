//! The containers in the JSON of the Beacon API.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Display;
use core::str::FromStr;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

use super::codec::{check_supported, depth, normalize_merkle_branch};
use super::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientFinalityUpdate,
    LightClientHeader, LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate,
    SyncCommittee,
};
use crate::Error;
use crate::config::{Fork, Preset};

#[derive(serde::Deserialize)]
struct HeaderJson {
    #[serde(with = "BeaconBlockHeaderJson")]
    beacon: BeaconBlockHeader,
    execution: Option<ExecutionJson>,
    #[serde(default)]
    execution_branch: Vec<B256>,
}

#[derive(serde::Deserialize)]
#[serde(remote = "BeaconBlockHeader")]
struct BeaconBlockHeaderJson {
    #[serde(deserialize_with = "decimal")]
    slot: u64,
    #[serde(deserialize_with = "decimal")]
    proposer_index: u64,
    parent_root: B256,
    state_root: B256,
    body_root: B256,
}

#[derive(serde::Deserialize)]
struct ExecutionJson(#[serde(with = "ExecutionPayloadHeaderJson")] ExecutionPayloadHeader);

#[derive(serde::Deserialize)]
#[serde(remote = "ExecutionPayloadHeader")]
struct ExecutionPayloadHeaderJson {
    parent_hash: B256,
    fee_recipient: Address,
    state_root: B256,
    receipts_root: B256,
    logs_bloom: Bytes,
    prev_randao: B256,
    #[serde(deserialize_with = "decimal")]
    block_number: u64,
    #[serde(deserialize_with = "decimal")]
    gas_limit: u64,
    #[serde(deserialize_with = "decimal")]
    gas_used: u64,
    #[serde(deserialize_with = "decimal")]
    timestamp: u64,
    extra_data: Bytes,
    #[serde(deserialize_with = "decimal")]
    base_fee_per_gas: U256,
    block_hash: B256,
    transactions_root: B256,
    withdrawals_root: B256,
    #[serde(default, deserialize_with = "decimal")]
    blob_gas_used: u64,
    #[serde(default, deserialize_with = "decimal")]
    excess_blob_gas: u64,
}

#[derive(serde::Deserialize)]
struct SyncCommitteeJson {
    pubkeys: Vec<FixedBytes<48>>,
    aggregate_pubkey: FixedBytes<48>,
}

#[derive(serde::Deserialize)]
struct SyncAggregateJson {
    sync_committee_bits: Bytes,
    sync_committee_signature: FixedBytes<96>,
}

#[derive(serde::Deserialize)]
struct BootstrapJson {
    header: HeaderJson,
    current_sync_committee: SyncCommitteeJson,
    current_sync_committee_branch: Vec<B256>,
}

/// The fields of all three updates.
#[derive(serde::Deserialize)]
struct UpdateJson {
    attested_header: HeaderJson,
    next_sync_committee: Option<SyncCommitteeJson>,
    #[serde(default)]
    next_sync_committee_branch: Vec<B256>,
    finalized_header: Option<HeaderJson>,
    #[serde(default)]
    finality_branch: Vec<B256>,
    sync_aggregate: SyncAggregateJson,
    #[serde(deserialize_with = "decimal")]
    signature_slot: u64,
}

impl LightClientBootstrap {
    /// Reads the `data` of a Beacon API answer whose `version` is `fork`.
    pub fn from_json(data: &Value, fork: Fork, preset: &Preset) -> Result<Self, Error> {
        check_supported(fork)?;
        let json: BootstrapJson = parse("LightClientBootstrap", data)?;
        let gindex = |fork: Fork| fork.generalized_indices().current_sync_committee;
        Ok(Self {
            header: header(json.header, fork)?,
            current_sync_committee: Arc::new(committee(json.current_sync_committee, preset)?),
            current_sync_committee_branch: branch(
                json.current_sync_committee_branch,
                fork,
                gindex,
            )?,
        })
    }
}

impl LightClientUpdate {
    /// Reads the `data` of a Beacon API answer whose `version` is `fork`.
    pub fn from_json(data: &Value, fork: Fork, preset: &Preset) -> Result<Self, Error> {
        let json = update("LightClientUpdate", data, fork)?;
        let next = json
            .next_sync_committee
            .ok_or(missing("next_sync_committee"))?;
        let next = committee(next, preset)?;
        let all_zero = next.encode().iter().all(|byte| *byte == 0);
        Ok(Self {
            attested_header: header(json.attested_header, fork)?,
            next_sync_committee: (!all_zero).then(|| Arc::new(next)),
            next_sync_committee_branch: branch(json.next_sync_committee_branch, fork, |fork| {
                fork.generalized_indices().next_sync_committee
            })?,
            finalized_header: finalized(json.finalized_header, fork)?,
            finality_branch: finality_branch(json.finality_branch, fork)?,
            sync_aggregate: aggregate(json.sync_aggregate, preset)?,
            signature_slot: json.signature_slot,
        })
    }
}

impl LightClientFinalityUpdate {
    /// Reads the `data` of a Beacon API answer whose `version` is `fork`.
    pub fn from_json(data: &Value, fork: Fork, preset: &Preset) -> Result<Self, Error> {
        let json = update("LightClientFinalityUpdate", data, fork)?;
        Ok(Self {
            attested_header: header(json.attested_header, fork)?,
            finalized_header: finalized(json.finalized_header, fork)?,
            finality_branch: finality_branch(json.finality_branch, fork)?,
            sync_aggregate: aggregate(json.sync_aggregate, preset)?,
            signature_slot: json.signature_slot,
        })
    }
}

impl LightClientOptimisticUpdate {
    /// Reads the `data` of a Beacon API answer whose `version` is `fork`.
    pub fn from_json(data: &Value, fork: Fork, preset: &Preset) -> Result<Self, Error> {
        let json = update("LightClientOptimisticUpdate", data, fork)?;
        Ok(Self {
            attested_header: header(json.attested_header, fork)?,
            sync_aggregate: aggregate(json.sync_aggregate, preset)?,
            signature_slot: json.signature_slot,
        })
    }
}

impl SyncCommittee {
    /// Reads a committee of the preset's size.
    pub fn from_json(data: &Value, preset: &Preset) -> Result<Self, Error> {
        committee(parse("SyncCommittee", data)?, preset)
    }
}

impl LightClientHeader {
    /// Reads a header of `fork`.
    pub fn from_json(data: &Value, fork: Fork) -> Result<Self, Error> {
        check_supported(fork)?;
        header(parse("LightClientHeader", data)?, fork)
    }
}

/// A number in a decimal string, as the Beacon API writes all numbers.
fn decimal<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

fn parse<T: serde::de::DeserializeOwned>(what: &'static str, data: &Value) -> Result<T, Error> {
    let reason = "not what the Beacon API specifies";
    serde_json::from_value(data.clone()).map_err(|_| Error::Malformed { what, reason })
}

fn update(what: &'static str, data: &Value, fork: Fork) -> Result<UpdateJson, Error> {
    check_supported(fork)?;
    parse(what, data)
}

fn header(json: HeaderJson, fork: Fork) -> Result<LightClientHeader, Error> {
    if !fork.has_execution_header() {
        return Ok(LightClientHeader {
            beacon: json.beacon,
            ..LightClientHeader::default()
        });
    }
    let ExecutionJson(execution) = json.execution.ok_or(missing("execution"))?;
    if execution.logs_bloom.len() != 256 || execution.extra_data.len() > 32 {
        let reason = "a field has the wrong length";
        return Err(Error::Malformed {
            what: "ExecutionPayloadHeader",
            reason,
        });
    }
    check_depth(&json.execution_branch, fork.generalized_indices().execution)?;
    Ok(LightClientHeader::normalized(
        json.beacon,
        execution,
        json.execution_branch,
    ))
}

fn finalized(json: Option<HeaderJson>, fork: Fork) -> Result<LightClientHeader, Error> {
    header(json.ok_or(missing("finalized_header"))?, fork)
}

fn finality_branch(nodes: Vec<B256>, fork: Fork) -> Result<Vec<B256>, Error> {
    branch(nodes, fork, |fork| {
        fork.generalized_indices().finalized_root
    })
}

fn branch(nodes: Vec<B256>, fork: Fork, gindex: impl Fn(Fork) -> u64) -> Result<Vec<B256>, Error> {
    check_depth(&nodes, gindex(fork))?;
    Ok(normalize_merkle_branch(nodes, gindex(Fork::NEWEST)))
}

fn check_depth(nodes: &[B256], gindex: u64) -> Result<(), Error> {
    let expected = depth(gindex).saturating_mul(32);
    let got = nodes.len().saturating_mul(32);
    if got == expected {
        Ok(())
    } else {
        Err(Error::Length {
            what: "Merkle branch",
            expected,
            got,
        })
    }
}

fn committee(json: SyncCommitteeJson, preset: &Preset) -> Result<SyncCommittee, Error> {
    let (expected, got) = (preset.sync_committee_size, json.pubkeys.len());
    if got != expected {
        return Err(Error::Length {
            what: "keys of the sync committee",
            expected,
            got,
        });
    }
    let pubkeys = json.pubkeys.iter().map(|key| key.0).collect();
    Ok(SyncCommittee {
        pubkeys,
        aggregate_pubkey: json.aggregate_pubkey.0,
    })
}

fn aggregate(json: SyncAggregateJson, preset: &Preset) -> Result<SyncAggregate, Error> {
    let (expected, got) = (
        preset.sync_committee_size.div_ceil(8),
        json.sync_committee_bits.len(),
    );
    if got != expected {
        return Err(Error::Length {
            what: "bits of the sync committee",
            expected,
            got,
        });
    }
    Ok(SyncAggregate {
        sync_committee_bits: json.sync_committee_bits.to_vec(),
        sync_committee_signature: json.sync_committee_signature.0,
    })
}

const fn missing(what: &'static str) -> Error {
    Error::Malformed {
        what,
        reason: "missing",
    }
}
