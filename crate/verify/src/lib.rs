//! The pure core of Lampyris: what a peer says goes in, what is proven comes out.
//!
//! # The domain, once
//!
//! Every 12 seconds (a *slot*) Ethereum may get a block. 512 validators, the *sync committee*, sign
//! its header; the committee changes every 8,192 slots (a *period*, about 27 hours). A block's state
//! commits to its own committee and to the next one, and to the last *finalized* block. So who knows
//! one block that he trusts (a *checkpoint*) can follow the chain by signatures alone:
//! [`light_client`]. The header commits to the execution block, and that to every account, every
//! storage slot, every transaction and every receipt, by hash trees: [`trie`] and [`execution`].
//!
//! # What is trusted
//!
//! The checkpoint, and that fewer than a third of a sync committee collude. Nothing else: all input
//! is a peer's, and is verified or refused.
//!
//! **Invariant: only this crate makes a [`Proven`]**: its field is private, and there is no `From`.
//! **Invariant: no input panics**, and none allocates more than a small multiple of its own length.
//! **Invariant: every error says whose fault it was**, see [`Error::fault`].
//!
//! No I/O, clock, randomness, logging or globals: the caller passes everything in.
//!
//! ```
//! use lampyris_verify::config::{Fork, Network};
//!
//! let mainnet = Network::mainnet();
//! assert_eq!(mainnet.fork_at_slot(14_018_019), Fork::Fulu);
//! assert_eq!(mainnet.sync_committee_period_at_slot(14_018_019), 1711);
//! ```
#![no_std]
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used
    )
)]

extern crate alloc;

pub mod config;
pub mod containers;
#[cfg(feature = "counting")]
pub mod counting;
pub mod error;
pub mod execution;
pub mod full_node;
pub mod light_client;
pub mod merkle;
pub mod proven;
pub mod trie;
pub mod wide;

mod bls;
mod ssz;

pub use alloy_primitives::{Address, B256, Bytes, U256};
pub use error::{Error, Fault};
pub use lampyris_hash::keccak256;
pub use proven::{Evidence, ExecutionBlock, Finality, Proven};
