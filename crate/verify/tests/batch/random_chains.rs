//! Random runs of updates, true and false ones, of every kind that a store treats differently.

use std::cell::Cell;

use lampyris_verify::containers::LightClientUpdate;
use lampyris_verify::light_client::MAX_BATCH;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::attacks::{ATTACKS, swap_signatures};
use crate::generated::{Chain, Kind, SIZE};
use crate::take;

const FIRST: u64 = 3;
const PERIODS: u64 = 40;
/// One that leads on; one that has only a better header; too few for finality; the fewest; one later
/// in its period.
const KINDS: [Kind; 5] = [
    Kind {
        participants: SIZE,
        finalizes: true,
        offset: 20,
    },
    Kind {
        participants: SIZE - 3,
        finalizes: false,
        offset: 30,
    },
    Kind {
        participants: SIZE / 2,
        finalizes: true,
        offset: 25,
    },
    Kind {
        participants: 1,
        finalizes: true,
        offset: 10,
    },
    Kind {
        participants: SIZE - 7,
        finalizes: true,
        offset: 50,
    },
];

/// How the next update is chosen.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Whether it is of the period that follows, of the same, or leaves one out.
    forward: u64,
    kind: usize,
    attack: Option<usize>,
    swaps_signatures: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let forward = prop_oneof![40 => Just(1_u64), 4 => Just(0), 1 => Just(2)];
    let kind = prop_oneof![8 => Just(0_usize), 3 => 1..KINDS.len()];
    let attack = prop::option::weighted(0.02, 0..ATTACKS.len());
    let swaps = prop::bool::weighted(0.01);
    (forward, kind, attack, swaps).prop_map(|(forward, kind, attack, swaps_signatures)| Step {
        forward,
        kind,
        attack,
        swaps_signatures,
    })
}

fn updates(pool: &[Vec<LightClientUpdate>], steps: &[Step]) -> Vec<LightClientUpdate> {
    let (mut updates, mut period) = (Vec::<LightClientUpdate>::new(), 0_u64);
    for (index, step) in steps.iter().enumerate() {
        period += if index == 0 { 0 } else { step.forward };
        let Some(kinds) = pool.get(usize::try_from(period).unwrap()) else {
            break;
        };
        let mut update = kinds[step.kind].clone();
        if let (true, Some(before)) = (step.swaps_signatures, updates.last_mut()) {
            swap_signatures(before, &mut update);
        }
        if let Some(attack) = step.attack.filter(|_| KINDS[step.kind].finalizes) {
            ATTACKS[attack].1(&mut update);
        }
        updates.push(update);
    }
    updates
}

#[test]
fn together_as_one_after_the_other() {
    let chain = Chain::new();
    let start = chain.store(FIRST);
    let pool: Vec<Vec<_>> = (FIRST..FIRST + PERIODS)
        .map(|period| KINDS.map(|kind| chain.update(period, kind)).to_vec())
        .collect();
    let current_slot = pool.last().unwrap().last().unwrap().signature_slot;

    // Nothing but what leads on, in more than one batch.
    let honest: Vec<_> = pool.iter().map(|kinds| kinds[0].clone()).collect();
    assert!(honest.len() > MAX_BATCH);
    let mut store = start.clone();
    take(&mut store, &honest, current_slot, &chain.network).unwrap();
    assert_eq!(store.committee_period(&chain.network), FIRST + PERIODS - 1);

    // Each attack on each of four, and not one gets through.
    for index in 0..4 {
        for (name, attack) in ATTACKS {
            let mut updates = honest[..4].to_vec();
            attack(&mut updates[index]);
            let mut store = start.clone();
            let refused = take(&mut store, &updates, current_slot, &chain.network);
            assert_eq!(refused.expect_err(name).0, index, "{name}");
        }
    }

    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    // Short ones, which chance leaves whole often enough, and such as take several batches.
    let runs = prop_oneof![
        prop::collection::vec(step(), 1..5),
        prop::collection::vec(step(), 5..45)
    ];
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    });
    let result = runner.run(&runs, |steps| {
        let updates = updates(&pool, &steps);
        let mut store = start.clone();
        let result = take(&mut store, &updates, current_slot, &chain.network);
        let count = if result.is_ok() { &accepted } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    result.unwrap();
    println!(
        "{} runs accepted whole, {} in part",
        accepted.get(),
        refused.get()
    );
    assert!(accepted.get() > 0 && refused.get() > 0);
}
