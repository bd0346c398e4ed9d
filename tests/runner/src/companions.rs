//! The files that no suite took: known companions, known to be about something else, or a failure.

use std::path::Path;

use serde_json::Value;

use crate::execution::Known;
use crate::files::{Files, Layout, name};
use crate::report::Report;

/// What is about something else, by a part of the path, and why it isn't run.
const ELSEWHERE: [(&str, &str); 29] = [
    ("bip32", KEYS),
    ("bip39", KEYS),
    ("mnemonic", KEYS),
    ("keystore", KEYS),
    ("KeyStoreTests", KEYS),
    ("wallets.json", KEYS),
    ("accounts.json", KEYS),
    ("keyaddrtest", KEYS),
    ("eip712", KEYS),
    ("typed-data", KEYS),
    ("signed-transactions", KEYS),
    ("create2", KEYS),
    ("BasicTests", "encodings and curves of no light client"),
    ("hashes.json", "encodings and curves of no light client"),
    ("ABITests", "the contracts' encoding: crate/vote tests it"),
    ("governor", "governors' state: crate/vote tests it"),
    ("debug_trace", EVM),
    ("eth_call", EVM),
    ("eth_createAccessList", EVM),
    ("eth_estimateGas", EVM),
    ("access_list", EVM),
    ("finality_checkpoints", UNPROVABLE),
    (
        "historical_summaries",
        "a part of the beacon state, which no light client is given",
    ),
    (
        "serialization",
        "the Portal network's encoding of its keys, which nothing here speaks",
    ),
    ("eth_v1_beacon_headers", UNPROVABLE),
    (
        "test.json",
        "what a client made of the answers beside it, which are checked, each by its kind",
    ),
    ("genesis.json", NODE),
    ("forkenv.json", NODE),
    ("headfcu.json", NODE),
];

const KEYS: &str = "keys and wallets: crate/wallet tests them";
const NODE: &str = "settings of the node that answered";
const EVM: &str = "the result of executing code: needs an EVM, which the core has not";
const UNPROVABLE: &str = "a node's word that no proof in the recording backs";

/// Judges each file that was not opened.
pub fn run(files: &Files, known: &Known, report: &mut Report) {
    for path in files.unopened() {
        let at = files.relative(path);
        if is_companion(path) {
            continue;
        }
        // The folder itself may be what tells.
        let whole = format!("{}/{at}", files.folder());
        let elsewhere = ELSEWHERE.iter().find(|(part, _)| whole.contains(part));
        if let Some((_, reason)) = elsewhere {
            report.skip(*reason, at);
        } else if known.documents.get(path).is_some_and(is_plain_answer) {
            report.skip(UNPROVABLE, at);
        } else if let Some(runner) = foreign_runner(path) {
            report.skip(
                format!("consensus tests of {runner}: no light client's"),
                at,
            );
        } else {
            report.fail(at, "no suite understands this file");
        }
    }
}

/// A node's answer that is a number, a text or nothing.
fn is_plain_answer(json: &Value) -> bool {
    let result = json.get("result").filter(|_| json.get("jsonrpc").is_some());
    result.is_some_and(|result| !result.is_object() && !result.is_array())
}

/// Texts about the data, and settings of the specification that cases carry themselves.
fn is_companion(path: &Path) -> bool {
    let name = name(path);
    let lower = name.to_lowercase();
    let is_text = [
        "readme",
        "license",
        "licence",
        "copying",
        "index.md",
        "upstream-license",
    ]
    .iter()
    .any(|start| lower.starts_with(start));
    let is_format = lower.ends_with(".md") && path.iter().any(|part| part == "formats");
    let is_setting = path
        .iter()
        .any(|part| part == "presets" || part == "configs")
        || ["mainnet.yaml", "minimal.yaml"].contains(&name);
    is_text || is_format || is_setting || lower == ".gitignore" || lower == "generate.mjs"
}

/// A runner of the consensus tests that is about beacon nodes or validators.
fn foreign_runner(path: &Path) -> Option<&str> {
    let runner = Layout::of(path)?.runner;
    let ours = ["light_client", "ssz_static", "bls"];
    (!ours.contains(&runner)).then_some(runner)
}
