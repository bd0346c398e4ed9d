//! A verifier of BLS12-381 signatures as Ethereum's consensus layer makes them, made for 32-bit
//! targets.
//!
//! **Not constant-time.** Everything here is public: keys, messages, signatures. The crate holds no
//! secret, cannot sign, and takes as long as its input asks for.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod curve;
mod encoding;
mod endomorphism;
mod field;
mod hash;
mod key;
mod multiply;
mod pairing;
mod signature;
mod verify;

pub use key::{AggregateKey, PublicKey};
pub use signature::Signature;
pub use verify::{SignatureSet, verify, verify_batch};

#[cfg(test)]
mod tests;
