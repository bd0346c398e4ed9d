//! What `npm run bench` measures in the browser: the verifying core, called directly.
//!
//! It is built with the profile of the shipped wasm. What is measured takes the bytes that a peer
//! sends; turning recorded JSON into those bytes is a function of its own.

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientUpdate};
use lampyris_verify::execution::Account;
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_update,
};
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{Address, B256, Bytes, keccak256};
use lampyris_wire::state::Response;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// A light client of mainnet, as far as its consensus goes.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Chain {
    network: Network,
    store: LightClientStore,
}

#[wasm_bindgen]
impl Chain {
    /// Starts from the SSZ bytes of a bootstrap.
    #[wasm_bindgen(constructor)]
    pub fn new(bootstrap: &[u8], fork: &str, checkpoint: &str) -> Result<Self, JsError> {
        let network = Network::mainnet();
        let bootstrap =
            LightClientBootstrap::decode(bootstrap, fork_named(fork)?, &network.preset)?;
        let store = initialize_light_client_store(checkpoint.parse()?, &bootstrap, &network)?;
        Ok(Self { network, store })
    }

    /// Decodes an update, verifies it and applies it. Gives the slot of the finalized header.
    pub fn apply(&mut self, update: &[u8], fork: &str) -> Result<u64, JsError> {
        let update = LightClientUpdate::decode(update, fork_named(fork)?, &self.network.preset)?;
        process_light_client_update(
            &mut self.store,
            &update,
            update.signature_slot,
            &self.network,
        )?;
        Ok(self.store.finalized_header().beacon.slot)
    }
}

/// The SSZ bytes of a Beacon API bootstrap.
#[wasm_bindgen]
pub fn bootstrap_bytes(json: &str, fork: &str) -> Result<Vec<u8>, JsError> {
    let fork = fork_named(fork)?;
    let preset = Network::mainnet().preset;
    Ok(LightClientBootstrap::from_json(&serde_json::from_str(json)?, fork, &preset)?.encode(fork))
}

/// The SSZ bytes of a Beacon API update.
#[wasm_bindgen]
pub fn update_bytes(json: &str, fork: &str) -> Result<Vec<u8>, JsError> {
    let fork = fork_named(fork)?;
    let preset = Network::mainnet().preset;
    Ok(LightClientUpdate::from_json(&serde_json::from_str(json)?, fork, &preset)?.encode(fork))
}

/// The bytes of our state protocol for a proof that an Ethereum node gave as a JSON list.
#[wasm_bindgen]
pub fn proof_bytes(nodes_json: &str) -> Result<Vec<u8>, JsError> {
    let nodes: Vec<String> = serde_json::from_str(nodes_json)?;
    let nodes = nodes
        .iter()
        .map(|node| node.parse())
        .collect::<Result<Vec<Bytes>, _>>()?;
    Ok(Response::StateProof { nodes }.encode()?)
}

/// Decodes a state proof, verifies an account by it, and gives its balance in hexadecimal.
#[wasm_bindgen]
pub fn verify_account(proof: &[u8], state_root: &str, address: &str) -> Result<String, JsError> {
    let Response::StateProof { nodes } = Response::decode(proof)? else {
        return Err(JsError::new("not a state proof"));
    };
    let address: Address = address.parse()?;
    let root: B256 = state_root.parse()?;
    let value = lookup(root, keccak256(address).as_slice(), &NodeSet::new(nodes)?)?;
    let value = value.ok_or_else(|| JsError::new("the account is absent"))?;
    Ok(format!("{:#x}", Account::decode_rlp(&value)?.balance))
}

fn fork_named(name: &str) -> Result<Fork, JsError> {
    Fork::from_name(name).ok_or_else(|| JsError::new("unknown fork"))
}
