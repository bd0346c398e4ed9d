//! A governor's proposals, as `state()`, `proposalVotes()`, `quorum()` and the others would tell.
//!
//! `clock` is the number of the block that the witness is from: what is answered is what the
//! contract would answer to a call at that block.

mod actions;
mod read;
mod state;

pub use actions::{Action, Actions, MAX_ACTIONS, MAX_CALLDATA_BYTES};
pub use read::{has_voted, proposal, proposals, voting_power};
pub use state::ProposalState;

use crate::token::Token;
use crate::{Error, GovernorLayout};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, U256};
use lampyris_verify::keccak256;

/// The most proposals of one page.
pub const MAX_PROPOSALS: usize = 32;

/// A governor and the token that weighs its votes. The token's address is in the governor's code,
/// not in its storage, so it is configured.
#[derive(Clone, Copy, Debug)]
pub struct Governor {
    /// The governor's contract.
    pub address: Address,
    /// The token's contract.
    pub token: Address,
    /// Where both keep what.
    pub layout: &'static GovernorLayout,
}

/// Which proposals to read, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many of the newest to skip.
    pub skip: u64,
    /// How many to read, at most [`MAX_PROPOSALS`].
    pub limit: usize,
}

/// A page of proposals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposals {
    /// How many proposals the governor has: proven, so that a list of all of them is complete.
    pub count: u64,
    /// Those that were asked for, the newest first.
    pub proposals: Vec<Proposal>,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its id: the hash of what it does and of its description.
    pub id: U256,
    /// Who made it.
    pub proposer: Address,
    /// The block at whose end voting power is counted; voting begins after it.
    pub snapshot: u64,
    /// The last block in which a vote counts.
    pub deadline: u64,
    /// Where it stands.
    pub state: ProposalState,
    /// Votes for it.
    pub for_votes: U256,
    /// Votes against it.
    pub against_votes: U256,
    /// Votes that only count for the quorum.
    pub abstain_votes: U256,
    /// How many votes (for and abstain) it needs. Only final when [`is_settled`](Self::is_settled).
    pub quorum: U256,
    /// All votes there are. Only final when [`is_settled`](Self::is_settled).
    pub total_supply: U256,
    /// Whether the snapshot has passed; before, quorum and supply are those of now.
    pub is_settled: bool,
    /// The hash of the description, whose text is not in storage.
    pub description_hash: B256,
    /// What it does when it is executed.
    pub actions: Actions,
    /// The time (unix, seconds) from which it can be executed, zero when it is not queued.
    pub eta: u64,
}

/// What a voter can put in for a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VotingPower {
    /// The votes.
    pub power: U256,
    /// Whether the voter has voted already.
    pub has_voted: bool,
    /// The block at whose end power is counted.
    pub snapshot: u64,
    /// Whether the snapshot has passed; before, the power is that of now and can change.
    pub is_settled: bool,
}

impl Governor {
    /// The governor's token.
    #[must_use]
    pub const fn token(&self) -> Token<'static> {
        Token {
            address: self.token,
            layout: &self.layout.token,
        }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self {
            skip: 0,
            limit: MAX_PROPOSALS,
        }
    }
}

impl Page {
    const fn check(self) -> Result<Self, Error> {
        if self.limit > MAX_PROPOSALS {
            return Err(Error::PageLength {
                expected: MAX_PROPOSALS,
                got: self.limit,
            });
        }
        Ok(self)
    }
}

impl Proposal {
    /// Whether this is the proposal's description. Any peer can supply the text.
    #[must_use]
    pub fn is_description(&self, text: &[u8]) -> bool {
        keccak256(text) == self.description_hash
    }
}
