//! `light_client/data_collection`: what a full node collects for light clients.
//!
//! Collecting needs a beacon node's states, which nothing here has. What was collected is for us, and
//! so that is checked: each block has the root in its name, each object is in its one encoding, and a
//! store that starts at a bootstrap takes the updates of its period.

use std::collections::BTreeMap;
use std::path::Path;

use lampyris_verify::config::Network;
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_update,
};
use lampyris_verify::{B256, Error};
use serde::Deserialize;
use serde_json::Value;

use crate::beacon_blocks::BeaconBlock;
use crate::files::Files;
use crate::networks;
use crate::report::{Report, Skip};
use crate::rpc_json::field;
use crate::ssz_schema::Schema;

#[derive(Deserialize)]
struct Object {
    fork_digest: String,
    data: String,
}

/// Runs every case.
pub fn run(files: &Files, report: &mut Report) {
    for steps in files.named("steps.yaml") {
        let case = steps.parent().unwrap();
        if files.has(&case.join("initial_state.ssz_snappy")) {
            let name = files.relative(case);
            files.within(case).for_each(|path| files.open(path));
            report.case_or_skip("light_client/data_collection", name, || check(files, case));
        }
    }
}

fn check(files: &Files, case: &Path) -> Result<(), Skip> {
    let state = files.ssz_snappy(&case.join("initial_state.ssz_snappy"));
    // The state begins with its genesis: time, then the root of its validators.
    let genesis_validators_root = B256::from_slice(&state[8..40]);
    let network = networks::from_config(files, &case.join("config.yaml"), genesis_validators_root);
    let steps: Vec<Value> = files.yaml(&case.join("steps.yaml"));
    let mut collected = Collected {
        files,
        case,
        network: &network,
        slots: BTreeMap::new(),
        stores: BTreeMap::new(),
        objects: 0,
    };
    for step in &steps {
        if let Some(block) = step.get("new_block") {
            collected.block(block)?;
        } else {
            let head = step.get("new_head").expect("a known step");
            collected.head(head)?;
        }
    }
    assert!(collected.objects > 0, "nothing was collected");
    Ok(())
}

struct Collected<'a> {
    files: &'a Files,
    case: &'a Path,
    network: &'a Network,
    slots: BTreeMap<B256, u64>,
    /// Stores that started at bootstraps, by period.
    stores: BTreeMap<u64, LightClientStore>,
    objects: usize,
}

impl Collected<'_> {
    fn read(&self, object: &Object) -> Vec<u8> {
        self.files
            .ssz_snappy(&self.case.join(format!("{}.ssz_snappy", object.data)))
    }

    fn block(&mut self, json: &Value) -> Result<(), Skip> {
        let object: Object = serde_json::from_value(json.clone()).unwrap();
        let fork = networks::fork_of_digest(self.network, &object.fork_digest);
        networks::is_verified(fork)?;
        let preset = self.network.preset;
        let block = BeaconBlock::decode(&self.read(&object), &|_| Schema { fork, preset });
        let root = block.signed_root.expect("blocks are signed");
        assert_eq!(object.data, format!("block_{}_{root}", block.slot));
        self.slots.insert(block.root, block.slot);
        Ok(())
    }

    fn head(&mut self, json: &Value) -> Result<(), Skip> {
        assert!(
            self.slots
                .contains_key(&field::<B256>(json, "head_block_root"))
        );
        let checks = &json["checks"];
        for entry in checks["bootstraps"].as_array().into_iter().flatten() {
            if let Some(object) = object(entry, "bootstrap") {
                self.bootstrap(field(entry, "block_root"), &object, checks)?;
            }
        }
        for entry in checks["best_updates"].as_array().into_iter().flatten() {
            if let Some(object) = object(entry, "update") {
                let update = self.update(&object)?;
                let slot = update.attested_header.beacon.slot;
                let period = self.network.sync_committee_period_at_slot(slot);
                assert_eq!(Some(period), entry["period"].as_u64());
            }
        }
        let preset = &self.network.preset;
        if let Some(object) = object(checks, "latest_finality_update") {
            let fork = networks::fork_of_digest(self.network, &object.fork_digest);
            let bytes = self.read(&object);
            let update = LightClientFinalityUpdate::decode(&bytes, fork, preset).unwrap();
            assert_eq!(update.encode(fork), bytes);
            let slots = (update.attested_header.beacon.slot, update.signature_slot);
            self.with_store(slots, |store, network| {
                process_light_client_finality_update(store, &update, slots.1, network)
            });
            self.objects += 1;
        }
        if let Some(object) = object(checks, "latest_optimistic_update") {
            let fork = networks::fork_of_digest(self.network, &object.fork_digest);
            let bytes = self.read(&object);
            let update = LightClientOptimisticUpdate::decode(&bytes, fork, preset).unwrap();
            assert_eq!(update.encode(fork), bytes);
            let slots = (update.attested_header.beacon.slot, update.signature_slot);
            self.with_store(slots, |store, network| {
                process_light_client_optimistic_update(store, &update, slots.1, network)
            });
            self.objects += 1;
        }
        Ok(())
    }

    /// A store of the update's period takes it, if it is news.
    fn with_store(
        &self,
        (attested_slot, signature_slot): (u64, u64),
        process: impl FnOnce(&mut LightClientStore, &Network) -> Result<(), Error>,
    ) {
        let period = self.network.sync_committee_period_at_slot(signature_slot);
        let Some(store) = self.stores.get(&period) else {
            return;
        };
        if attested_slot > store.finalized_header().beacon.slot {
            process(&mut store.clone(), self.network).unwrap();
        }
    }

    fn update(&mut self, object: &Object) -> Result<LightClientUpdate, Skip> {
        let fork = networks::fork_of_digest(self.network, &object.fork_digest);
        networks::is_verified(fork)?;
        let bytes = self.read(object);
        let update = LightClientUpdate::decode(&bytes, fork, &self.network.preset).unwrap();
        assert_eq!(update.encode(fork), bytes);
        self.objects += 1;
        Ok(update)
    }

    /// Starts at the bootstrap, and takes the best update of its period.
    fn bootstrap(&mut self, root: B256, object: &Object, checks: &Value) -> Result<(), Skip> {
        let fork = networks::fork_of_digest(self.network, &object.fork_digest);
        networks::is_verified(fork)?;
        let bytes = self.read(object);
        let bootstrap = LightClientBootstrap::decode(&bytes, fork, &self.network.preset).unwrap();
        assert_eq!(bootstrap.encode(fork), bytes);
        let mut store = initialize_light_client_store(root, &bootstrap, self.network).unwrap();
        assert!(initialize_light_client_store(!root, &bootstrap, self.network).is_err());
        self.objects += 1;
        let slot = store.finalized_header().beacon.slot;
        let period = self.network.sync_committee_period_at_slot(slot);
        self.stores.insert(period, store.clone());
        for entry in checks["best_updates"].as_array().into_iter().flatten() {
            let Some(object) = self::object(entry, "update") else {
                continue;
            };
            let update = self.update(&object)?;
            let signed = self
                .network
                .sync_committee_period_at_slot(update.signature_slot);
            // Without news for this store an update is refused, rightly.
            let has_news = update.attested_header.beacon.slot > slot;
            if entry["period"].as_u64() == Some(period) && signed == period && has_news {
                let slot = update.signature_slot;
                process_light_client_update(&mut store, &update, slot, self.network).unwrap();
            }
        }
        Ok(())
    }
}

fn object(json: &Value, name: &str) -> Option<Object> {
    let object = json.get(name).filter(|object| !object.is_null())?;
    Some(serde_json::from_value(object.clone()).unwrap())
}
