//! What others recorded or generated: the consensus specification's tests, and real chains; then
//! attacks on them, and models that are slow and obvious.
//!
//! `lampyris-vectors` runs the vectors; what is particular to one of them is tested here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod decoders;
mod json;
mod node_model;
mod parents;
mod refusals;
mod trie_model;
mod vectors;
