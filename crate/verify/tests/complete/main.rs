//! What is proven whole: bodies, receipts, the logs of a range of blocks, and what a state remembers
//! of the past. Real blocks of mainnet, and each of their parts changed once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod blocks;
mod bodies;
mod collection;
mod gloas;
mod history;
mod logs;
mod transactions;
