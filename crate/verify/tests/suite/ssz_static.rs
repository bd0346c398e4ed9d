//! `ssz_static` of the light client's containers: encodings and roots.

use lampyris_verify::config::Fork;
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientFinalityUpdate,
    LightClientHeader, LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate,
    SyncCommittee,
};
use lampyris_verify::{B256, Error};
use serde::Deserialize;

use crate::files::{Files, Layout};
use crate::networks;
use crate::ssz_schema::Schema;

#[derive(Deserialize)]
struct Roots {
    root: B256,
}

fn is_static_case(path: &str) -> bool {
    path.contains("tests/") && path.contains("/ssz_static/")
}

#[test]
fn every_case_of_ssz_static() {
    let files = Files::new();
    let cases = files.find(|path| is_static_case(path) && path.ends_with("/roots.yaml"));
    for case in &cases {
        let at = files.relative(case);
        let layout = Layout::of(at);
        let fork = Fork::from_name(layout.fork).unwrap();
        let schema = Schema {
            fork,
            preset: networks::preset(layout.preset),
        };
        let name = layout.handler;
        let bytes = files.ssz_snappy(&case.with_file_name("serialized.ssz_snappy"));
        let expected = files.yaml::<Roots>(case).root;
        if let Some(model) = schema.by_name(name) {
            assert_eq!(model.root(&bytes), expected, "{at}: the model");
        }
        if let Some((again, root)) = decode(name, &bytes, schema) {
            assert!(again == bytes, "{at}: encoded otherwise");
            assert_eq!(root.unwrap_or(expected), expected, "{at}");
            assert_strict(name, &bytes, schema, at);
        }
    }
    files.assert_count("cases of ssz_static", cases.len(), 300);
}

/// Bytes too few or too many are refused, or are another value in its one encoding.
fn assert_strict(name: &str, bytes: &[u8], schema: Schema, at: &str) {
    let longer = [bytes, &[0; 64]].concat();
    for changed in [&bytes[..bytes.len() - 1], &bytes[1..], &longer, &[]] {
        if let Some((again, _)) = decode(name, changed, schema) {
            assert!(again == changed, "{at}: two encodings of one value");
        }
    }
}

/// What the crate makes of an object: its encoding, and its root if it computes one.
fn decode(name: &str, bytes: &[u8], schema: Schema) -> Option<(Vec<u8>, Option<B256>)> {
    let Schema { fork, preset } = schema;
    let result: Result<_, Error> = (|| {
        Ok(match name {
            "BeaconBlockHeader" => {
                let header = BeaconBlockHeader::decode(bytes)?;
                (header.encode(), Some(header.hash_tree_root()))
            }
            // Bellatrix has another one, which light clients never see.
            "ExecutionPayloadHeader" if fork.has_execution_header() => {
                let header = ExecutionPayloadHeader::decode(bytes, fork)?;
                (header.encode(fork), Some(header.hash_tree_root(fork)))
            }
            "SyncAggregate" => (SyncAggregate::decode(bytes, &preset)?.encode(), None),
            "SyncCommittee" => {
                let committee = SyncCommittee::decode(bytes, &preset)?;
                (committee.encode(), Some(committee.hash_tree_root()))
            }
            "LightClientHeader" => (LightClientHeader::decode(bytes, fork)?.encode(fork), None),
            "LightClientBootstrap" => (
                LightClientBootstrap::decode(bytes, fork, &preset)?.encode(fork),
                None,
            ),
            "LightClientUpdate" => (
                LightClientUpdate::decode(bytes, fork, &preset)?.encode(fork),
                None,
            ),
            "LightClientFinalityUpdate" => (
                LightClientFinalityUpdate::decode(bytes, fork, &preset)?.encode(fork),
                None,
            ),
            "LightClientOptimisticUpdate" => (
                LightClientOptimisticUpdate::decode(bytes, fork, &preset)?.encode(fork),
                None,
            ),
            _ => (bytes.to_vec(), None),
        })
    })();
    let is_ours = name.starts_with("LightClient")
        || name.starts_with("Sync")
        || name == "BeaconBlockHeader"
        || (name == "ExecutionPayloadHeader" && fork.has_execution_header());
    result.ok().filter(|_| is_ours)
}
