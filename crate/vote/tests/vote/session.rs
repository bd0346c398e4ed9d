//! OpenZeppelin's own contracts in a real EVM: the same answers from their storage alone.

use crate::rounds::{Solved, World, solve};
use lampyris_vote::layout::{OZ5_STORAGE, OZ5_VOTES};
use lampyris_vote::storage::mapping_slot;
use lampyris_vote::token::{delegatee, past_total_supply, past_votes, votes};
use lampyris_vote::{
    Address, Error, Governor, GovernorLayout, Page, Proposal, U256, has_voted, proposal, proposals,
    voting_power,
};
use serde_json::Value;
use std::path::Path;

pub(crate) struct Session {
    pub(crate) json: Value,
    pub(crate) governor: Governor,
    people: Vec<Address>,
}

impl Session {
    pub(crate) fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        let text = std::fs::read_to_string(folder.join("oz5-governor/session.json"));
        let json: Value = serde_json::from_str(&text.expect("session.json")).expect("JSON");
        let governor = Governor {
            address: address(&json["contracts"]["governor"]),
            token: address(&json["contracts"]["token"]),
            layout: GovernorLayout::by_name("oz5-storage").expect("a known layout"),
        };
        let people = list(&json["people"]).iter().map(address).collect();
        Self {
            json,
            governor,
            people,
        }
    }

    /// Each moment with the storage that the contracts had then.
    fn moments(&self) -> impl Iterator<Item = (&Value, World)> {
        let mut world = World::new();
        list(&self.json["moments"]).iter().map(move |moment| {
            for (name, slots) in moment["storage"].as_object().expect("storage") {
                let contract = address(&self.json["contracts"][name]);
                for (slot, word) in slots.as_object().expect("slots") {
                    world.insert((contract, slot.parse().expect(slot)), number(word));
                }
            }
            (moment, world.clone())
        })
    }
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn address(value: &Value) -> Address {
    value
        .as_str()
        .expect("an address")
        .parse()
        .expect("an address")
}

/// Decimal text, hexadecimal text or a number.
pub(crate) fn number(value: &Value) -> U256 {
    value
        .as_u64()
        .map(U256::from)
        .unwrap_or_else(|| value.as_str().expect("a number").parse().expect("a number"))
}

pub(crate) fn block(value: &Value) -> u64 {
    number(value).to()
}

#[test]
fn the_layout_is_the_compilers() {
    let session = Session::open();
    let slot = |contract: &str, label: &str| {
        let entry = list(&session.json["layout"][contract])
            .iter()
            .filter_map(|entry| entry.as_str()?.split_once(' '))
            .find(|(_, name)| *name == label);
        entry
            .expect(label)
            .0
            .parse::<U256>()
            .expect("alone in its slot")
    };
    assert_eq!(OZ5_STORAGE.proposals, slot("governor", "_proposals"));
    assert_eq!(
        OZ5_STORAGE.proposal_votes,
        slot("governor", "_proposalVotes")
    );
    assert_eq!(OZ5_STORAGE.proposal_ids, slot("governor", "_proposalIds"));
    assert_eq!(
        OZ5_STORAGE.proposal_details,
        slot("governor", "_proposalDetails")
    );
    assert_eq!(
        OZ5_STORAGE.quorum_numerators,
        slot("governor", "_quorumNumeratorHistory")
    );
    assert_eq!(OZ5_STORAGE.timelock, slot("governor", "_timelock"));
    assert_eq!(OZ5_STORAGE.timelock_ids, slot("governor", "_timelockIds"));
    assert_eq!(
        OZ5_STORAGE.timelock_timestamps,
        slot("timelock", "_timestamps")
    );
    assert_eq!(OZ5_VOTES.balances, slot("token", "_balances"));
    assert_eq!(OZ5_VOTES.total_supply, slot("token", "_totalSupply"));
    assert_eq!(OZ5_VOTES.delegatees, slot("token", "_delegatee"));
    assert_eq!(
        OZ5_VOTES.delegate_checkpoints,
        slot("token", "_delegateCheckpoints")
    );
    assert_eq!(
        OZ5_VOTES.total_checkpoints,
        slot("token", "_totalCheckpoints")
    );
}

#[test]
fn proposals_are_what_the_contract_says() {
    let session = Session::open();
    let mut states = Vec::new();
    for (moment, world) in session.moments() {
        let clock = block(&moment["number"]);
        let expected = list(&moment["proposals"]);
        let mut newest_first = Vec::new();
        loop {
            let page = Page {
                skip: newest_first.len() as u64,
                limit: 10,
            };
            let solved = solve(&world, |witness| {
                proposals(witness, &session.governor, clock, page)
            });
            assert!(
                solved.rounds <= 6,
                "{} rounds for {} words",
                solved.rounds,
                solved.words
            );
            let answer = solved.answer.unwrap();
            assert_eq!(answer.count, block(&moment["proposalCount"]));
            if answer.proposals.is_empty() {
                break;
            }
            newest_first.extend(answer.proposals);
        }
        assert_eq!(newest_first.len(), expected.len());
        let contents = list(&session.json["contents"]);
        for ((proposal, expected), content) in newest_first.iter().rev().zip(expected).zip(contents)
        {
            check_proposal(proposal, expected);
            check_content(proposal, content);
            states.push(proposal.state.name());
        }
    }
    states.sort_unstable();
    states.dedup();
    let all = [
        "active",
        "canceled",
        "defeated",
        "executed",
        "pending",
        "queued",
        "succeeded",
    ];
    assert_eq!(states, all);
}

fn check_proposal(proposal: &Proposal, expected: &Value) {
    assert_eq!(proposal.id, number(&expected["id"]));
    assert_eq!(
        proposal.state.name(),
        expected["state"],
        "{:#x}",
        proposal.id
    );
    assert_eq!(proposal.proposer, address(&expected["proposer"]));
    assert_eq!(proposal.snapshot, block(&expected["snapshot"]));
    assert_eq!(proposal.deadline, block(&expected["deadline"]));
    assert_eq!(proposal.eta, block(&expected["eta"]));
    let votes = list(&expected["votes"])
        .iter()
        .map(number)
        .collect::<Vec<_>>();
    assert_eq!(
        [
            proposal.against_votes,
            proposal.for_votes,
            proposal.abstain_votes
        ],
        *votes
    );
    assert_eq!(proposal.is_settled, !expected["quorum"].is_null());
    if proposal.is_settled {
        assert_eq!(proposal.quorum, number(&expected["quorum"]));
        assert_eq!(proposal.total_supply, number(&expected["totalSupply"]));
    }
}

fn check_content(proposal: &Proposal, content: &Value) {
    assert_eq!(proposal.id, number(&content["id"]));
    assert_eq!(
        proposal.description_hash.to_string(),
        content["descriptionHash"]
    );
    let expected = list(&content["actions"]);
    let Some(actions) = proposal.actions.verified() else {
        assert_eq!(
            expected.len(),
            70,
            "only the proposal with 70 actions is too large"
        );
        return;
    };
    assert_eq!(actions.len(), expected.len());
    for (action, expected) in actions.iter().zip(expected) {
        assert_eq!(action.target, address(&expected[0]));
        assert_eq!(action.value, number(&expected[1]));
        assert_eq!(action.calldata.to_string(), expected[2]);
    }
}

#[test]
fn voters_are_who_the_contract_says() {
    let session = Session::open();
    let (mut voted, mut powers) = (0, 0);
    for (moment, world) in session.moments() {
        let clock = block(&moment["number"]);
        for expected in list(&moment["proposals"]) {
            let id = number(&expected["id"]);
            let voters = list(&expected["voters"])
                .iter()
                .map(address)
                .collect::<Vec<_>>();
            for (index, person) in session.people.iter().enumerate() {
                let Solved { answer, rounds, .. } = solve(&world, |witness| {
                    voting_power(witness, &session.governor, id, *person, clock)
                });
                let power = answer.unwrap();
                assert!(rounds <= 3, "{rounds} rounds");
                assert_eq!(power.has_voted, voters.contains(person));
                assert_eq!(power.snapshot, block(&expected["snapshot"]));
                assert_eq!(power.is_settled, !expected["powers"].is_null());
                if power.is_settled {
                    assert_eq!(power.power, number(&expected["powers"][index]));
                    powers += 1;
                } else {
                    assert_eq!(
                        power.power,
                        number(&moment["holders"][index][1]),
                        "that of now"
                    );
                }
                let solved = solve(&world, |witness| {
                    has_voted(witness, &session.governor, id, *person)
                });
                assert_eq!(solved.answer, Ok(power.has_voted));
                assert_eq!(solved.rounds, 1);
                voted += usize::from(power.has_voted);
            }
        }
    }
    assert!(
        voted > 300 && powers > 1000,
        "{voted} voted, {powers} powers"
    );
}

#[test]
fn holders_have_what_the_token_says() {
    let session = Session::open();
    let (token, mut answered, mut refused) = (session.governor.token(), 0, 0);
    for (moment, world) in session.moments() {
        for (person, expected) in session.people.iter().zip(list(&moment["holders"])) {
            let whom = solve(&world, |witness| delegatee(witness, token, *person));
            assert_eq!((whom.answer, whom.rounds), (Ok(address(&expected[0])), 1));
            let held = solve(&world, |witness| votes(witness, token, *person));
            assert_eq!(held.answer, Ok(number(&expected[1])));
            let slot = mapping_slot(person.into_word(), token.layout.balances);
            let balance = world
                .get(&(token.address, slot.into()))
                .copied()
                .unwrap_or_default();
            assert_eq!(balance, number(&expected[2]));
        }
        let clock = block(&moment["number"]);
        for lookup in list(&moment["lookups"]) {
            let (account, timepoint) = (address(&lookup[0]), block(&lookup[1]));
            let solved = solve(&world, |witness| {
                past_votes(witness, token, account, timepoint, clock)
            });
            if lookup[2].is_null() {
                assert_eq!(solved.answer, Err(Error::FutureLookup { timepoint, clock }));
                assert_eq!(solved.rounds, 0);
                refused += 1;
            } else {
                assert_eq!(solved.answer, Ok(number(&lookup[2])));
                assert!(solved.rounds <= 3, "{} rounds", solved.rounds);
                answered += 1;
            }
        }
        let supply = solve(&world, |witness| {
            past_total_supply(witness, token, clock - 1, clock)
        });
        assert!(supply.answer.is_ok());
        let refusal = past_total_supply(&world, token, clock, clock);
        assert_eq!(
            refusal,
            Err(Error::FutureLookup {
                timepoint: clock,
                clock
            }
            .into())
        );
    }
    assert!(
        answered > 150 && refused > 3,
        "{answered} answered, {refused} refused"
    );
}

#[test]
fn one_proposal_is_read_alone() {
    let session = Session::open();
    let (moment, world) = session.moments().last().unwrap();
    let clock = block(&moment["number"]);
    for (expected, content) in list(&moment["proposals"])
        .iter()
        .zip(list(&session.json["contents"]))
    {
        let id = number(&expected["id"]);
        let solved = solve(&world, |witness| {
            proposal(witness, &session.governor, clock, id)
        });
        assert!(solved.rounds <= 5, "{} rounds", solved.rounds);
        let proposal = solved.answer.unwrap();
        check_proposal(&proposal, expected);
        check_content(&proposal, content);
    }
    let id = U256::from(1);
    let solved = solve(&world, |witness| {
        proposal(witness, &session.governor, clock, id)
    });
    assert_eq!(solved.answer, Err(Error::ProposalUnknown { id }));
    assert_eq!(solved.rounds, 1);
}

/// "goto fail": every single word that a list was computed from, changed, changes the answer or is
/// refused, or at least is a word of the votes that only matter when they tip a result.
#[test]
fn every_word_counts() {
    let session = Session::open();
    let (moment, world) = session.moments().nth(2).unwrap();
    let clock = block(&moment["number"]);
    let read = |world: &World| {
        solve(world, |witness| {
            proposals(witness, &session.governor, clock, Page::default())
        })
        .answer
    };
    let right = read(&world).unwrap();
    let mut witness = World::new();
    while let Err(lampyris_vote::Need::Slots(slots)) =
        proposals(&witness, &session.governor, clock, Page::default())
    {
        for slot in slots {
            witness.insert(slot, world.get(&slot).copied().unwrap_or_default());
        }
    }
    let mut unnoticed = Vec::new();
    for (slot, word) in &witness {
        let mut changed = world.clone();
        changed.insert(*slot, word ^ (U256::from(1) << 70));
        if read(&changed).as_ref() == Ok(&right) {
            unnoticed.push(slot);
        }
    }
    let share = unnoticed.len() * 100 / witness.len();
    // What is left: timelock entries whose exact time does not matter.
    assert!(
        share < 25,
        "{} of {} unnoticed",
        unnoticed.len(),
        witness.len()
    );
}
