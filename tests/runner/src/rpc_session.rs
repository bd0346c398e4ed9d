//! `.io` files, requests to a node with its answers, and `chain.rlp`, the node's blocks.

use std::path::Path;

use lampyris_verify::execution::Header;
use lampyris_verify::trie::ordered_trie_root;
use lampyris_verify::{B256, Bytes, keccak256};
use serde_json::Value;

use crate::execution::{Known, verify_body};
use crate::files::{Files, name};
use crate::report::{Report, Skip};
use crate::rlp::{self, Item};
use crate::trusted;

/// The answer of a session, `null` if it is an error.
#[must_use]
pub fn answer(text: &str) -> Option<Value> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("<< "));
    let result = |line: &str| {
        let mut json: Value = serde_json::from_str(line).ok()?;
        Some(json["result"].take())
    };
    let mut results: Vec<_> = lines.filter_map(result).collect();
    match results.len() {
        0 => None,
        1 => results.pop(),
        _ => Some(Value::Array(results)),
    }
}

/// Reads the blocks, and then what sessions say of them.
pub fn run(files: &Files, known: &mut Known, report: &mut Report) {
    for path in files.named("chain.rlp") {
        report.case("blocks of chain.rlp", files.relative(&path), || {
            let bytes = files.bytes(&path);
            let mut rest = bytes.as_slice();
            let mut before: Option<Header> = None;
            while !rest.is_empty() {
                let block = rlp::next(&mut rest).expect("a block");
                let header = check_block(&block);
                if let Some(before) = &before {
                    assert_eq!(header.parent_hash, before.hash());
                    assert_eq!(header.number, before.number + 1);
                }
                known.headers.insert(header.hash(), header.clone());
                before = Some(header);
            }
        });
    }
    for path in files.find(|path| path.ends_with(".io")) {
        let method = name(path.parent().unwrap_or(&path)).to_owned();
        let at = files.relative(&path);
        let Some(json) = known.documents.get(&path).cloned() else {
            continue;
        };
        let is_provable = PROVABLE.iter().any(|start| method.starts_with(start));
        if json.is_null() || json.as_array().is_some_and(Vec::is_empty) {
            let reason = "a node's answer that there is nothing, or an error: no proof";
            report.skip(reason, at);
        } else if method.starts_with("debug_getRaw") {
            report.case_or_skip("raw blocks and what is in them", at, || {
                check_raw(&method, &json, known)
            });
        } else if json.is_string() || !is_provable {
            report.skip("a node's word that no proof in the recording backs", at);
        } else {
            // Blocks, proofs, receipts and logs are checked where all JSON is, if they are such.
            continue;
        }
        files.open(&path);
        known.documents.remove(&path);
    }
}

/// The methods whose answers are checked.
const PROVABLE: [&str; 4] = [
    "eth_getBlock",
    "eth_getLogs",
    "eth_getProof",
    "eth_getTransaction",
];

/// A block's own items make the roots in its header.
fn check_block(block: &Item) -> Header {
    let Item::List(parts) = block else {
        panic!("a block is a list")
    };
    let header = Header::decode_rlp(&parts[0].encode()).unwrap();
    assert_eq!(header.encode_rlp(), parts[0].encode());
    assert_eq!(
        ordered_trie_root(&parts[1].raw_items()),
        header.transactions_root
    );
    assert_eq!(keccak256(parts[2].encode()), header.ommers_hash);
    let withdrawals = parts
        .get(3)
        .map(|list| ordered_trie_root(&list.raw_items()));
    assert_eq!(withdrawals, header.withdrawals_root);
    let withdrawals = parts.get(3).map(Item::raw_items);
    let transactions = parts[1].raw_items();
    verify_body(
        &trusted::header(&header),
        &transactions,
        withdrawals.as_deref(),
    );
    header
}

fn check_raw(method: &str, json: &Value, known: &Known) -> Result<(), Skip> {
    if method == "debug_getRawReceipts" {
        let receipts: Vec<Bytes> = serde_json::from_value(json.clone()).unwrap();
        let root = ordered_trie_root(&receipts);
        for bytes in &receipts {
            let receipt = lampyris_verify::execution::Receipt::decode(bytes);
            let receipt = receipt.map_err(|error| error.to_string())?;
            assert_eq!(receipt.encode(), bytes.to_vec());
        }
        assert!(
            known
                .headers
                .values()
                .any(|header| header.receipts_root == root)
        );
        return Ok(());
    }
    let bytes: Bytes = serde_json::from_value(json.clone()).unwrap();
    match method {
        "debug_getRawHeader" => {
            let header = Header::decode_rlp(&bytes).unwrap();
            assert_eq!(header.encode_rlp(), bytes.to_vec());
            assert!(is_known(known, &header), "not of the chain");
        }
        "debug_getRawBlock" => {
            let header = check_block(&rlp::decode(&bytes).expect("a block"));
            assert!(is_known(known, &header), "not of the chain");
        }
        _ => {
            let hash = keccak256(&bytes);
            let is_in = |json: &Value| json.to_string().contains(&hash.to_string());
            if !known.documents.values().any(is_in) {
                return Err("a transaction of a block that is not recorded as JSON".to_owned());
            }
        }
    }
    Ok(())
}

/// A block of the chain, or the one before it: the genesis.
fn is_known(known: &Known, header: &Header) -> bool {
    let hash: B256 = header.hash();
    known.header(hash).is_some()
        || known
            .headers
            .values()
            .any(|other| other.parent_hash == hash)
}

/// Whether a path is a session's.
#[must_use]
pub fn is_session(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "io")
}
