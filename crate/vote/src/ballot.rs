//! Votes on their way to a governor, and back as an event that proves that they counted.

use crate::{Error, abi};
use alloc::string::String;
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, b256};

/// `VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason)`.
pub const VOTE_CAST_TOPIC: B256 =
    b256!("0xb8e138887d0aa13bab447e82de9d5c1777041ecd21ca36ba824ff1e6c07ddda4");

const CAST_VOTE: [u8; 4] = [0x56, 0x78, 0x13, 0x88];
const CAST_VOTE_WITH_REASON: [u8; 4] = [0x7b, 0x3c, 0x71, 0xd3];
const DELEGATE: [u8; 4] = [0x5c, 0x19, 0xa9, 0x5c];

/// A voter's choice. The numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Support {
    /// Against the proposal.
    Against = 0,
    /// For the proposal.
    For = 1,
    /// Neither; counts for the quorum.
    Abstain = 2,
}

/// A vote that a governor counted, from the log that it emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteCast {
    /// Who voted.
    pub voter: Address,
    /// On what.
    pub proposal_id: U256,
    /// How.
    pub support: Support,
    /// With how many votes.
    pub weight: U256,
    /// Why, in the voter's words: hostile text, to be shown inert. What is not UTF-8 is replaced.
    pub reason: String,
}

/// The data of a transaction to the governor that votes.
#[must_use]
pub fn cast_vote(proposal_id: U256, support: Support) -> Bytes {
    let mut data = Vec::from(CAST_VOTE);
    data.extend(proposal_id.to_be_bytes::<32>());
    data.extend(abi::word(support.into()));
    data.into()
}

/// The same with a reason, which is published.
#[must_use]
pub fn cast_vote_with_reason(proposal_id: U256, support: Support, reason: &str) -> Bytes {
    let mut data = Vec::from(CAST_VOTE_WITH_REASON);
    data.extend(proposal_id.to_be_bytes::<32>());
    data.extend(abi::word(support.into()));
    data.extend(abi::word(3 * 32));
    data.extend(abi::bytes(reason.as_bytes()));
    data.into()
}

/// The data of a transaction to the *token* that gives the sender's votes to somebody. Votes that
/// were given to nobody don't count: a holder delegates to itself before its first vote.
#[must_use]
pub fn delegate(delegatee: Address) -> Bytes {
    let mut data = Vec::from(DELEGATE);
    data.extend(delegatee.into_word());
    data.into()
}

impl VoteCast {
    /// Reads a log of the governor; nothing when it is of another contract or another event.
    ///
    /// # Errors
    /// [`Error::Log`] when the event is not encoded as it is declared.
    pub fn from_log(
        governor: Address,
        address: Address,
        topics: &[B256],
        data: &[u8],
    ) -> Result<Option<Self>, Error> {
        let [VOTE_CAST_TOPIC, voter] = topics else {
            return Ok(None);
        };
        if address != governor {
            return Ok(None);
        }
        if voter.iter().take(12).any(|byte| *byte != 0) {
            return Err(Error::Log {
                reason: "the voter is no address",
            });
        }
        let mut rest = data;
        let proposal_id = take_word(&mut rest)?;
        let support = Support::try_from(take_word(&mut rest)?)?;
        let weight = take_word(&mut rest)?;
        if take_word(&mut rest)? != U256::from(4 * 32) {
            return Err(Error::Log {
                reason: "the reason is not where it must be",
            });
        }
        let length = usize::try_from(take_word(&mut rest)?).ok();
        let reason = length
            .and_then(|length| rest.get(..length))
            .ok_or(Error::Log {
                reason: "the reason is cut short",
            })?;
        Ok(Some(Self {
            voter: Address::from_word(*voter),
            proposal_id,
            support,
            weight,
            reason: String::from_utf8_lossy(reason).into_owned(),
        }))
    }
}

impl Support {
    /// The name in small letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Against => "against",
            Self::For => "for",
            Self::Abstain => "abstain",
        }
    }
}

impl From<Support> for u8 {
    fn from(support: Support) -> Self {
        match support {
            Support::Against => 0,
            Support::For => 1,
            Support::Abstain => 2,
        }
    }
}

impl From<Support> for usize {
    fn from(support: Support) -> Self {
        u8::from(support).into()
    }
}

impl TryFrom<U256> for Support {
    type Error = Error;

    fn try_from(number: U256) -> Result<Self, Error> {
        match u8::try_from(number) {
            Ok(0) => Ok(Self::Against),
            Ok(1) => Ok(Self::For),
            Ok(2) => Ok(Self::Abstain),
            _ => Err(Error::Log {
                reason: "the choice is none of against, for and abstain",
            }),
        }
    }
}

fn take_word(data: &mut &[u8]) -> Result<U256, Error> {
    let (word, rest) = data.split_first_chunk::<32>().ok_or(Error::Log {
        reason: "it is cut short",
    })?;
    *data = rest;
    Ok(U256::from_be_bytes(*word))
}
