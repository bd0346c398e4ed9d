//! Real chains: recorded objects of mainnet and Sepolia, and what the official specification made of
//! them, step by step.

use std::path::{Path, PathBuf};

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientHeader, SyncCommittee};
use lampyris_verify::execution::Account;
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_update,
};
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{B256, Bytes, Error, ExecutionBlock, Finality, Proven, keccak256};
use serde::Deserialize;

use crate::files::Files;
use crate::portal::nibbles;
use crate::recorded::{Decoded, Object, Read, decode, read, start_without_bootstrap};
use crate::report::{Report, Skip};
use crate::rlp::{self, Item};

#[derive(Deserialize)]
struct Chain {
    network: String,
    genesis_validators_root: B256,
    bootstrap: Option<Object>,
    steps: Vec<Step>,
    #[serde(default)]
    account_proofs: Vec<AccountProof>,
    #[serde(default)]
    note: String,
}

/// A bare list of nodes, of an account whose address nobody tells.
#[derive(Deserialize)]
struct AccountProof {
    file: String,
    state_root: B256,
    leaf_nonce: u64,
    leaf_storage_root: B256,
    leaf_code_hash: B256,
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

/// What a chain says of a header.
#[derive(Debug, Deserialize)]
pub struct HeaderCheck {
    slot: u64,
    beacon_root: B256,
    execution: Option<ExecutionCheck>,
}

#[derive(Debug, Deserialize)]
struct ExecutionCheck {
    number: u64,
    hash: B256,
    state_root: B256,
    receipts_root: B256,
}

/// Replays every chain, and what else of light-client objects is recorded beside them.
///
/// Returns the execution blocks that they prove.
pub fn run(files: &Files, report: &mut Report) -> Vec<Proven<ExecutionBlock>> {
    let mut proven = Vec::new();
    for path in chain_files(files) {
        report.case_or_skip("chains", files.relative(&path), || {
            let stores = replay(files, &path)?;
            proven.extend(stores.iter().flat_map(blocks));
            Ok(())
        });
    }
    for path in files.named("bootstraps.json") {
        report.case("bootstraps without a chain", files.relative(&path), || {
            check_bootstraps(files, &path);
        });
    }
    proven
}

/// The execution blocks that the chains prove, step by step.
#[must_use]
pub fn proven_blocks(files: &Files) -> Vec<Proven<ExecutionBlock>> {
    let paths = chain_files(files).into_iter();
    let stores = paths.flat_map(|path| replay(files, &path).unwrap());
    stores.flat_map(|store| blocks(&store)).collect()
}

fn blocks(store: &LightClientStore) -> Vec<Proven<ExecutionBlock>> {
    let both = [store.finalized(), store.optimistic()];
    both.into_iter().flatten().collect()
}

/// A list of objects with what they say.
fn check_bootstraps(files: &Files, path: &Path) {
    let network = Network::mainnet();
    let objects: Vec<Object> = serde_json::from_value(files.json(path)).unwrap();
    for object in &objects {
        let store = start(files, path.parent().unwrap(), object, &network);
        let root = object.trusted_block_root.unwrap();
        assert_eq!(store.finalized_header().beacon.hash_tree_root(), root);
    }
}

fn chain_files(files: &Files) -> Vec<PathBuf> {
    let is_chain = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("chain") && name.ends_with(".json")
    };
    files.find(is_chain)
}

/// Takes each step, and returns the store after each.
fn replay(files: &Files, path: &Path) -> Result<Vec<LightClientStore>, Skip> {
    let folder = path.parent().unwrap();
    let chain: Chain = serde_json::from_value(files.json(path)).unwrap();
    let network = Network::by_name(&chain.network)
        .ok_or_else(|| format!("the network {} is not one of ours", chain.network))?;
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
    for proof in &chain.account_proofs {
        let nodes = serde_json::from_value(files.json(&folder.join(&proof.file))).unwrap();
        check_account_proof(proof, nodes);
    }
    Ok(stores)
}

/// The key is read off the nodes.
fn check_account_proof(proof: &AccountProof, nodes: Vec<Bytes>) {
    let mut path = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(Item::List(items)) = rlp::decode(node) else {
            panic!("a node is a list")
        };
        if let [Item::Bytes(part), _] = &items[..] {
            path.extend(nibbles(part));
        } else {
            let next = Item::Bytes(keccak256(&nodes[index + 1]).to_vec());
            let child = items.iter().position(|item| *item == next);
            path.push(u8::try_from(child.expect("the next node")).unwrap());
        }
    }
    let key: Vec<u8> = path.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let set = NodeSet::new(nodes).unwrap();
    let rlp = lookup(proof.state_root, &key, &set).unwrap();
    let account = Account::decode_rlp(&rlp.expect("an account")).unwrap();
    assert_eq!(account.nonce, proof.leaf_nonce);
    assert_eq!(account.storage_root, proof.leaf_storage_root);
    assert_eq!(account.code_hash, proof.leaf_code_hash);
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
