//! Mainnet's committees of 46 periods, February and March 2025.

use lampyris_vectors::files::Files;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{LightClientBootstrap, LightClientUpdate};
use lampyris_verify::light_client::{
    LightClientStore, MAX_BATCH, initialize_light_client_store, process_light_client_update,
};
use lampyris_verify::{Error, Fault};

use crate::attacks::{ATTACKS, cancelling_errors, swap_signatures};
use crate::take;

const FORK: Fork = Fork::Deneb;
const PERIODS: usize = 46;

struct Mainnet {
    network: Network,
    store: LightClientStore,
    updates: Vec<LightClientUpdate>,
    current_slot: u64,
}

fn mainnet() -> Mainnet {
    let files = Files::ours();
    let read = |name: &str| files.bytes(&files.named(name)[0]);
    let network = Network::mainnet();
    let bootstrap = read("bootstrap_period1347.ssz");
    let bootstrap = LightClientBootstrap::decode(&bootstrap, FORK, &network.preset).unwrap();
    let root = bootstrap.header.beacon.hash_tree_root();
    // u64 length, fork digest and object, again and again.
    let list = read("updates_1347_count46.ssz");
    let (mut rest, mut updates) = (list.as_slice(), Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
        let (chunk, behind) = behind.split_at(length);
        updates.push(LightClientUpdate::decode(&chunk[4..], FORK, &network.preset).unwrap());
        rest = behind;
    }
    assert_eq!(updates.len(), PERIODS);
    assert!(updates.len() > MAX_BATCH, "more than one batch");
    Mainnet {
        store: initialize_light_client_store(root, &bootstrap, &network).unwrap(),
        current_slot: updates.last().unwrap().signature_slot,
        network,
        updates,
    }
}

#[test]
fn all_periods_together() {
    let Mainnet {
        network,
        mut store,
        updates,
        current_slot,
    } = mainnet();
    take(&mut store, &updates, current_slot, &network).unwrap();
    assert_eq!(store.committee_period(&network), 1392);
    assert!(store.next_sync_committee().is_some());
}

/// A part of one update is changed: it is refused, by the same error as alone, and those before it
/// are taken in.
#[test]
fn each_part_of_each_update() {
    let Mainnet {
        network,
        store,
        updates,
        current_slot,
    } = mainnet();
    let updates = &updates[..4];
    let mut stores = vec![store.clone()];
    for update in updates {
        let mut next = stores.last().unwrap().clone();
        process_light_client_update(&mut next, update, current_slot, &network).unwrap();
        stores.push(next);
    }
    let mut refused = 0;
    for index in 0..updates.len() {
        for (name, attack) in ATTACKS {
            let mut updates = updates.to_vec();
            attack(&mut updates[index]);
            let mut attacked = store.clone();
            let result = take(&mut attacked, &updates, current_slot, &network);
            let (at, error) = result.expect_err(name);
            assert_eq!(
                (at, error.fault()),
                (index, Fault::PeerMisbehaved),
                "{name}"
            );
            assert!(attacked == stores[index], "{name} of {index}");
            refused += 1;
        }
    }
    println!("{refused} falsified updates among true ones, all refused");
}

/// Signatures that are wrong together so that their sum is right, within a batch and across two.
#[test]
fn errors_that_cancel_out() {
    let Mainnet {
        network,
        store,
        updates,
        current_slot,
    } = mainnet();
    for (one, other) in [(0, 1), (3, 9), (MAX_BATCH - 1, MAX_BATCH), (2, 45)] {
        for attack in [swap_signatures, cancelling_errors] {
            let mut updates = updates.clone();
            let (before, behind) = updates.split_at_mut(other);
            attack(&mut before[one], &mut behind[0]);
            let mut attacked = store.clone();
            let result = take(&mut attacked, &updates, current_slot, &network);
            assert_eq!(result, Err((one, Error::Signature)));
        }
    }
}

/// What is nobody's lie keeps its name, and keeps those behind it out.
#[test]
fn gaps_repetitions_and_the_future() {
    let Mainnet {
        network,
        store,
        updates,
        current_slot,
    } = mainnet();
    let run = |updates: &[LightClientUpdate], slot: u64| {
        let mut store = store.clone();
        take(&mut store, updates, slot, &network)
    };
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|index| updates[index].clone());
    assert_eq!(run(&[], current_slot), Ok(()));
    let gap = run(&[first.clone(), third.clone(), fourth], current_slot);
    assert!(matches!(gap, Err((1, Error::Period { .. }))), "{gap:?}");
    let again = [first.clone(), second.clone(), first.clone(), third.clone()];
    let again = run(&again, current_slot);
    assert!(matches!(again, Err((2, _))), "{again:?}");
    let early = run(&[first, second, third.clone()], third.signature_slot - 1);
    assert!(matches!(early, Err((2, Error::Early { .. }))), "{early:?}");
}
