//! A verifier of BLS12-381 signatures as Ethereum's consensus layer makes them (keys in G1,
//! signatures in G2, proof of possession), made for 32-bit targets: wasm above all.
//!
//! * `field`: 14 signed limbs of 28 bits, products without carries, sums without reductions.
//! * `curve`, `endomorphism`, `hash`: points, and messages as points.
//! * `pairing`: the product of pairings, compared with one.
//! * `key`, `signature`, `verify`: what is public.
//!
//! **Not constant-time.** Everything here is public: keys, messages, signatures. The crate holds no
//! secret, cannot sign, and takes as long as its input asks for.
//!
//! **Trusted to the caller:** that each key's owner proved to hold it, since neither that nor a
//! key's group is checked; and that coefficients of a batch could not be guessed. Keys
//! and signatures are always checked to be the one encoding of a point of the curve, signatures to
//! be in their group, and under a key or with a signature at infinity nothing verifies.
//!
//! ```
//! use lampyris_bls::{PublicKey, Signature};
//!
//! // Neither is the encoding of a point.
//! assert!(PublicKey::from_bytes(&[0; 48]).is_none());
//! assert!(Signature::from_bytes(&[0xff; 96]).is_none());
//! ```

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
