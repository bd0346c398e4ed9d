//! The light client: one event loop that follows the chain from a trusted checkpoint, asks peers,
//! believes none of them, and answers with what it has proven.
//!
//! It runs wherever a [`Platform`] is: in a browser's worker, or natively in tests. All of its
//! state is on one thread; [`Client`] is a handle that can be cloned.
//!
//! # What it trusts
//!
//! The checkpoint in its [`Config`], and that fewer than a third of a sync committee collude. No peer.
//!
//! **Architecture Invariant:** values from the chain come from `lampyris_verify::proven::Proven`
//! only; every [`event::Answer`] carries the evidence.
//!
//! **Architecture Invariant:** whatever a peer sends passes a check that belongs to its question
//! before anything else sees it; a lie drops the peer, and its name and deed stay in the list.

mod accounts;
mod balances;
mod catch_up;
mod chain;
mod client;
mod config;
mod error;
pub mod event;
mod examination;
mod following;
mod gossip;
mod heads;
mod inclusion;
mod light_client_requests;
mod misdeed;
mod peers;
mod pending;
mod persistence;
mod platform;
mod requests;
mod sorted_map;
mod status;
mod sync;
mod transactions;
mod updates;
mod voting;
mod witness;

pub use alloy_primitives::{Address, B256, U256};

pub use client::Client;
pub use config::{Config, GATEWAYS_MAX, Governor, Token};
pub use error::{Code, Error, Fault, Reason};
pub use event::{Event, NetEvent, PeerKind};
pub use platform::{LocalFuture, Platform, RequestError, Verdict};
pub use witness::BlockTag;

/// Reads an address as people write it; a wrong EIP-55 checksum is refused.
///
/// # Errors
/// [`Code::InvalidArgument`], with what is wrong with it.
pub fn parse_address(text: &str) -> Result<Address, Error> {
    Ok(lampyris_wallet::address::parse(text)?)
}
