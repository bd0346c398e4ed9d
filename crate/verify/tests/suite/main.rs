//! What others recorded or generated: the consensus specification's tests, and real chains; then
//! attacks on them, and models that are slow and obvious.
//!
//! The folders are walked, never listed here, so that more data of the same layout is run as soon as
//! it is there; a file that is there and is not opened is a failure. `LAMPYRIS_VECTORS` names another
//! folder than `tests/vectors`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chains;
mod decoders;
mod execution;
mod files;
mod merkle_proofs;
mod networks;
mod ranking;
mod recorded;
mod rpc_json;
mod ssz_model;
mod ssz_schema;
mod ssz_static;
mod sync;
mod tampering;
mod trie_model;
