//! Accounts.

use alloy_primitives::{B256, U256, b256};

use super::rlp::Items;
use crate::Error;
use crate::trie::EMPTY_ROOT;

/// The hash of no code.
pub const EMPTY_CODE_HASH: B256 =
    b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

/// An account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The number of transactions that it sent, or of contracts that it created.
    pub nonce: u64,
    /// Its ether, in wei.
    pub balance: U256,
    /// The root of its storage.
    pub storage_root: B256,
    /// The hash of its code.
    pub code_hash: B256,
}

impl Account {
    /// The account of an address that was never used.
    pub const EMPTY: Self = Self {
        nonce: 0,
        balance: U256::ZERO,
        storage_root: EMPTY_ROOT,
        code_hash: EMPTY_CODE_HASH,
    };

    /// Reads an account from the state's trie.
    pub fn decode_rlp(bytes: &[u8]) -> Result<Self, Error> {
        let mut items = Items::new("account", bytes)?;
        let account = Self {
            nonce: items.next()?,
            balance: items.next()?,
            storage_root: items.next()?,
            code_hash: items.next()?,
        };
        items.end()?;
        Ok(account)
    }

    /// Whether it has code.
    #[must_use]
    pub fn is_contract(&self) -> bool {
        self.code_hash != EMPTY_CODE_HASH
    }
}
