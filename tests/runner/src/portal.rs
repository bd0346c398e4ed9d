//! The Portal network's tests: headers with proofs into the beacon chain, bodies, state.

mod state;

use std::path::Path;

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::execution::Header;
use lampyris_verify::merkle::is_valid_merkle_branch;
use lampyris_verify::trie::ordered_trie_root;
use lampyris_verify::{B256, Bytes, keccak256};
use serde_json::Value;

pub use state::assert_linked;
pub(crate) use state::nibbles;
use state::{check_node, node_list, offset};

use crate::execution::verify_body;
use crate::files::{Files, name};
use crate::objects;
use crate::report::{Report, Skip};
use crate::rlp::{self, Item};
use crate::rpc_json::{field, optional};
use crate::ssz_model::Type;
use crate::trusted;

/// Slots whose blocks one root commits to.
const PERIOD: u64 = 8192;

/// Runs each YAML file of the Portal network's shapes.
pub fn run(files: &Files, report: &mut Report) {
    check_periods(files, report);
    for path in files.find(|path| path.ends_with(".yaml")) {
        if ["steps.yaml", "meta.yaml", "config.yaml", "value.yaml"].contains(&name(&path)) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let Ok(json) = serde_saphyr::from_str::<Value>(&text) else {
            continue;
        };
        let entries = match json {
            Value::Array(entries) => entries,
            entry => vec![entry],
        };
        for entry in &entries {
            check(files, &path, entry, report);
        }
    }
}

fn check(files: &Files, path: &Path, json: &Value, report: &mut Report) {
    let at = files.relative(path);
    let has = |names: &[&str]| names.iter().all(|name| json.get(name).is_some());
    if has(&["header", "body", "receipts"]) {
        files.open(path);
        report.case_or_skip("portal: bodies and receipts", at, || check_block(json));
    } else if has(&["execution_block_proof", "beacon_block_proof", "slot"]) {
        files.open(path);
        report.case("portal: proofs of execution blocks", at, || {
            let hash = field(json, "execution_block_header");
            let execution: Vec<B256> = field(json, "execution_block_proof");
            let beacon: Vec<B256> = field(json, "beacon_block_proof");
            let slot = json["slot"].as_u64().unwrap();
            let root = field(json, "beacon_block_root");
            check_proof(files, hash, &execution, root, &beacon, slot);
        });
    } else if has(&["content_key", "content_value"])
        && path.iter().any(|part| part == "headers_with_proof")
    {
        files.open(path);
        report.case_or_skip("portal: headers with proof", at, || {
            check_header(files, json)
        });
    } else if has(&["content_key", "content_value"]) && !files.is_open(path) {
        check_light_client(files, path, json, report);
    } else if has(&["block_header", "content_value_offer"]) {
        files.open(path);
        report.case("portal: nodes of the state", at, || check_node(json));
    } else if has(&["proof", "block_hash"]) || has(&["account_proof", "storage_proof"]) {
        files.open(path);
        report.case("portal: nodes of the state", at, || {
            for list in ["proof", "account_proof", "storage_proof"] {
                if let Some(nodes) = optional::<Vec<Bytes>>(json, list) {
                    assert_linked(&nodes);
                }
            }
        });
    }
}

/// A light-client object that no chain names, or a range of updates: each behind a fork's digest.
fn check_light_client(files: &Files, path: &Path, json: &Value, report: &mut Report) {
    let key: Bytes = field(json, "content_key");
    let kind = match key.first() {
        Some(0x10) => "bootstrap",
        Some(0x11) => "update",
        Some(0x12) => "finality",
        Some(0x13) => "optimistic",
        _ => return,
    };
    files.open(path);
    report.case("light-client objects", files.relative(path), || {
        let value: Bytes = field(json, "content_value");
        let objects = if kind == "update" {
            node_list(&value)
        } else {
            vec![value]
        };
        for object in objects {
            let (digest, ssz) = object.split_first_chunk().expect("a fork's digest");
            let known = Network::mainnet().fork_by_digest(*digest);
            assert!(objects::fits(ssz, kind, known.expect("a known digest").0));
        }
    });
}

/// A body's items and receipts make the roots in the header.
fn check_block(json: &Value) -> Result<(), Skip> {
    let header = Header::decode_rlp(&field::<Bytes>(json, "header")).unwrap();
    let Some(Item::List(body)) = rlp::decode(&field::<Bytes>(json, "body")) else {
        panic!("a body is a list")
    };
    let transactions = body[0].raw_items();
    assert_eq!(ordered_trie_root(&transactions), header.transactions_root);
    assert_eq!(keccak256(body[1].encode()), header.ommers_hash);
    let withdrawals = body.get(2).map(|list| ordered_trie_root(&list.raw_items()));
    assert_eq!(withdrawals, header.withdrawals_root);
    let withdrawals = body.get(2).map(Item::raw_items);
    let proven = trusted::header(&header);
    verify_body(&proven, &transactions, withdrawals.as_deref());
    let Some(Item::List(receipts)) = rlp::decode(&field::<Bytes>(json, "receipts")) else {
        panic!("receipts are a list")
    };
    let receipts: Vec<Bytes> = receipts
        .iter()
        .map(receipt)
        .collect::<Option<_>>()
        .ok_or("receipts from before Byzantium, which have no status")?;
    assert_eq!(ordered_trie_root(&receipts), header.receipts_root);
    assert!(proven.receipts(&receipts).is_ok());
    Ok(())
}

/// A receipt of the network protocol, without its Bloom filter: type, status, gas, logs.
fn receipt(item: &Item) -> Option<Bytes> {
    let Item::List(fields) = item else {
        return Item::List(vec![item.clone()]).raw_items().pop();
    };
    let [
        Item::Bytes(tx_type),
        Item::Bytes(status),
        Item::Bytes(gas),
        Item::List(logs),
    ] = &fields[..]
    else {
        return Some(item.encode().into());
    };
    if status.len() > 1 {
        return None;
    }
    let log = |log: &Item| {
        let Item::List(parts) = log else {
            panic!("a log is a list")
        };
        let [Item::Bytes(address), Item::List(topics), Item::Bytes(data)] = &parts[..] else {
            panic!("a log has three parts")
        };
        let topic = |topic: &Item| match topic {
            Item::Bytes(bytes) => B256::from_slice(bytes),
            Item::List(_) => panic!("a topic is a word"),
        };
        lampyris_verify::execution::Log {
            address: lampyris_verify::Address::from_slice(address),
            topics: topics.iter().map(topic).collect(),
            data: data.clone().into(),
        }
    };
    let receipt = lampyris_verify::execution::Receipt {
        tx_type: tx_type.first().copied().unwrap_or_default(),
        success: !status.is_empty(),
        cumulative_gas_used: gas.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        logs: logs.iter().map(log).collect(),
    };
    let bytes = receipt.encode();
    assert_eq!(
        lampyris_verify::execution::Receipt::decode(&bytes),
        Ok(receipt)
    );
    Some(bytes.into())
}

/// A header by its hash, with the proof that its beacon block is one of its period's.
fn check_header(files: &Files, json: &Value) -> Result<(), Skip> {
    let key: Bytes = field(json, "content_key");
    let value: Bytes = field(json, "content_value");
    let middle = offset(&value, 4);
    let (header, proof) = (&value[offset(&value, 0)..middle], &value[middle..]);
    let hash = keccak256(header);
    let decoded = Header::decode_rlp(header).unwrap();
    match key[0] {
        0 => assert_eq!(key[1..], hash[..]),
        3 => assert_eq!(key[1..], decoded.number.to_le_bytes()),
        other => panic!("unknown kind of key {other}"),
    }
    if decoded.difficulty != lampyris_verify::U256::ZERO {
        return Err(
            "portal: a header from before the merge, which no beacon block holds".to_owned(),
        );
    }
    let slot = u64::from_le_bytes(proof[proof.len() - 8..].try_into().unwrap());
    let words = &proof[..proof.len() - 8];
    let words: Vec<_> = words.chunks(32).map(B256::from_slice).collect();
    let (beacon, rest) = words.split_at(if is_summarized(slot) { 13 } else { 14 });
    check_proof(files, hash, &rest[1..], rest[0], beacon, slot);
    Ok(())
}

/// The execution block is in the beacon block, and that is in its period's root.
fn check_proof(
    files: &Files,
    hash: B256,
    execution: &[B256],
    beacon_root: B256,
    beacon: &[B256],
    slot: u64,
) {
    let network = Network::mainnet();
    // Body 12, payload 25 in it, its hash the 13th of 16 fields, or of 32 since Deneb.
    let has_blobs = network.fork_at_slot(slot) >= Fork::Deneb;
    let gindex = if has_blobs {
        201 * 32 + 12
    } else {
        201 * 16 + 12
    };
    assert!(is_valid_merkle_branch(hash, execution, gindex, beacon_root));
    assert!(!is_valid_merkle_branch(
        !hash,
        execution,
        gindex,
        beacon_root
    ));

    let index = slot % PERIOD;
    let roots: Vec<B256> = if is_summarized(slot) {
        summaries(files, slot)
    } else {
        batches(files)
    };
    let gindex = PERIOD * if is_summarized(slot) { 1 } else { 2 } + index;
    let in_period = |root| is_valid_merkle_branch(beacon_root, beacon, gindex, root);
    // Without the period's root, the branch still has to be of the right depth.
    assert_eq!(beacon.len(), gindex.ilog2() as usize);
    assert!(roots.is_empty() || roots.into_iter().any(in_period));
}

/// Since Capella the state keeps summaries; before, roots of whole batches.
fn is_summarized(slot: u64) -> bool {
    slot >= capella_slot()
}

fn capella_slot() -> u64 {
    let network = Network::mainnet();
    let capella = network
        .forks
        .iter()
        .find(|entry| entry.fork == Fork::Capella);
    capella.map_or(0, |entry| entry.epoch * network.preset.slots_per_epoch)
}

/// Whole periods of block roots are what recorded `historical_summaries` say.
fn check_periods(files: &Files, report: &mut Report) {
    let is_it = |path: &str| path.contains("historical_summaries") && path.ends_with(".ssz");
    let lists: Vec<_> = files
        .find(is_it)
        .iter()
        .map(|path| files.bytes(path))
        .collect();
    let period = Type::vector(Type::Bytes(32), 8192);
    for path in files.named("block_roots.ssz") {
        if lists.is_empty() || files.has(&path.with_file_name("headers.ssz")) {
            continue;
        }
        report.case("portal: roots of periods", files.relative(&path), || {
            let root = period.root(&files.bytes(&path));
            let mut pairs = lists.iter().flat_map(|list| list.chunks(64));
            assert!(
                pairs.any(|pair| pair.starts_with(root.as_slice())),
                "{root}"
            );
        });
    }
}

/// The root of the slot's period in a recorded `historical_summaries`.
fn summaries(files: &Files, slot: u64) -> Vec<B256> {
    let is_it = |path: &str| path.contains("historical_summaries") && path.ends_with(".ssz");
    let index = usize::try_from((slot - capella_slot()) / PERIOD).unwrap();
    let paths = files.find(is_it).into_iter();
    let root = |bytes: Vec<u8>| {
        bytes
            .chunks(64)
            .nth(index)
            .map(|pair| B256::from_slice(&pair[..32]))
    };
    let mut roots: Vec<_> = paths.filter_map(|path| root(files.bytes(&path))).collect();
    // Whole periods, where they are recorded, have these roots.
    let period = Type::vector(Type::Bytes(32), 8192);
    for path in files.named("block_roots.ssz") {
        let beside_headers = path.with_file_name("headers.ssz");
        if !files.has(&beside_headers) {
            roots.push(period.root(&files.bytes(&path)));
        }
    }
    roots
}

fn batches(files: &Files) -> Vec<B256> {
    let period = Type::vector(Type::Bytes(32), 8192);
    let batch = Type::Container(vec![period.clone(), period]);
    let paths = files.named("historical_batch.ssz").into_iter();
    paths.map(|path| batch.root(&files.bytes(&path))).collect()
}
