//! Votes of a token's holders ([`TokenLayout`]).

use crate::checkpoints::upper_lookup;
use crate::reader::Reader;
use crate::storage::mapping_slot;
use crate::{Error, Need, Storage, TokenLayout};
use alloy_primitives::{Address, U256};

/// A token with votes.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The contract.
    pub address: Address,
    /// Where it keeps what.
    pub layout: &'a TokenLayout,
}

/// Whom an account gave its votes to; the zero address when nobody (then they don't count).
///
/// # Errors
/// [`Need::Slots`] until all is proven.
pub fn delegatee<S: Storage + ?Sized>(
    storage: &S,
    token: Token<'_>,
    account: Address,
) -> Result<Address, Need> {
    let mut reader = Reader::new(storage);
    let slot = mapping_slot(account.into_word(), token.layout.delegatees);
    let delegatee = reader.address(token.address, slot, "an account's delegatee")?;
    reader.finish(delegatee)
}

/// `getVotes`: the votes that an account holds now, its own and those delegated to it.
///
/// # Errors
/// [`Need::Slots`] until all is proven.
pub fn votes<S: Storage + ?Sized>(
    storage: &S,
    token: Token<'_>,
    account: Address,
) -> Result<U256, Need> {
    let mut reader = Reader::new(storage);
    let votes = read_votes(&mut reader, token, account, Some(u64::MAX))?;
    reader.finish(votes)
}

/// `getPastVotes`: the votes that an account held at the end of a past block. `clock` is the number
/// of the block that the witness is from.
///
/// # Errors
/// [`Error::FutureLookup`] as the contract itself, [`Need::Slots`] until all is proven.
pub fn past_votes<S: Storage + ?Sized>(
    storage: &S,
    token: Token<'_>,
    account: Address,
    timepoint: u64,
    clock: u64,
) -> Result<U256, Need> {
    check_past(timepoint, clock)?;
    let mut reader = Reader::new(storage);
    let votes = read_votes(&mut reader, token, account, Some(timepoint))?;
    reader.finish(votes)
}

/// `getPastTotalSupply`: all votes, delegated or not, at the end of a past block.
///
/// # Errors
/// [`Error::FutureLookup`] as the contract itself, [`Need::Slots`] until all is proven.
pub fn past_total_supply<S: Storage + ?Sized>(
    storage: &S,
    token: Token<'_>,
    timepoint: u64,
    clock: u64,
) -> Result<U256, Need> {
    check_past(timepoint, clock)?;
    let mut reader = Reader::new(storage);
    let supply = read_total_supply(&mut reader, token, Some(timepoint))?;
    reader.finish(supply)
}

pub(crate) fn read_votes<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    token: Token<'_>,
    account: Address,
    timepoint: Option<u64>,
) -> Result<Option<U256>, Error> {
    let trace = mapping_slot(account.into_word(), token.layout.delegate_checkpoints);
    upper_lookup(reader, token.address, trace, timepoint)
}

pub(crate) fn read_total_supply<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    token: Token<'_>,
    timepoint: Option<u64>,
) -> Result<Option<U256>, Error> {
    upper_lookup(
        reader,
        token.address,
        token.layout.total_checkpoints,
        timepoint,
    )
}

const fn check_past(timepoint: u64, clock: u64) -> Result<(), Error> {
    if timepoint < clock {
        Ok(())
    } else {
        Err(Error::FutureLookup { timepoint, clock })
    }
}
