//! Accounts, storage and code: EIP-1186 answers, and others of their shape.

use std::path::Path;

use lampyris_verify::execution::Account;
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{Address, B256, Bytes, U256, keccak256};
use serde_json::Value;

use super::{Known, objects};
use crate::files::{Files, name};
use crate::report::{Report, Skip};
use crate::rpc_json::{self, field, number, optional};

/// Checks an answer of its own: its root is that of its first node, if no block says it.
pub(super) fn check(json: &Value, known: &Known) -> Result<(), Skip> {
    let address = address(json, known).ok_or("an account's proof whose address no file tells")?;
    let nodes = nodes(&json["accountProof"]);
    let root = nodes
        .first()
        .map(keccak256)
        .ok_or("a proof without nodes and without a root")?;
    check_account(root, address, json, known);
    if known.has_state(root) {
        return Ok(());
    }
    Err(
        "an account's proof that agrees with itself, of a state that no recorded block has"
            .to_owned(),
    )
}

/// The address of a proof; some answers lack it, but are another's with the same nodes.
fn address(json: &Value, known: &Known) -> Option<Address> {
    let own = optional(json, "address");
    own.or_else(|| {
        let same = |other: &Value| {
            other["accountProof"] == json["accountProof"] && other.get("address").is_some()
        };
        let find = |document: &Value| {
            let found = objects(document, &same).into_iter().next()?;
            Some(field(found, "address"))
        };
        known.documents.values().find_map(find)
    })
}

/// Checks an answer against the root of a state, and with a proven block if there is one.
pub fn check_account(root: B256, address: Address, json: &Value, known: &Known) -> Account {
    let set = NodeSet::new(nodes(&json["accountProof"])).unwrap();
    let found = lookup(root, keccak256(address).as_slice(), &set).unwrap();
    let account = found.map_or(Account::EMPTY, |rlp| Account::decode_rlp(&rlp).unwrap());
    let claim = json.get("account").unwrap_or(json);
    assert_eq!(account.balance, field::<U256>(claim, "balance"));
    assert_eq!(account.nonce, number(claim, "nonce"));
    if account != Account::EMPTY {
        let storage: Option<B256> =
            optional(claim, "storageHash").or_else(|| optional(claim, "storageRoot"));
        assert_eq!(account.code_hash, field::<B256>(claim, "codeHash"));
        assert_eq!(account.storage_root, storage.expect("the storage's root"));
    }
    if let Some(code) = optional::<Bytes>(json, "code") {
        assert_eq!(account.code_hash, keccak256(&code));
    }
    let block = known.proven_state(root);
    if let Some(block) = block {
        assert_eq!(*block.account(&set, address).unwrap().value(), account);
    }
    for slot in json["storageProof"].as_array().into_iter().flatten() {
        let key = B256::from(field::<U256>(slot, "key"));
        let storage = NodeSet::new(nodes(&slot["proof"])).unwrap();
        let found = lookup(account.storage_root, keccak256(key).as_slice(), &storage).unwrap();
        let word = found.map_or(U256::ZERO, |rlp| alloy_rlp::decode_exact(&rlp).unwrap());
        assert_eq!(word, field::<U256>(slot, "value"));
        if let Some(block) = block {
            let account = block.account(&set, address).unwrap();
            assert_eq!(*account.storage(&storage, key).unwrap().value(), word);
        }
    }
    account
}

fn nodes(proof: &Value) -> Vec<Bytes> {
    serde_json::from_value(proof.clone()).unwrap()
}

/// Code files are named by their hash, and belong to an account whose proof is beside them.
pub(super) fn check_code_file(path: &Path, files: &Files, known: &Known, report: &mut Report) {
    report.case("codes", files.relative(path), || {
        let code = files.bytes(path);
        let hash = keccak256(&code);
        assert!(
            name(path)
                .trim_start_matches("code_0x")
                .ends_with(&hex::encode(hash)),
            "{hash}"
        );
        check_code(path, &code, known);
    });
}

/// Answers of `eth_getCode`, with an account whose proof is beside them.
pub(super) fn check_code_answer(
    path: &Path,
    json: &Value,
    files: &Files,
    known: &Known,
    report: &mut Report,
) {
    let result = rpc_json::result(json.clone());
    if name(path).starts_with("eth_getCode") && result.is_string() {
        files.open(path);
        report.case("codes", files.relative(path), || {
            let code: Bytes = serde_json::from_value(result).unwrap();
            check_code(path, &code, known);
        });
    }
}

/// Some account that is proven beside has the code, and with another it fails.
fn check_code(path: &Path, code: &[u8], known: &Known) {
    let folder = path.parent().unwrap();
    let hash = keccak256(code);
    let is_proof =
        |json: &Value| json.get("accountProof").is_some() && json.get("address").is_some();
    let beside = known
        .documents
        .iter()
        .filter(|(path, _)| path.starts_with(folder));
    let proofs = beside.flat_map(|(_, json)| objects(json, &is_proof));
    let mut has_account = false;
    for proof in proofs {
        let set = NodeSet::new(nodes(&proof["accountProof"])).unwrap();
        has_account |= field::<B256>(proof, "codeHash") == hash;
        let account = known.proven.values().find_map(|block| {
            let account = block.account(&set, field(proof, "address")).ok()?;
            (account.value().code_hash == hash).then_some(account)
        });
        if let Some(account) = account {
            assert_eq!(account.code(code.to_vec()).unwrap().value(), code);
            let mut other = code.to_vec();
            other.push(0);
            assert!(account.code(other).is_err());
        }
    }
    assert!(has_account, "no account beside it has this code");
}
