//! `ssz_static` of the light client's containers: encodings and roots.

use std::path::Path;

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
use crate::report::{Report, Skip};
use crate::ssz_schema::Schema;

#[derive(Deserialize)]
struct Roots {
    root: B256,
}

/// Runs every case.
pub fn run(files: &Files, report: &mut Report) {
    for case in files.named("roots.yaml") {
        if files.has(&case.with_file_name("serialized.ssz_snappy")) {
            let name = files.relative(&case);
            report.case_or_skip("ssz_static", name, || check(files, &case));
        }
    }
}

fn check(files: &Files, case: &Path) -> Result<(), Skip> {
    let at = files.relative(case);
    // The same value in YAML is for those who have no SSZ yet.
    files.open(&case.with_file_name("value.yaml"));
    let bytes = files.ssz_snappy(&case.with_file_name("serialized.ssz_snappy"));
    let expected = files.yaml::<Roots>(case).root;
    let (fork, preset) = networks::of_path(case)?;
    let schema = Schema { fork, preset };
    let name = Layout::of(case).map_or("", |layout| layout.handler);
    let model = schema.by_name(name);
    if let Some(model) = &model {
        assert_eq!(model.root(&bytes), expected, "{at}: the model");
    }
    if is_ours(name, fork) {
        let (again, root) = decode(name, &bytes, schema).unwrap();
        assert!(again == bytes, "{at}: encoded otherwise");
        assert_eq!(root.unwrap_or(expected), expected, "{at}");
        assert_strict(name, &bytes, schema, at);
    } else if model.is_none() {
        return Err(format!("ssz_static: light clients never see a {name}"));
    }
    Ok(())
}

/// Whether the crate decodes objects of this name.
fn is_ours(name: &str, fork: Fork) -> bool {
    name.starts_with("LightClient")
        || ["SyncAggregate", "SyncCommittee", "BeaconBlockHeader"].contains(&name)
        // Bellatrix has another one, which light clients never see.
        || (name == "ExecutionPayloadHeader" && fork.has_execution_header())
}

/// Bytes too few or too many are refused, or are another value in its one encoding.
fn assert_strict(name: &str, bytes: &[u8], schema: Schema, at: &str) {
    let longer = [bytes, &[0; 64]].concat();
    for changed in [&bytes[..bytes.len() - 1], &bytes[1..], &longer, &[]] {
        if let Ok((again, _)) = decode(name, changed, schema) {
            assert!(again == changed, "{at}: two encodings of one value");
        }
    }
}

/// What the crate makes of an object: its encoding, and its root if it computes one.
fn decode(name: &str, bytes: &[u8], schema: Schema) -> Result<(Vec<u8>, Option<B256>), Error> {
    let Schema { fork, preset } = schema;
    Ok(match name {
        "BeaconBlockHeader" => {
            let header = BeaconBlockHeader::decode(bytes)?;
            (header.encode(), Some(header.hash_tree_root()))
        }
        "ExecutionPayloadHeader" => {
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
        other => panic!("{other} is not decoded"),
    })
}
