//! Which of two updates serves a light client better.

use core::cmp::Ordering;

use super::{is_finality_update, is_sync_committee_update};
use crate::config::Network;
use crate::containers::LightClientUpdate;

/// Whether `new_update` is better than `old_update`.
#[must_use]
pub fn is_better_update(
    new_update: &LightClientUpdate,
    old_update: &LightClientUpdate,
    network: &Network,
) -> bool {
    rank(new_update, old_update, network) == Ordering::Greater
}

/// The first difference that matters decides.
fn rank(new: &LightClientUpdate, old: &LightClientUpdate, network: &Network) -> Ordering {
    let more = |value: fn(&LightClientUpdate) -> usize| value(new).cmp(&value(old));
    let has = |flag: &dyn Fn(&LightClientUpdate) -> bool| flag(new).cmp(&flag(old));
    let older = |slot: fn(&LightClientUpdate) -> u64| slot(old).cmp(&slot(new));
    let period = |slot: u64| network.sync_committee_period_at_slot(slot);

    let supermajority = has(&|update| update.sync_aggregate.has_supermajority());
    if supermajority != Ordering::Equal {
        return supermajority;
    }
    let participants = more(|update| update.sync_aggregate.participants());
    if !new.sync_aggregate.has_supermajority() && participants != Ordering::Equal {
        return participants;
    }
    let has_relevant_sync_committee = |update: &LightClientUpdate| {
        is_sync_committee_update(update)
            && period(update.attested_header.beacon.slot) == period(update.signature_slot)
    };
    let has_sync_committee_finality = |update: &LightClientUpdate| {
        is_finality_update(update)
            && period(update.finalized_header.beacon.slot)
                == period(update.attested_header.beacon.slot)
    };
    has(&has_relevant_sync_committee)
        .then_with(|| has(&is_finality_update))
        .then_with(|| has(&has_sync_committee_finality))
        .then(participants)
        .then_with(|| older(|update| update.attested_header.beacon.slot))
        .then_with(|| older(|update| update.signature_slot))
}
