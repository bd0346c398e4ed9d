//! Runs whatever test vectors lie below a folder: the consensus specification's tests, recorded
//! chains, proofs, blocks, and the tests of the formats below them.
//!
//! Folders are walked, never listed, so that more data of the same layouts is run as soon as it is
//! there. Each suite takes what it knows, by name and by shape; what nobody opened is either a known
//! companion (a README), known to be about something else (a skip, with its reason), or a failure.
//! Cases assert as tests do, and a broken one doesn't end the run.

#![allow(clippy::unwrap_used, reason = "a case that cannot go on fails")]

pub mod beacon_blocks;
pub mod bls;
pub mod chains;
pub mod companions;
pub mod data_collection;
pub mod execution;
pub mod expected;
pub mod files;
pub mod history;
pub mod merkle_proofs;
pub mod networks;
pub mod objects;
pub mod portal;
pub mod ranking;
pub mod recorded;
pub mod report;
pub mod rlp;
pub mod rpc_json;
pub mod rpc_session;
pub mod ssz_model;
pub mod ssz_schema;
pub mod ssz_static;
pub mod sync;
pub mod trie_model;
pub mod tries;
pub mod trusted;

use std::path::Path;

use files::Files;
use report::Report;

/// Runs what lies below the folders.
pub fn run<'a>(folders: impl Iterator<Item = &'a Path>) -> Report {
    let mut report = Report::default();
    for folder in folders {
        run_files(&Files::below(folder), &mut report);
    }
    report
}

/// Runs what lies in a folder.
pub fn run_files(files: &Files, report: &mut Report) {
    report.suite("ssz_static", |report| ssz_static::run(files, report));
    report.suite("single_merkle_proof", |report| {
        merkle_proofs::run(files, report)
    });
    report.suite("update_ranking", |report| ranking::run(files, report));
    report.suite("sync", |report| sync::run(files, report));
    report.suite("data_collection", |report| {
        data_collection::run(files, report)
    });
    report.suite("bls", |report| bls::run(files, report));
    report.suite("tries", |report| tries::run(files, report));
    report.suite("rlp", |report| rlp::run(files, report));
    let proven = report.suite("chains", |report| chains::run(files, report));
    report.suite("portal", |report| portal::run(files, report));
    let mut known = execution::Known::collect(files, proven);
    let headers = report.suite("beacon blocks", |report| beacon_blocks::run(files, report));
    known
        .headers
        .extend(headers.into_iter().map(|header| (header.hash(), header)));
    report.suite("sessions", |report| {
        rpc_session::run(files, &mut known, report)
    });
    report.suite("expectations", |report| {
        expected::run(files, &known, report)
    });
    report.suite("nodes' JSON", |report| {
        execution::run(files, &known, report)
    });
    report.suite("history", |report| history::run(files, &known, report));
    report.suite("objects", |report| objects::run(files, &known, report));
    companions::run(files, &known, report);
}
