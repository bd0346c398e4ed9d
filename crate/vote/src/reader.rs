//! Reads words and remembers which ones were missing.

use crate::storage::SLOTS_MAX;
use crate::{Error, Need, Storage};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, U256};

/// Functions over a reader return `None` when a word was missing, and go on wherever they can
/// without it, so that a round asks for as much as possible.
pub(crate) struct Reader<'a, S: ?Sized> {
    storage: &'a S,
    /// Sorted, each once.
    missing: Vec<(Address, B256)>,
}

impl<'a, S: Storage + ?Sized> Reader<'a, S> {
    pub(crate) const fn new(storage: &'a S) -> Self {
        Self {
            storage,
            missing: Vec::new(),
        }
    }

    pub(crate) fn word(&mut self, contract: Address, slot: U256) -> Option<U256> {
        let slot = B256::from(slot);
        let word = self.storage.read(contract, slot);
        if word.is_none()
            && self.missing.len() < SLOTS_MAX
            && let Err(place) = self.missing.binary_search(&(contract, slot))
        {
            self.missing.insert(place, (contract, slot));
        }
        word
    }

    /// A word that must be a number that fits; else the layout is another.
    pub(crate) fn number<N: TryFrom<U256>>(
        &mut self,
        contract: Address,
        slot: U256,
        what: &'static str,
    ) -> Result<Option<N>, Error> {
        self.word(contract, slot)
            .map(|word| N::try_from(word).map_err(|_| unexpected(contract, what, slot, word)))
            .transpose()
    }

    pub(crate) fn boolean(
        &mut self,
        contract: Address,
        slot: U256,
        what: &'static str,
    ) -> Result<Option<bool>, Error> {
        match self.number::<u8>(contract, slot, what)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(other) => Err(unexpected(contract, what, slot, U256::from(other))),
        }
    }

    pub(crate) fn address(
        &mut self,
        contract: Address,
        slot: U256,
        what: &'static str,
    ) -> Result<Option<Address>, Error> {
        let Some(word) = self.word(contract, slot) else {
            return Ok(None);
        };
        if word >> 160 != U256::ZERO {
            return Err(unexpected(contract, what, slot, word));
        }
        Ok(Some(Address::from_word(word.into())))
    }

    pub(crate) fn finish<T>(self, answer: Option<T>) -> Result<T, Need> {
        answer.ok_or(Need::Slots(self.missing))
    }
}

/// All items, or nothing when one is missing; the others are asked for all the same.
pub(crate) fn all<T>(
    items: impl Iterator<Item = Result<Option<T>, Error>>,
) -> Result<Option<Vec<T>>, Error> {
    let mut all = Some(Vec::new());
    for item in items {
        all = all.zip(item?).map(|(mut list, item)| {
            list.push(item);
            list
        });
    }
    Ok(all)
}

pub(crate) fn unexpected(contract: Address, what: &'static str, slot: U256, got: U256) -> Error {
    Error::UnexpectedWord {
        contract,
        what,
        slot: slot.into(),
        got,
    }
}
