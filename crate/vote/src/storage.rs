//! Where Solidity puts things in a contract's storage.
//!
//! <https://docs.soliditylang.org/en/v0.8.28/internals/layout_in_storage.html>

use alloc::collections::BTreeMap;
use alloy_primitives::{Address, B256, U256};
use lampyris_verify::keccak256;

/// The most words that one [`Need::Slots`](crate::Need::Slots) asks for; more are asked for in the
/// next round. Keeps the caller's requests and a peer's answers bounded, whatever is on chain.
pub const SLOTS_MAX: usize = 1024;

/// The most rounds that any reading of this crate takes: 12 for the words of a full page of the
/// largest proposals, and 12 for finding out where they are.
pub const ROUNDS_MAX: usize = 24;

/// Words of contracts' storage, **all proven at one block**.
pub trait Storage {
    /// The word in a slot, or nothing when it was not proven yet. An empty slot that was proven
    /// to be empty is zero.
    fn read(&self, contract: Address, slot: B256) -> Option<U256>;
}

impl Storage for BTreeMap<(Address, B256), U256> {
    fn read(&self, contract: Address, slot: B256) -> Option<U256> {
        self.get(&(contract, slot)).copied()
    }
}

/// The slot of a mapping's value: `keccak256(key ‖ base)`. Addresses and numbers are keys as words,
/// zeros in front.
#[must_use]
pub fn mapping_slot(key: B256, base: U256) -> U256 {
    let mut bytes = [0; 64];
    let (first, second) = bytes.split_at_mut(32);
    first.copy_from_slice(key.as_slice());
    second.copy_from_slice(&base.to_be_bytes::<32>());
    keccak256(bytes).into()
}

/// The slot where the content of a dynamic array or of long `bytes` begins; the base slot itself
/// holds the length.
#[must_use]
pub fn content_slot(base: U256) -> U256 {
    keccak256(base.to_be_bytes::<32>()).into()
}

/// The slot of an item of a dynamic array whose items take one slot each.
#[must_use]
pub fn item_slot(base: U256, index: u64) -> U256 {
    member_slot(content_slot(base), index)
}

/// The slot of a struct's member, counted in slots from its base.
#[must_use]
pub fn member_slot(base: U256, offset: u64) -> U256 {
    base.wrapping_add(U256::from(offset))
}

/// A field that shares its word with others: `bytes` bytes, `offset` bytes from the right.
#[must_use]
pub fn packed_field(word: U256, offset: usize, bytes: usize) -> U256 {
    let mask = U256::MAX >> 256_usize.saturating_sub(8 * bytes);
    (word >> (8 * offset)) & mask
}

/// How `bytes` or a `string` is stored, told from its base slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BytesHead {
    /// Up to 31 bytes are in the base slot itself.
    Short {
        /// The word with the content in front.
        word: B256,
        /// How many bytes of it count.
        length: usize,
    },
    /// Longer content is in its own slots, from [`content_slot`] on.
    Long {
        /// How many bytes.
        length: U256,
    },
}

impl BytesHead {
    /// Reads a base slot; nothing when no Solidity contract writes such a word.
    #[must_use]
    pub fn parse(word: U256) -> Option<Self> {
        if word.bit(0) {
            let length = word >> 1;
            (length > U256::from(31)).then_some(Self::Long { length })
        } else {
            let length = usize::from(word.byte(0)) / 2;
            (length <= 31).then_some(Self::Short {
                word: word.into(),
                length,
            })
        }
    }
}
