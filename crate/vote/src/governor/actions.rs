//! What a proposal does, from `GovernorStorage`, checked against the proposal's id.

use super::Governor;
use crate::reader::{Reader, unexpected};
use crate::storage::{BytesHead, content_slot, item_slot, mapping_slot, member_slot};
use crate::{Error, Storage, abi};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256};

/// The most actions of a proposal that are read.
pub const MAX_ACTIONS: u64 = 64;

/// The most bytes of calldata that are read, of all actions of a proposal together: 512 words.
pub const MAX_CALLDATA_BYTES: u64 = 16 * 1024;

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
    let [targets, values, calldatas] = [0, 1, 2].map(|offset| member_slot(base, offset));
    let lengths = [targets, values, calldatas]
        .map(|slot| reader.number::<u64>(contract, slot, "the number of a proposal's actions"));
    let description_hash = reader.word(contract, member_slot(base, 3));
    // Every proposal has an action, so the first can be asked for before their number is known.
    let first = read_action(reader, contract, [targets, values, calldatas], 0);

    let [Some(count), Some(value_count), Some(calldata_count)] = flatten(lengths)? else {
        return Ok(None);
    };
    if count == 0 || value_count != count || calldata_count != count {
        return Err(unexpected(
            contract,
            "the number of a proposal's actions",
            targets,
            count_word(count),
        ));
    }
    let Some(description_hash) = description_hash.map(B256::from) else {
        return Ok(None);
    };
    if count > MAX_ACTIONS {
        return Ok(Some((Actions::TooLarge { count }, description_hash)));
    }

    let mut heads = Vec::from([first?]);
    for index in 1..count {
        heads.push(read_action(
            reader,
            contract,
            [targets, values, calldatas],
            index,
        )?);
    }
    let Some(heads) = heads.into_iter().collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let length = heads
        .iter()
        .fold(U256::ZERO, |sum, head| sum.saturating_add(head.length()));
    if length > U256::from(MAX_CALLDATA_BYTES) {
        return Ok(Some((Actions::TooLarge { count }, description_hash)));
    }

    let actions = heads
        .into_iter()
        .map(|head| head.read_calldata(reader, contract))
        .collect::<Vec<Option<Action>>>(); // not at once, so that all of them are asked for
    let Some(actions) = actions.into_iter().collect::<Option<Vec<_>>>() else {
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

/// An action whose calldata's content may still be elsewhere.
struct ActionHead {
    target: Address,
    value: U256,
    calldata: BytesHead,
    calldata_slot: U256,
}

fn read_action<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    contract: Address,
    [targets, values, calldatas]: [U256; 3],
    index: u64,
) -> Result<Option<ActionHead>, Error> {
    let calldata_slot = item_slot(calldatas, index);
    let target = reader.address(contract, item_slot(targets, index), "an action's target")?;
    let value = reader.word(contract, item_slot(values, index));
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

    fn read_calldata<S: Storage + ?Sized>(
        self,
        reader: &mut Reader<'_, S>,
        contract: Address,
    ) -> Option<Action> {
        let calldata = match self.calldata {
            BytesHead::Short { word, length } => word.iter().copied().take(length).collect(),
            BytesHead::Long { length } => {
                // Checked to be at most MAX_CALLDATA_BYTES before.
                let length = usize::try_from(length).ok()?;
                let content = content_slot(self.calldata_slot);
                let words = (0..length.div_ceil(32))
                    .map(|index| reader.word(contract, content.wrapping_add(U256::from(index))))
                    .collect::<Vec<Option<U256>>>();
                let words = words.into_iter().collect::<Option<Vec<U256>>>()?;
                words
                    .iter()
                    .flat_map(U256::to_be_bytes::<32>)
                    .take(length)
                    .collect::<Vec<u8>>()
            }
        };
        Some(Action {
            target: self.target,
            value: self.value,
            calldata: calldata.into(),
        })
    }
}

fn flatten<const N: usize>(
    results: [Result<Option<u64>, Error>; N],
) -> Result<[Option<u64>; N], Error> {
    let mut values = [None; N];
    for (value, result) in values.iter_mut().zip(results) {
        *value = result?;
    }
    Ok(values)
}

fn count_word(count: u64) -> U256 {
    U256::from(count)
}
