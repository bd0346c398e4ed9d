//! Valid objects.

use lampyris_vectors::files::Files;
use lampyris_vectors::rpc_json;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientUpdate};
use lampyris_verify::execution::Header;
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_update,
};
use lampyris_verify::trie::NodeSet;
use lampyris_verify::{Bytes, Error};
use serde_json::Value;

/// The recorded answer of a path's end.
pub(crate) fn json(files: &Files, end: &str) -> Value {
    let found = files.find(|path| path.ends_with(end));
    rpc_json::result(files.json(found.first().unwrap_or_else(|| panic!("{end} is missing"))))
}

/// An answer of the Beacon API, of mainnet's Fulu.
pub(crate) fn fulu(files: &Files, name: &str) -> Value {
    let mut json = json(files, &format!("nimbus-verified-proxy-mainnet-fulu/{name}"));
    if json.is_array() {
        json = json[0].take();
    }
    json["data"].take()
}

/// Mainnet's store after the bootstrap of Fulu, before any update.
pub(crate) fn fulu_start(files: &Files) -> LightClientStore {
    let network = Network::mainnet();
    let data = fulu(files, "lc_bootstrap.json");
    let bootstrap = LightClientBootstrap::from_json(&data, Fork::Fulu, &network.preset).unwrap();
    let root = bootstrap.header.beacon.hash_tree_root();
    initialize_light_client_store(root, &bootstrap, &network).unwrap()
}

/// The same after the update of period 1711.
pub(crate) fn fulu_store(files: &Files) -> LightClientStore {
    let network = Network::mainnet();
    let mut store = fulu_start(files);
    let data = fulu(files, "lc_updates.json");
    let update = LightClientUpdate::from_json(&data, Fork::Fulu, &network.preset).unwrap();
    process_light_client_update(&mut store, &update, update.signature_slot, &network).unwrap();
    store
}

/// A block with some of the transactions, withdrawals and receipts that others recorded.
pub(crate) struct Block {
    pub(crate) json: Value,
    pub(crate) header: Header,
    pub(crate) transactions: Vec<Vec<u8>>,
    pub(crate) withdrawals: Vec<Vec<u8>>,
    pub(crate) receipts: Vec<Vec<u8>>,
}

/// Mainnet block 19433902.
pub(crate) fn block(files: &Files) -> Block {
    let folder = "trin-mainnet-blocks-receipts";
    let json = json(files, &format!("{folder}/block-19433902.json"));
    let receipts = self::json(files, &format!("{folder}/receipts-19433902.json"));
    let each = |list: &Value, encode: &dyn Fn(&Value) -> Vec<u8>| {
        list.as_array().unwrap().iter().map(encode).collect()
    };
    Block {
        header: rpc_json::header(&json),
        transactions: each(&json["transactions"], &|json| {
            rpc_json::transaction(json).to_vec()
        }),
        withdrawals: each(&json["withdrawals"], &|json| {
            rpc_json::withdrawal(json).to_vec()
        }),
        receipts: each(&receipts, &|json| rpc_json::receipt(json).encode()),
        json,
    }
}

/// The shortest item of each type, and of those without a type; then some more short ones.
pub(crate) fn some(items: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let mut by_length: Vec<_> = items.to_vec();
    by_length.sort_by_key(Vec::len);
    let mut types = std::collections::BTreeSet::new();
    let (mut first, more): (Vec<_>, Vec<_>) = by_length
        .into_iter()
        .partition(|item| types.insert(item[0].min(0xc0)));
    first.extend(more.into_iter().take(count.saturating_sub(first.len())));
    first
}

pub(crate) fn bytes(items: &[Vec<u8>]) -> Vec<Bytes> {
    items.iter().cloned().map(Bytes::from).collect()
}

pub(crate) fn vectors(items: Vec<Bytes>) -> Vec<Vec<u8>> {
    items.into_iter().map(|item| item.to_vec()).collect()
}

pub(crate) fn set(items: &[Vec<u8>]) -> Result<NodeSet, Error> {
    NodeSet::new(bytes(items))
}
