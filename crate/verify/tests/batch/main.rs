//! Updates verified together must fare as they do one after the other: on mainnet's chain, on the
//! specification's tests, and on chains of our own making.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attacks;
mod generated;
mod mainnet;
mod random_chains;
mod specification;

use lampyris_verify::Error;
use lampyris_verify::config::Network;
use lampyris_verify::containers::LightClientUpdate;
use lampyris_verify::light_client::{
    LightClientStore, process_light_client_update, process_light_client_updates,
};

const SEED: [u8; 32] = [42; 32];

/// Takes in updates together, and asserts that store and refusal are those of one after the other.
fn take(
    store: &mut LightClientStore,
    updates: &[LightClientUpdate],
    current_slot: u64,
    network: &Network,
) -> Result<(), (usize, Error)> {
    let mut reference = store.clone();
    let one_by_one = updates.iter().enumerate().try_for_each(|(index, update)| {
        process_light_client_update(&mut reference, update, current_slot, network)
            .map_err(|error| (index, error))
    });
    let together = process_light_client_updates(store, updates, current_slot, network, &SEED);
    assert_eq!(together, one_by_one);
    assert!(*store == reference, "the stores differ after {together:?}");
    together
}
