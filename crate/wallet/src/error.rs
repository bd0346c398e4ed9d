//! What can go wrong, and what was expected.

use alloc::string::String;
use alloy_primitives::{Address, U256};
use lampyris_verify::Fault;

/// Why a key, an address, a transaction or a vault was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A secret key's text has the wrong length.
    #[error("a secret key has 64 hexadecimal digits, this has {got}")]
    KeyLength {
        /// Characters after an optional `0x`.
        got: usize,
    },
    /// A secret key's text holds something else than hexadecimal digits.
    #[error("a secret key has only hexadecimal digits (0-9, a-f)")]
    KeyNotHexadecimal,
    /// A secret key is zero.
    #[error("a secret key can't be zero")]
    KeyZero,
    /// A secret key is not below the curve's order.
    #[error("this number is too large to be a secret key")]
    KeyTooLarge,

    /// An address's text has no `0x` in front.
    #[error("an address begins with 0x")]
    AddressPrefix,
    /// An address's text has the wrong length.
    #[error("an address has 40 hexadecimal digits after 0x, this has {got}")]
    AddressLength {
        /// Characters after `0x`.
        got: usize,
    },
    /// An address's text holds something else than hexadecimal digits.
    #[error("an address has only hexadecimal digits (0-9, a-f) after 0x")]
    AddressNotHexadecimal,
    /// An address's capital letters don't fit it: probably a mistyped address.
    #[error("the address's checksum is wrong: expected {expected}, got {got}")]
    AddressChecksum {
        /// The address with the capital letters that it must have.
        expected: String,
        /// What was given.
        got: String,
    },

    /// The bytes are no EIP-1559 transaction.
    #[error("expected a transaction of type 2, got type {got:?}")]
    TransactionType {
        /// The first byte, if there is one.
        got: Option<u8>,
    },
    /// The bytes are not the one right encoding of a transaction.
    #[error("the transaction's encoding is wrong: {reason}")]
    TransactionEncoding {
        /// What was wrong.
        reason: &'static str,
    },
    /// The transaction is for another chain.
    #[error("the transaction is for chain {got}, expected chain {expected}")]
    ChainId {
        /// The chain that the caller is on.
        expected: u64,
        /// The chain that the transaction is for.
        got: u64,
    },
    /// The transaction creates a contract or has an access list.
    #[error("this wallet doesn't make transactions with {what}")]
    Unsupported {
        /// What the transaction has.
        what: &'static str,
    },
    /// The tip is above the whole fee.
    #[error("the tip per gas ({tip}) is above the whole fee per gas ({fee})")]
    TipAboveFee {
        /// `max_priority_fee_per_gas`.
        tip: U256,
        /// `max_fee_per_gas`.
        fee: U256,
    },
    /// The gas limit does not even pay for the transaction's bytes.
    #[error("the gas limit must be at least {expected}, got {got}")]
    GasLimit {
        /// The intrinsic gas.
        expected: u64,
        /// The transaction's gas limit.
        got: u64,
    },
    /// The account's nonce is used up (EIP-2681).
    #[error("the nonce {got} is not usable")]
    Nonce {
        /// The transaction's nonce.
        got: u64,
    },
    /// Value and fees together exceed any balance.
    #[error("value and fees exceed any possible balance")]
    Cost,
    /// The transaction's data is larger than a node forwards.
    #[error("the transaction's data has {got} bytes, at most {expected} are allowed")]
    DataLength {
        /// The largest length.
        expected: usize,
        /// The transaction's.
        got: usize,
    },
    /// The signature is out of range, has a high `s`, or recovers no key.
    #[error("the transaction's signature is wrong: {reason}")]
    Signature {
        /// What was wrong.
        reason: &'static str,
    },

    /// The vault can't be opened: another passphrase, or the vault was changed.
    #[error("the passphrase is wrong, or the stored vault was changed")]
    WrongPassphrase,
    /// A vault needs a passphrase.
    #[error("a passphrase has 1 to {expected} bytes, got {got}")]
    PassphraseLength {
        /// The largest length.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// The bytes are no vault that this version can read.
    #[error("the stored vault can't be read: {reason}")]
    VaultEncoding {
        /// What was wrong.
        reason: &'static str,
    },
    /// The vault opened, but holds another account's key.
    #[error("the vault says it holds {expected}, but holds {got}")]
    VaultAddress {
        /// The address in clear.
        expected: Address,
        /// The key's address.
        got: Address,
    },
}

impl Error {
    /// Whose fault it is: always the caller's, since nothing here comes from a peer.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Misuse
    }
}
