//! `network.json`: a network described in a file.

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{B256, FixedBytes};
use serde::{Deserialize, Serialize};

use super::{BlobParameters, Fork, ForkEpoch, Network, Preset};
use crate::Error;

/// The contents of `network.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkJson {
    /// Its name.
    pub name: String,
    /// The chain id that transactions are signed for.
    pub chain_id: u64,
    /// Its preset.
    pub preset: PresetName,
    /// The start of slot 0, in seconds since 1970.
    pub genesis_time: u64,
    /// What tells this network's signatures from those of others.
    pub genesis_validators_root: B256,
    /// The length of a slot.
    pub slot_duration_ms: u64,
    /// The forks, oldest first; one that has no date is left out.
    pub forks: Vec<ForkJson>,
    /// The blob schedule, oldest first.
    #[serde(default)]
    pub blob_schedule: Vec<BlobParametersJson>,
}

/// A preset's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresetName {
    /// [`Preset::MAINNET`]
    Mainnet,
    /// [`Preset::MINIMAL`]
    Minimal,
}

/// A fork's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForkJson {
    /// The fork's name, as in the specification.
    pub name: String,
    /// The version that its signatures are bound to.
    pub version: FixedBytes<4>,
    /// Its first epoch.
    pub epoch: u64,
}

/// An entry of the blob schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlobParametersJson {
    /// The first epoch.
    pub epoch: u64,
    /// The largest number of blobs from there on.
    pub max_blobs_per_block: u64,
}

impl Network {
    /// The network that `network.json` describes, if it is consistent.
    pub fn from_json(json: &NetworkJson) -> Result<Self, Error> {
        let fork = |entry: &ForkJson| {
            let reason = "a fork's name is unknown";
            let fork = Fork::from_name(&entry.name).ok_or(Error::Network { reason })?;
            Ok(ForkEpoch {
                fork,
                version: entry.version.0,
                epoch: entry.epoch,
            })
        };
        let blobs = |entry: &BlobParametersJson| BlobParameters {
            epoch: entry.epoch,
            max_blobs_per_block: entry.max_blobs_per_block,
        };
        let network = Self {
            name: json.name.clone(),
            chain_id: json.chain_id,
            preset: match json.preset {
                PresetName::Mainnet => Preset::MAINNET,
                PresetName::Minimal => Preset::MINIMAL,
            },
            genesis_time: json.genesis_time,
            genesis_validators_root: json.genesis_validators_root,
            slot_duration_ms: json.slot_duration_ms,
            forks: json.forks.iter().map(fork).collect::<Result<_, _>>()?,
            blob_schedule: json.blob_schedule.iter().map(blobs).collect(),
        };
        network.validate()?;
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVNET: &str = r#"{
        "name": "devnet", "chainId": 131337, "preset": "minimal",
        "genesisTime": 1700000000, "slotDurationMs": 1000,
        "genesisValidatorsRoot":
            "0x0a08c27fe4ece2483f9e581f78c66379a06f96e9c24cd1390594ff939b26f95b",
        "forks": [
            { "name": "phase0", "version": "0x00000001", "epoch": 0 },
            { "name": "altair", "version": "0x01000001", "epoch": 0 },
            { "name": "bellatrix", "version": "0x02000001", "epoch": 0 }
        ],
        "blobSchedule": [ { "epoch": 412672, "maxBlobsPerBlock": 15 } ]
    }"#;

    #[test]
    fn a_network_from_a_file() {
        let json: NetworkJson = serde_json::from_str(DEVNET).unwrap();
        let network = Network::from_json(&json).unwrap();
        assert_eq!(network.preset, Preset::MINIMAL);
        assert_eq!(network.fork_at_epoch(7), Fork::Bellatrix);
        assert_eq!(network.fork_version(7), [2, 0, 0, 1]);
        assert_eq!(network.slot_at_unix_ms(1_700_000_005_999), 5);
    }

    #[test]
    fn a_file_that_says_something_else_is_refused() {
        let changes = [
            ("\"minimal\"", "\"tiny\""),
            ("\"altair\"", "\"altaïr\""),
            ("\"altair\"", "\"capella\""),
            ("\"chainId\"", "\"chain_id\""),
            ("0x00000001", "0x000001"),
            ("1000,", "0,"),
        ];
        for (from, to) in changes {
            let text = DEVNET.replacen(from, to, 1);
            let network = serde_json::from_str::<NetworkJson>(&text)
                .ok()
                .and_then(|json| Network::from_json(&json).ok());
            assert_eq!(network, None, "{from} became {to}");
        }
    }
}
