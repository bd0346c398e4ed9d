//! Keys, vault and transactions: what a person needs to sign, and nothing else.
//!
//! Pure: no clock, no randomness, no input or output. Entropy comes in as bytes, so that whoever
//! calls (a worker, a test) says where it is from.
//!
//! * [`key`]: a secp256k1 secret key and its address.
//! * [`address`]: addresses as text, with their EIP-55 checksum.
//! * [`transaction`]: EIP-1559 transactions, signed, encoded, decoded and re-checked.
//! * [`fees`]: the next block's base fee, a fee suggestion, the cost of the worst case.
//! * [`vault`]: a secret key encrypted with a passphrase, as bytes for a disk.
//!
//! What is trusted: the code that is running, the entropy that it is given. What is not: bytes from
//! a disk (a vault or a stored transaction) and text from a person; both are checked strictly.
//!
//! **Architecture invariant:** a [`SignedTransaction`] carries a signature that was checked: its
//! sender is recovered from it, never told.
//!
//! **Architecture invariant:** secrets are wiped when they are dropped and have no `Debug`.
//!
//! ```
//! use lampyris_wallet::{Eip1559, SecretKey, Vault, address, fees};
//! # fn main() -> Result<(), lampyris_wallet::Error> {
//! let key = SecretKey::generate(&[7; 32])?; // from real entropy, of course
//! let fees = fees::suggest(lampyris_wallet::U256::from(8_000_000_000u64));
//! let transaction = Eip1559 {
//!     chain_id: 1,
//!     nonce: 0,
//!     max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
//!     max_fee_per_gas: fees.max_fee_per_gas,
//!     gas_limit: fees::TRANSFER_GAS,
//!     to: address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")?,
//!     value: lampyris_wallet::U256::from(1),
//!     data: Default::default(),
//! };
//! let signed = transaction.sign(&key)?;
//! assert_eq!(signed.from(), key.address());
//!
//! let vault = Vault::seal(&key, "a long passphrase", &[9; Vault::ENTROPY_BYTES])?;
//! let stored = vault.encode();
//! let opened = Vault::decode(&stored)?.open("a long passphrase")?;
//! assert_eq!(opened.address(), key.address());
//! # Ok(())
//! # }
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
mod error;
pub mod fees;
pub mod key;
pub mod transaction;
pub mod vault;

pub use alloy_primitives::{Address, B256, Bytes, U256};
pub use error::Error;
pub use key::SecretKey;
pub use lampyris_verify::Fault;
pub use transaction::{Eip1559, SignedTransaction};
pub use vault::Vault;
