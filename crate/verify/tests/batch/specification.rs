//! `light_client/sync` of the specification's tests, with the updates between two forced ones taken
//! in together.

use std::path::Path;

use lampyris_vectors::files::Files;
use lampyris_vectors::networks::{fork_of_digest, from_config, is_verified};
use lampyris_verify::B256;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientUpdate};
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_store_force_update,
};
use serde::Deserialize;

use crate::take;

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
    },
}

#[derive(Clone, Copy, Deserialize)]
struct Checks {
    finalized_header: HeaderCheck,
    optimistic_header: HeaderCheck,
}

#[derive(Clone, Copy, Deserialize)]
struct HeaderCheck {
    beacon_root: B256,
}

#[test]
fn every_sync_case() {
    let files = Files::ours();
    let (mut cases, mut largest) = (0, 0);
    for steps in files.named("steps.yaml") {
        let case = steps.parent().unwrap();
        if files.has(&case.join("bootstrap.ssz_snappy"))
            && let Some(together) = replay(&files, case)
        {
            cases += 1;
            largest = largest.max(together);
        }
    }
    println!("{cases} cases, up to {largest} updates together");
    assert!(cases >= 24 && largest >= 3, "{cases}, {largest}");
}

/// The most updates that were taken in together; nothing for a fork that is not verified yet.
fn replay(files: &Files, case: &Path) -> Option<usize> {
    let meta: Meta = files.yaml(&case.join("meta.yaml"));
    let genesis = meta.genesis_validators_root;
    let network = from_config(files, &case.join("config.yaml"), genesis);
    let steps: Vec<Step> = files.yaml(&case.join("steps.yaml"));
    let forks = steps.iter().filter_map(|step| match step {
        Step::ProcessUpdate {
            update_fork_digest: digest,
            ..
        }
        | Step::UpgradeStore {
            store_fork_digest: digest,
        } => Some(fork_of_digest(&network, digest)),
        Step::ForceUpdate { .. } => None,
    });
    let newest = forks.max().unwrap_or(Fork::Altair);
    is_verified(newest.max(fork_of_digest(&network, &meta.store_fork_digest))).ok()?;

    let bytes = files.ssz_snappy(&case.join("bootstrap.ssz_snappy"));
    let fork = fork_of_digest(&network, &meta.bootstrap_fork_digest);
    let bootstrap = LightClientBootstrap::decode(&bytes, fork, &network.preset).unwrap();
    let store = initialize_light_client_store(meta.trusted_block_root, &bootstrap, &network);
    let mut run = Run {
        store: store.unwrap(),
        waiting: Vec::new(),
        last: None,
        largest: 0,
    };
    for step in &steps {
        match step {
            Step::ProcessUpdate {
                update_fork_digest,
                update,
                current_slot,
                checks,
            } => {
                let bytes = files.ssz_snappy(&case.join(format!("{update}.ssz_snappy")));
                let fork = fork_of_digest(&network, update_fork_digest);
                let update = LightClientUpdate::decode(&bytes, fork, &network.preset).unwrap();
                run.waiting.push(update);
                run.last = Some((*current_slot, *checks));
            }
            Step::ForceUpdate {
                current_slot,
                checks,
            } => {
                run.take_all(&network);
                process_light_client_store_force_update(&mut run.store, *current_slot, &network)
                    .unwrap();
                run.check(checks);
            }
            Step::UpgradeStore { .. } => {}
        }
    }
    run.take_all(&network);
    Some(run.largest)
}

struct Run {
    store: LightClientStore,
    waiting: Vec<LightClientUpdate>,
    last: Option<(u64, Checks)>,
    largest: usize,
}

impl Run {
    /// What a step expects is compared behind the last of those that go together.
    fn take_all(&mut self, network: &Network) {
        let Some((slot, checks)) = self.last.take() else {
            return;
        };
        take(&mut self.store, &self.waiting, slot, network).unwrap();
        self.largest = self.largest.max(self.waiting.len());
        self.waiting.clear();
        self.check(&checks);
    }

    fn check(&self, checks: &Checks) {
        let root = self.store.finalized_header().beacon.hash_tree_root();
        assert_eq!(root, checks.finalized_header.beacon_root);
        let root = self.store.optimistic_header().beacon.hash_tree_root();
        assert_eq!(root, checks.optimistic_header.beacon_root);
    }
}
