//! What is missing, and what can be wrong.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, U256};
use lampyris_verify::Fault;

/// Why there is no answer yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// These words are missing from the witness: prove them, then call again. Sorted, each once,
    /// all that can be known by now. At most [`SLOTS_MAX`](crate::storage::SLOTS_MAX).
    Slots(Vec<(Address, B256)>),
    /// There is no answer, whatever is proven.
    Refused(Error),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A word does not fit the layout: the contract is of another kind than was configured.
    #[error("{contract} is not laid out as configured: {what} in slot {slot} is {got}")]
    UnexpectedWord {
        /// The contract.
        contract: Address,
        /// What the layout says is there.
        what: &'static str,
        /// Where.
        slot: B256,
        /// The proven word.
        got: U256,
    },
    /// Checkpoints are not in ascending order: this is no list of checkpoints.
    #[error(
        "{contract} is not laid out as configured: checkpoint {index} is not after the one before"
    )]
    CheckpointOrder {
        /// The contract.
        contract: Address,
        /// The checkpoint that is out of order.
        index: u64,
    },
    /// The governor has no such proposal.
    #[error("there is no proposal {id:#x}")]
    ProposalUnknown {
        /// The id that was asked for.
        id: U256,
    },
    /// A proposal's content does not hash to its id.
    #[error("a proposal's content hashes to {got:#x}, expected its id {expected:#x}")]
    ProposalId {
        /// The id in storage.
        expected: U256,
        /// The hash of the content in storage.
        got: U256,
    },
    /// Votes can only be looked up at a time that has passed.
    #[error("votes at {timepoint} are not final, it is {clock}")]
    FutureLookup {
        /// The time that was asked for.
        timepoint: u64,
        /// The time of the proven block.
        clock: u64,
    },
    /// Votes add up to more than a number holds; the contract would fail too.
    #[error("the sum of votes is too large")]
    Overflow,
    /// A list of proposals was asked for that is longer than allowed.
    #[error("a page has at most {expected} proposals, asked for {got}")]
    PageLength {
        /// The bound.
        expected: usize,
        /// What was asked for.
        got: usize,
    },
    /// A log is not encoded as its event is declared.
    #[error("a VoteCast event is malformed: {reason}")]
    Log {
        /// What was wrong.
        reason: &'static str,
    },
}

impl Error {
    /// Whose fault it is. Never a peer's: what is read here is proven.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Misuse
    }
}

impl From<Error> for Need {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
