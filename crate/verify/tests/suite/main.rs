//! What others recorded or generated: the consensus specification's tests, and real chains.
//!
//! The folders are walked, never listed here, so that more data of the same layout is run as soon as
//! it is there; a file that is there and is not opened is a failure. `LAMPYRIS_VECTORS` names another
//! folder than `tests/vectors`.

mod chains;
mod execution;
mod files;
mod merkle_proofs;
mod networks;
mod ranking;
mod rpc_json;
mod ssz_model;
mod ssz_schema;
mod ssz_static;
mod sync;
