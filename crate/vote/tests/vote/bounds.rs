//! Contracts that are not what was configured, and proposals that are too large.

use crate::model::{Model, ModelProposal, governor, plain_proposal};
use crate::rounds::{World, solve};
use lampyris_vote::governor::{MAX_ACTIONS, MAX_CALLDATA_BYTES, MAX_PROPOSALS};
use lampyris_vote::storage::{item_slot, mapping_slot, member_slot};
use lampyris_vote::{
    Action, Actions, Address, B256, Error, Fault, Need, Page, Proposals, Storage, U256, proposals,
    voting_power,
};
use proptest::prelude::*;

fn model() -> Model {
    Model {
        clock: 200,
        supply: vec![(1, U256::from(1000)), (20, U256::from(900))],
        numerators: vec![(1, U256::from(4))],
        proposals: vec![plain_proposal(1)],
    }
}

fn read(world: &World) -> Result<Proposals, Error> {
    solve(world, |witness| {
        proposals(witness, &governor(), 200, Page::default())
    })
    .answer
}

fn with_actions(actions: Vec<Action>) -> Result<Proposals, Error> {
    let mut model = model();
    let mut large = model.proposals[0].clone();
    large.actions = actions;
    model.proposals.push(large);
    read(&model.world())
}

fn action(length: u64) -> Action {
    let calldata = vec![9; usize::try_from(length).expect("a length")];
    Action {
        target: Address::ZERO,
        value: U256::ZERO,
        calldata: calldata.into(),
    }
}

#[test]
fn a_page_is_bounded() {
    let page = Page {
        skip: 0,
        limit: MAX_PROPOSALS + 1,
    };
    let refused = proposals(&World::new(), &governor(), 1, page);
    let error = Error::PageLength {
        expected: MAX_PROPOSALS,
        got: MAX_PROPOSALS + 1,
    };
    assert_eq!(refused, Err(Need::Refused(error)));
    // A page beyond the end is empty; the count is proven all the same.
    let page = Page {
        skip: u64::MAX,
        limit: 1,
    };
    let solved = solve(&model().world(), |witness| {
        proposals(witness, &governor(), 200, page)
    });
    let answer = solved.answer.unwrap();
    assert_eq!((answer.count, answer.proposals.len()), (1, 0));
}

#[test]
fn a_large_proposal_is_read_and_a_larger_one_is_told_as_that() {
    let largest = usize::try_from(MAX_ACTIONS).unwrap();
    for actions in [
        vec![action(3); largest],
        vec![action(MAX_CALLDATA_BYTES - 1), action(1)],
    ] {
        let answer = with_actions(actions.clone()).unwrap();
        assert_eq!(answer.proposals[0].actions, Actions::Verified(actions));
    }
    for actions in [
        vec![action(0); largest + 1],
        vec![action(MAX_CALLDATA_BYTES), action(1)],
    ] {
        let count = u64::try_from(actions.len()).unwrap();
        let answer = with_actions(actions).unwrap();
        assert_eq!(answer.proposals[0].actions, Actions::TooLarge { count });
        assert_eq!(answer.proposals[0].actions.verified(), None);
        // The others are read all the same.
        assert_eq!(
            answer.proposals[1].actions.verified(),
            Some(&*model().proposals[0].actions)
        );
    }
}

/// What the costliest attack on a page looks like; the rounds are checked by `solve`.
#[test]
fn a_page_of_the_largest_proposals_is_read() {
    let mut model = model();
    let mut largest = model.proposals[0].clone();
    largest.actions = (0..MAX_ACTIONS)
        .map(|_| action(MAX_CALLDATA_BYTES / MAX_ACTIONS))
        .collect();
    model.supply = (1..5000).map(|time| (time, U256::from(time))).collect();
    model.numerators = (1..5000)
        .map(|time| (time, U256::from(time % 100)))
        .collect();
    model.proposals = (0..MAX_PROPOSALS)
        .map(|number| {
            let snapshot = 7 + 150 * u64::try_from(number).unwrap();
            let description_hash = B256::from(U256::from(number));
            ModelProposal {
                snapshot,
                description_hash,
                ..largest.clone()
            }
        })
        .collect();
    let page = read(&model.world()).unwrap();
    assert_eq!(page.proposals.len(), MAX_PROPOSALS);
    assert!(
        page.proposals
            .iter()
            .all(|proposal| proposal.actions.verified().is_some())
    );
}

/// Each word of a proposal set to something that no such contract writes.
#[test]
fn words_that_do_not_fit_are_refused() {
    let model = model();
    let governor = governor();
    let (layout, id) = (governor.layout, B256::from(model.proposals[0].id()));
    let core = mapping_slot(id, layout.proposals);
    let details = mapping_slot(id, layout.proposal_details);
    let first = |offset| item_slot(member_slot(details, offset), 0);
    let right = model.world();
    let core_word = right[&(governor.address, core.into())];
    let wide = U256::from(1) << 200;
    let cases = [
        (layout.proposal_ids, wide, "the number of proposals"),
        (layout.timelock, wide, "the timelock's address"),
        (layout.quorum_numerators, wide, "the number of checkpoints"),
        (
            core,
            core_word | (U256::from(2) << 240),
            "a proposal's core",
        ),
        (
            core,
            core_word | (U256::from(255) << 248),
            "a proposal's core",
        ),
        (member_slot(core, 1), wide, "a proposal's eta"),
        (
            member_slot(details, 0),
            U256::ZERO,
            "the number of a proposal's actions",
        ),
        (
            member_slot(details, 1),
            U256::from(2),
            "the number of a proposal's actions",
        ),
        (
            member_slot(details, 2),
            wide,
            "the number of a proposal's actions",
        ),
        (first(0), wide, "an action's target"),
        (first(2), U256::from(0x40), "an action's calldata"),
        (
            item_slot(layout.quorum_numerators, 0),
            U256::from(101) << 48,
            "the quorum's numerator",
        ),
    ];
    for (slot, got, what) in cases {
        let mut world = right.clone();
        world.insert((governor.address, slot.into()), got);
        let error = read(&world).unwrap_err();
        assert_eq!(error.fault(), Fault::Misuse);
        match error {
            Error::UnexpectedWord {
                contract,
                what: told,
                ..
            } => {
                assert_eq!((contract, told), (governor.address, what));
            }
            other => panic!("{what}: {other}"),
        }
    }
}

#[test]
fn another_content_is_not_the_proposals() {
    let model = model();
    let governor = governor();
    let id = model.proposals[0].id();
    let details = mapping_slot(id.into(), governor.layout.proposal_details);
    let first = |offset| item_slot(member_slot(details, offset), 0);
    for slot in [first(0), first(1), member_slot(details, 3)] {
        let mut world = model.world();
        let word = world.get_mut(&(governor.address, slot.into())).unwrap();
        *word ^= U256::from(1);
        let error = read(&world).unwrap_err();
        assert!(matches!(error, Error::ProposalId { expected, .. } if expected == id));
    }
}

#[test]
fn checkpoints_must_ascend() {
    let governor = governor();
    let mut model = model();
    model.supply = vec![(1, U256::from(5)), (30, U256::from(6)), (20, U256::from(7))];
    let error = read(&model.world()).unwrap_err();
    assert_eq!(
        error,
        Error::CheckpointOrder {
            contract: governor.token,
            index: 2
        }
    );
    model.supply = vec![(1, U256::from(5)), (1, U256::from(6))];
    let error = read(&model.world()).unwrap_err();
    assert_eq!(
        error,
        Error::CheckpointOrder {
            contract: governor.token,
            index: 1
        }
    );
}

#[test]
fn a_vote_is_a_boolean() {
    let governor = governor();
    let model = model();
    let (id, voter) = (model.proposals[0].id(), Address::repeat_byte(3));
    let votes = mapping_slot(id.into(), governor.layout.proposal_votes);
    let slot = mapping_slot(voter.into_word(), member_slot(votes, 3));
    for (word, expected) in [(0, Some(false)), (1, Some(true)), (2, None), (256, None)] {
        let mut world = model.world();
        world.insert((governor.address, slot.into()), U256::from(word));
        let solved = solve(&world, |witness| {
            voting_power(witness, &governor, id, voter, 200)
        });
        assert_eq!(solved.answer.map(|power| power.has_voted).ok(), expected);
    }
}

#[test]
fn votes_that_overflow_are_refused() {
    let mut model = model();
    model.proposals[0].votes = [U256::ZERO, U256::MAX, U256::from(1)];
    assert_eq!(read(&model.world()), Err(Error::Overflow));
}

/// A contract of another kind altogether: words without any order, many of them small.
struct Garbage {
    seed: u64,
}

impl Storage for Garbage {
    fn read(&self, contract: Address, slot: B256) -> Option<U256> {
        let bytes = [
            &self.seed.to_be_bytes()[..],
            contract.as_slice(),
            slot.as_slice(),
        ]
        .concat();
        let word = U256::from_be_bytes(alloy_primitives::keccak256(bytes).0);
        Some(match word.byte(31) % 5 {
            0 => word,
            1 => word >> 250,
            2 => U256::from(1),
            3 => (word >> 128) & U256::from(u64::MAX),
            _ => U256::ZERO,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn garbage_never_panics(seed: u64) {
        let answer = proposals(&Garbage { seed }, &governor(), 200, Page::default());
        prop_assert!(!matches!(answer, Err(Need::Slots(_))), "nothing was missing");
        let (id, voter) = (U256::from(seed), Address::repeat_byte(1));
        let power = voting_power(&Garbage { seed }, &governor(), id, voter, 200);
        prop_assert!(!matches!(power, Err(Need::Slots(_))), "nothing was missing");
    }
}
