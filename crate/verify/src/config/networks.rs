//! The built-in networks.
//!
//! Sources: `metadata/config.yaml` of github.com/eth-clients/{mainnet,sepolia,hoodi} and the
//! configuration of consensus-specs v1.6.1; genesis times and roots are those of the genesis states.

use alloc::string::ToString;
use alloc::vec::Vec;

use alloy_primitives::{B256, b256};

use super::{BlobParameters, Fork, ForkEpoch, Network, Preset};

impl Network {
    /// Ethereum.
    #[must_use]
    pub fn mainnet() -> Self {
        Self {
            chain_id: 1,
            genesis_time: 1_606_824_023,
            ..public(
                "mainnet",
                b256!("4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"),
                &[
                    (Fork::Phase0, 0x0000_0000, 0),
                    (Fork::Altair, 0x0100_0000, 74_240),
                    (Fork::Bellatrix, 0x0200_0000, 144_896),
                    (Fork::Capella, 0x0300_0000, 194_048),
                    (Fork::Deneb, 0x0400_0000, 269_568),
                    (Fork::Electra, 0x0500_0000, 364_032),
                    (Fork::Fulu, 0x0600_0000, 411_392),
                ],
                &[(412_672, 15), (419_072, 21)],
            )
        }
    }

    /// The test network with a closed set of validators.
    #[must_use]
    pub fn sepolia() -> Self {
        Self {
            chain_id: 11_155_111,
            genesis_time: 1_655_733_600,
            ..public(
                "sepolia",
                b256!("d8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078"),
                &[
                    (Fork::Phase0, 0x9000_0069, 0),
                    (Fork::Altair, 0x9000_0070, 50),
                    (Fork::Bellatrix, 0x9000_0071, 100),
                    (Fork::Capella, 0x9000_0072, 56_832),
                    (Fork::Deneb, 0x9000_0073, 132_608),
                    (Fork::Electra, 0x9000_0074, 222_464),
                    (Fork::Fulu, 0x9000_0075, 272_640),
                    (Fork::Gloas, 0x9000_0076, 353_024),
                ],
                &[(274_176, 15), (275_712, 21)],
            )
        }
    }

    /// The test network with an open set of validators.
    #[must_use]
    pub fn hoodi() -> Self {
        Self {
            chain_id: 560_048,
            genesis_time: 1_742_213_400,
            ..public(
                "hoodi",
                b256!("212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f"),
                &[
                    (Fork::Phase0, 0x1000_0910, 0),
                    (Fork::Altair, 0x2000_0910, 0),
                    (Fork::Bellatrix, 0x3000_0910, 0),
                    (Fork::Capella, 0x4000_0910, 0),
                    (Fork::Deneb, 0x5000_0910, 0),
                    (Fork::Electra, 0x6000_0910, 2_048),
                    (Fork::Fulu, 0x7000_0910, 50_688),
                ],
                &[(52_480, 15), (54_016, 21)],
            )
        }
    }
}

fn public(
    name: &str,
    genesis_validators_root: B256,
    forks: &[(Fork, u32, u64)],
    blob_schedule: &[(u64, u64)],
) -> Network {
    let fork = |&(fork, version, epoch): &(Fork, u32, u64)| ForkEpoch {
        fork,
        version: version.to_be_bytes(),
        epoch,
    };
    let blobs = |&(epoch, max_blobs_per_block): &(u64, u64)| BlobParameters {
        epoch,
        max_blobs_per_block,
    };
    Network {
        name: name.to_string(),
        chain_id: 0,
        preset: Preset::MAINNET,
        genesis_time: 0,
        genesis_validators_root,
        slot_duration_ms: 12_000,
        forks: forks.iter().map(fork).collect::<Vec<_>>(),
        blob_schedule: blob_schedule.iter().map(blobs).collect(),
    }
}
