//! Keccak-256 and SHA-256, as fast as WebAssembly allows: most of what a proof costs is hashing.
//!
//! A proof's nodes don't depend on each other to be hashed, nor do the nodes of a layer of a hash
//! tree. So WebAssembly's registers of 128 bits take two Keccak states or four SHA-256 states at
//! once. On other processors both are computed one by one: SHA-256 by their own instructions.
//!
//! **Invariant: the same hashes everywhere**; how many at once only changes the time.
//!
//! ```
//! use lampyris_hash::{keccak256, keccak256_each};
//!
//! let hashes = keccak256_each(&[b"one", b"another"]);
//! assert_eq!(hashes, [keccak256("one"), keccak256("another")]);
//! ```
#![no_std]

extern crate alloc;

mod keccak;
mod sha256;

pub use keccak::{keccak256, keccak256_each, keccak256_pair};
pub use sha256::{sha256, sha256_pair, sha256_parents};
