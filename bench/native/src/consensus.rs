//! Recorded light-client objects, in SSZ and as responses to Ethereum's requests.

use std::path::Path;

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientUpdate,
};
use lampyris_wire::req_resp::encode_chunk;
use serde_json::{Value, json};

use crate::{hex, read, read_json};

/// Six periods with a finality update behind them, recorded as JSON.
pub(crate) fn capella(vectors: &Path) -> Value {
    let folder = vectors.join("helios-mainnet-capella");
    let (fork, preset) = (Fork::Capella, Network::mainnet().preset);
    let json = |file: &str| read_json(&folder.join(file));
    let bootstrap = LightClientBootstrap::from_json(&json("bootstrap.json")["data"], fork, &preset);
    let finality =
        LightClientFinalityUpdate::from_json(&json("finality.json")["data"], fork, &preset);
    let updates = json("updates.json");
    let updates = updates.as_array().unwrap().iter().map(|update| {
        let update = LightClientUpdate::from_json(&update["data"], fork, &preset);
        update.unwrap().encode(fork)
    });
    chain(
        &json("chain.json")["bootstrap"],
        &bootstrap.unwrap().encode(fork),
        &updates.collect::<Vec<_>>(),
        Some(&finality.unwrap().encode(fork)),
    )
}

/// 46 periods, 1347 to 1392, recorded in SSZ.
pub(crate) fn deneb(vectors: &Path) -> Value {
    let folder = vectors.join("colibri-mainnet");
    chain(
        &read_json(&folder.join("chain_deneb_1347_1392.json"))["bootstrap"],
        &read(&folder.join("lc/bootstrap_period1347.ssz")),
        &updates_of(&read(&folder.join("lc/updates_1347_count46.ssz"))),
        None,
    )
}

/// The last period before Electra: its update leads to the committee of the first one.
pub(crate) fn electra(vectors: &Path) -> Value {
    let folder = vectors.join("colibri-mainnet");
    chain(
        &read_json(&folder.join("chain_electra_1421_1422.json"))["bootstrap"],
        &read(&folder.join("lc/bootstrap_period1421.ssz")),
        &updates_of(&read(&folder.join("lc/update_1421.ssz"))),
        None,
    )
}

fn chain(start: &Value, bootstrap: &[u8], updates: &[Vec<u8>], finality: Option<&[u8]>) -> Value {
    let responses = updates.iter().map(|update| chunk(update));
    json!({
        "checkpoint": start["trusted_block_root"],
        "fork": start["fork"],
        "period": start["period"],
        "ssz": {
            "bootstrap": hex(bootstrap),
            "updates": updates.iter().map(hex).collect::<Vec<_>>(),
            "finality": finality.map(hex),
        },
        "responses": {
            "bootstrap": hex(chunk(bootstrap)),
            "updates": hex(responses.collect::<Vec<_>>().concat()),
            "finality": finality.map(|update| hex(chunk(update))),
        },
    })
}

/// A response of one object. All of them begin with the offset of a header, which begins with its
/// slot: that gives the fork digest.
pub(crate) fn chunk(ssz: &[u8]) -> Vec<u8> {
    let offset = u32::from_le_bytes(ssz[..4].try_into().unwrap());
    let header = &ssz[usize::try_from(offset).unwrap()..];
    let slot = u64::from_le_bytes(header[..8].try_into().unwrap());
    let network = Network::mainnet();
    encode_chunk(network.compute_fork_digest(slot / 32), ssz)
}

/// The Beacon API's list: length, fork digest, SSZ.
fn updates_of(mut list: &[u8]) -> Vec<Vec<u8>> {
    let mut updates = Vec::new();
    while let Some((length, rest)) = list.split_first_chunk() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
        let (update, rest) = rest.split_at(length);
        updates.push(update[4..].to_vec());
        list = rest;
    }
    updates
}
