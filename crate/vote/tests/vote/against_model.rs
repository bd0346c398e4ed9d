//! Readers against the slow model, for worlds that no session has seen.

use crate::model::{
    Model, TIMELOCK, governor, models, plain_proposal, traces, value_at, write_trace,
};
use crate::rounds::{World, solve};
use lampyris_vote::storage::mapping_slot;
use lampyris_vote::token::past_votes;
use lampyris_vote::{Address, Page, U256, proposals};
use proptest::prelude::*;

/// A trace of one account's votes with `count` entries at times 10, 20, 30, …
fn world_of(count: u64) -> (World, Address) {
    let (account, token) = (Address::repeat_byte(0xaa), governor().token());
    let trace = (1..=count)
        .map(|index| (10 * index, U256::from(index)))
        .collect();
    let slot = mapping_slot(account.into_word(), token.layout.delegate_checkpoints);
    let mut world = World::new();
    write_trace(&mut world, token.address, slot, &trace);
    (world, account)
}

#[test]
fn many_checkpoints_take_few_rounds() {
    for (count, rounds_max, words_max) in [
        (0, 1, 1),
        (1, 2, 2),
        (16, 2, 17),
        (272, 3, 33),
        (4368, 4, 49),
        (30_000, 5, 65),
    ] {
        let (world, account) = world_of(count);
        let clock = 10 * count + 100;
        let mut most = 0;
        let times = (0..=10 * count + 10).step_by(if count > 300 { 997 } else { 7 });
        for time in times {
            let solved = solve(&world, |witness| {
                past_votes(witness, governor().token(), account, time, clock)
            });
            assert_eq!(
                solved.answer,
                Ok(U256::from((time / 10).min(count))),
                "{count} at {time}"
            );
            assert!(
                solved.words <= words_max,
                "{count} at {time}: {} words",
                solved.words
            );
            most = most.max(solved.rounds);
        }
        assert!(most <= rounds_max, "{count} checkpoints took {most} rounds");

        // The newest value, which nearly every question is about, is always in the second round.
        let newest = solve(&world, |witness| {
            past_votes(witness, governor().token(), account, clock - 1, clock)
        });
        assert!(newest.rounds <= 2);
    }
}

#[test]
fn proposals_with_one_action_take_four_rounds() {
    let of = |count: u8| Model {
        clock: 200,
        supply: vec![(1, U256::from(1000))],
        numerators: vec![(1, U256::from(4))],
        proposals: (0..count).map(plain_proposal).collect(),
    };
    for (count, rounds) in [(0, 1), (1, 4), (32, 4)] {
        let world = of(count).world();
        let solved = solve(&world, |witness| {
            proposals(witness, &governor(), 200, Page::default())
        });
        assert_eq!(solved.answer.unwrap().proposals.len(), usize::from(count));
        assert_eq!(solved.rounds, rounds, "for {count} proposals");
        assert!(
            solved.words <= 6 + 17 * usize::from(count),
            "{} words for {count} proposals",
            solved.words
        );
    }
}

proptest! {
    #[test]
    fn lists_are_as_the_model_says(model in models(), skip in 0u64..9, limit in 0usize..9) {
        let world = model.world();
        let page = Page { skip, limit };
        let solved = solve(&world, |witness| proposals(witness, &governor(), model.clock, page));
        prop_assert!(solved.rounds <= 7, "{} rounds", solved.rounds);
        let answer = solved.answer.unwrap();
        prop_assert_eq!(answer.count, u64::try_from(model.proposals.len()).unwrap());

        let expected = model.proposals.iter().rev().skip(usize::try_from(skip).unwrap()).take(limit);
        prop_assert_eq!(answer.proposals.len(), expected.clone().count());
        for (proposal, expected) in answer.proposals.iter().zip(expected) {
            prop_assert_eq!(proposal.id, expected.id());
            prop_assert_eq!(proposal.state, expected.state(&model));
            prop_assert_eq!(proposal.proposer, expected.proposer);
            prop_assert_eq!(proposal.snapshot, expected.snapshot);
            prop_assert_eq!(proposal.deadline, expected.snapshot + expected.duration);
            prop_assert_eq!(proposal.eta, expected.eta);
            let votes = [proposal.against_votes, proposal.for_votes, proposal.abstain_votes];
            prop_assert_eq!(votes, expected.votes);
            prop_assert_eq!(proposal.quorum, model.quorum(expected.snapshot));
            prop_assert_eq!(proposal.total_supply, value_at(&model.supply, expected.snapshot));
            prop_assert_eq!(proposal.is_settled, expected.snapshot < model.clock);
            prop_assert_eq!(proposal.description_hash, expected.description_hash);
            prop_assert_eq!(proposal.actions.verified().unwrap(), &expected.actions);
        }
    }

    #[test]
    fn votes_are_as_the_model_says(
        trace in traces(u64::MAX, 400), time in 0u64..4100, later in 1u64..10,
    ) {
        let (account, token) = (TIMELOCK, governor().token());
        let slot = mapping_slot(account.into_word(), token.layout.delegate_checkpoints);
        let mut world = World::new();
        write_trace(&mut world, token.address, slot, &trace);
        let solved =
            solve(&world, |witness| past_votes(witness, token, account, time, time + later));
        prop_assert_eq!(solved.answer, Ok(value_at(&trace, time)));
    }
}
