//! When gossip forwards an update: the light clients' rules of the
//! [specification](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/altair/light-client/p2p-interface.md#the-gossip-domain-gossipsub).
//!
//! Everything here is cheap. What it refuses needs no look at a signature: a slot's first good update
//! moves a header of the store, and no variant of it moves that header again. So of the 2^512 valid
//! variants of a slot (any of the members may be left out) one is checked and forwarded.

use super::{LightClientStore, get_safety_threshold};
use crate::config::Network;
use crate::containers::LightClientUpdate;

/// How much the clocks of peers may differ, in milliseconds.
pub const MAXIMUM_GOSSIP_CLOCK_DISPARITY: u64 = 500;

/// When an update may be published, in milliseconds since 1970: a third into the slot of the block that
/// carries its signature, when that block had time to spread.
#[must_use]
pub fn due_unix_ms(signature_slot: u64, network: &Network) -> u64 {
    let third = network.slot_duration_ms.checked_div(3).unwrap_or(0);
    network
        .slot_start_unix_ms(signature_slot)
        .saturating_add(third)
}

/// Whether an update comes before it may be published, by clocks as different as may be.
#[must_use]
pub fn is_too_early(signature_slot: u64, unix_ms: u64, network: &Network) -> bool {
    unix_ms.saturating_add(MAXIMUM_GOSSIP_CLOCK_DISPARITY) < due_unix_ms(signature_slot, network)
}

/// Whether an update, if it is valid, is the first to bring the store a newer signed header.
///
/// The safety threshold is part of it: few members, whom an attacker may have bought, move nothing.
#[must_use]
pub fn advances_optimistic(store: &LightClientStore, update: &LightClientUpdate) -> bool {
    let participants = u64::try_from(update.sync_aggregate.participants()).unwrap_or(u64::MAX);
    update.attested_header.beacon.slot > store.optimistic_header.beacon.slot
        && participants > get_safety_threshold(store)
}

/// Whether an update, if it is valid, is the first to bring the store a newer final header.
#[must_use]
pub fn advances_finalized(store: &LightClientStore, update: &LightClientUpdate) -> bool {
    update.finalized_header.beacon.slot > store.finalized_header.beacon.slot
        && update.sync_aggregate.has_supermajority()
}
