//! A block of the devnet: each word is proven against the block's state root with `lampyris_verify`,
//! and the readers must say what the contracts answered there.

use crate::rounds::{World, solve};
use crate::session::{address, block, list, number};
use alloy_rlp::Decodable;
use lampyris_verify::execution::Account;
use lampyris_verify::keccak256;
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_vote::storage::mapping_slot;
use lampyris_vote::token::{delegatee, past_total_supply, votes};
use lampyris_vote::{
    Address, B256, Bytes, Governor, GovernorLayout, Page, U256, has_voted, proposals, voting_power,
};
use serde_json::Value;
use std::path::Path;

struct Devnet {
    json: Value,
    governor: Governor,
    /// The proven words.
    world: World,
}

impl Devnet {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        let text = std::fs::read_to_string(folder.join("devnet-governor/governor.json"));
        let json: Value = serde_json::from_str(&text.expect("governor.json")).expect("JSON");
        let known = &json["contracts"]["governors"][0];
        let governor = Governor {
            address: address(&known["address"]),
            token: address(&known["token"]),
            layout: GovernorLayout::by_name(known["layout"].as_str().expect("a layout"))
                .expect("a known layout"),
        };
        let state_root = number(&json["block"]["stateRoot"]).into();
        let mut world = World::new();
        for (contract, slots) in json["slots"].as_object().expect("slots") {
            prove(
                &mut world,
                state_root,
                contract,
                list(slots),
                &json["proofs"][contract],
            );
        }
        Self {
            json,
            governor,
            world,
        }
    }
}

fn prove(world: &mut World, state_root: B256, contract: &str, slots: &[Value], proof: &Value) {
    let contract: Address = contract.parse().expect("an address");
    let storage_proofs = list(&proof["storageProof"]);
    let nodes = [&proof["accountProof"]]
        .into_iter()
        .chain(storage_proofs.iter().map(|proof| &proof["proof"]))
        .flat_map(list)
        .map(|node| {
            node.as_str()
                .expect("a node")
                .parse::<Bytes>()
                .expect("a node")
        })
        .collect();
    let nodes = NodeSet::new(nodes).expect("nodes");
    let account = lookup(state_root, keccak256(contract).as_slice(), &nodes).expect("a proof");
    let account = Account::decode_rlp(&account.expect("an account")).expect("an account");

    assert_eq!(slots.len(), storage_proofs.len());
    for (slot, proof) in slots.iter().zip(storage_proofs) {
        let slot = B256::from(number(&slot["slot"]));
        let word = lookup(account.storage_root, keccak256(slot).as_slice(), &nodes)
            .expect("a proof")
            .map_or(U256::ZERO, |rlp| {
                U256::decode(&mut rlp.as_ref()).expect("a number")
            });
        assert_eq!(word, number(&proof["value"]), "as the node says");
        world.insert((contract, slot), word);
    }
}

/// Like a peer, the fixture answers only what it has: a slot that a reader needs and that was not
/// recorded would be a slot in the wrong place.
fn ask<T: std::fmt::Debug>(
    devnet: &Devnet,
    read: impl Fn(&World) -> Result<T, lampyris_vote::Need>,
) -> T {
    let asked = std::cell::RefCell::new(Vec::new());
    let solved = solve(&devnet.world, |witness| {
        let answer = read(witness);
        if let Err(lampyris_vote::Need::Slots(slots)) = &answer {
            asked.borrow_mut().extend(slots.iter().copied());
        }
        answer
    });
    for slot in asked.into_inner() {
        assert!(
            devnet.world.contains_key(&slot),
            "{slot:?} was not recorded"
        );
    }
    assert!(solved.rounds <= 5, "{} rounds", solved.rounds);
    solved.answer.expect("an answer")
}

#[test]
fn proposals_are_what_the_devnet_says() {
    let devnet = Devnet::open();
    let expected = &devnet.json["expected"];
    let clock = block(&expected["clock"]);
    let list_of = ask(&devnet, |witness| {
        proposals(witness, &devnet.governor, clock, Page::default())
    });
    assert_eq!(list_of.count, block(&expected["proposalCount"]));
    assert_eq!(list_of.proposals.len(), 7);
    let claimed = list(&devnet.json["contracts"]["proposals"]);
    let oldest_first = list_of.proposals.iter().rev();
    for ((proposal, expected), claimed) in
        oldest_first.zip(list(&expected["proposals"])).zip(claimed)
    {
        assert_eq!(proposal.id, number(&expected["id"]));
        assert_eq!(u64::from(proposal.state as u8), block(&expected["state"]));
        assert_eq!(proposal.state.name(), claimed["state"]);
        assert_eq!(proposal.proposer, address(&expected["proposer"]));
        assert_eq!(proposal.snapshot, block(&expected["snapshot"]));
        assert_eq!(proposal.deadline, block(&expected["deadline"]));
        assert_eq!(U256::from(proposal.eta), number(&expected["eta"]));
        assert_eq!(
            proposal.against_votes,
            number(&expected["votes"]["against"])
        );
        assert_eq!(proposal.for_votes, number(&expected["votes"]["for"]));
        assert_eq!(
            proposal.abstain_votes,
            number(&expected["votes"]["abstain"])
        );
        assert_eq!(proposal.quorum, number(&expected["quorum"]));
        assert_eq!(proposal.total_supply, number(&expected["pastTotalSupply"]));
        let text = expected["description"].as_str().expect("a description");
        assert!(proposal.is_description(text.as_bytes()));
        assert!(!proposal.is_description(&text.as_bytes()[1..]));
        let actions = proposal.actions.verified().expect("few actions");
        let claimed = list(&claimed["actions"]);
        assert_eq!(actions.len(), claimed.len());
        for (action, claimed) in actions.iter().zip(claimed) {
            assert_eq!(action.target, address(&claimed["target"]));
            assert_eq!(action.value, number(&claimed["value"]));
            assert_eq!(action.calldata.to_string(), claimed["calldata"]);
        }
    }
}

#[test]
fn voters_are_what_the_devnet_says() {
    let devnet = Devnet::open();
    let (governor, token) = (&devnet.governor, devnet.governor.token());
    let expected = &devnet.json["expected"];
    let clock = block(&expected["clock"]);
    for proposal in list(&expected["proposals"]) {
        let id = number(&proposal["id"]);
        for expected in list(&proposal["voters"]) {
            let voter = address(&expected["voter"]);
            let voted = expected["hasVoted"].as_bool().expect("a boolean");
            let power = ask(&devnet, |witness| {
                voting_power(witness, governor, id, voter, clock)
            });
            assert_eq!(power.has_voted, voted);
            assert!(power.is_settled);
            assert_eq!(power.power, number(&expected["pastVotes"]));
            assert_eq!(
                ask(&devnet, |witness| has_voted(witness, governor, id, voter)),
                voted
            );
        }
    }
    let people = list(&devnet.json["voters"]).iter().map(address);
    let holdings = list(&expected["votes"])
        .iter()
        .zip(list(&expected["balances"]));
    for (person, (held, balance)) in people.zip(holdings) {
        assert_eq!(
            ask(&devnet, |witness| votes(witness, token, person)),
            number(held)
        );
        let slot = mapping_slot(person.into_word(), token.layout.balances).into();
        assert_eq!(devnet.world[&(token.address, slot)], number(balance));
        let whom = ask(&devnet, |witness| delegatee(witness, token, person));
        assert_eq!(
            whom == Address::ZERO,
            number(held).is_zero(),
            "who holds votes delegated"
        );
    }
    let supply = ask(&devnet, |witness| {
        past_total_supply(witness, token, clock - 1, clock)
    });
    assert_eq!(supply, number(&expected["totalSupply"]));
}
