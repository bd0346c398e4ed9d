//! `light_client/single_merkle_proof`: branches out of whole states and block bodies.

use std::path::Path;

use lampyris_verify::B256;
use lampyris_verify::config::Fork;
use lampyris_verify::merkle::{is_valid_merkle_branch, is_valid_normalized_merkle_branch};
use serde::Deserialize;

use crate::files::{Files, Layout};
use crate::networks;
use crate::report::{Report, Skip};
use crate::ssz_schema::Schema;

#[derive(Deserialize)]
struct Proof {
    leaf: B256,
    leaf_index: u64,
    branch: Vec<B256>,
}

/// Runs every case.
pub fn run(files: &Files, report: &mut Report) {
    for case in files.named("proof.yaml") {
        if files.has(&case.with_file_name("object.ssz_snappy")) {
            let name = files.relative(&case);
            report.case_or_skip("light_client/single_merkle_proof", name, || {
                check(files, &case)
            });
        }
    }
}

fn check(files: &Files, case: &Path) -> Result<(), Skip> {
    let at = files.relative(case);
    let object = files.ssz_snappy(&case.with_file_name("object.ssz_snappy"));
    let Proof {
        leaf,
        leaf_index,
        branch,
    } = files.yaml(case);
    let (fork, preset) = networks::of_path(case)?;
    let suite = Layout::of(case).map_or("", |layout| layout.suite);
    let model = Schema { fork, preset }.by_name(suite);
    let root = model
        .ok_or_else(|| format!("the type {suite} is not modelled"))?
        .root(&object);
    {
        let valid = |leaf, branch: &[B256], root| {
            let plain = is_valid_merkle_branch(leaf, branch, leaf_index, root);
            let padded: Vec<_> = [B256::ZERO].iter().chain(branch).copied().collect();
            let normalized = is_valid_normalized_merkle_branch(leaf, &padded, leaf_index, root);
            assert_eq!(plain, normalized, "{at}");
            plain
        };
        assert!(valid(leaf, &branch, root), "{at}");
        assert_gindex_is_known(fork, suite, at, leaf_index);

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
    Ok(())
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
