//! Networks of the specification's tests.

use std::path::Path;

use lampyris_verify::B256;
use lampyris_verify::config::{BlobParameters, FAR_FUTURE_EPOCH, Fork, ForkEpoch, Network, Preset};
use serde::Deserialize;

use crate::files::Files;

/// `config.yaml`, as far as light clients care.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct ConfigYaml {
    preset_base: String,
    min_genesis_time: String,
    slot_duration_ms: Option<String>,
    seconds_per_slot: String,
    genesis_fork_version: String,
    altair_fork_version: Option<String>,
    altair_fork_epoch: Option<String>,
    bellatrix_fork_version: Option<String>,
    bellatrix_fork_epoch: Option<String>,
    capella_fork_version: Option<String>,
    capella_fork_epoch: Option<String>,
    deneb_fork_version: Option<String>,
    deneb_fork_epoch: Option<String>,
    electra_fork_version: Option<String>,
    electra_fork_epoch: Option<String>,
    fulu_fork_version: Option<String>,
    fulu_fork_epoch: Option<String>,
    #[serde(default)]
    blob_schedule: Vec<BlobsYaml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct BlobsYaml {
    epoch: String,
    max_blobs_per_block: String,
}

pub(crate) fn preset(name: &str) -> Preset {
    match name {
        "mainnet" => Preset::MAINNET,
        "minimal" => Preset::MINIMAL,
        other => panic!("unknown preset {other}"),
    }
}

/// The network of a `config.yaml`. Forks without a date are kept: tests name them by digest.
pub(crate) fn from_config(files: &Files, path: &Path, genesis_validators_root: B256) -> Network {
    let config: ConfigYaml = files.yaml(path);
    let number = |text: &str| text.parse::<u64>().unwrap();
    let zero = Some("0".to_owned());
    let forks = [
        (Fork::Phase0, Some(config.genesis_fork_version), zero),
        (
            Fork::Altair,
            config.altair_fork_version,
            config.altair_fork_epoch,
        ),
        (
            Fork::Bellatrix,
            config.bellatrix_fork_version,
            config.bellatrix_fork_epoch,
        ),
        (
            Fork::Capella,
            config.capella_fork_version,
            config.capella_fork_epoch,
        ),
        (
            Fork::Deneb,
            config.deneb_fork_version,
            config.deneb_fork_epoch,
        ),
        (
            Fork::Electra,
            config.electra_fork_version,
            config.electra_fork_epoch,
        ),
        (Fork::Fulu, config.fulu_fork_version, config.fulu_fork_epoch),
    ];
    let forks = forks.into_iter().map_while(|(fork, version, epoch)| {
        let mut bytes = [0; 4];
        hex::decode_to_slice(version?.strip_prefix("0x").unwrap(), &mut bytes).unwrap();
        let epoch = epoch.map_or(FAR_FUTURE_EPOCH, |epoch| number(&epoch));
        Some(ForkEpoch {
            fork,
            version: bytes,
            epoch,
        })
    });
    let blobs = config.blob_schedule.iter().map(|entry| BlobParameters {
        epoch: number(&entry.epoch),
        max_blobs_per_block: number(&entry.max_blobs_per_block),
    });
    let slot_duration_ms = config
        .slot_duration_ms
        .as_deref()
        .map_or_else(|| number(&config.seconds_per_slot) * 1_000, number);
    let network = Network {
        name: "test".to_owned(),
        chain_id: 1,
        preset: preset(&config.preset_base),
        genesis_time: number(&config.min_genesis_time),
        genesis_validators_root,
        slot_duration_ms,
        forks: forks.collect(),
        blob_schedule: blobs.collect(),
    };
    network.validate().unwrap();
    network
}

/// A network for tests that have no `config.yaml`: all forks up to `fork` from the first epoch on.
pub(crate) fn at_fork(preset: Preset, fork: Fork) -> Network {
    let mut network = Network::mainnet();
    network.preset = preset;
    network.forks.retain(|entry| entry.fork <= fork);
    network.forks.iter_mut().for_each(|entry| entry.epoch = 0);
    network.blob_schedule.clear();
    network
}
