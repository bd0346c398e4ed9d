//! Ethereum's `TrieTests`.

use std::collections::BTreeMap;

use lampyris_verify::{B256, keccak256};
use serde_json::Value;

use crate::files::{Files, name};
use crate::report::Report;
use crate::rpc_json::field;
use crate::trie_model::{Model, assert_agrees};

/// Runs every case: the root, and a look at each key that there is or was.
pub fn run(files: &Files, report: &mut Report) {
    for path in files.find(|path| path.ends_with(".json")) {
        let lower = name(&path).to_lowercase();
        let folder = path.parent().map(name).unwrap_or_default();
        if folder != "TrieTests" && !lower.contains("trie") {
            continue;
        }
        if lower.contains("nextprev") {
            files.open(&path);
            let reason = "TrieTests: neighbours of a key, which no light client looks for";
            report.skip(reason, files.relative(&path));
            continue;
        }
        let json = files.json(&path);
        let Some(cases) = json.as_object() else {
            report.fail(files.relative(&path), "no object of cases");
            continue;
        };
        for (case, content) in cases {
            let at = format!("{}: {case}", files.relative(&path));
            report.case("TrieTests", &at, || {
                check(content, lower.contains("secure"))
            });
        }
    }
}

fn check(case: &Value, is_secure: bool) {
    let mut entries = BTreeMap::new();
    let mut keys = Vec::new();
    let pairs: Vec<(String, Value)> = match &case["in"] {
        Value::Object(fields) => fields.clone().into_iter().collect(),
        list => serde_json::from_value(list.clone()).unwrap(),
    };
    for (key, value) in pairs {
        let key = bytes(&key);
        let key = if is_secure {
            keccak256(key).to_vec()
        } else {
            key
        };
        keys.push(key.clone());
        match value.as_str() {
            Some(value) => entries.insert(key, bytes(value)),
            None => entries.remove(&key),
        };
    }
    let model = Model::new(&entries);
    assert_eq!(model.root, field::<B256>(case, "root"));
    assert_agrees(&entries, &model, &keys);
}

fn bytes(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).unwrap(),
        None => text.as_bytes().to_vec(),
    }
}
