//! The store as one record of bytes, to be kept over a restart.

use alloc::sync::Arc;
use alloc::vec::Vec;

use alloy_primitives::B256;

use super::committee::Committee;
use super::{LightClientStore, is_valid_light_client_header, validate_light_client_update};
use crate::Error;
use crate::config::{Fork, Network, Preset};
use crate::containers::{LightClientHeader, LightClientUpdate, SyncCommittee};
use crate::ssz::{self, Field};

/// The version of this layout; others are refused.
const VERSION: u8 = 1;

/// Version, genesis validators root, finalized header, optimistic header, current committee, next
/// committee or nothing, best valid update or nothing, the two maxima, and whether it is forced.
const LAYOUT: [Field; 10] = [
    Field::Fixed(1),
    Field::Fixed(32),
    Field::Variable,
    Field::Variable,
    Field::Variable,
    Field::Variable,
    Field::Variable,
    Field::Fixed(8),
    Field::Fixed(8),
    Field::Fixed(1),
];

const WHAT: &str = "record of the light client";

impl LightClientStore {
    /// The store as bytes for [`LightClientStore::decode`].
    #[must_use]
    pub fn encode(&self, network: &Network) -> Vec<u8> {
        let finalized = self.finalized_header.encode(Fork::NEWEST);
        let optimistic = self.optimistic_header.encode(Fork::NEWEST);
        let current = self.current_sync_committee.members().encode();
        let next = self.next_sync_committee.as_ref();
        let next = next.map(|committee| committee.members().encode());
        let best = self
            .best_valid_update
            .as_ref()
            .map(|update| update.encode(Fork::NEWEST));
        let fields: [&[u8]; 10] = [
            &[VERSION],
            network.genesis_validators_root.as_slice(),
            &finalized,
            &optimistic,
            &current,
            next.as_deref().unwrap_or_default(),
            best.as_deref().unwrap_or_default(),
            &self.previous_max_active_participants.to_le_bytes(),
            &self.current_max_active_participants.to_le_bytes(),
            &[u8::from(self.is_forced)],
        ];
        ssz::join(LAYOUT, fields)
    }

    /// Reads what [`LightClientStore::encode`] wrote, and checks again what can be checked.
    ///
    /// A record is as trusted as a checkpoint: who can write it can choose the committee.
    pub fn decode(bytes: &[u8], network: &Network) -> Result<Self, Error> {
        let [
            version,
            genesis,
            finalized,
            optimistic,
            current,
            next,
            best,
            previous_max,
            current_max,
            forced,
        ] = ssz::split(WHAT, bytes, LAYOUT)?;
        if version != [VERSION] {
            return Err(Error::Malformed {
                what: WHAT,
                reason: "written by another version",
            });
        }
        let (expected, got) = (network.genesis_validators_root, B256::from_slice(genesis));
        if got != expected {
            return Err(Error::OtherNetwork { expected, got });
        }
        let (newest, preset) = (Fork::NEWEST, &network.preset);
        let some = |part: &'_ [u8]| (!part.is_empty()).then_some(());
        let store = Self {
            finalized_header: LightClientHeader::decode(finalized, newest)?,
            current_sync_committee: committee(current, preset)?,
            next_sync_committee: some(next).map(|()| committee(next, preset)).transpose()?,
            best_valid_update: some(best)
                .map(|()| LightClientUpdate::decode(best, newest, preset))
                .transpose()?,
            optimistic_header: LightClientHeader::decode(optimistic, newest)?,
            previous_max_active_participants: u64::from_le_bytes(ssz::array(WHAT, previous_max)?),
            current_max_active_participants: u64::from_le_bytes(ssz::array(WHAT, current_max)?),
            is_forced: flag(forced)?,
        };
        store.check(network)?;
        Ok(store)
    }

    fn check(&self, network: &Network) -> Result<(), Error> {
        is_valid_light_client_header(&self.finalized_header, network)?;
        is_valid_light_client_header(&self.optimistic_header, network)?;
        if self.optimistic_header.beacon.slot < self.finalized_header.beacon.slot {
            let reason = "the optimistic header is older than the finalized one";
            return Err(Error::Malformed { what: WHAT, reason });
        }
        self.best_valid_update.as_ref().map_or(Ok(()), |best| {
            validate_light_client_update(self, best, best.signature_slot, network)
        })
    }
}

fn committee(bytes: &[u8], preset: &Preset) -> Result<Committee, Error> {
    Ok(Arc::new(SyncCommittee::decode(bytes, preset)?).into())
}

fn flag(byte: &[u8]) -> Result<bool, Error> {
    match byte {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(Error::Malformed {
            what: WHAT,
            reason: "a flag is neither 0 nor 1",
        }),
    }
}
