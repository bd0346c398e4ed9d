//! Blocks: header, transactions, withdrawals.

use alloy_primitives::{B64, Bloom, b256};
use lampyris_verify::execution::Header;
use lampyris_verify::trie::{NodeSet, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{B256, Bytes, Proven, U256, keccak256};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Known;
use crate::rpc_json::{self, field, optional};
use crate::trusted;

/// The hash of no uncles.
pub const NO_OMMERS: B256 =
    b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");

/// Checks a block against its own hash and roots.
///
/// # Errors
/// Says what is wrong with it.
pub fn verify(json: &Value) -> Result<Header, String> {
    let header = rpc_json::header(json);
    let rlp = header.encode_rlp();
    same("hash", keccak256(&rlp), field(json, "hash"))?;
    same("hash", header.hash(), keccak256(&rlp))?;
    assert_eq!(Header::decode_rlp(&rlp).as_ref(), Ok(&header));
    let encoded = transactions(json);
    if let Some(encoded) = &encoded {
        for (transaction, bytes) in json["transactions"].as_array().unwrap().iter().zip(encoded) {
            same("transaction", keccak256(bytes), field(transaction, "hash"))?;
        }
        let root = ordered_trie_root(encoded);
        same("transactions", root, header.transactions_root)?;
    }
    let withdrawals = json.get("withdrawals").and_then(Value::as_array);
    if let (Some(withdrawals), Some(root)) = (withdrawals, header.withdrawals_root) {
        let encoded: Vec<_> = withdrawals.iter().map(rpc_json::withdrawal).collect();
        same("withdrawals", ordered_trie_root(&encoded), root)?;
    }
    if json
        .get("uncles")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        same("uncles", NO_OMMERS, header.ommers_hash)?;
    }
    Ok(header)
}

fn same(what: &str, got: B256, expected: B256) -> Result<(), String> {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected}, got {got}"))
}

/// The transactions as they were signed, if the block holds them whole.
fn transactions(json: &Value) -> Option<Vec<Bytes>> {
    let transactions = json["transactions"].as_array()?;
    let are_whole = transactions.iter().all(Value::is_object);
    are_whole.then(|| transactions.iter().map(rpc_json::transaction).collect())
}

/// How many transactions, or receipts, of a block are looked up one by one.
pub(super) const SAMPLES: usize = 12;

/// The header as a chain proves it, or else as a client proves it that trusts the block.
#[must_use]
pub fn proven(header: &Header, known: &Known) -> Proven<Header> {
    let block = known.proven.get(&header.hash());
    let block = block.map_or_else(|| trusted::block(header), |block| *block);
    let proven = block.header(&header.encode_rlp()).unwrap();
    assert_eq!(proven.value(), header);
    assert_eq!(proven.block(), block);
    assert_eq!(proven.evidence(), block.evidence());
    proven
}

/// A block by the core's own functions: its header, its parent's, its body, and transactions by
/// their proofs.
pub(super) fn verify_each(json: &Value, known: &Known) {
    let header = rpc_json::header(json);
    let proven = proven(&header, known);
    if let Some(parent) = known.header(header.parent_hash) {
        assert_eq!(proven.parent(&parent.encode_rlp()).unwrap().value(), parent);
        assert!(proven.parent(&header.encode_rlp()).is_err());
    }
    let Some(encoded) = transactions(json) else {
        return;
    };
    for (index, bytes) in (0..).zip(&encoded).step_by(1 + encoded.len() / SAMPLES) {
        let set = NodeSet::new(ordered_trie_proof(&encoded, index)).unwrap();
        assert_eq!(proven.transaction(&set, index).unwrap().value(), bytes);
    }
    let withdrawals = json.get("withdrawals").and_then(Value::as_array);
    let withdrawals: Option<Vec<Bytes>> =
        withdrawals.map(|all| all.iter().map(rpc_json::withdrawal).collect());
    verify_body(&proven, &encoded, withdrawals.as_deref());
}

/// A body whole, and not with a transaction more or fewer. Before the merge there were uncles.
pub fn verify_body(header: &Proven<Header>, transactions: &[Bytes], withdrawals: Option<&[Bytes]>) {
    if header.value().ommers_hash != NO_OMMERS {
        assert!(header.body(transactions, withdrawals).is_err());
        return;
    }
    let body = header.body(transactions, withdrawals).unwrap();
    assert_eq!(body.value().transactions.len(), transactions.len());
    for (decoded, bytes) in body.value().transactions.iter().zip(transactions) {
        assert_eq!(decoded.encode(), *bytes);
        assert_eq!(decoded.hash(), keccak256(bytes));
    }
    if let Some((_, fewer)) = transactions.split_last() {
        assert!(header.body(fewer, withdrawals).is_err());
    }
    let more = [transactions, &[Bytes::from_static(&[0xc0])]].concat();
    assert!(header.body(&more, withdrawals).is_err());
}

/// Checks a transaction against its hash.
///
/// # Errors
/// Says what the hash should be.
pub(super) fn verify_transaction(json: &Value) -> Result<(), String> {
    let bytes = rpc_json::transaction(json);
    same("transaction", keccak256(&bytes), field(json, "hash"))
}

/// The execution block's header, of the payload in a beacon block.
pub(super) fn payload_header(
    json: &Value,
    parent_root: Option<B256>,
    requests: Option<&Value>,
) -> Header {
    let number = |name: &str| -> u64 { field::<U256>(json, name).to() };
    let has_blobs = json.get("blob_gas_used").is_some();
    let transactions: Vec<Bytes> = field(json, "transactions");
    let withdrawals = json.get("withdrawals").and_then(Value::as_array);
    let withdrawals = withdrawals.map(|all| {
        let encoded: Vec<_> = all.iter().map(rpc_json::withdrawal).collect();
        ordered_trie_root(&encoded)
    });
    Header {
        parent_hash: field(json, "parent_hash"),
        ommers_hash: NO_OMMERS,
        beneficiary: field(json, "fee_recipient"),
        state_root: field(json, "state_root"),
        transactions_root: ordered_trie_root(&transactions),
        receipts_root: field(json, "receipts_root"),
        logs_bloom: field::<Bloom>(json, "logs_bloom"),
        difficulty: U256::ZERO,
        number: number("block_number"),
        gas_limit: number("gas_limit"),
        gas_used: number("gas_used"),
        timestamp: number("timestamp"),
        extra_data: field(json, "extra_data"),
        mix_hash: field(json, "prev_randao"),
        nonce: B64::ZERO,
        base_fee_per_gas: optional(json, "base_fee_per_gas"),
        withdrawals_root: withdrawals,
        blob_gas_used: has_blobs.then(|| number("blob_gas_used")),
        excess_blob_gas: has_blobs.then(|| number("excess_blob_gas")),
        parent_beacon_block_root: parent_root.filter(|_| has_blobs),
        requests_hash: requests.map(requests_hash),
    }
}

/// EIP-7685, of a beacon block's requests.
fn requests_hash(json: &Value) -> B256 {
    let bytes = |json: &Value, name: &str| field::<Bytes>(json, name).to_vec();
    let number = |json: &Value, name: &str| -> Vec<u8> {
        let number: u64 = field::<U256>(json, name).to();
        number.to_le_bytes().to_vec()
    };
    let all = |list: &str, encode: &dyn Fn(&Value) -> Vec<u8>| -> Vec<u8> {
        json[list]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(encode)
            .collect()
    };
    let deposits = all("deposits", &|json| {
        let start = [bytes(json, "pubkey"), bytes(json, "withdrawal_credentials")].concat();
        let end = [bytes(json, "signature"), number(json, "index")].concat();
        [start, number(json, "amount"), end].concat()
    });
    let withdrawals = all("withdrawals", &|json| {
        let start = [
            bytes(json, "source_address"),
            bytes(json, "validator_pubkey"),
        ]
        .concat();
        [start, number(json, "amount")].concat()
    });
    let consolidations = all("consolidations", &|json| {
        let start = bytes(json, "source_address");
        [
            start,
            bytes(json, "source_pubkey"),
            bytes(json, "target_pubkey"),
        ]
        .concat()
    });
    hash_of_requests(&[&deposits, &withdrawals, &consolidations])
}

/// EIP-7685, of requests by type.
#[must_use]
pub fn hash_of_requests(by_type: &[&[u8]]) -> B256 {
    let mut outer = Sha256::new();
    for (tx_type, requests) in (0_u8..).zip(by_type) {
        if !requests.is_empty() {
            outer.update(
                Sha256::new()
                    .chain_update([tx_type])
                    .chain_update(requests)
                    .finalize(),
            );
        }
    }
    B256::from(<[u8; 32]>::from(outer.finalize()))
}
