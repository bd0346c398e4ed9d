//! `expected*.json`: what others found when they verified recorded accounts, blocks and receipts.

use std::path::Path;

use lampyris_verify::execution::Header;
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{Address, B256, Bytes, U256, keccak256};
use serde_json::Value;

use crate::execution::{Known, check_account, objects, receipts_root, verify_block};
use crate::files::{Files, name};
use crate::report::{Report, Skip};
use crate::rpc_json::{self, field, optional};

/// Runs every entry.
pub fn run(files: &Files, known: &Known, report: &mut Report) {
    for (path, json) in &known.documents {
        if !name(path).starts_with("expected") {
            continue;
        }
        files.open(path);
        let entries = match json {
            Value::Array(entries) => entries.iter().collect(),
            entry => vec![entry],
        };
        for (index, entry) in entries.iter().enumerate() {
            let at = format!("{}, entry {index}", files.relative(path));
            let folder = path.parent().unwrap();
            let entry = Entry {
                json: entry,
                folder,
                files,
                known,
            };
            // What its source could not verify, we must not either.
            if entry.json["verified"] == Value::Bool(false) {
                report.case("expectations of failure", &at, || {
                    let check = std::panic::AssertUnwindSafe(|| entry.check());
                    assert!(std::panic::catch_unwind(check).is_err(), "it was verified");
                });
            } else {
                report.case_or_skip("expectations", &at, || entry.check());
            }
        }
    }
}

struct Entry<'a> {
    json: &'a Value,
    folder: &'a Path,
    files: &'a Files,
    known: &'a Known,
}

impl Entry<'_> {
    fn check(&self) -> Result<(), Skip> {
        let mut checked = 0;
        for account in objects(self.json, &is_account) {
            self.account(account);
            checked += 1;
        }
        let hash =
            optional::<B256>(self.json, "hash").or_else(|| optional(self.json, "block_hash"));
        if let Some(hash) = hash {
            self.block(hash);
            checked += 1;
        }
        if self.json.get("receipts_root").is_some() {
            checked += usize::from(self.receipts(hash));
        }
        if let Some(result) = self.json.get("expected_result") {
            self.result(result)?;
            checked += 1;
        }
        checked += usize::from(self.answer());
        assert!(checked > 0, "nothing in it is understood");
        Ok(())
    }

    fn document(&self, file: &Value) -> &Value {
        let path = self.folder.join(file.as_str().expect("a file"));
        self.files.open(&path);
        self.known
            .documents
            .get(&path)
            .unwrap_or_else(|| panic!("{}", path.display()))
    }

    fn account(&self, json: &Value) {
        let address: Address = field(json, "address");
        let is_its = |proof: &Value| {
            proof.get("accountProof").is_some() && optional(proof, "address") == Some(address)
        };
        let document = self.document(&json["file"]);
        let proofs = objects(document, &is_its);
        let root: B256 = field(json, "state_root");
        if let Ok(nodes) = serde_json::from_value::<Vec<Bytes>>(document.clone()) {
            let set = NodeSet::new(nodes).unwrap();
            let found = lookup(root, keccak256(address).as_slice(), &set).unwrap();
            assert_eq!(found.is_none(), json["kind"] == "absent");
            return;
        }
        assert!(!proofs.is_empty(), "no proof of {address}");
        for proof in &proofs {
            let account = check_account(root, address, proof, self.known);
            if let Some(balance) = optional::<U256>(json, "balance") {
                assert_eq!(account.balance, balance);
            }
            if let Some(nonce) = optional::<U256>(json, "nonce") {
                assert_eq!(U256::from(account.nonce), nonce);
            }
            let keys: Vec<U256> = optional(json, "storage_keys").unwrap_or_default();
            let proven = proof["storageProof"].as_array();
            let proven = proven.map_or(&[][..], Vec::as_slice);
            for key in keys {
                assert!(
                    proven.iter().any(|slot| field::<U256>(slot, "key") == key),
                    "{key}"
                );
            }
            let absent = json["kind"] == "absent";
            assert_eq!(
                account == lampyris_verify::execution::Account::EMPTY,
                absent
            );
        }
    }

    fn block(&self, hash: B256) {
        let header: &Header = self.known.header(hash).expect("the block is recorded");
        let is_its =
            |json: &Value| json.get("parentHash").is_some() && optional(json, "hash") == Some(hash);
        let all = self
            .known
            .documents
            .iter()
            .filter(|(path, _)| path.starts_with(self.folder));
        let mut blocks = all.flat_map(|(_, json)| objects(json, &is_its)).peekable();
        assert!(blocks.peek().is_some(), "the block is not beside it");
        for block in blocks {
            verify_block(block).unwrap();
            let count = self.json["transactions"].as_u64();
            let transactions = block["transactions"].as_array().map(|all| all.len() as u64);
            assert_eq!(count.or(transactions), transactions);
        }
        let same = |name: &str, got: B256| {
            assert_eq!(optional(self.json, name).unwrap_or(got), got, "{name}");
        };
        same("transactions_root", header.transactions_root);
        same("receipts_root", header.receipts_root);
        same("state_root", header.state_root);
        let number = optional::<U256>(self.json, "number");
        let number = number.or_else(|| optional(self.json, "block_number"));
        assert_eq!(
            number.unwrap_or(U256::from(header.number)),
            U256::from(header.number)
        );
    }

    /// The receipts in the entry's file, or those of its block.
    fn receipts(&self, hash: Option<B256>) -> bool {
        let beside;
        let document = if self.json["type"] == "receipts" {
            self.document(&self.json["file"])
        } else {
            let Some(hash) = hash else {
                return false;
            };
            let mut all = self.known.documents.iter();
            let found = all.find_map(|(path, json)| {
                let json = rpc_json::result(json.clone());
                let is_list = name(path).contains("eceipts") && json.is_array();
                let is_its = is_list && optional(&json[0], "blockHash") == Some(hash);
                is_its.then_some(json)
            });
            let Some(found) = found else {
                return false;
            };
            beside = found;
            &beside
        };
        let list = rpc_json::result(document.clone());
        let list = list.as_array().expect("a list of receipts");
        assert_eq!(
            receipts_root(list),
            field::<B256>(self.json, "receipts_root")
        );
        let count = optional::<U256>(self.json, "count");
        let count = count.or_else(|| optional(self.json, "receipts_count"));
        assert_eq!(
            count.unwrap_or(U256::from(list.len())),
            U256::from(list.len())
        );
        true
    }

    /// The block in a recorded session, if the entry is of one.
    fn answer(&self) -> bool {
        let is_session = self.json.get("method").is_some() && self.json.get("file").is_some();
        let block = is_session.then(|| {
            self.document(&self.json["file"])
                .pointer("/response/result")
        });
        let Some(block) = block
            .flatten()
            .filter(|block| block.get("parentHash").is_some())
        else {
            return false;
        };
        let header = verify_block(block).unwrap();
        assert_eq!(header.state_root, field::<B256>(self.json, "state_root"));
        assert_eq!(Some(header.number), self.json["block_number"].as_u64());
        true
    }

    /// The result of a request, as far as it follows from proofs.
    fn result(&self, result: &Value) -> Result<(), Skip> {
        let accounts = objects(self.json, &is_account);
        let proof = |account: &Value| {
            let address: Address = field(account, "address");
            let is_its = |proof: &Value| {
                proof.get("accountProof").is_some() && optional(proof, "address") == Some(address)
            };
            let proofs = objects(self.document(&account["file"]), &is_its);
            proofs
                .first()
                .map(|proof| (*proof).clone())
                .expect("a proof")
        };
        match self.json["method"].as_str().unwrap_or_default() {
            "eth_getBalance" => {
                let wei: U256 = serde_json::from_value(result.clone()).unwrap();
                assert_eq!(field::<U256>(&proof(accounts[0]), "balance"), wei);
            }
            "eth_getTransactionCount" => {
                let nonce: U256 = serde_json::from_value(result.clone()).unwrap();
                assert_eq!(field::<U256>(&proof(accounts[0]), "nonce"), nonce);
            }
            "eth_getCode" => {
                let code: Bytes = serde_json::from_value(result.clone()).unwrap();
                assert_eq!(
                    field::<B256>(&proof(accounts[0]), "codeHash"),
                    keccak256(&code)
                );
            }
            // Its proofs were checked; what it returns, an EVM says.
            "eth_call" | "eth_estimateGas" => {}
            method if result.is_object() => {
                verify_block(result).unwrap_or_else(|error| panic!("{method}: {error}"));
            }
            other => return Err(format!("expected_result of {other}")),
        }
        Ok(())
    }
}

fn is_account(json: &Value) -> bool {
    json.get("address").is_some() && json.get("state_root").is_some()
}
