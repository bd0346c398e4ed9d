//! What a block's state remembers of the past: EIP-2935 and EIP-4788, recorded from a network.

use lampyris_verify::trie::NodeSet;
use lampyris_verify::{B256, Bytes, Error, Fault};
use serde_json::Value;

use crate::execution::Known;
use crate::files::Files;
use crate::report::Report;
use crate::rpc_json::{self, field, number};
use crate::trusted;

/// Runs each recording: a block, ancestors and beacon roots with the proofs of both contracts.
pub fn run(files: &Files, known: &Known, report: &mut Report) {
    for (path, json) in &known.documents {
        let parts = ["block", "ancestors", "beaconRoots"];
        if !parts.iter().all(|name| json.get(name).is_some()) {
            continue;
        }
        files.open(path);
        for (index, entry) in items(json, "ancestors").iter().enumerate() {
            let at = format!("{}, ancestor {index}", files.relative(path));
            report.case("ancestors, EIP-2935", &at, || {
                ancestor(&json["block"], entry)
            });
        }
        for (index, entry) in items(json, "beaconRoots").iter().enumerate() {
            let at = format!("{}, root {index}", files.relative(path));
            report.case("beacon roots, EIP-4788", &at, || {
                beacon_root(&json["block"], entry)
            });
        }
    }
}

fn items<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

fn ancestor(block: &Value, entry: &Value) {
    let block = trusted::block(&rpc_json::header(block));
    let header = rpc_json::header(&entry["block"]);
    let (set, rlp) = (nodes(&entry["proof"]), header.encode_rlp());
    let proven = block.ancestor(&set, header.number, &rlp).unwrap();
    assert_eq!(*proven.value(), header);
    assert_eq!(
        proven.evidence().block_hash,
        field::<B256>(&entry["block"], "hash")
    );
    let mut other = header.clone();
    other.gas_used ^= 1;
    let error = block
        .ancestor(&set, header.number, &other.encode_rlp())
        .unwrap_err();
    assert_eq!(error.fault(), Fault::PeerMisbehaved);
    // The hash of another block lies in another slot, of which these nodes prove nothing.
    let error = block.ancestor(&set, header.number - 1, &rlp).unwrap_err();
    assert!(matches!(
        error,
        Error::MissingNode { .. } | Error::Hash { .. } | Error::Absent { .. }
    ));
}

fn beacon_root(block: &Value, entry: &Value) {
    let block = trusted::block(&rpc_json::header(block));
    let set = nodes(&entry["proof"]);
    let timestamp = number(entry, "timestamp");
    let root = block.parent_beacon_block_root(&set, timestamp).unwrap();
    assert_eq!(*root.value(), field::<B256>(entry, "root"));
    // Of the time that shares the slot it is proven that it is not there.
    let error = block
        .parent_beacon_block_root(&set, timestamp + 8_191)
        .unwrap_err();
    assert!(matches!(error, Error::Absent { .. }), "{error}");
}

/// The nodes of the account and of its slots.
fn nodes(proof: &Value) -> NodeSet {
    let list = |json: &Value| serde_json::from_value::<Vec<Bytes>>(json.clone()).unwrap();
    let mut nodes = list(&proof["accountProof"]);
    for slot in items(proof, "storageProof") {
        nodes.extend(list(&slot["proof"]));
    }
    NodeSet::new(nodes).unwrap()
}
