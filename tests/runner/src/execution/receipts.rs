//! Receipts and logs.

use std::collections::BTreeMap;

use alloy_primitives::Bloom;
use lampyris_verify::execution::{Header, LogFilter, Receipt};
use lampyris_verify::trie::{NodeSet, lookup, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{B256, Bytes, Proven};
use serde_json::Value;

use super::blocks::{SAMPLES, proven};
use super::{Known, block_hash, objects};
use crate::report::{Report, Skip};
use crate::rpc_json::{self, field, number, optional};

/// Checks the receipts and logs of a document, and tells whether there are any.
pub(super) fn run(json: &Value, known: &Known, report: &mut Report, at: &str) -> bool {
    let mut found = false;
    each_list(json, &mut |list| {
        let kind = if list.iter().all(is_receipt) {
            "receipts of blocks"
        } else if list.iter().all(is_log) {
            "logs"
        } else {
            return false;
        };
        found = true;
        report.case_or_skip(kind, at, || {
            if kind == "logs" {
                check_logs(list, known)
            } else {
                check(list, known)
            }
        });
        true
    });
    let is_proof = |json: &Value| json.get("receiptProof").is_some();
    for proof in objects(json, &is_proof) {
        found = true;
        report.case_or_skip("receipts by their proof", at, || check_proof(proof, known));
    }
    let single = rpc_json::result(json.clone());
    if is_receipt(&single) {
        found = true;
        report.case_or_skip("receipts of blocks", at, || check_one(&single, known));
    }
    found
}

/// The root of receipts that are all of a block.
#[must_use]
pub fn root(list: &[Value]) -> B256 {
    ordered_trie_root(&encode(list))
}

fn encode(list: &[Value]) -> Vec<Bytes> {
    let encode = |json| {
        let receipt = rpc_json::receipt(json);
        let bytes = Bytes::from(receipt.encode());
        assert_eq!(receipt.logs_bloom(), field::<Bloom>(json, "logsBloom"));
        assert_eq!(Receipt::decode(&bytes), Ok(receipt));
        bytes
    };
    list.iter().map(encode).collect()
}

fn check(list: &[Value], known: &Known) -> Result<(), Skip> {
    if !list.iter().all(has_status) {
        return Err("receipts from before Byzantium, which have no status".to_owned());
    }
    let encoded = encode(list);
    let hash = block_hash(&list[0]).expect("the block's hash");
    let header = known
        .header(hash)
        .ok_or("receipts of a block whose header is not recorded")?;
    assert_eq!(ordered_trie_root(&encoded), header.receipts_root);
    let header = proven(header, known);
    let samples = (0..).zip(list).step_by(1 + list.len() / SAMPLES);
    for (index, json) in samples {
        let set = NodeSet::new(ordered_trie_proof(&encoded, index)).unwrap();
        assert_eq!(
            *header.receipt(&set, index).unwrap().value(),
            rpc_json::receipt(json)
        );
    }
    verify_whole(&header, &encoded);
    let behind = u64::try_from(list.len()).unwrap();
    let set = NodeSet::new(ordered_trie_proof(&encoded, behind)).unwrap();
    assert!(header.receipt(&set, behind).is_err());
    Ok(())
}

/// All receipts of a block, and its logs: all, and not without a receipt.
fn verify_whole(header: &Proven<Header>, encoded: &[Bytes]) {
    let whole = header.receipts(encoded).unwrap();
    let number = header.value().number;
    let of_block = |receipts: &[Bytes]| BTreeMap::from([(number, receipts.to_vec())]);
    let logs = |receipts: &[Bytes]| {
        header.complete_logs(number, &LogFilter::default(), &[], &of_block(receipts))
    };
    let found = logs(encoded).unwrap();
    let count: usize = whole.value().iter().map(|receipt| receipt.logs.len()).sum();
    assert_eq!(found.value().logs.len(), count);
    if let Some((_, fewer)) = encoded.split_last() {
        assert!(header.receipts(fewer).is_err());
        assert!(logs(fewer).is_err());
    }
    let filter = whole
        .value()
        .iter()
        .fold(Bloom::ZERO, |all, receipt| all | receipt.logs_bloom());
    assert_eq!(filter, header.value().logs_bloom);
    // An address of a log is never excluded.
    for log in whole
        .value()
        .iter()
        .flat_map(|receipt| &receipt.logs)
        .take(SAMPLES)
    {
        let of_address = LogFilter {
            addresses: vec![log.address],
            ..LogFilter::default()
        };
        assert!(of_address.may_match(&filter));
    }
}

/// A single receipt: it is among those of its block.
fn check_one(json: &Value, known: &Known) -> Result<(), Skip> {
    if !has_status(json) {
        return Err("receipts from before Byzantium, which have no status".to_owned());
    }
    let transaction: B256 = field(json, "transactionHash");
    let is_same = |other: &Value| {
        is_receipt(other)
            && !std::ptr::eq(other, json)
            && optional(other, "transactionHash") == Some(transaction)
    };
    let receipt = rpc_json::receipt(json);
    assert_eq!(receipt.logs_bloom(), field::<Bloom>(json, "logsBloom"));
    let mut others = known
        .documents
        .values()
        .flat_map(|document| objects(document, &is_same));
    let first = others.next().map(rpc_json::receipt);
    let other = first.ok_or("a receipt of a block whose receipts are not recorded")?;
    assert_eq!(receipt, other);
    assert!(others.all(|other| rpc_json::receipt(other) == receipt));
    Ok(())
}

/// A receipt with the nodes that prove it.
fn check_proof(json: &Value, known: &Known) -> Result<(), Skip> {
    let receipt = &json["receipt"];
    let hash = block_hash(receipt).expect("the block's hash");
    let header = known
        .header(hash)
        .ok_or("a receipt of a block whose header is not recorded")?;
    let nodes: Vec<Bytes> = field(json, "receiptProof");
    let set = NodeSet::new(nodes).unwrap();
    let key = alloy_rlp::encode(number(receipt, "transactionIndex"));
    let bytes = lookup(header.receipts_root, &key, &set)
        .unwrap()
        .expect("a receipt");
    assert_eq!(Receipt::decode(&bytes), Ok(rpc_json::receipt(receipt)));
    Ok(())
}

/// Each log is in the receipt of its transaction, at its place.
fn check_logs(list: &[Value], known: &Known) -> Result<(), Skip> {
    for log in list {
        let hash: B256 = field(log, "transactionHash");
        let is_its =
            |json: &Value| is_receipt(json) && optional(json, "transactionHash") == Some(hash);
        let mut receipts = known
            .documents
            .values()
            .flat_map(|json| objects(json, &is_its));
        let receipt = receipts
            .next()
            .ok_or("logs of a block whose receipts are not recorded")?;
        let same = |other: &Value| {
            let names = ["address", "topics", "data", "logIndex"];
            names.iter().all(|name| other[name] == log[name])
        };
        assert!(
            receipt["logs"].as_array().unwrap().iter().any(same),
            "log of {hash}"
        );
    }
    Ok(())
}

fn is_receipt(json: &Value) -> bool {
    ["cumulativeGasUsed", "logsBloom", "transactionHash"]
        .iter()
        .all(|name| json.get(name).is_some())
}

fn has_status(receipt: &Value) -> bool {
    receipt.get("status").is_some_and(Value::is_string)
}

fn is_log(json: &Value) -> bool {
    ["address", "topics", "data", "transactionHash"]
        .iter()
        .all(|name| json.get(name).is_some())
}

/// Shows each list with something in it to `visit`, which tells whether it knows it.
fn each_list<'a>(json: &'a Value, visit: &mut dyn FnMut(&'a [Value]) -> bool) {
    match json {
        Value::Array(items) if !items.is_empty() && visit(items) => {}
        Value::Array(items) => items.iter().for_each(|item| each_list(item, visit)),
        Value::Object(fields) if !is_receipt(json) => {
            fields.values().for_each(|value| each_list(value, visit));
        }
        _ => {}
    }
}
