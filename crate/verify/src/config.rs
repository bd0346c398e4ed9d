//! Networks and their forks, as data.

pub mod fork;
#[cfg(feature = "json")]
pub mod json;
mod networks;

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::B256;
use lampyris_hash::sha256;

pub use fork::{Fork, GeneralizedIndices};
#[cfg(feature = "json")]
pub use json::NetworkJson;

use crate::Error;
use crate::merkle::hash_pair;

/// The epoch of a fork that has a version but no date.
pub const FAR_FUTURE_EPOCH: u64 = u64::MAX;

/// How old a checkpoint may be, in epochs: 14 days on mainnet.
///
/// A validator who has left can sign another history without being punished, so that a checkpoint
/// is only safe while most of the stake that stood behind it is still there. The
/// [specification](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/electra/weak-subjectivity.md)
/// allows 3,532 epochs for the stake of mainnet; this is less, with room for a growing churn.
pub const WEAK_SUBJECTIVITY_EPOCHS: u64 = 3_150;

/// What a network without a blob schedule allows, since Electra.
const MAX_BLOBS_PER_BLOCK_ELECTRA: u64 = 9;

/// The constants that are fixed at compile time in other clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Members of a sync committee.
    pub sync_committee_size: usize,
    /// Slots of an epoch.
    pub slots_per_epoch: u64,
    /// Epochs of a sync-committee period.
    pub epochs_per_sync_committee_period: u64,
}

impl Preset {
    /// The preset of every public network.
    pub const MAINNET: Self = Self {
        sync_committee_size: 512,
        slots_per_epoch: 32,
        epochs_per_sync_committee_period: 256,
    };

    /// The preset of small test networks.
    pub const MINIMAL: Self = Self {
        sync_committee_size: 32,
        slots_per_epoch: 8,
        epochs_per_sync_committee_period: 8,
    };

    /// Slots of a sync-committee period.
    #[must_use]
    pub const fn slots_per_period(&self) -> u64 {
        self.slots_per_epoch
            .saturating_mul(self.epochs_per_sync_committee_period)
    }
}

/// When a fork begins, and the version that its signatures are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkEpoch {
    /// The fork.
    pub fork: Fork,
    /// Its version.
    pub version: [u8; 4],
    /// Its first epoch; [`FAR_FUTURE_EPOCH`] if it has no date.
    pub epoch: u64,
}

/// An entry of the blob schedule, which is part of fork digests since Fulu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobParameters {
    /// The first epoch.
    pub epoch: u64,
    /// The largest number of blobs from there on.
    pub max_blobs_per_block: u64,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// The chain id that transactions are signed for.
    pub chain_id: u64,
    /// Its preset.
    pub preset: Preset,
    /// The start of slot 0, in seconds since 1970.
    pub genesis_time: u64,
    /// What tells this network's signatures from those of others.
    pub genesis_validators_root: B256,
    /// The length of a slot.
    pub slot_duration_ms: u64,
    /// The forks, oldest first, beginning with phase 0 at epoch 0.
    pub forks: Vec<ForkEpoch>,
    /// The blob schedule, oldest first.
    pub blob_schedule: Vec<BlobParameters>,
}

impl Network {
    /// A built-in network: `mainnet`, `sepolia` or `hoodi`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "mainnet" => Some(Self::mainnet()),
            "sepolia" => Some(Self::sepolia()),
            "hoodi" => Some(Self::hoodi()),
            _ => None,
        }
    }

    /// Checks that the parts fit together; everything else relies on it.
    pub fn validate(&self) -> Result<(), Error> {
        let fail = |reason| Err(Error::Network { reason });
        let Preset {
            sync_committee_size: size,
            slots_per_epoch,
            ..
        } = self.preset;
        if size == 0 || size % 8 != 0 || slots_per_epoch == 0 || self.preset.slots_per_period() == 0
        {
            return fail("the preset has a zero, or a committee of no whole bytes");
        }
        if self.slot_duration_ms == 0 {
            return fail("a slot lasts no time");
        }
        match self.forks.first() {
            Some(ForkEpoch {
                fork: Fork::Phase0,
                epoch: 0,
                ..
            }) => {}
            _ => return fail("the first fork is not phase 0 at epoch 0"),
        }
        let follows = |earlier: Fork, later: Fork| earlier.next() == Some(later);
        if !self
            .forks
            .is_sorted_by(|a, b| follows(a.fork, b.fork) && a.epoch <= b.epoch)
        {
            return fail("a fork is missing or out of order");
        }
        if !self.blob_schedule.is_sorted_by(|a, b| a.epoch < b.epoch) {
            return fail("the blob schedule is out of order");
        }
        Ok(())
    }

    /// The fork of an epoch.
    #[must_use]
    pub fn fork_at_epoch(&self, epoch: u64) -> Fork {
        self.entry_at_epoch(epoch)
            .map_or(Fork::Phase0, |entry| entry.fork)
    }

    /// The fork of a slot.
    #[must_use]
    pub fn fork_at_slot(&self, slot: u64) -> Fork {
        self.fork_at_epoch(self.epoch_at_slot(slot))
    }

    /// `compute_fork_version`: the version that signatures of an epoch are bound to.
    #[must_use]
    pub fn fork_version(&self, epoch: u64) -> [u8; 4] {
        self.entry_at_epoch(epoch)
            .map_or([0; 4], |entry| entry.version)
    }

    /// `compute_epoch_at_slot`.
    #[must_use]
    pub fn epoch_at_slot(&self, slot: u64) -> u64 {
        slot.checked_div(self.preset.slots_per_epoch).unwrap_or(0)
    }

    /// `compute_sync_committee_period_at_slot`.
    #[must_use]
    pub fn sync_committee_period_at_slot(&self, slot: u64) -> u64 {
        slot.checked_div(self.preset.slots_per_period())
            .unwrap_or(0)
    }

    /// The slot at a time, in milliseconds since 1970; 0 before genesis.
    #[must_use]
    pub fn slot_at_unix_ms(&self, unix_ms: u64) -> u64 {
        let elapsed_ms = unix_ms.saturating_sub(self.genesis_time.saturating_mul(1_000));
        elapsed_ms.checked_div(self.slot_duration_ms).unwrap_or(0)
    }

    /// When a slot begins, in milliseconds since 1970.
    #[must_use]
    pub const fn slot_start_unix_ms(&self, slot: u64) -> u64 {
        let since_genesis_ms = slot.saturating_mul(self.slot_duration_ms);
        self.genesis_time
            .saturating_mul(1_000)
            .saturating_add(since_genesis_ms)
    }

    /// [`compute_fork_digest`](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/fulu/beacon-chain.md#new-compute_fork_digest):
    /// names what is valid in an epoch. Since Fulu it depends on the blob schedule too (EIP-7892).
    #[must_use]
    pub fn compute_fork_digest(&self, epoch: u64) -> [u8; 4] {
        let fork = self.fork_at_epoch(epoch);
        self.fork_digest(fork, self.fork_version(epoch), epoch)
    }

    /// The fork and the first epoch of a digest, `None` if no epoch of this network has it.
    #[must_use]
    pub fn fork_by_digest(&self, digest: [u8; 4]) -> Option<(Fork, u64)> {
        let forks = self
            .forks
            .iter()
            .map(|entry| (entry.fork, entry.version, entry.epoch));
        let blobs = self
            .blob_schedule
            .iter()
            .map(|entry| entry.epoch)
            .map(|epoch| (self.fork_at_epoch(epoch), self.fork_version(epoch), epoch));
        forks
            .chain(blobs)
            .find(|(fork, version, epoch)| self.fork_digest(*fork, *version, *epoch) == digest)
            .map(|(fork, _, epoch)| (fork, epoch))
    }

    /// Whether a checkpoint is young enough to be trusted, see [`WEAK_SUBJECTIVITY_EPOCHS`].
    #[must_use]
    pub fn is_within_weak_subjectivity(&self, checkpoint_slot: u64, current_slot: u64) -> bool {
        let age = self
            .epoch_at_slot(current_slot)
            .saturating_sub(self.epoch_at_slot(checkpoint_slot));
        age <= WEAK_SUBJECTIVITY_EPOCHS
    }

    /// `compute_fork_data_root`.
    pub(crate) fn fork_data_root(&self, version: [u8; 4]) -> B256 {
        hash_pair(
            B256::right_padding_from(&version),
            self.genesis_validators_root,
        )
    }

    fn fork_digest(&self, fork: Fork, version: [u8; 4], epoch: u64) -> [u8; 4] {
        let base = self.fork_data_root(version);
        let root = if fork < Fork::Fulu {
            base
        } else {
            base ^ self.blob_parameters_hash(epoch)
        };
        root.0.first_chunk().copied().unwrap_or_default()
    }

    /// The hash of `get_blob_parameters`.
    fn blob_parameters_hash(&self, epoch: u64) -> B256 {
        let scheduled = self
            .blob_schedule
            .iter()
            .rev()
            .find(|entry| entry.epoch <= epoch)
            .copied();
        let parameters = scheduled.unwrap_or_else(|| BlobParameters {
            epoch: self.fork_epoch(Fork::Electra),
            max_blobs_per_block: MAX_BLOBS_PER_BLOCK_ELECTRA,
        });
        let (epoch, max_blobs) = (parameters.epoch, parameters.max_blobs_per_block);
        sha256([epoch.to_le_bytes(), max_blobs.to_le_bytes()].as_flattened())
    }

    fn fork_epoch(&self, fork: Fork) -> u64 {
        let entry = self.forks.iter().find(|entry| entry.fork == fork);
        entry.map_or(FAR_FUTURE_EPOCH, |entry| entry.epoch)
    }

    fn entry_at_epoch(&self, epoch: u64) -> Option<&ForkEpoch> {
        let begun = |entry: &&ForkEpoch| entry.epoch <= epoch && entry.epoch != FAR_FUTURE_EPOCH;
        self.forks.iter().rev().find(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digest: [u8; 4]) -> u32 {
        u32::from_be_bytes(digest)
    }

    /// The digests that the networks' nodes use in their topics and records.
    #[test]
    fn fork_digests_of_the_public_networks() {
        let cases = [
            (Network::mainnet(), 0, 0xb5303f2a, Fork::Phase0),
            (Network::mainnet(), 74_240, 0xafcaaba0, Fork::Altair),
            (Network::mainnet(), 144_896, 0x4a26c58b, Fork::Bellatrix),
            (Network::mainnet(), 194_048, 0xbba4da96, Fork::Capella),
            (Network::mainnet(), 269_568, 0x6a95a1a9, Fork::Deneb),
            (Network::mainnet(), 364_032, 0xad532ceb, Fork::Electra),
            (Network::mainnet(), 412_672, 0xcb0d1acc, Fork::Fulu),
            (Network::mainnet(), 419_072, 0x8c9f62fe, Fork::Fulu),
            (Network::hoodi(), 54_016, 0xc6ecb76c, Fork::Fulu),
        ];
        for (network, epoch, digest, fork) in cases {
            let got = network.compute_fork_digest(epoch);
            assert_eq!(
                hex(got),
                digest,
                "{} epoch {epoch}: {:08x}",
                network.name,
                hex(got)
            );
            assert_eq!(
                network.fork_by_digest(got),
                Some((fork, epoch)),
                "{}",
                network.name
            );
            assert_eq!(network.compute_fork_digest(epoch + 1), got);
            assert_ne!(network.compute_fork_digest(epoch.wrapping_sub(1)), got);
        }
        assert_eq!(Network::mainnet().fork_by_digest([1, 2, 3, 4]), None);
    }

    #[test]
    fn built_in_networks_are_consistent() {
        for name in ["mainnet", "sepolia", "hoodi"] {
            let network = Network::by_name(name).unwrap();
            assert_eq!(network.name, name);
            network.validate().unwrap();
            for entry in &network.forks {
                if network
                    .forks
                    .iter()
                    .all(|other| other.fork <= entry.fork || other.epoch > entry.epoch)
                {
                    assert_eq!(network.fork_at_epoch(entry.epoch), entry.fork);
                    assert_eq!(network.fork_version(entry.epoch), entry.version);
                }
            }
        }
        assert_eq!(Network::by_name("nowhere"), None);
    }

    #[test]
    fn inconsistent_networks_are_refused() {
        let changes: [fn(&mut Network); 8] = [
            |network| network.forks.clear(),
            |network| network.forks.retain(|entry| entry.fork != Fork::Bellatrix),
            |network| network.forks[0].epoch = 1,
            |network| network.forks[3].epoch = 5,
            |network| network.blob_schedule.reverse(),
            |network| network.slot_duration_ms = 0,
            |network| network.preset.slots_per_epoch = 0,
            |network| network.preset.sync_committee_size = 7,
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut network = Network::mainnet();
            change(&mut network);
            assert!(network.validate().is_err(), "change {index}");
        }
    }

    #[test]
    fn slots_and_times() {
        let mainnet = Network::mainnet();
        // Slot 14018019 began on April 1st, 2026, 10:27:35 UTC.
        let start_ms = mainnet.slot_start_unix_ms(14_018_019);
        assert_eq!(start_ms, (1_606_824_023 + 14_018_019 * 12) * 1_000);
        assert_eq!(mainnet.slot_at_unix_ms(start_ms), 14_018_019);
        assert_eq!(mainnet.slot_at_unix_ms(start_ms - 1), 14_018_018);
        assert_eq!(mainnet.slot_at_unix_ms(0), 0);
        assert_eq!(mainnet.slot_start_unix_ms(u64::MAX), u64::MAX);
        assert_eq!(mainnet.epoch_at_slot(14_018_019), 438_063);
        let day = 7_200;
        assert!(mainnet.is_within_weak_subjectivity(14_018_019, 14_018_019 + 13 * day));
        assert!(!mainnet.is_within_weak_subjectivity(14_018_019, 14_018_019 + 15 * day));
        assert!(mainnet.is_within_weak_subjectivity(14_018_019, 0));
    }
}
