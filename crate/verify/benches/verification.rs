//! How long it takes to verify what a tab verifies all day: mainnet's updates, and account proofs.
//!
//! `cargo bench -p lampyris-verify`

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::hint::black_box;
use std::time::Instant;

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    initialize_light_client_store, process_light_client_finality_update,
    process_light_client_update,
};
use lampyris_verify::trie::NodeSet;
use lampyris_verify::{Address, B256, Bytes};
use serde_json::Value;

const ROUNDS: u32 = 50;

fn main() {
    let network = Network::mainnet();
    let preset = &network.preset;
    let fork = Fork::Deneb;
    let data = |name: &str| {
        let mut json = read(&format!(
            "argument-zk-mainnet-deneb/inclusion/base-data/{name}.json"
        ));
        if json.is_array() {
            json = json[0].take();
        }
        json["data"].take()
    };
    let bootstrap = LightClientBootstrap::from_json(&data("BootstrapDeneb"), fork, preset).unwrap();
    let update = LightClientUpdate::from_json(&data("UpdateDeneb"), fork, preset).unwrap();
    let finality =
        LightClientFinalityUpdate::from_json(&data("FinalityUpdateDeneb"), fork, preset).unwrap();
    let (update_bytes, finality_bytes) = (update.encode(fork), finality.encode(fork));
    let root = bootstrap.header.beacon.hash_tree_root();
    let slot = finality.signature_slot;

    let start = initialize_light_client_store(root, &bootstrap, &network).unwrap();
    measure("bootstrap", || {
        black_box(initialize_light_client_store(root, &bootstrap, &network)).unwrap();
    });
    measure("update of a period, decoded and verified", || {
        let mut store = start.clone();
        let update = LightClientUpdate::decode(&update_bytes, fork, preset).unwrap();
        process_light_client_update(&mut store, &update, slot, &network).unwrap();
    });
    let mut store = start;
    process_light_client_update(&mut store, &update, slot, &network).unwrap();
    let before = store.clone();
    measure("finality update, decoded and verified", || {
        let mut store = before.clone();
        let update = LightClientFinalityUpdate::decode(&finality_bytes, fork, preset).unwrap();
        process_light_client_finality_update(&mut store, &update, slot, &network).unwrap();
    });
    process_light_client_finality_update(&mut store, &finality, slot, &network).unwrap();

    let proof = data_of_proof();
    let nodes: Vec<Bytes> = serde_json::from_value(proof["accountProof"].clone()).unwrap();
    let address: Address = serde_json::from_value(proof["address"].clone()).unwrap();
    let block = store.finalized().unwrap();
    measure("account proof", || {
        let set = NodeSet::new(nodes.clone()).unwrap();
        block.account(&set, address).unwrap();
    });
    let account = block
        .account(&NodeSet::new(nodes).unwrap(), address)
        .unwrap();
    let slot = &proof["storageProof"][0];
    let nodes: Vec<Bytes> = serde_json::from_value(slot["proof"].clone()).unwrap();
    let key: B256 = serde_json::from_value(slot["key"].clone()).unwrap();
    measure("storage proof", || {
        let set = NodeSet::new(nodes.clone()).unwrap();
        account.storage(&set, key).unwrap();
    });
}

fn data_of_proof() -> Value {
    read("argument-zk-mainnet-deneb/inclusion/base-data/EthGetProof.json")["result"].take()
}

fn read(name: &str) -> Value {
    let path = format!("{}/../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn measure(what: &str, mut once: impl FnMut()) {
    once();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        once();
    }
    println!(
        "{:>10.1} µs  {what}",
        (start.elapsed() / ROUNDS).as_secs_f64() * 1e6
    );
}
