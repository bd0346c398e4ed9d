//! Following the chain by the responses to Ethereum's light-client requests.

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_updates,
};
use lampyris_wire::req_resp::{Chunk, UPDATES_BY_RANGE_COUNT_MAX, decode_chunks};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::execution::Head;

/// The bound of the client: a mainnet update has some 27 kB.
const OBJECT_BYTES_MAX: usize = 64 * 1024;

/// A light client of mainnet, as far as its consensus goes.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct Chain {
    network: Network,
    store: LightClientStore,
}

#[wasm_bindgen]
impl Chain {
    /// Starts from the response with the bootstrap of a checkpoint.
    #[wasm_bindgen(constructor)]
    pub fn new(response: &[u8], checkpoint: &str) -> Result<Self, JsError> {
        let network = Network::mainnet();
        let (ssz, fork) = single(response, &network)?;
        let bootstrap = LightClientBootstrap::decode(&ssz, fork, &network.preset)?;
        let store = initialize_light_client_store(checkpoint.parse()?, &bootstrap, &network)?;
        Ok(Self { network, store })
    }

    /// A second client in the same state.
    #[must_use]
    pub fn copy(&self) -> Self {
        self.clone()
    }

    /// Takes in a response with the updates of several periods; `seed` is fresh entropy. Gives the
    /// slot of the finalized header.
    pub fn updates(&mut self, response: &[u8], seed: &[u8]) -> Result<u64, JsError> {
        let network = &self.network;
        let chunks = decode_chunks(response, OBJECT_BYTES_MAX, UPDATES_BY_RANGE_COUNT_MAX)?;
        let decode = |chunk: &Chunk| {
            let fork = fork_of(chunk, network)?;
            let update = LightClientUpdate::decode(&chunk.ssz, fork, &network.preset)?;
            Ok::<_, JsError>(update)
        };
        let updates = chunks.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let now = updates.iter().map(|update| update.signature_slot).max();
        let (now, seed) = (now.unwrap_or_default(), seed.try_into()?);
        process_light_client_updates(&mut self.store, &updates, now, network, seed)
            .map_err(|(_, error)| error)?;
        Ok(self.store.finalized_header().beacon.slot)
    }

    /// Takes in a response with a finality update. Gives the slot of the finalized header.
    pub fn finality_update(&mut self, response: &[u8]) -> Result<u64, JsError> {
        let network = &self.network;
        let (ssz, fork) = single(response, network)?;
        let update = LightClientFinalityUpdate::decode(&ssz, fork, &network.preset)?;
        let slot = update.signature_slot;
        process_light_client_finality_update(&mut self.store, &update, slot, network)?;
        Ok(self.store.finalized_header().beacon.slot)
    }

    /// Takes in a response with an optimistic update. Gives the head that it proves.
    pub fn optimistic_update(&mut self, response: &[u8]) -> Result<Head, JsError> {
        let network = &self.network;
        let (ssz, fork) = single(response, network)?;
        let update = LightClientOptimisticUpdate::decode(&ssz, fork, &network.preset)?;
        let slot = update.signature_slot;
        process_light_client_optimistic_update(&mut self.store, &update, slot, network)?;
        let head = self.store.optimistic();
        Ok(Head::new(
            head.ok_or_else(|| JsError::new("no execution block"))?,
        ))
    }
}

fn single(response: &[u8], network: &Network) -> Result<(Vec<u8>, Fork), JsError> {
    let chunks = decode_chunks(response, OBJECT_BYTES_MAX, 1)?;
    let chunk = chunks.into_iter().next();
    let chunk = chunk.ok_or_else(|| JsError::new("an empty response"))?;
    let fork = fork_of(&chunk, network)?;
    Ok((chunk.ssz, fork))
}

fn fork_of(chunk: &Chunk, network: &Network) -> Result<Fork, JsError> {
    let known = network.fork_by_digest(chunk.digest);
    let (fork, _) = known.ok_or_else(|| JsError::new("an unknown fork digest"))?;
    Ok(fork)
}
