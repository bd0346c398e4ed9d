//! What a proposal does, from `GovernorStorage`, checked against the proposal's id.

use super::Governor;
use crate::reader::{Reader, all, unexpected};
use crate::storage::{BytesHead, content_slot, item_slot, mapping_slot, member_slot};
use crate::{Error, Storage, abi};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256};

/// The most actions of a proposal that are read.
pub const MAX_ACTIONS: u64 = 32;

/// The most bytes of calldata that are read, of all actions of a proposal together: 256 words.
pub const MAX_CALLDATA_BYTES: u64 = 8 * 1024;

/// A call that a proposal makes when it is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Who is called.
    pub target: Address,
    /// How much ether is sent along, in wei.
    pub value: U256,
    /// What the target is called with.
    pub calldata: Bytes,
}

/// What a proposal does. One huge proposal must not keep the others from being read, so a list
/// that is too large is told as that; the rest of the proposal is exact all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actions {
    /// The calls in their order. Their hash is the proposal's id.
    Verified(Vec<Action>),
    /// More than [`MAX_ACTIONS`] or [`MAX_CALLDATA_BYTES`].
    TooLarge {
        /// How many actions there are.
        count: u64,
    },
}

impl Actions {
    /// The calls; nothing when there were too many to read.
    #[must_use]
    pub fn verified(&self) -> Option<&[Action]> {
        match self {
            Self::Verified(actions) => Some(actions),
            Self::TooLarge { .. } => None,
        }
    }
}

/// The actions and the description's hash.
pub(super) fn read_details<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    governor: &Governor,
    id: U256,
) -> Result<Option<(Actions, B256)>, Error> {
    let contract = governor.address;
    let base = mapping_slot(id.into(), governor.layout.proposal_details);
    let arrays = [0, 1, 2].map(|offset| member_slot(base, offset));
    let description_hash = reader.word(contract, member_slot(base, 3)).map(B256::from);
    // Every proposal has an action, so the first can be asked for before their number is known.
    let first = read_head(reader, contract, arrays, 0);
    let (Some(count), Some(description_hash)) =
        (read_count(reader, contract, arrays)?, description_hash)
    else {
        return Ok(None);
    };
    let too_large = Ok(Some((Actions::TooLarge { count }, description_hash)));
    if count > MAX_ACTIONS {
        return too_large;
    }

    let rest = (1..count).map(|index| read_head(reader, contract, arrays, index));
    let Some(heads) = all([first].into_iter().chain(rest))? else {
        return Ok(None);
    };
    let length = heads
        .iter()
        .fold(U256::ZERO, |sum, head| sum.saturating_add(head.length()));
    if length > U256::from(MAX_CALLDATA_BYTES) {
        return too_large;
    }

    let actions = heads
        .into_iter()
        .map(|head| head.read_calldata(reader, contract));
    let Some(actions) = all(actions)? else {
        return Ok(None);
    };
    let hash = U256::from_be_bytes(abi::hash_proposal(&actions, description_hash).0);
    if hash != id {
        return Err(Error::ProposalId {
            expected: id,
            got: hash,
        });
    }
    Ok(Some((Actions::Verified(actions), description_hash)))
}

/// How many actions there are: the common length of `targets`, `values` and `calldatas`.
fn read_count<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    contract: Address,
    arrays: [U256; 3],
) -> Result<Option<u64>, Error> {
    const WHAT: &str = "the number of a proposal's actions";
    let lengths = arrays
        .iter()
        .map(|slot| reader.number::<u64>(contract, *slot, WHAT));
    let Some(lengths) = all(lengths)? else {
        return Ok(None);
    };
    let count = lengths.first().copied().unwrap_or_default();
    for (length, slot) in lengths.into_iter().zip(arrays) {
        if length == 0 || length != count {
            return Err(unexpected(contract, WHAT, slot, U256::from(length)));
        }
    }
    Ok(Some(count))
}

/// An action whose calldata's content may still be elsewhere.
struct ActionHead {
    target: Address,
    value: U256,
    calldata: BytesHead,
    calldata_slot: U256,
}

fn read_head<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    contract: Address,
    arrays: [U256; 3],
    index: u64,
) -> Result<Option<ActionHead>, Error> {
    let [target_slot, value_slot, calldata_slot] = arrays.map(|array| item_slot(array, index));
    let target = reader.address(contract, target_slot, "an action's target")?;
    let value = reader.word(contract, value_slot);
    let calldata = reader.word(contract, calldata_slot);
    let (Some(target), Some(value), Some(calldata)) = (target, value, calldata) else {
        return Ok(None);
    };
    let calldata = BytesHead::parse(calldata)
        .ok_or_else(|| unexpected(contract, "an action's calldata", calldata_slot, calldata))?;
    Ok(Some(ActionHead {
        target,
        value,
        calldata,
        calldata_slot,
    }))
}

impl ActionHead {
    fn length(&self) -> U256 {
        match self.calldata {
            BytesHead::Short { length, .. } => U256::from(length),
            BytesHead::Long { length } => length,
        }
    }

    /// Called only for calldata that is not too large.
    fn read_calldata<S: Storage + ?Sized>(
        self,
        reader: &mut Reader<'_, S>,
        contract: Address,
    ) -> Result<Option<Action>, Error> {
        let (words, length) = match self.calldata {
            BytesHead::Short { word, length } => (Some(Vec::from([word.into()])), length),
            BytesHead::Long { length } => {
                let content = content_slot(self.calldata_slot);
                let length = usize::try_from(length).map_err(|_| Error::Overflow)?;
                let slots = (0u64..)
                    .take(length.div_ceil(32))
                    .map(|index| member_slot(content, index));
                (
                    all(slots.map(|slot| Ok(reader.word(contract, slot))))?,
                    length,
                )
            }
        };
        let calldata = words.map(|words: Vec<U256>| {
            words
                .iter()
                .flat_map(U256::to_be_bytes::<32>)
                .take(length)
                .collect()
        });
        let Self { target, value, .. } = self;
        Ok(calldata.map(|calldata| Action {
            target,
            value,
            calldata,
        }))
    }
}
