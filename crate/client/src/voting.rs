//! Governors: their proposals, votes and voting power from proven storage, and votes of our own.

use std::rc::Rc;

use alloy_primitives::{Address, B256, U256};
use lampyris_verify::keccak256;
use lampyris_vote::{self as vote, GovernorLayout, Need, Page, Support, ballot};
use lampyris_wire::state::{AccountQuery, Request, Response};

use crate::{
    client::{Client, Inner},
    config::Governor,
    error::{Code, Error},
    event::{
        ActionView, Answer, Big, CallResult, GovernorView, ProposalView, Proposals,
        TransactionStatus, VotingPower, number,
    },
    misdeed::Kind,
    platform::Platform,
    requests::{Question, Refusal, wrong_kind},
    sorted_map::SortedMap,
    transactions::Intent,
    witness::{BlockTag, Witness},
};

/// Rounds of reading storage before we give up: each round learns where to read next.
const ROUNDS_MAX: usize = 24;
/// Gas that a vote may take; what is not used is not paid.
const VOTE_GAS: u64 = 300_000;
/// Texts kept in memory.
const TEXTS_MAX: usize = 256;
const CHECKED: [&str; 2] = [
    "governor's and token's accounts lie in the state (Merkle-Patricia proofs)",
    "every word read lies in their storage, or provably does not (Merkle-Patricia proofs)",
];

impl<P: Platform> Client<P> {
    /// The governors of the configuration.
    pub fn governors(&self) -> Vec<GovernorView> {
        let governors = &self.inner.config.governors;
        governors
            .iter()
            .map(|governor| GovernorView {
                address: governor.address,
                token: governor.token,
                name: governor.name.clone(),
            })
            .collect()
    }

    /// A governor's newest proposals, their votes and their state, from proven storage.
    ///
    /// # Errors
    /// See [`Code`].
    pub async fn proposals(&self, governor: Address, block: BlockTag) -> CallResult<Proposals> {
        let inner = &self.inner;
        let governor = inner.governor(governor)?;
        let (list, mut witness) = inner
            .read(block, move |witness| {
                let clock = witness.block.value().number;
                vote::proposals(witness, &governor, clock, Page::default())
            })
            .await?;
        let mut value = Vec::with_capacity(list.proposals.len());
        for proposal in &list.proposals {
            let text = inner
                .text(&mut witness, governor.address, proposal.description_hash)
                .await;
            value.push(proposal_view(proposal, text));
        }
        let shown = u64::try_from(value.len()).unwrap_or(u64::MAX);
        let mut checked = CHECKED.to_vec();
        checked.push("proposals hash to their ids, descriptions to their hashes (keccak)");
        Ok(Proposals {
            value,
            complete: shown == list.count,
            total: number(list.count),
            proof: inner.proof_view(&witness, &checked),
        })
    }

    /// A voter's weight on a proposal, and whether it has voted.
    ///
    /// # Errors
    /// See [`Code`].
    pub async fn voting_power(
        &self,
        governor: Address,
        proposal: B256,
        voter: Address,
    ) -> CallResult<Answer<VotingPower>> {
        let inner = &self.inner;
        let governor = inner.governor(governor)?;
        let (power, witness) = inner
            .read(BlockTag::Latest, move |witness| {
                let clock = witness.block.value().number;
                vote::voting_power(witness, &governor, proposal.into(), voter, clock)
            })
            .await?;
        let value = VotingPower {
            power: Big(power.power),
            has_voted: power.has_voted,
            is_settled: power.is_settled,
        };
        Ok(Answer {
            value,
            proof: inner.proof_view(&witness, &CHECKED),
        })
    }

    /// Signs and sends a vote: 0 against, 1 for, 2 abstain.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] if the proposal is not open or the account has voted; see [`Code`].
    pub async fn cast_vote(
        &self,
        from: Address,
        governor: Address,
        proposal: B256,
        support: u8,
    ) -> CallResult<TransactionStatus> {
        let inner = &self.inner;
        let governor = inner.governor(governor)?;
        let support = Support::try_from(U256::from(support))
            .map_err(|_| Error::invalid_argument("support: expected 0 (against), 1 (for) or 2"))?;
        let ((state, power), _) = inner
            .read(BlockTag::Latest, move |witness| {
                let clock = witness.block.value().number;
                let proposal_state = vote::proposal(witness, &governor, clock, proposal.into());
                let power = vote::voting_power(witness, &governor, proposal.into(), from, clock);
                both(proposal_state.map(|proposal| proposal.state), power)
            })
            .await?;
        if state != vote::ProposalState::Active {
            return Err(Error::invalid_argument(format!(
                "the proposal is {}; only an active one can be voted on",
                state.name()
            )));
        }
        if power.has_voted {
            return Err(Error::invalid_argument(
                "this account has voted on it already",
            ));
        }
        if power.power.is_zero() {
            return Err(Error::invalid_argument(
                "this account had no votes when the proposal's snapshot was taken",
            ));
        }
        let data = ballot::cast_vote(proposal.into(), support);
        let intent = Intent {
            from,
            to: governor.address,
            value: U256::ZERO,
            data,
            gas_limit: Some(VOTE_GAS),
        };
        inner.submit(intent).await
    }
}

impl<P: Platform> Inner<P> {
    /// Whether a vote is in the governor's proven storage.
    pub(crate) async fn has_voted(
        self: &Rc<Self>,
        governor: Address,
        proposal: U256,
        voter: Address,
    ) -> CallResult<bool> {
        let governor = self.governor(governor)?;
        self.read(BlockTag::Latest, move |witness| {
            vote::has_voted(witness, &governor, proposal, voter)
        })
        .await
        .map(|(voted, _)| voted)
    }

    /// Runs a reading function over a witness that grows until it has all that it needs. All of it
    /// is proven at one block.
    async fn read<T>(
        self: &Rc<Self>,
        tag: BlockTag,
        reading: impl Fn(&Witness) -> Result<T, Need>,
    ) -> CallResult<(T, Witness)> {
        let mut answer = None;
        let mut reading = |witness: &Witness| {
            answer = Some(reading(witness)?);
            Ok(())
        };
        let witness = self.read_until_done(tag, &mut reading).await?;
        let answer = answer.ok_or_else(|| Error::new(Code::Bug, "nothing was read"))?;
        Ok((answer, witness))
    }

    /// The part of [`Self::read`] that is the same for every type of answer.
    async fn read_until_done(
        self: &Rc<Self>,
        tag: BlockTag,
        reading: &mut dyn FnMut(&Witness) -> Result<(), Need>,
    ) -> CallResult<Witness> {
        let mut witness = Witness::new(self.head(tag)?);
        for round in 0..ROUNDS_MAX {
            match reading(&witness) {
                Ok(()) => return Ok(witness),
                Err(Need::Slots(slots)) if round == 0 => {
                    witness = self.prove(tag, queries(slots)).await?;
                }
                Err(Need::Slots(slots)) => self.extend(&mut witness, queries(slots)).await?,
                Err(Need::Refused(error)) => return Err(error.into()),
            }
        }
        Err(Error::new(
            Code::Bug,
            "reading the governor does not come to an end",
        ))
    }

    fn governor(&self, address: Address) -> CallResult<vote::Governor> {
        let known: &Governor = self
            .config
            .governors
            .iter()
            .find(|known| known.address == address)
            .ok_or_else(|| Error::invalid_argument(format!("{address} is not a known governor")))?;
        let layout = GovernorLayout::by_name(&known.layout).ok_or_else(|| {
            Error::invalid_argument(format!("the layout `{}` is not known", known.layout))
        })?;
        Ok(vote::Governor {
            address,
            token: known.token,
            layout,
        })
    }

    /// The text behind a hash, from any peer that has it; nothing if none does.
    async fn text(
        self: &Rc<Self>,
        witness: &mut Witness,
        hint: Address,
        hash: B256,
    ) -> Option<String> {
        let known = self.texts.borrow().get(&hash).cloned();
        if known.is_some() {
            return known;
        }
        let question = Question::of_state(
            Kind::Preimage,
            &Request::Preimage { hash, hint },
            move |response| {
                let Response::Preimage { bytes } = response else {
                    return wrong_kind();
                };
                let got = keccak256(&bytes);
                if got != hash {
                    return Err(Refusal::Lied(format!(
                        "a text with hash {got}, expected {hash}"
                    )));
                }
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            },
        )
        .ok()?;
        let (text, peer) = self.ask(question).await.ok()?;
        witness.supplied_by(peer);
        let mut texts = self.texts.borrow_mut();
        if texts.len() >= TEXTS_MAX {
            texts.pop_first();
        }
        texts.insert(hash, text.clone());
        Some(text)
    }
}

/// The proposal and the choice of a transaction's data, if it is a vote.
pub(crate) fn vote_in(data: &[u8]) -> Option<(U256, u8)> {
    let proposal = U256::from_be_slice(data.get(4..36)?);
    let support = Support::try_from(U256::from_be_slice(data.get(36..68)?)).ok()?;
    // Encoded anew and compared, so that nothing but exactly a vote is taken for one.
    let same = ballot::cast_vote(proposal, support).as_ref() == data;
    let number = U256::from(usize::from(support));
    same.then_some((proposal, u8::try_from(number).ok()?))
}

/// One answer from two readings; what both lack is asked for at once.
fn both<A, B>(one: Result<A, Need>, other: Result<B, Need>) -> Result<(A, B), Need> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Need::Refused(error)), _) | (_, Err(Need::Refused(error))) => {
            Err(Need::Refused(error))
        }
        (Err(Need::Slots(mut slots)), Err(Need::Slots(more))) => {
            slots.extend(more);
            Err(Need::Slots(slots))
        }
        (Err(need), _) | (_, Err(need)) => Err(need),
    }
}

/// Each slot is asked for once.
fn queries(slots: Vec<(Address, B256)>) -> Vec<AccountQuery> {
    let mut accounts: SortedMap<Address, Vec<B256>> = SortedMap::default();
    for (address, slot) in slots {
        let slots = accounts.get_or_insert_with(address, Vec::new);
        if let Err(place) = slots.binary_search(&slot) {
            slots.insert(place, slot);
        }
    }
    accounts
        .into_iter()
        .map(|(address, slots)| AccountQuery { address, slots })
        .collect()
}

fn proposal_view(proposal: &vote::Proposal, description: Option<String>) -> ProposalView {
    let actions = proposal.actions.verified().unwrap_or_default();
    ProposalView {
        id: B256::from(proposal.id),
        state: proposal.state.name(),
        proposer: proposal.proposer,
        snapshot: number(proposal.snapshot),
        deadline: number(proposal.deadline),
        for_votes: Big(proposal.for_votes),
        against_votes: Big(proposal.against_votes),
        abstain_votes: Big(proposal.abstain_votes),
        quorum: Big(proposal.quorum),
        total_supply: Big(proposal.total_supply),
        is_settled: proposal.is_settled,
        description,
        actions_too_large: proposal.actions.verified().is_none(),
        actions: actions
            .iter()
            .map(|action| ActionView {
                target: action.target,
                value: Big(action.value),
                calldata: action.calldata.clone(),
            })
            .collect(),
    }
}

impl From<lampyris_vote::Error> for Error {
    fn from(error: lampyris_vote::Error) -> Self {
        let code = match error.fault() {
            lampyris_vote::Fault::PeerMisbehaved => Code::PeerMisbehaved,
            lampyris_vote::Fault::Unavailable => Code::Unavailable,
            lampyris_vote::Fault::Misuse => Code::InvalidArgument,
            lampyris_vote::Fault::Bug => Code::Bug,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_a_vote_is_taken_for_one() {
        let data = ballot::cast_vote(U256::from(7), Support::For);
        assert_eq!(vote_in(&data), Some((U256::from(7), 1)));
        let mut other = data.to_vec();
        other[0] ^= 1;
        assert_eq!(vote_in(&other), None);
        let mut longer = data.to_vec();
        longer.push(0);
        assert_eq!(vote_in(&longer), None);
        assert_eq!(vote_in(&data[..67]), None);
    }
}
