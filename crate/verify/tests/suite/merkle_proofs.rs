//! `light_client/single_merkle_proof`: branches out of whole states and block bodies.

use lampyris_verify::B256;
use lampyris_verify::config::Fork;
use lampyris_verify::merkle::{is_valid_merkle_branch, is_valid_normalized_merkle_branch};
use serde::Deserialize;

use crate::files::{Files, Layout};
use crate::networks;
use crate::ssz_schema::Schema;

#[derive(Deserialize)]
struct Proof {
    leaf: B256,
    leaf_index: u64,
    branch: Vec<B256>,
}

fn is_merkle_proof_case(path: &str) -> bool {
    path.contains("tests/") && path.contains("/light_client/single_merkle_proof/")
}

#[test]
fn every_case_of_single_merkle_proof() {
    let files = Files::new();
    let cases = files.find(|path| is_merkle_proof_case(path) && path.ends_with("/proof.yaml"));
    for case in &cases {
        let layout = Layout::of(files.relative(case));
        let at = files.relative(case);
        let fork = Fork::from_name(layout.fork).unwrap();
        let schema = Schema {
            fork,
            preset: networks::preset(layout.preset),
        };
        let object = files.ssz_snappy(&case.with_file_name("object.ssz_snappy"));
        let root = schema.by_name(layout.suite).unwrap().root(&object);

        let Proof {
            leaf,
            leaf_index,
            branch,
        } = files.yaml(case);
        let valid = |leaf, branch: &[B256], root| {
            let plain = is_valid_merkle_branch(leaf, branch, leaf_index, root);
            let padded: Vec<_> = [B256::ZERO].iter().chain(branch).copied().collect();
            let normalized = is_valid_normalized_merkle_branch(leaf, &padded, leaf_index, root);
            assert_eq!(plain, normalized, "{at}");
            plain
        };
        assert!(valid(leaf, &branch, root), "{at}");
        assert_gindex_is_known(fork, layout.suite, at, leaf_index);

        assert!(!valid(!leaf, &branch, root), "{at}: another leaf");
        assert!(!valid(leaf, &branch, !root), "{at}: another root");
        assert!(
            !is_valid_merkle_branch(leaf, &branch[1..], leaf_index, root),
            "{at}: shorter"
        );
        for index in 0..branch.len() {
            let mut branch = branch.clone();
            branch[index] = !branch[index];
            assert!(!valid(leaf, &branch, root), "{at}: another node {index}");
        }
    }
    files.assert_count("cases of light_client/single_merkle_proof", cases.len(), 30);
    files.assert_all_opened(is_merkle_proof_case);
}

/// The table of generalized indices agrees with the specification's tests.
fn assert_gindex_is_known(fork: Fork, object: &str, case: &str, gindex: u64) {
    let indices = fork.generalized_indices();
    let expected = match object {
        "BeaconBlockBody" if case.contains("/execution_merkle_proof/") => indices.execution,
        "BeaconState" if case.contains("/finality_root_") => indices.finalized_root,
        "BeaconState" if case.contains("/current_sync_") => indices.current_sync_committee,
        "BeaconState" if case.contains("/next_sync_") => indices.next_sync_committee,
        _ => gindex,
    };
    assert_eq!(gindex, expected, "{case}");
}
