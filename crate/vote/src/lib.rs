//! Governors, their proposals and votes, read from proven storage only.
//!
//! No indexer, no logs, no archive node: everything that a vote needs is in the contracts' storage
//! at one recent block, and each word of it can be proven there. This crate knows where the words
//! are ([`layout`]), asks for them, and computes what the contracts themselves would answer.
//!
//! # Reading in rounds
//!
//! Where a word is often depends on another word (an array's items on its length). So each read is
//! a function over a witness ([`Storage`]) that is simply run again: it answers, or it says with
//! [`Need::Slots`] *all* the words that it already knows to be missing. The caller fetches and
//! proves them, adds them to its witness, and calls again.
//!
//! ```
//! use lampyris_vote::{Address, B256, Governor, Need, Page, U256, proposals};
//! use std::collections::BTreeMap;
//! # fn fetch_and_prove(_: Address, _: B256) -> U256 { U256::ZERO } // an empty governor
//!
//! let governor = Governor {
//!     address: Address::repeat_byte(1),
//!     token: Address::repeat_byte(2),
//!     layout: lampyris_vote::GovernorLayout::by_name("oz5-storage").unwrap(),
//! };
//! let mut witness = BTreeMap::new(); // all of one block
//! let (answer, rounds) = (1..)
//!     .find_map(|round| match proposals(&witness, &governor, 1_000, Page::default()) {
//!         Ok(answer) => Some((answer, round)),
//!         Err(Need::Slots(slots)) => {
//!             witness.extend(slots.into_iter().map(|slot| (slot, fetch_and_prove(slot.0, slot.1))));
//!             None
//!         }
//!         Err(Need::Refused(error)) => panic!("{error}"),
//!     })
//!     .unwrap();
//! assert_eq!(answer.count, 0); // proven: there are no proposals
//! # assert_eq!(rounds, 2);
//! ```
//!
//! # What is trusted
//!
//! That the contract's code is what its layout was made for: the layout is configuration. That the
//! witness is proven, all of it at one block. Nothing else: a word that does not fit the layout is
//! an error, and a proposal's content must hash to its id.
//!
//! **Architecture invariant:** nothing is returned before everything that it depends on was read.
//! No default stands in for a word that is missing.
#![no_std]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

extern crate alloc;

mod abi;
pub mod ballot;
mod checkpoints;
mod error;
pub mod governor;
pub mod layout;
pub mod power;
mod reader;
pub mod storage;
pub mod token;

pub use alloy_primitives::{Address, B256, Bytes, U256};
pub use ballot::{Support, VoteCast};
pub use error::{Error, Need};
pub use governor::{
    Action, Actions, Governor, Page, Proposal, ProposalState, Proposals, VotingPower, has_voted,
    proposal, proposals, voting_power,
};
pub use lampyris_verify::Fault;
pub use layout::{GovernorLayout, TokenLayout};
pub use storage::Storage;
