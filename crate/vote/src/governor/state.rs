//! `state()` of OpenZeppelin 5, with the refinement of `GovernorTimelockControl`.

use super::read::{Core, Tally};
use crate::Error;
use alloy_primitives::U256;
use core::fmt;

/// Where a proposal stands. The numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ProposalState {
    /// Voting has not begun.
    Pending = 0,
    /// Votes can be cast.
    Active = 1,
    /// It was withdrawn, by the governor or in the timelock.
    Canceled = 2,
    /// It missed its quorum or its majority.
    Defeated = 3,
    /// It won and can be queued.
    Succeeded = 4,
    /// It waits in the timelock, or is ready there.
    Queued = 5,
    /// It was not executed in time; only with other timelocks than this crate reads.
    Expired = 6,
    /// It was executed.
    Executed = 7,
}

impl ProposalState {
    /// The name in small letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Canceled => "canceled",
            Self::Defeated => "defeated",
            Self::Succeeded => "succeeded",
            Self::Queued => "queued",
            Self::Expired => "expired",
            Self::Executed => "executed",
        }
    }
}

impl fmt::Display for ProposalState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// `Governor.state()`; [`ProposalState::Queued`] is still to be refined by [`queued`].
///
/// Both boundaries are inclusive: pending while `snapshot >= clock`, active while
/// `deadline >= clock`.
pub(crate) fn state(
    core: &Core,
    tally: &Tally,
    quorum: U256,
    clock: u64,
) -> Result<ProposalState, Error> {
    if core.executed {
        return Ok(ProposalState::Executed);
    }
    if core.canceled {
        return Ok(ProposalState::Canceled);
    }
    if core.snapshot >= clock {
        return Ok(ProposalState::Pending);
    }
    if core.deadline() >= clock {
        return Ok(ProposalState::Active);
    }
    let for_quorum = tally
        .for_votes
        .checked_add(tally.abstain_votes)
        .ok_or(Error::Overflow)?;
    if quorum > for_quorum || tally.for_votes <= tally.against_votes {
        return Ok(ProposalState::Defeated);
    }
    Ok(if core.eta == 0 {
        ProposalState::Succeeded
    } else {
        ProposalState::Queued
    })
}

/// `GovernorTimelockControl.state()` of a queued proposal: the timelock's entry for its operation
/// is 0 when it is unknown there, 1 when it is done, else the time from which it can be executed.
pub(crate) fn queued(timelock_timestamp: U256) -> ProposalState {
    const DONE_TIMESTAMP: U256 = U256::ONE;
    match timelock_timestamp {
        U256::ZERO => ProposalState::Canceled, // canceled directly in the timelock
        DONE_TIMESTAMP => ProposalState::Executed, // executed directly in the timelock
        _ => ProposalState::Queued,
    }
}
