//! Single light-client objects and beacon headers, which no chain names.

use std::path::Path;

use lampyris_verify::B256;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader,
    LightClientOptimisticUpdate, LightClientUpdate,
};
use serde_json::Value;

use crate::execution::{Known, objects};
use crate::files::{Files, name};
use crate::portal::assert_linked;
use crate::report::Report;
use crate::rpc_json::field;

/// Runs each file that nobody opened and that holds such objects.
pub fn run(files: &Files, known: &Known, report: &mut Report) {
    let unopened: Vec<_> = files.unopened().into_iter().cloned().collect();
    for path in unopened {
        let at = files.relative(&path);
        let Some(json) = known.documents.get(&path) else {
            if is_object(&path) {
                report.case("light-client objects", at, || {
                    check_ssz(&files.bytes(&path), name(&path))
                });
            }
            continue;
        };
        let list = match json {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let nodes: Result<Vec<_>, _> = serde_json::from_value(json.clone());
        let headers = objects(json, &|json| json.pointer("/header/message").is_some());
        if list.iter().any(|item| data(item).is_some()) {
            files.open(&path);
            for item in list {
                report.case("light-client objects", at, || {
                    check_json(files, &path, item)
                });
            }
        } else if !headers.is_empty() {
            files.open(&path);
            report.case("beacon headers", at, || check_headers(&headers));
        } else if let Ok(nodes) = nodes {
            files.open(&path);
            report.case_or_skip("paths in tries", at, || {
                assert_linked(&nodes);
                let root = lampyris_verify::keccak256(&nodes[0]);
                let proven = known.proven_state(root).map(|_| ());
                proven.ok_or_else(|| "a path in the trie of no recorded block".to_owned())
            });
        }
    }
}

/// The object within the Beacon API's frame, or without one.
fn data(json: &Value) -> Option<&Value> {
    let data = json.get("data").unwrap_or(json);
    let is_object =
        data.get("attested_header").is_some() || data.get("current_sync_committee").is_some();
    is_object.then_some(data)
}

fn is_object(path: &Path) -> bool {
    let name = name(path).to_lowercase();
    let kinds = ["bootstrap", "update"];
    name.ends_with(".ssz") && kinds.iter().any(|kind| name.contains(kind))
}

fn fork(json: &Value, data: &Value) -> Fork {
    let version = json
        .get("version")
        .and_then(Value::as_str)
        .and_then(Fork::from_name);
    version.unwrap_or_else(|| {
        let header = data
            .get("attested_header")
            .or_else(|| data.get("header"))
            .unwrap();
        let slot = header
            .pointer("/beacon/slot")
            .or_else(|| header.get("slot"))
            .unwrap();
        Network::mainnet().fork_at_slot(slot.as_str().unwrap().parse().unwrap())
    })
}

/// An object in JSON, and the same in SSZ if it lies beside it.
fn check_json(files: &Files, path: &Path, json: &Value) {
    let data = data(json).expect("a light-client object");
    let fork = fork(json, data);
    let preset = &Network::mainnet().preset;
    let has = |name: &str| data.get(name).is_some();
    macro_rules! encode {
        ($type:ty) => {{
            let object = <$type>::from_json(data, fork, preset).unwrap();
            let bytes = object.encode(fork);
            assert_eq!(<$type>::decode(&bytes, fork, preset), Ok(object));
            bytes
        }};
    }
    let bytes = if has("current_sync_committee") {
        encode!(LightClientBootstrap)
    } else if has("next_sync_committee") {
        encode!(LightClientUpdate)
    } else if has("finalized_header") {
        encode!(LightClientFinalityUpdate)
    } else {
        encode!(LightClientOptimisticUpdate)
    };
    let twin = path.with_extension("ssz");
    if files.has(&twin) {
        assert_eq!(files.bytes(&twin), bytes, "{}", twin.display());
    }
}

/// An object in SSZ, or the Beacon API's list of such, of a fork that fits.
fn check_ssz(bytes: &[u8], name: &str) {
    let network = Network::mainnet();
    let kind = name.to_lowercase();
    let forks = network.forks.iter().map(|entry| entry.fork);
    let mut forks = forks.filter(|fork| *fork <= Fork::NEWEST);
    if forks.any(|fork| fits(bytes, &kind, fork)) {
        return;
    }
    // Length, digest of the fork, object; again and again.
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
        let (object, behind) = behind
            .split_at_checked(length)
            .expect("an object of no fork");
        let (digest, ssz) = object.split_first_chunk().expect("a fork's digest");
        let (fork, _) = network.fork_by_digest(*digest).expect("a known digest");
        assert!(fits(ssz, &kind, fork));
        rest = behind;
    }
    assert!(rest.is_empty(), "an object of no fork");
}

/// Whether the bytes are an object of the kind that the name tells, in its one encoding.
#[must_use]
pub fn fits(bytes: &[u8], name: &str, fork: Fork) -> bool {
    let preset = &Network::mainnet().preset;
    let again = if name.contains("bootstrap") {
        LightClientBootstrap::decode(bytes, fork, preset).map(|object| object.encode(fork))
    } else if name.contains("finality") {
        LightClientFinalityUpdate::decode(bytes, fork, preset).map(|object| object.encode(fork))
    } else if name.contains("optimistic") {
        LightClientOptimisticUpdate::decode(bytes, fork, preset).map(|object| object.encode(fork))
    } else {
        LightClientUpdate::decode(bytes, fork, preset).map(|object| object.encode(fork))
    };
    again.is_ok_and(|again| again == bytes)
}

/// Headers with their roots; where there are many, each names the one before.
fn check_headers(headers: &[&Value]) {
    let mut before: Option<B256> = None;
    for json in headers {
        let root = field(json, "root");
        let message = serde_json::json!({ "beacon": json["header"]["message"] });
        let header = LightClientHeader::from_json(&message, Fork::Altair)
            .unwrap()
            .beacon;
        assert_eq!(header.hash_tree_root(), root);
        if let Some(before) = before {
            assert_eq!(header.parent_root, before, "slot {}", header.slot);
        }
        before = Some(root);
    }
}
