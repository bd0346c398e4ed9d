//! Networks of the specification's tests.

use std::path::Path;

use lampyris_verify::B256;
use lampyris_verify::config::{BlobParameters, FAR_FUTURE_EPOCH, Fork, ForkEpoch, Network, Preset};
use serde::Deserialize;

use crate::files::{Files, Layout};
use crate::report::Skip;

/// `config.yaml`, as far as light clients care.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct ConfigYaml {
    preset_base: String,
    min_genesis_time: String,
    slot_duration_ms: Option<String>,
    seconds_per_slot: Option<String>,
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
    gloas_fork_version: Option<String>,
    gloas_fork_epoch: Option<String>,
    #[serde(default)]
    blob_schedule: Vec<BlobsYaml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct BlobsYaml {
    epoch: String,
    max_blobs_per_block: String,
}

/// Fork and preset of a path in the specification's layout.
pub fn of_path(path: &Path) -> Result<(Fork, Preset), Skip> {
    let layout = Layout::of(path).ok_or("not in the layout <preset>/<fork>/…")?;
    let fork = Fork::from_name(layout.fork).ok_or(format!("unknown fork {}", layout.fork))?;
    is_verified(fork)?;
    Ok((fork, preset(layout.preset)))
}

/// Fails if objects of the fork are known, but not verified.
pub fn is_verified(fork: Fork) -> Result<(), Skip> {
    if fork <= Fork::NEWEST {
        return Ok(());
    }
    let name = fork.name();
    Err(format!(
        "objects of fork {name}, which is not scheduled, are not verified yet"
    ))
}

/// The fork of a digest in hexadecimal.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn fork_of_digest(network: &Network, text: &str) -> Fork {
    let mut digest = [0; 4];
    hex::decode_to_slice(text.trim_start_matches("0x"), &mut digest).unwrap();
    let fork = network.fork_by_digest(digest);
    fork.unwrap_or_else(|| panic!("no fork has digest {text}"))
        .0
}

/// The preset of a name.
#[must_use]
pub fn preset(name: &str) -> Preset {
    match name {
        "mainnet" => Preset::MAINNET,
        "minimal" => Preset::MINIMAL,
        other => panic!("unknown preset {other}"),
    }
}

/// The network of a `config.yaml`. Forks without a date are kept: tests name them by digest.
pub fn from_config(files: &Files, path: &Path, genesis_validators_root: B256) -> Network {
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
        (
            Fork::Gloas,
            config.gloas_fork_version,
            config.gloas_fork_epoch,
        ),
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
    let slot_duration_ms = match (&config.slot_duration_ms, &config.seconds_per_slot) {
        (Some(milliseconds), _) => number(milliseconds),
        (None, Some(seconds)) => number(seconds) * 1_000,
        (None, None) => panic!("no duration of slots"),
    };
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
pub fn at_fork(preset: Preset, fork: Fork) -> Network {
    let mut network = Network::mainnet();
    network.preset = preset;
    network.forks.retain(|entry| entry.fork <= fork);
    network.forks.iter_mut().for_each(|entry| entry.epoch = 0);
    network.blob_schedule.clear();
    network
}
