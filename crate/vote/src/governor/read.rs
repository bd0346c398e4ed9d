//! Reads proposals out of a governor's storage.

use super::{Governor, Page, Proposal, Proposals, VotingPower, actions, state};
use crate::checkpoints::upper_lookup;
use crate::reader::{Reader, all, unexpected};
use crate::storage::{item_slot, mapping_slot, member_slot, packed_field};
use crate::token::{read_total_supply, read_votes};
use crate::{Error, Need, ProposalState, Storage};
use alloy_primitives::{Address, U256};
use lampyris_verify::wide::divide;

/// Reads a page of proposals, the newest first. With one action each and up to 16 checkpoints of
/// quorum and supply this takes four rounds of proofs.
///
/// # Errors
/// [`Need::Slots`] until all is proven; [`Need::Refused`] when the contract is of another kind than
/// configured.
pub fn proposals<S: Storage + ?Sized>(
    storage: &S,
    governor: &Governor,
    clock: u64,
    page: Page,
) -> Result<Proposals, Need> {
    let page = page.check()?;
    let mut reader = Reader::new(storage);
    let answer = read_page(&mut reader, governor, clock, page)?;
    reader.finish(answer)
}

/// Reads one proposal.
///
/// # Errors
/// [`Error::ProposalUnknown`] when it is proven that there is none with this id, else as
/// [`proposals`].
pub fn proposal<S: Storage + ?Sized>(
    storage: &S,
    governor: &Governor,
    clock: u64,
    id: U256,
) -> Result<Proposal, Need> {
    let mut reader = Reader::new(storage);
    let answer = read_proposal(&mut reader, governor, clock, id)?;
    reader.finish(answer)
}

/// Whether an account has voted on a proposal. What it voted is in no storage, only in the receipt
/// of its vote ([`VoteCast`](crate::VoteCast)).
///
/// # Errors
/// [`Need::Slots`] until it is proven.
pub fn has_voted<S: Storage + ?Sized>(
    storage: &S,
    governor: &Governor,
    id: U256,
    voter: Address,
) -> Result<bool, Need> {
    let mut reader = Reader::new(storage);
    let answer = read_has_voted(&mut reader, governor, id, voter)?;
    reader.finish(answer)
}

/// What an account can put in for a proposal.
///
/// # Errors
/// [`Error::ProposalUnknown`] when it is proven that there is none with this id;
/// [`Need::Slots`] until all is proven.
pub fn voting_power<S: Storage + ?Sized>(
    storage: &S,
    governor: &Governor,
    id: U256,
    voter: Address,
    clock: u64,
) -> Result<VotingPower, Need> {
    let mut reader = Reader::new(storage);
    let core = read_core(&mut reader, governor, id)?;
    let has_voted = read_has_voted(&mut reader, governor, id, voter)?;
    let snapshot = core.as_ref().map(|core| core.snapshot);
    let power = read_votes(&mut reader, governor.token(), voter, snapshot)?;
    let answer = snapshot
        .zip(has_voted)
        .zip(power)
        .map(|((snapshot, has_voted), power)| VotingPower {
            power,
            has_voted,
            snapshot,
            is_settled: snapshot < clock,
        });
    reader.finish(answer)
}

/// `ProposalCore`.
pub(crate) struct Core {
    pub(crate) proposer: Address,
    pub(crate) snapshot: u64,
    pub(crate) duration: u64,
    pub(crate) executed: bool,
    pub(crate) canceled: bool,
    pub(crate) eta: u64,
}

impl Core {
    /// No overflow: a snapshot has 48 bits and a duration 32.
    pub(crate) const fn deadline(&self) -> u64 {
        self.snapshot + self.duration
    }
}

/// `ProposalVote`.
pub(crate) struct Tally {
    pub(crate) against_votes: U256,
    pub(crate) for_votes: U256,
    pub(crate) abstain_votes: U256,
}

fn read_page<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    clock: u64,
    page: Page,
) -> Result<Option<Proposals>, Error> {
    let ids = governor.layout.proposal_ids;
    let count = reader.number::<u64>(governor.address, ids, "the number of proposals")?;
    // All proposals share these: ask for them with the first round already.
    let _ = read_quorum(reader, governor, None)?;
    let _ = read_timelock(reader, governor)?;
    let Some(count) = count else { return Ok(None) };

    let newest = count.saturating_sub(page.skip);
    let indices = (0..newest).rev().take(page.limit);
    let proposals =
        all(indices.map(
            |index| match reader.word(governor.address, item_slot(ids, index)) {
                Some(id) => read_proposal(reader, governor, clock, id),
                None => Ok(None),
            },
        ))?;
    Ok(proposals.map(|proposals| Proposals { count, proposals }))
}

fn read_proposal<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    clock: u64,
    id: U256,
) -> Result<Option<Proposal>, Error> {
    let core = read_core(reader, governor, id)?;
    let tally = read_tally(reader, governor, id);
    let quorum = read_quorum(reader, governor, core.as_ref().map(|core| core.snapshot))?;
    let details = actions::read_details(reader, governor, id)?;
    let operation = read_operation(reader, governor, id, core.as_ref())?;
    let (Some(core), Some(tally), Some((quorum, total_supply)), Some(details), Some(operation)) =
        (core, tally, quorum, details, operation)
    else {
        return Ok(None);
    };
    let state = match state::state(&core, &tally, quorum, clock)? {
        ProposalState::Queued => state::queued(operation),
        state => state,
    };
    let (actions, description_hash) = details;
    Ok(Some(Proposal {
        id,
        proposer: core.proposer,
        snapshot: core.snapshot,
        deadline: core.deadline(),
        state,
        for_votes: tally.for_votes,
        against_votes: tally.against_votes,
        abstain_votes: tally.abstain_votes,
        quorum,
        total_supply,
        is_settled: core.snapshot < clock,
        description_hash,
        actions,
        eta: core.eta,
    }))
}

fn read_core<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    id: U256,
) -> Result<Option<Core>, Error> {
    let contract = governor.address;
    let slot = mapping_slot(id.into(), governor.layout.proposals);
    let word = reader.word(contract, slot);
    let eta = reader.number::<u64>(contract, member_slot(slot, 1), "a proposal's eta")?;
    let Some(word) = word else { return Ok(None) };

    let unfit = |_| unexpected(contract, "a proposal's core", slot, word);
    let number = |offset, bytes| u64::try_from(packed_field(word, offset, bytes)).map_err(unfit);
    let flag = |offset| match number(offset, 1)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(unexpected(contract, "a proposal's core", slot, word)),
    };
    let (snapshot, duration) = (number(20, 6)?, number(26, 4)?);
    let (executed, canceled) = (flag(30)?, flag(31)?);
    if snapshot == 0 {
        return Err(Error::ProposalUnknown { id });
    }
    let proposer = Address::from_word(packed_field(word, 0, 20).into());
    Ok(eta.map(|eta| Core {
        proposer,
        snapshot,
        duration,
        executed,
        canceled,
        eta,
    }))
}

fn read_tally<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    id: U256,
) -> Option<Tally> {
    let base = mapping_slot(id.into(), governor.layout.proposal_votes);
    let words = [0, 1, 2].map(|offset| reader.word(governor.address, member_slot(base, offset)));
    match words {
        [Some(against_votes), Some(for_votes), Some(abstain_votes)] => Some(Tally {
            against_votes,
            for_votes,
            abstain_votes,
        }),
        _ => None,
    }
}

fn read_has_voted<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    id: U256,
    voter: Address,
) -> Result<Option<bool>, Error> {
    let base = mapping_slot(id.into(), governor.layout.proposal_votes);
    let slot = mapping_slot(voter.into_word(), member_slot(base, 3));
    reader.boolean(governor.address, slot, "whether an account has voted")
}

/// The quorum and the total supply at a snapshot. A snapshot that has not passed has no later
/// checkpoint, so that the newest values are found.
fn read_quorum<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    snapshot: Option<u64>,
) -> Result<Option<(U256, U256)>, Error> {
    let numerators = governor.layout.quorum_numerators;
    let numerator = upper_lookup(reader, governor.address, numerators, snapshot)?;
    let total_supply = read_total_supply(reader, governor.token(), snapshot)?;
    let (Some(numerator), Some(total_supply)) = (numerator, total_supply) else {
        return Ok(None);
    };

    let denominator = governor.layout.quorum_denominator;
    if numerator > U256::from(denominator) {
        return Err(unexpected(
            governor.address,
            "the quorum's numerator",
            numerators,
            numerator,
        ));
    }
    // No overflow: a supply has 208 bits, and a numerator is not above its denominator.
    let product = total_supply.checked_mul(numerator);
    let quorum = product.and_then(|product| divide(product, denominator));
    let quorum = quorum.ok_or(Error::Overflow)?;
    Ok(Some((quorum, total_supply)))
}

fn read_timelock<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
) -> Result<Option<Address>, Error> {
    reader.address(
        governor.address,
        governor.layout.timelock,
        "the timelock's address",
    )
}

/// The timelock's entry for the proposal's operation; zero when the proposal can't be queued, where
/// it does not matter.
fn read_operation<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    id: U256,
    core: Option<&Core>,
) -> Result<Option<U256>, Error> {
    let timelock = read_timelock(reader, governor)?;
    let slot = mapping_slot(id.into(), governor.layout.timelock_ids);
    let operation = reader.word(governor.address, slot);
    let (Some(timelock), Some(operation), Some(core)) = (timelock, operation, core) else {
        return Ok(None);
    };
    if core.eta == 0 || core.executed || core.canceled {
        return Ok(Some(U256::ZERO));
    }
    let slot = mapping_slot(operation.into(), governor.layout.timelock_timestamps);
    Ok(reader.word(timelock, slot))
}
