//! `light_client/sync`: a store that starts from a bootstrap and takes in updates.

use std::collections::BTreeMap;
use std::path::Path;

use lampyris_verify::B256;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientHeader, LightClientUpdate};
use lampyris_verify::light_client::{
    LightClientStore, get_lc_execution_root, initialize_light_client_store,
    process_light_client_store_force_update, process_light_client_update,
};
use serde::Deserialize;

use crate::files::Files;
use crate::networks;

#[derive(Deserialize)]
struct Meta {
    genesis_validators_root: B256,
    trusted_block_root: B256,
    bootstrap_fork_digest: String,
    store_fork_digest: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    ProcessUpdate {
        update_fork_digest: String,
        update: String,
        current_slot: u64,
        checks: Checks,
    },
    ForceUpdate {
        current_slot: u64,
        checks: Checks,
    },
    UpgradeStore {
        store_fork_digest: String,
        checks: Checks,
    },
}

#[derive(Deserialize)]
struct Checks {
    finalized_header: HeaderCheck,
    optimistic_header: HeaderCheck,
}

#[derive(Deserialize)]
struct HeaderCheck {
    slot: u64,
    beacon_root: B256,
    execution_root: Option<B256>,
}

/// Cases of the specification's own layout, and copies of them in another.
fn is_sync_case(path: &str) -> bool {
    path.contains("light_client/sync/")
        || (path.starts_with("consensus-spec-tests")
            && !path.contains("/tests/")
            && path.matches('/').count() == 3)
}

#[test]
fn every_case_of_sync() {
    let files = Files::new();
    let cases = files.find(|path| is_sync_case(path) && path.ends_with("/steps.yaml"));
    let forced: usize = cases
        .iter()
        .map(|steps| run(&files, steps.parent().unwrap()))
        .sum();
    files.assert_count("cases of light_client/sync", cases.len(), 24);
    files.assert_count("steps with a forced header", forced, 1);
    files.assert_all_opened(is_sync_case);
}

/// The beginning of a case: what `crate::tampering` changes.
pub(crate) struct Start {
    pub(crate) network: Network,
    pub(crate) fork: Fork,
    pub(crate) trusted_block_root: B256,
    pub(crate) bootstrap: Vec<u8>,
    pub(crate) update: Vec<u8>,
}

/// For each fork, a case that begins with an update of the bootstrap's own fork.
pub(crate) fn starts(files: &Files) -> Vec<Start> {
    let mut starts = BTreeMap::new();
    for steps in files.find(|path| is_sync_case(path) && path.ends_with("/steps.yaml")) {
        let case = steps.parent().unwrap();
        let meta: Meta = files.yaml(&case.join("meta.yaml"));
        let network = networks::from_config(
            files,
            &case.join("config.yaml"),
            meta.genesis_validators_root,
        );
        let fork = fork(&network, &meta.bootstrap_fork_digest);
        let steps: Vec<Step> = files.yaml(&steps);
        let Some(Step::ProcessUpdate {
            update_fork_digest,
            update,
            ..
        }) = steps.first()
        else {
            continue;
        };
        if self::fork(&network, update_fork_digest) == fork {
            let start = Start {
                fork,
                trusted_block_root: meta.trusted_block_root,
                bootstrap: files.ssz_snappy(&case.join("bootstrap.ssz_snappy")),
                update: files.ssz_snappy(&case.join(format!("{update}.ssz_snappy"))),
                network,
            };
            starts.entry(fork).or_insert(start);
        }
    }
    starts.into_values().collect()
}

/// Runs a case, and counts the steps after which the finalized header was only a forced one.
fn run(files: &Files, case: &Path) -> usize {
    let name = case.display().to_string();
    let meta: Meta = files.yaml(&case.join("meta.yaml"));
    let network = networks::from_config(
        files,
        &case.join("config.yaml"),
        meta.genesis_validators_root,
    );
    assert!(
        network
            .fork_by_digest(digest(&meta.store_fork_digest))
            .is_some(),
        "{name}: store"
    );

    let bytes = files.ssz_snappy(&case.join("bootstrap.ssz_snappy"));
    let fork = fork(&network, &meta.bootstrap_fork_digest);
    let bootstrap = LightClientBootstrap::decode(&bytes, fork, &network.preset).unwrap();
    assert_eq!(bootstrap.encode(fork), bytes, "{name}: bootstrap");
    let mut store =
        initialize_light_client_store(meta.trusted_block_root, &bootstrap, &network).unwrap();

    let steps: Vec<Step> = files.yaml(&case.join("steps.yaml"));
    let mut forced = 0;
    for (index, step) in steps.iter().enumerate() {
        let at = format!("{name}, step {index}");
        let checks = take(files, case, step, &mut store, &network, &at);
        check(
            &checks.finalized_header,
            store.finalized_header(),
            &network,
            &at,
        );
        check(
            &checks.optimistic_header,
            store.optimistic_header(),
            &network,
            &at,
        );
        if store.finalized().is_none() && store.finalized_header().execution.is_some() {
            assert!(store.optimistic().is_some(), "{at}");
            forced += 1;
        }
        let record = store.encode(&network);
        assert_eq!(
            LightClientStore::decode(&record, &network).as_ref(),
            Ok(&store),
            "{at}"
        );
    }
    forced
}

fn take<'a>(
    files: &Files,
    case: &Path,
    step: &'a Step,
    store: &mut LightClientStore,
    network: &Network,
    at: &str,
) -> &'a Checks {
    match step {
        Step::ProcessUpdate {
            update_fork_digest,
            update,
            current_slot,
            checks,
        } => {
            let bytes = files.ssz_snappy(&case.join(format!("{update}.ssz_snappy")));
            let fork = fork(network, update_fork_digest);
            let update = LightClientUpdate::decode(&bytes, fork, &network.preset).unwrap();
            assert_eq!(update.encode(fork), bytes, "{at}");
            process_light_client_update(store, &update, *current_slot, network)
                .unwrap_or_else(|error| panic!("{at}: {error}"));
            checks
        }
        Step::ForceUpdate {
            current_slot,
            checks,
        } => {
            process_light_client_store_force_update(store, *current_slot, network).unwrap();
            checks
        }
        // Objects and store have one shape in all forks, so that there is nothing to upgrade.
        Step::UpgradeStore {
            store_fork_digest,
            checks,
        } => {
            assert!(
                network.fork_by_digest(digest(store_fork_digest)).is_some(),
                "{at}"
            );
            checks
        }
    }
}

fn check(expected: &HeaderCheck, got: &LightClientHeader, network: &Network, at: &str) {
    assert_eq!(got.beacon.slot, expected.slot, "{at}");
    assert_eq!(got.beacon.hash_tree_root(), expected.beacon_root, "{at}");
    if let Some(root) = expected.execution_root {
        assert_eq!(get_lc_execution_root(got, network), root, "{at}");
    }
}

fn fork(network: &Network, text: &str) -> Fork {
    network
        .fork_by_digest(digest(text))
        .unwrap_or_else(|| panic!("no fork has digest {text}"))
        .0
}

fn digest(text: &str) -> [u8; 4] {
    let mut bytes = [0; 4];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap(), &mut bytes).unwrap();
    bytes
}
