//! Transactions, as they were signed.
//!
//! One shape for all types: 0 before [EIP-2718](https://eips.ethereum.org/EIPS/eip-2718), 1 of
//! [EIP-2930](https://eips.ethereum.org/EIPS/eip-2930), 2 of
//! [EIP-1559](https://eips.ethereum.org/EIPS/eip-1559), 3 of
//! [EIP-4844](https://eips.ethereum.org/EIPS/eip-4844) without its blobs, as blocks hold it, and 4 of
//! [EIP-7702](https://eips.ethereum.org/EIPS/eip-7702). What a type does not have is empty.

mod codec;

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use lampyris_hash::keccak256;

/// The newest type of transaction that is read (EIP-7702).
pub const TX_TYPE_MAX: u8 = 4;

/// A transaction. Who sent it is not recovered from the signature: a proven one was checked by the
/// chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its type, 0 to 4.
    pub tx_type: u8,
    /// The chain that it is for; `None` for type 0 without replay protection (EIP-155).
    pub chain_id: Option<u64>,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The most that the block's producer gets per gas; the gas price of types 0 and 1.
    pub max_priority_fee_per_gas: U256,
    /// The most that is paid per gas; the gas price of types 0 and 1.
    pub max_fee_per_gas: U256,
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// Whom it calls; `None` if it creates a contract.
    pub to: Option<Address>,
    /// The ether that it moves, in wei.
    pub value: U256,
    /// What it tells the contract that it calls, or the code that creates one.
    pub input: Bytes,
    /// What it says beforehand it will read.
    pub access_list: Vec<AccessListItem>,
    /// The most that is paid per blob gas; 0 but for type 3.
    pub max_fee_per_blob_gas: U256,
    /// The hashes of its blobs.
    pub blob_versioned_hashes: Vec<B256>,
    /// Accounts that take over a contract's code.
    pub authorizations: Vec<Authorization>,
    /// Which of two points the sender's signature means.
    pub y_parity: bool,
    /// The signature's first number.
    pub r: U256,
    /// The signature's second number.
    pub s: U256,
}

/// An account that a transaction reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessListItem {
    /// Its address.
    pub address: Address,
    /// The slots of its storage.
    pub storage_keys: Vec<B256>,
}

/// An account's word that it takes over a contract's code. It may be invalid, and is then skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The chain that it is for; 0 for any.
    pub chain_id: U256,
    /// The contract.
    pub address: Address,
    /// The nonce that the account must have.
    pub nonce: u64,
    /// Which of two points the signature means.
    pub y_parity: u8,
    /// The signature's first number.
    pub r: U256,
    /// The signature's second number.
    pub s: U256,
}

impl Transaction {
    /// The hash that names it.
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.encode())
    }
}
