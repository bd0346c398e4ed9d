//! Blocks, accounts, storage, code, transactions, receipts and logs in Ethereum nodes' JSON,
//! wherever they lie: each is checked against what is recorded beside it.

mod accounts;
mod blocks;
mod receipts;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lampyris_verify::execution::Header;
use lampyris_verify::{B256, ExecutionBlock, Proven};
use serde_json::Value;

pub use accounts::check_account;
pub use blocks::{NO_OMMERS, hash_of_requests, proven, verify as verify_block, verify_body};
pub use receipts::root as receipts_root;

use crate::files::{Files, name};
use crate::report::{Report, attempt};
use crate::rpc_json::{self, field, optional};
use crate::rpc_session;

/// What is known of execution blocks, from all files.
#[derive(Debug)]
pub struct Known {
    /// The JSON files.
    pub documents: BTreeMap<PathBuf, Value>,
    /// What the chains prove, by block hash.
    pub proven: BTreeMap<B256, Proven<ExecutionBlock>>,
    /// The headers whose hash is right, by it.
    pub headers: BTreeMap<B256, Header>,
}

impl Known {
    /// Reads all JSON files.
    #[must_use]
    pub fn collect(files: &Files, proven: Vec<Proven<ExecutionBlock>>) -> Self {
        // What a recording client made of a request isn't what the chain says.
        let is_read = |path: &str| {
            (path.ends_with(".json") && !path.ends_with("/test.json")) || path.ends_with(".io")
        };
        let paths = files.find(is_read).into_iter();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).ok()?;
            let json = if rpc_session::is_session(&path) {
                rpc_session::answer(&text)?
            } else {
                serde_json::from_str(&text).ok()?
            };
            Some((path, json))
        };
        let documents: BTreeMap<_, Value> = paths.filter_map(read).collect();
        let mut headers = BTreeMap::new();
        for json in documents.values() {
            each_object(json, &mut |object| {
                let header = if is_block(object) {
                    attempt(|| rpc_json::header(object))
                } else {
                    attempt(|| Some(payload(object)?.1)).flatten()
                };
                headers.extend(header.map(|header| (header.hash(), header)));
                !is_block(object)
            });
        }
        let by_hash = |block: Proven<ExecutionBlock>| (block.value().hash, block);
        Self {
            documents,
            proven: proven.into_iter().map(by_hash).collect(),
            headers,
        }
    }

    /// The header of a block: recorded, with the right hash.
    #[must_use]
    pub fn header(&self, hash: B256) -> Option<&Header> {
        self.headers.get(&hash)
    }

    /// Whether a block or an expectation tells the root of a state.
    #[must_use]
    pub fn has_state(&self, root: B256) -> bool {
        let told = |json: &Value| optional(json, "state_root") == Some(root);
        self.proven_state(root).is_some()
            || self
                .headers
                .values()
                .any(|header| header.state_root == root)
            || self
                .documents
                .values()
                .any(|json| !objects(json, &told).is_empty())
    }

    /// A block that a chain proves, by the root of its state.
    #[must_use]
    pub fn proven_state(&self, root: B256) -> Option<&Proven<ExecutionBlock>> {
        self.proven
            .values()
            .find(|block| block.value().state_root == root)
    }
}

/// Checks all that is recognized in JSON files; a file in which nothing is, is left to others.
pub fn run(files: &Files, known: &Known, report: &mut Report) {
    for (path, json) in &known.documents {
        if name(path).starts_with("expected") {
            continue;
        }
        let at = files.relative(path);
        let must_fail = must_fail(files, path, known);
        each_object(json, &mut |object| {
            let is_known = check(object, known, report, at, must_fail);
            if is_known {
                files.open(path);
            }
            !is_known
        });
        if receipts::run(json, known, report, at) {
            files.open(path);
        }
        accounts::check_code_answer(path, json, files, known, report);
    }
    for path in files.find(|path| {
        path.rsplit('/')
            .next()
            .is_some_and(|n| n.starts_with("code_"))
    }) {
        accounts::check_code_file(&path, files, known, report);
    }
}

/// Whether a `…_metadata.json` says that the `…_data.json` beside it is wrong.
fn must_fail(files: &Files, path: &Path, known: &Known) -> bool {
    let Some(start) = name(path).strip_suffix("_data.json") else {
        return false;
    };
    let metadata = path.with_file_name(format!("{start}_metadata.json"));
    let Some(json) = known.documents.get(&metadata) else {
        return false;
    };
    files.open(&metadata);
    json["fail"] == Value::Bool(true)
}

/// Checks an object, and tells whether it is one that this knows.
fn check(json: &Value, known: &Known, report: &mut Report, at: &str, must_fail: bool) -> bool {
    if is_block(json) {
        let kind = if must_fail {
            "blocks that are wrong"
        } else {
            "blocks"
        };
        report.case(kind, at, || {
            let result = blocks::verify(json);
            assert_eq!(result.is_err(), must_fail, "{result:?}");
            if !must_fail {
                blocks::verify_each(json, known);
            }
        });
        return true;
    }
    if json.get("accountProof").is_some() {
        report.case_or_skip("accounts and their storage", at, || {
            accounts::check(json, known)
        });
        return true;
    }
    if json.pointer("/body/execution_payload").is_some() || json.get("executionPayload").is_some() {
        report.case("payloads of beacon blocks", at, || {
            let (payload, header) = payload(json).expect("a payload");
            assert_eq!(header.hash(), field::<B256>(payload, "block_hash"));
        });
        return true;
    }
    if is_transaction(json) {
        report.case("transactions", at, || {
            blocks::verify_transaction(json).unwrap();
        });
        return true;
    }
    false
}

/// The payload of a beacon block in JSON, or of one that was taken apart, with its header.
fn payload(json: &Value) -> Option<(&Value, Header)> {
    let root = |pointer: &str| -> Option<B256> {
        serde_json::from_value(json.pointer(pointer)?.clone()).ok()
    };
    if let Some(payload) = json.pointer("/body/execution_payload") {
        let requests = json.pointer("/body/execution_requests");
        let header = blocks::payload_header(payload, root("/parent_root"), requests);
        return Some((payload, header));
    }
    let payload = json.get("executionPayload")?;
    let parent = root("/headers/header/message/parent_root");
    Some((payload, blocks::payload_header(payload, parent, None)))
}

fn is_block(json: &Value) -> bool {
    ["parentHash", "stateRoot", "receiptsRoot", "miner", "hash"]
        .iter()
        .all(|name| json.get(name).is_some_and(Value::is_string))
}

fn is_transaction(json: &Value) -> bool {
    ["hash", "nonce", "input", "r", "s", "gas"]
        .iter()
        .all(|name| json.get(name).is_some())
}

/// Shows each object to `visit`, which tells whether to look into it.
fn each_object<'a>(json: &'a Value, visit: &mut dyn FnMut(&'a Value) -> bool) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| each_object(item, visit)),
        Value::Object(fields) if visit(json) => {
            fields.values().for_each(|value| each_object(value, visit));
        }
        _ => {}
    }
}

/// All objects that satisfy `is`.
pub fn objects<'a>(json: &'a Value, is: &dyn Fn(&Value) -> bool) -> Vec<&'a Value> {
    let mut found = Vec::new();
    each_object(json, &mut |object| {
        if is(object) {
            found.push(object);
        }
        true
    });
    found
}

/// A hash that a block goes by in its own or others' JSON.
fn block_hash(json: &Value) -> Option<B256> {
    optional(json, "blockHash").or_else(|| json.get("hash").map(|_| field(json, "hash")))
}
