//! A slow, obvious model of a governor and its token: plain lists, and storage written word by word
//! as Solidity writes it.

use crate::rounds::World;
use lampyris_vote::storage::{content_slot, item_slot, mapping_slot, member_slot};
use lampyris_vote::{Action, Address, B256, Governor, GovernorLayout, ProposalState, U256};
use proptest::prelude::*;

/// Checkpoints as the contract appends them: ascending times.
pub(crate) type Trace = Vec<(u64, U256)>;

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) clock: u64,
    pub(crate) supply: Trace,
    pub(crate) numerators: Trace,
    pub(crate) proposals: Vec<ModelProposal>,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelProposal {
    pub(crate) proposer: Address,
    pub(crate) snapshot: u64,
    pub(crate) duration: u64,
    pub(crate) executed: bool,
    pub(crate) canceled: bool,
    pub(crate) eta: u64,
    /// Against, for, abstain.
    pub(crate) votes: [U256; 3],
    pub(crate) actions: Vec<Action>,
    pub(crate) description_hash: B256,
    /// The timelock's entry for the operation.
    pub(crate) operation: U256,
}

pub(crate) fn governor() -> Governor {
    Governor {
        address: Address::repeat_byte(0x60),
        token: Address::repeat_byte(0x70),
        layout: GovernorLayout::by_name("oz5-storage").expect("a known layout"),
    }
}

pub(crate) const TIMELOCK: Address = Address::repeat_byte(0x71);

/// A proposal like most: one call with two arguments, voted on in blocks 51 to 60.
pub(crate) fn plain_proposal(number: u8) -> ModelProposal {
    let calldata = vec![number; 68].into();
    ModelProposal {
        proposer: Address::repeat_byte(0x0a),
        snapshot: 50,
        duration: 10,
        executed: false,
        canceled: false,
        eta: 0,
        votes: [1, 100, 10].map(U256::from),
        actions: vec![Action {
            target: TIMELOCK,
            value: U256::from(3),
            calldata,
        }],
        description_hash: B256::repeat_byte(number),
        operation: U256::ZERO,
    }
}

/// The last value that is not later: by looking at all of them.
pub(crate) fn value_at(trace: &Trace, time: u64) -> U256 {
    let past = trace.iter().filter(|entry| entry.0 <= time);
    past.fold(U256::ZERO, |_, entry| entry.1)
}

impl ModelProposal {
    /// Solidity's `abi.encode(targets, values, calldatas, descriptionHash)`, one word after the
    /// other.
    pub(crate) fn id(&self) -> U256 {
        let count = self.actions.len();
        let mut words: Vec<U256> = Vec::new();
        let number = |number: usize| U256::from(number);
        words.push(number(0x80));
        words.push(number(0x80 + 32 * (1 + count)));
        words.push(number(0x80 + 32 * (2 + 2 * count)));
        words.push(self.description_hash.into());
        words.push(number(count));
        words.extend(
            self.actions
                .iter()
                .map(|action| U256::from_be_slice(action.target.as_slice())),
        );
        words.push(number(count));
        words.extend(self.actions.iter().map(|action| action.value));
        words.push(number(count));
        let mut offset = 32 * count;
        for action in &self.actions {
            words.push(number(offset));
            offset += 32 + action.calldata.len().div_ceil(32) * 32;
        }
        for action in &self.actions {
            words.push(number(action.calldata.len()));
            words.extend(action.calldata.chunks(32).map(left_aligned));
        }
        let bytes = words
            .iter()
            .flat_map(|word| word.to_be_bytes::<32>())
            .collect::<Vec<u8>>();
        alloy_primitives::keccak256(bytes).into()
    }

    pub(crate) fn state(&self, model: &Model) -> ProposalState {
        let deadline = self.snapshot + self.duration;
        let [against, in_favour, abstain] = self.votes;
        match () {
            () if self.executed => ProposalState::Executed,
            () if self.canceled => ProposalState::Canceled,
            () if model.clock <= self.snapshot => ProposalState::Pending,
            () if model.clock <= deadline => ProposalState::Active,
            () if in_favour + abstain < model.quorum(self.snapshot) => ProposalState::Defeated,
            () if in_favour <= against => ProposalState::Defeated,
            () if self.eta == 0 => ProposalState::Succeeded,
            () if self.operation == U256::ZERO => ProposalState::Canceled,
            () if self.operation == U256::from(1) => ProposalState::Executed,
            () => ProposalState::Queued,
        }
    }

    fn write(&self, world: &mut World) {
        let Governor {
            address, layout, ..
        } = governor();
        let key = B256::from(self.id());
        let mut write = |slot: U256, word| world.insert((address, slot.into()), word);

        let core = mapping_slot(key, layout.proposals);
        let word = U256::from_be_slice(self.proposer.as_slice())
            | (U256::from(self.snapshot) << 160)
            | (U256::from(self.duration) << 208)
            | (U256::from(u8::from(self.executed)) << 240)
            | (U256::from(u8::from(self.canceled)) << 248);
        write(core, word);
        write(core + U256::from(1), U256::from(self.eta));

        let votes = mapping_slot(key, layout.proposal_votes);
        for (offset, count) in (0..).zip(self.votes) {
            write(member_slot(votes, offset), count);
        }
        let operation = B256::from(U256::from(0x0b) << 200 | self.id() >> 60);
        write(mapping_slot(key, layout.timelock_ids), operation.into());

        let details = mapping_slot(key, layout.proposal_details);
        let [targets, values, calldatas] = [0, 1, 2].map(|offset| member_slot(details, offset));
        for array in [targets, values, calldatas] {
            write(array, U256::from(self.actions.len()));
        }
        write(member_slot(details, 3), self.description_hash.into());
        for (index, action) in (0..).zip(&self.actions) {
            write(
                item_slot(targets, index),
                U256::from_be_slice(action.target.as_slice()),
            );
            write(item_slot(values, index), action.value);
            for (slot, word) in bytes_words(item_slot(calldatas, index), &action.calldata) {
                write(slot, word);
            }
        }
        let entry = mapping_slot(operation, layout.timelock_timestamps);
        world.insert((TIMELOCK, entry.into()), self.operation);
    }
}

impl Model {
    pub(crate) fn quorum(&self, snapshot: u64) -> U256 {
        value_at(&self.supply, snapshot) * value_at(&self.numerators, snapshot) / U256::from(100)
    }

    pub(crate) fn world(&self) -> World {
        let Governor {
            address,
            token,
            layout,
        } = governor();
        let mut world = World::new();
        world.insert(
            (address, layout.timelock.into()),
            U256::from_be_slice(TIMELOCK.as_slice()),
        );
        write_trace(
            &mut world,
            token,
            layout.token.total_checkpoints,
            &self.supply,
        );
        write_trace(
            &mut world,
            address,
            layout.quorum_numerators,
            &self.numerators,
        );
        let ids = layout.proposal_ids;
        world.insert((address, ids.into()), U256::from(self.proposals.len()));
        for (index, proposal) in (0..).zip(&self.proposals) {
            world.insert((address, item_slot(ids, index).into()), proposal.id());
            proposal.write(&mut world);
        }
        world
    }
}

pub(crate) fn write_trace(world: &mut World, contract: Address, base: U256, trace: &Trace) {
    world.insert((contract, base.into()), U256::from(trace.len()));
    for (index, (time, value)) in (0..).zip(trace) {
        let word = (*value << 48) | U256::from(*time);
        world.insert((contract, item_slot(base, index).into()), word);
    }
}

fn bytes_words(base: U256, content: &[u8]) -> Vec<(U256, U256)> {
    if content.len() < 32 {
        return vec![(base, left_aligned(content) | U256::from(2 * content.len()))];
    }
    let words = (0..).zip(content.chunks(32));
    let words =
        words.map(|(index, chunk)| (content_slot(base) + U256::from(index), left_aligned(chunk)));
    [(base, U256::from(2 * content.len() + 1))]
        .into_iter()
        .chain(words)
        .collect()
}

fn left_aligned(bytes: &[u8]) -> U256 {
    let mut word = [0; 32];
    word[..bytes.len()].copy_from_slice(bytes);
    U256::from_be_bytes(word)
}

fn votes() -> impl Strategy<Value = U256> {
    prop_oneof![0u64..200, any::<u64>()].prop_map(U256::from)
}

pub(crate) fn traces(largest: u64, count: usize) -> impl Strategy<Value = Trace> {
    let steps = proptest::collection::vec((1u64..20, 0..=largest), 0..count);
    steps.prop_map(|steps| {
        let mut time = 0;
        let entries = steps.into_iter().map(|(step, value)| {
            time += step;
            (time, U256::from(value))
        });
        entries.collect()
    })
}

pub(crate) fn actions() -> impl Strategy<Value = Vec<Action>> {
    let calldata = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::collection::vec(any::<u8>(), 60..200),
    ];
    let action =
        (any::<[u8; 20]>(), any::<u128>(), calldata).prop_map(|(target, value, calldata)| Action {
            target: target.into(),
            value: U256::from(value),
            calldata: calldata.into(),
        });
    proptest::collection::vec(action, 1..5)
}

pub(crate) fn model_proposals() -> impl Strategy<Value = ModelProposal> {
    let core = (
        any::<[u8; 20]>(),
        1u64..300,
        0u64..60,
        proptest::bool::weighted(0.1),
    );
    let fate = (
        proptest::bool::weighted(0.1),
        prop_oneof![Just(0), any::<u64>()],
        0u64..4,
    );
    let content = (actions(), any::<[u8; 32]>(), [votes(), votes(), votes()]);
    (core, fate, content).prop_map(|(core, fate, (actions, description_hash, votes))| {
        ModelProposal {
            proposer: core.0.into(),
            snapshot: core.1,
            duration: core.2,
            executed: core.3,
            canceled: fate.0,
            eta: fate.1 >> 16,
            votes,
            actions,
            description_hash: description_hash.into(),
            operation: U256::from(fate.2),
        }
    })
}

pub(crate) fn models() -> impl Strategy<Value = Model> {
    let proposals = proptest::collection::vec(model_proposals(), 0..8);
    (1u64..300, traces(400, 40), traces(100, 20), proposals).prop_map(
        |(clock, supply, numerators, proposals)| Model {
            clock,
            supply,
            numerators,
            proposals,
        },
    )
}
