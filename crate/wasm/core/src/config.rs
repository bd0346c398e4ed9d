//! `config.json`, as described in `docs/architecture.md`.

use alloy_primitives::FixedBytes;
use lampyris_client::{Config, Governor, Token};
use lampyris_verify::config::{BlobParameters, Fork, ForkEpoch, Network, Preset};
use wasm_bindgen::JsValue;

use crate::{
    convert::reject,
    fields::{Fields, exact},
};

const HASH: &str = "expected 0x and 64 hexadecimal digits";
const ADDRESS: &str = "expected 0x and 40 hexadecimal digits";

/// The configuration that the page gives.
pub(crate) fn config(value: JsValue) -> Result<Config, JsValue> {
    let config = Fields::of("config", value)?;
    let clock = config.optional("fixedClockUnixMs")?;
    let fixed_clock_unix_ms = clock
        .map(|clock| {
            let time = clock.as_f64().filter(|time| *time >= 0.0);
            let time = time.map(f64::trunc).and_then(exact);
            time.ok_or_else(|| config.wrong("fixedClockUnixMs", "not a time in milliseconds"))
        })
        .transpose()?;
    let config = Config {
        network: network(&config)?,
        checkpoint: config.parsed("checkpoint", HASH)?,
        gateways: config.texts("gateways")?,
        tokens: config.list("tokens", token)?,
        governors: config.list("governors", governor)?,
        fixed_clock_unix_ms,
    };
    config.validate().map_err(reject)?;
    Ok(config)
}

/// A built-in network by its name, or any other by its description.
fn network(config: &Fields) -> Result<Network, JsValue> {
    let value = config.value("network")?;
    match value.as_string() {
        Some(name) => Network::by_name(&name).ok_or_else(|| {
            config.wrong(
                "network",
                &format!("`{name}` is not built in; give mainnet, sepolia, hoodi or a description"),
            )
        }),
        None => description(&Fields::of(&config.path_of("network"), value)?),
    }
}

/// The format of `network.json`.
fn description(network: &Fields) -> Result<Network, JsValue> {
    network.only(&[
        "name",
        "chainId",
        "preset",
        "genesisTime",
        "genesisValidatorsRoot",
        "slotDurationMs",
        "forks",
        "blobSchedule",
    ])?;
    if network.optional("forks")?.is_none() {
        return Err(network.wrong("forks", "expected an array"));
    }
    Ok(Network {
        name: network.text("name")?,
        chain_id: network.integer("chainId")?,
        preset: match network.text("preset")?.as_str() {
            "mainnet" => Preset::MAINNET,
            "minimal" => Preset::MINIMAL,
            _ => return Err(network.wrong("preset", "expected mainnet or minimal")),
        },
        genesis_time: network.integer("genesisTime")?,
        genesis_validators_root: network.parsed("genesisValidatorsRoot", HASH)?,
        slot_duration_ms: network.integer("slotDurationMs")?,
        forks: network.list("forks", fork)?,
        blob_schedule: network.list("blobSchedule", blob_parameters)?,
    })
}

fn fork(entry: &Fields) -> Result<ForkEpoch, JsValue> {
    entry.only(&["name", "version", "epoch"])?;
    let version = "expected 0x and 8 hexadecimal digits";
    Ok(ForkEpoch {
        fork: Fork::from_name(&entry.text("name")?)
            .ok_or_else(|| entry.wrong("name", "a fork's name is unknown"))?,
        version: entry.parsed::<FixedBytes<4>>("version", version)?.0,
        epoch: entry.integer("epoch")?,
    })
}

fn blob_parameters(entry: &Fields) -> Result<BlobParameters, JsValue> {
    entry.only(&["epoch", "maxBlobsPerBlock"])?;
    Ok(BlobParameters {
        epoch: entry.integer("epoch")?,
        max_blobs_per_block: entry.integer("maxBlobsPerBlock")?,
    })
}

fn token(token: &Fields) -> Result<Token, JsValue> {
    Ok(Token {
        address: token.parsed("address", ADDRESS)?,
        symbol: token.text("symbol")?,
        decimals: token.small("decimals")?,
        balance_slot: token.integer("balanceSlot")?,
    })
}

fn governor(governor: &Fields) -> Result<Governor, JsValue> {
    Ok(Governor {
        address: governor.parsed("address", ADDRESS)?,
        token: governor.parsed("token", ADDRESS)?,
        name: governor.text("name")?,
        layout: governor.text("layout")?,
    })
}
