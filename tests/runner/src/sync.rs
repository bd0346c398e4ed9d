//! `light_client/sync`: a store that starts from a bootstrap and takes in updates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lampyris_verify::B256;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientHeader, LightClientUpdate};
use lampyris_verify::light_client::{
    LightClientStore, get_lc_execution_root, initialize_light_client_store,
    process_light_client_store_force_update, process_light_client_update,
};
use serde::Deserialize;

use crate::files::Files;
use crate::networks::{self, fork_of_digest};
use crate::report::{Report, Skip};

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

/// The kind of case after which a finalized header was only a forced one.
pub const FORCED: &str = "light_client/sync, with a header that was only forced";

/// Runs every case.
pub fn run(files: &Files, report: &mut Report) {
    for steps in cases(files) {
        let case = steps.parent().unwrap();
        let name = files.relative(case);
        let mut forced = 0;
        report.case_or_skip("light_client/sync", name, || {
            forced = replay(files, case)?;
            Ok(())
        });
        if forced > 0 {
            report.case(FORCED, name, || ());
        }
    }
}

/// Wherever they lie: the specification's own layout, or copies of single cases.
fn cases(files: &Files) -> Vec<PathBuf> {
    let mut cases = files.named("steps.yaml");
    cases.retain(|steps| files.has(&steps.with_file_name("bootstrap.ssz_snappy")));
    cases
}

/// The beginning of a case, for attacks on it.
#[derive(Debug)]
pub struct Start {
    /// The case's network.
    pub network: Network,
    /// The fork of the objects.
    pub fork: Fork,
    /// The checkpoint.
    pub trusted_block_root: B256,
    /// The bootstrap, in SSZ.
    pub bootstrap: Vec<u8>,
    /// The first update, in SSZ.
    pub update: Vec<u8>,
}

/// For each fork, a case that begins with an update of the bootstrap's own fork.
pub fn starts(files: &Files) -> Vec<Start> {
    let mut starts = BTreeMap::new();
    for steps in cases(files) {
        let case = steps.parent().unwrap();
        let meta: Meta = files.yaml(&case.join("meta.yaml"));
        let network = networks::from_config(
            files,
            &case.join("config.yaml"),
            meta.genesis_validators_root,
        );
        let fork = fork_of_digest(&network, &meta.bootstrap_fork_digest);
        let steps: Vec<Step> = files.yaml(&steps);
        let Some(Step::ProcessUpdate {
            update_fork_digest,
            update,
            ..
        }) = steps.first()
        else {
            continue;
        };
        if fork_of_digest(&network, update_fork_digest) == fork {
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
fn replay(files: &Files, case: &Path) -> Result<usize, Skip> {
    let name = files.relative(case);
    let meta: Meta = files.yaml(&case.join("meta.yaml"));
    let network = networks::from_config(
        files,
        &case.join("config.yaml"),
        meta.genesis_validators_root,
    );
    let steps: Vec<Step> = files.yaml(&case.join("steps.yaml"));
    steps.iter().for_each(|step| open(files, case, step));
    networks::is_verified(fork_of_digest(&network, &meta.store_fork_digest))?;
    let forks = steps.iter().filter_map(|step| step.fork(&network));
    networks::is_verified(forks.max().unwrap_or(Fork::Altair))?;

    let bytes = files.ssz_snappy(&case.join("bootstrap.ssz_snappy"));
    let fork = fork_of_digest(&network, &meta.bootstrap_fork_digest);
    let bootstrap = LightClientBootstrap::decode(&bytes, fork, &network.preset).unwrap();
    assert_eq!(bootstrap.encode(fork), bytes, "{name}: bootstrap");
    let mut store =
        initialize_light_client_store(meta.trusted_block_root, &bootstrap, &network).unwrap();

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
    Ok(forced)
}

impl Step {
    /// The fork that the step needs.
    fn fork(&self, network: &Network) -> Option<Fork> {
        match self {
            Self::ProcessUpdate {
                update_fork_digest: digest,
                ..
            }
            | Self::UpgradeStore {
                store_fork_digest: digest,
                ..
            } => Some(fork_of_digest(network, digest)),
            Self::ForceUpdate { .. } => None,
        }
    }
}

/// The files of a case are known, even if it is not run.
fn open(files: &Files, case: &Path, step: &Step) {
    files.open(&case.join("bootstrap.ssz_snappy"));
    if let Step::ProcessUpdate { update, .. } = step {
        files.open(&case.join(format!("{update}.ssz_snappy")));
    }
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
            let fork = fork_of_digest(network, update_fork_digest);
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
            let fork = fork_of_digest(network, store_fork_digest);
            assert!(fork <= Fork::NEWEST, "{at}");
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
