//! Real chains: recorded objects of mainnet and Sepolia, and what the official specification made of
//! them, step by step.

use std::path::{Path, PathBuf};

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader, LightClientUpdate,
    SyncCommittee,
};
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_update,
};
use lampyris_verify::{B256, Error, ExecutionBlock, Finality, Proven};
use serde::Deserialize;

use crate::files::Files;
use crate::recorded::{Decoded, Object, Read, decode, read, start_without_bootstrap};

#[derive(Deserialize)]
struct Chain {
    network: String,
    genesis_validators_root: B256,
    bootstrap: Option<Object>,
    steps: Vec<Step>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct Step {
    kind: String,
    #[serde(flatten)]
    object: Object,
    signature_slot: u64,
    participants: usize,
    accepted: bool,
    store_after: Option<StoreCheck>,
}

#[derive(Deserialize)]
struct StoreCheck {
    finalized: HeaderCheck,
    optimistic: HeaderCheck,
    current_sync_committee_root: B256,
    next_sync_committee_root: Option<B256>,
}

#[derive(Deserialize)]
pub(crate) struct HeaderCheck {
    slot: u64,
    beacon_root: B256,
    execution: Option<ExecutionCheck>,
}

#[derive(Deserialize)]
struct ExecutionCheck {
    number: u64,
    hash: B256,
    state_root: B256,
    receipts_root: B256,
}

#[test]
fn every_chain() {
    let files = Files::new();
    let chains = chain_files(&files);
    let steps: usize = chains.iter().map(|path| replay(&files, path).len()).sum();
    files.assert_count("chains", chains.len(), 9);
    files.assert_count("steps of chains", steps, 96);
}

/// The execution blocks that the chains prove, step by step.
pub(crate) fn proven_blocks(files: &Files) -> Vec<Proven<ExecutionBlock>> {
    let stores = chain_files(files)
        .into_iter()
        .flat_map(|path| replay(files, &path));
    stores
        .flat_map(|store| [store.finalized(), store.optimistic()])
        .flatten()
        .collect()
}

/// Bootstraps without a chain: a list of objects with what they say.
#[test]
fn every_bootstrap() {
    let files = Files::new();
    let network = Network::mainnet();
    let mut count = 0;
    for path in files.find(|path| path.ends_with("/bootstraps.json")) {
        let objects: Vec<Object> = serde_json::from_value(files.json(&path)).unwrap();
        for object in &objects {
            let store = start(&files, path.parent().unwrap(), object, &network);
            let root = object.trusted_block_root.unwrap();
            assert_eq!(store.finalized_header().beacon.hash_tree_root(), root);
            count += 1;
        }
    }
    files.assert_count("bootstraps without a chain", count, 4);
}

/// Mainnet's headers 6632737 to 6632928: each names the one before.
#[test]
fn every_header_of_a_chain() {
    let files = Files::ours();
    let path = files
        .find(|path| path.ends_with("/headers_6632737_6632928.json"))
        .remove(0);
    let headers = files.json(&path);
    let mut parent: Option<B256> = None;
    // A slot without a block has no header.
    let blocks = headers
        .as_array()
        .unwrap()
        .iter()
        .filter(|slot| slot.get("header").is_some());
    for header in blocks {
        let root = serde_json::from_value(header["root"].clone()).unwrap();
        let json = serde_json::json!({ "beacon": header["header"]["message"] });
        let header = LightClientHeader::from_json(&json, Fork::Altair)
            .unwrap()
            .beacon;
        assert_eq!(header.hash_tree_root(), root);
        if let Some(parent) = parent {
            assert_eq!(header.parent_root, parent);
        }
        parent = Some(root);
    }
}

/// Objects that were recorded both ways are the same.
#[test]
fn json_and_ssz_are_the_same() {
    let files = Files::ours();
    let preset = Network::mainnet().preset;
    let recorded = |kind: &str| {
        let find = |end: &str| {
            let is_it = |path: &str| path.starts_with("argument-zk") && path.ends_with(end);
            files.find(is_it).remove(0)
        };
        let mut json = files.json(&find(&format!("base-data/{kind}Deneb.json")));
        if json.is_array() {
            json = json[0].take();
        }
        (
            json["data"].take(),
            files.bytes(&find(&format!("LightClient{kind}Deneb.ssz"))),
        )
    };
    let (json, ssz) = recorded("Bootstrap");
    let object = LightClientBootstrap::from_json(&json, Fork::Deneb, &preset);
    assert_eq!(
        object,
        LightClientBootstrap::decode(&ssz, Fork::Deneb, &preset)
    );
    let (json, ssz) = recorded("Update");
    let object = LightClientUpdate::from_json(&json, Fork::Deneb, &preset);
    assert_eq!(
        object,
        LightClientUpdate::decode(&ssz, Fork::Deneb, &preset)
    );
    let (json, ssz) = recorded("FinalityUpdate");
    let object = LightClientFinalityUpdate::from_json(&json, Fork::Deneb, &preset);
    assert_eq!(
        object,
        LightClientFinalityUpdate::decode(&ssz, Fork::Deneb, &preset)
    );
}

fn chain_files(files: &Files) -> Vec<PathBuf> {
    files.find(|path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("chain") && name.ends_with(".json")
    })
}

/// Takes each step, and returns the store after each.
fn replay(files: &Files, path: &Path) -> Vec<LightClientStore> {
    let folder = path.parent().unwrap();
    let chain: Chain = serde_json::from_value(files.json(path)).unwrap();
    let network = Network::by_name(&chain.network).unwrap();
    assert_eq!(
        network.genesis_validators_root,
        chain.genesis_validators_root
    );
    // Where the oracle asked "what if", the store is not to advance.
    let on_copies = chain.note.contains("evaluated on a copy of the store");

    let mut store = match &chain.bootstrap {
        Some(object) => start(files, folder, object, &network),
        None => start_without_bootstrap(files, folder, &network),
    };
    let mut stores = Vec::new();
    for (index, step) in chain.steps.iter().enumerate() {
        let at = format!("{}, step {index}", path.display());
        let mut copy = store.clone();
        let result = decode(files, folder, &step.kind, &step.object, &network)
            .and_then(|decoded| take(&mut copy, &decoded, step, &network));
        assert_eq!(result.is_ok(), step.accepted, "{at}: {result:?}");
        if let Some(expected) = &step.store_after {
            check_store(expected, &copy, &at);
        }
        let record = copy.encode(&network);
        assert_eq!(
            LightClientStore::decode(&record, &network).as_ref(),
            Ok(&copy),
            "{at}"
        );
        if !(on_copies && step.kind == "optimistic_update") {
            store = copy.clone();
        }
        stores.push(copy);
    }
    stores
}

fn take(
    store: &mut LightClientStore,
    decoded: &Decoded,
    step: &Step,
    network: &Network,
) -> Result<(), Error> {
    let slot = step.signature_slot;
    let (aggregate, result) = match decoded {
        Decoded::Update(update) => (
            &update.sync_aggregate,
            process_light_client_update(store, update, slot, network),
        ),
        Decoded::Finality(update) => (
            &update.sync_aggregate,
            process_light_client_finality_update(store, update, slot, network),
        ),
        Decoded::Optimistic(update) => (
            &update.sync_aggregate,
            process_light_client_optimistic_update(store, update, slot, network),
        ),
    };
    assert_eq!(aggregate.participants(), step.participants);
    result
}

fn check_store(expected: &StoreCheck, store: &LightClientStore, at: &str) {
    check_header(&expected.finalized, store.finalized_header(), at);
    check_header(&expected.optimistic, store.optimistic_header(), at);
    let root = store.current_sync_committee().hash_tree_root();
    assert_eq!(root, expected.current_sync_committee_root, "{at}");
    let root = store
        .next_sync_committee()
        .map(SyncCommittee::hash_tree_root);
    assert_eq!(root, expected.next_sync_committee_root, "{at}");

    let both = [
        (&expected.finalized, store.finalized(), Finality::Finalized),
        (
            &expected.optimistic,
            store.optimistic(),
            Finality::Optimistic,
        ),
    ];
    for (expected, block, finality) in both {
        let Some(execution) = &expected.execution else {
            assert_eq!(block, None, "{at}");
            continue;
        };
        let block = block.unwrap();
        assert_eq!(block.evidence().finality, finality, "{at}");
        assert_eq!(block.evidence().slot, expected.slot, "{at}");
        assert_eq!(block.evidence().block_hash, execution.hash, "{at}");
        assert_eq!(block.value().state_root, execution.state_root, "{at}");
    }
}

fn check_header(expected: &HeaderCheck, got: &LightClientHeader, at: &str) {
    assert_eq!(got.beacon.slot, expected.slot, "{at}");
    assert_eq!(got.beacon.hash_tree_root(), expected.beacon_root, "{at}");
    assert_eq!(
        got.execution.is_some(),
        expected.execution.is_some(),
        "{at}"
    );
    if let (Some(got), Some(expected)) = (&got.execution, &expected.execution) {
        assert_eq!(got.block_number, expected.number, "{at}");
        assert_eq!(got.block_hash, expected.hash, "{at}");
        assert_eq!(got.state_root, expected.state_root, "{at}");
        assert_eq!(got.receipts_root, expected.receipts_root, "{at}");
    }
}

fn start(files: &Files, folder: &Path, object: &Object, network: &Network) -> LightClientStore {
    let fork = Fork::from_name(&object.fork).unwrap();
    let bootstrap = match read(files, folder, object, network) {
        Read::Json(data) => LightClientBootstrap::from_json(&data, fork, &network.preset).unwrap(),
        Read::Ssz(bytes) => {
            let decoded = LightClientBootstrap::decode(&bytes, fork, &network.preset).unwrap();
            assert_eq!(decoded.encode(fork), bytes);
            decoded
        }
    };
    let again = LightClientBootstrap::decode(&bootstrap.encode(fork), fork, &network.preset);
    assert_eq!(again.as_ref(), Ok(&bootstrap));
    if let Some(expected) = &object.header {
        check_header(expected, &bootstrap.header, &object.file);
    }
    initialize_light_client_store(object.trusted_block_root.unwrap(), &bootstrap, network).unwrap()
}
