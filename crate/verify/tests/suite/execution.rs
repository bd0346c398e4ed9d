//! Real accounts, storage, code, headers, transactions and receipts.

use std::collections::BTreeMap;
use std::path::Path;

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientHeader, SyncCommittee,
};
use lampyris_verify::execution::{Account, Header};
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::trie::{NodeSet, lookup, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{
    Address, B256, Bytes, Error, ExecutionBlock, Finality, Proven, U256, keccak256,
};
use serde_json::Value;

use crate::chains;
use crate::files::Files;
use crate::recorded::trusted_store;
use crate::rpc_json::{self, field, number};

fn is_named(path: &str, start: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with(start) && name.ends_with(".json"))
}

/// The blocks that the chains prove, by hash.
fn proven_blocks(files: &Files) -> BTreeMap<B256, Proven<ExecutionBlock>> {
    let blocks = chains::proven_blocks(files);
    blocks
        .into_iter()
        .map(|block| (block.value().hash, block))
        .collect()
}

/// All objects below `json` that satisfy `is`.
fn objects<'a>(json: &'a Value, is: &dyn Fn(&Value) -> bool, found: &mut Vec<&'a Value>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| objects(item, is, found)),
        Value::Object(fields) => {
            if is(json) {
                found.push(json);
            }
            fields.values().for_each(|value| objects(value, is, found));
        }
        _ => {}
    }
}

fn nodes(proof: &Value) -> Vec<Bytes> {
    serde_json::from_value(proof.clone()).unwrap()
}

/// What `expected*.json` says of accounts: the file of an `eth_getProof` answer and its state root.
#[test]
fn every_expected_account() {
    let files = Files::new();
    let blocks = proven_blocks(&files);
    let by_state_root: BTreeMap<B256, _> = blocks
        .values()
        .map(|block| (block.value().state_root, block))
        .collect();
    let (mut accounts, mut slots, mut anchored) = (0, 0, 0);
    for path in files.find(|path| is_named(path, "expected")) {
        let json = files.json(&path);
        let mut entries = Vec::new();
        let is_account = |json: &Value| json.get("address").is_some() && json.get("file").is_some();
        objects(&json, &is_account, &mut entries);
        for entry in entries {
            let file = files.json(
                &path
                    .with_file_name("")
                    .join(entry["file"].as_str().unwrap()),
            );
            let root: B256 = field(entry, "state_root");
            let mut proofs = Vec::new();
            let address = entry["address"].as_str().unwrap();
            let is_proof = |json: &Value| {
                json.get("accountProof").is_some()
                    && json["address"]
                        .as_str()
                        .is_some_and(|a| a.eq_ignore_ascii_case(address))
            };
            objects(&file, &is_proof, &mut proofs);
            assert!(
                !proofs.is_empty(),
                "{}: no proof of {address}",
                path.display()
            );
            for proof in proofs {
                let account = check_account(root, proof);
                slots += check_storage(account, proof);
                accounts += 1;
                if let Some(block) = by_state_root.get(&root) {
                    check_proven_account(block, proof, account);
                    anchored += 1;
                }
            }
        }
    }
    files.assert_count("accounts", accounts, 17);
    files.assert_count("accounts at blocks that chains prove", anchored, 10);
    files.assert_count("storage slots", slots, 8);
}

fn check_account(root: B256, proof: &Value) -> Account {
    let address: Address = field(proof, "address");
    let set = NodeSet::new(nodes(&proof["accountProof"])).unwrap();
    let found = lookup(root, keccak256(address).as_slice(), &set).unwrap();
    let account = found.map_or(Account::EMPTY, |rlp| Account::decode_rlp(&rlp).unwrap());
    assert_eq!(account.balance, field::<U256>(proof, "balance"));
    assert_eq!(account.nonce, number(proof, "nonce"));
    assert_eq!(account.code_hash, field::<B256>(proof, "codeHash"));
    assert_eq!(account.storage_root, field::<B256>(proof, "storageHash"));
    account
}

fn check_storage(account: Account, proof: &Value) -> usize {
    let slots = proof["storageProof"].as_array().unwrap();
    for slot in slots {
        let key = B256::from(field::<U256>(slot, "key"));
        let set = NodeSet::new(nodes(&slot["proof"])).unwrap();
        let found = lookup(account.storage_root, keccak256(key).as_slice(), &set).unwrap();
        let value = found.map_or(U256::ZERO, |rlp| alloy_rlp::decode_exact(rlp).unwrap());
        assert_eq!(value, field::<U256>(slot, "value"));
    }
    slots.len()
}

/// The same through `Proven`, with the nodes of all proofs in one set.
fn check_proven_account(block: &Proven<ExecutionBlock>, proof: &Value, expected: Account) {
    let mut all = nodes(&proof["accountProof"]);
    let slots = proof["storageProof"].as_array().unwrap();
    slots
        .iter()
        .for_each(|slot| all.extend(nodes(&slot["proof"])));
    let set = NodeSet::new(all).unwrap();
    let account = block.account(&set, field(proof, "address")).unwrap();
    assert_eq!(*account.value(), expected);
    assert_eq!(account.evidence(), block.evidence());
    for slot in slots {
        let key = B256::from(field::<U256>(slot, "key"));
        let word = account.storage(&set, key).unwrap();
        assert_eq!(*word.value(), field::<U256>(slot, "value"));
    }
}

/// Code files are named by their hash, and belong to an account whose proof is beside them.
#[test]
fn every_code() {
    let files = Files::new();
    let blocks = proven_blocks(&files);
    let codes = files.find(|path| path.contains("/code_"));
    for path in &codes {
        let code = files.bytes(path);
        let folder = files.relative(path.parent().unwrap());
        let proofs = files.find(|path| path.starts_with(folder) && path.contains("/eth_getProof_"));
        let hash = keccak256(&code);
        assert!(
            path.to_str().unwrap().ends_with(&hex::encode(hash)),
            "{}",
            path.display()
        );
        let mut checked = 0;
        for proof in proofs {
            let proof = rpc_json::result(files.json(&proof));
            let set = NodeSet::new(nodes(&proof["accountProof"])).unwrap();
            let proven = blocks.values().find_map(|block| {
                let account = block.account(&set, field(&proof, "address")).ok()?;
                (account.value().code_hash == hash).then_some(account)
            });
            if let Some(account) = proven {
                assert_eq!(account.code(code.clone()).unwrap().value(), &code);
                let mut other = code.clone();
                other[7] ^= 1;
                assert!(account.code(other).is_err());
                checked += 1;
            }
        }
        assert!(checked > 0, "{}: no account has it", path.display());
    }
    files.assert_count("codes", codes.len(), 4);
}

/// All files that hold a block, whether or not an `expected*.json` names them.
fn blocks(files: &Files) -> Vec<(String, Value)> {
    let is_block = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("eth_getBlockBy") || (name.starts_with("block") && name.ends_with(".json"))
    };
    let paths = files.find(is_block);
    let read = |path: &Path| {
        (
            path.display().to_string(),
            rpc_json::result(files.json(path)),
        )
    };
    let all = paths.iter().map(|path| read(path));
    all.filter(|(_, block)| block.get("parentHash").is_some())
        .collect()
}

#[test]
fn every_header() {
    let files = Files::new();
    let proven = proven_blocks(&files);
    let blocks = blocks(&files);
    let mut anchored = 0;
    for (at, block) in &blocks {
        let header = rpc_json::header(block);
        let rlp = header.encode_rlp();
        let hash: B256 = field(block, "hash");
        assert_eq!(keccak256(&rlp), hash, "{at}");
        assert_eq!(header.hash(), hash, "{at}");
        assert_eq!(Header::decode_rlp(&rlp).as_ref(), Ok(&header), "{at}");
        if let Some(block) = proven.get(&hash) {
            let proven = block.header(&rlp).unwrap();
            assert_eq!(proven.value(), &header, "{at}");
            assert_eq!(proven.block(), *block, "{at}");
            assert_eq!(proven.evidence(), block.evidence(), "{at}");
            anchored += 1;
        }
    }
    files.assert_count("headers", blocks.len(), 13);
    files.assert_count("headers of blocks that chains prove", anchored, 2);
}

/// A header proves its parent, and the parent its own: mainnet's blocks 22431085 to 22431083.
#[test]
fn parents_of_a_proven_header() {
    let files = Files::ours();
    let header = |number: u64| {
        let name = format!("nimbus-mainnet-el-blocks/{number}.json");
        let path = files.find(|path| path == name).remove(0);
        rpc_json::header(&rpc_json::result(files.json(&path)))
    };
    let [child, parent, grandparent] = [22_431_085, 22_431_084, 22_431_083].map(header);
    let proven = trusted_block(&child).header(&child.encode_rlp()).unwrap();
    let again = proven.parent(&parent.encode_rlp()).unwrap();
    assert_eq!(again.value(), &parent);
    assert_eq!(again.evidence().block_hash, child.parent_hash);
    assert_eq!(again.evidence().block_number, 22_431_084);
    assert_eq!(again.evidence().slot, proven.evidence().slot);
    assert_eq!(again.evidence().finality, Finality::Finalized);
    assert_eq!(again.block().value().state_root, parent.state_root);

    for wrong in [&child, &grandparent] {
        let error = proven.parent(&wrong.encode_rlp()).unwrap_err();
        assert!(matches!(error, Error::Hash { .. }), "{error}");
    }
    let last = again.parent(&grandparent.encode_rlp()).unwrap();
    assert_eq!(last.value(), &grandparent);
    assert_eq!(last.evidence().block_number, 22_431_083);
}

/// A block that a kept store trusts.
fn trusted_block(header: &Header) -> Proven<ExecutionBlock> {
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let execution = ExecutionPayloadHeader {
        block_hash: header.hash(),
        block_number: header.number,
        logs_bloom: Bytes::from_static(&[0; 256]),
        ..ExecutionPayloadHeader::default()
    };
    let slot = 364_032 * 8;
    let branch = vec![B256::repeat_byte(1); 4];
    // Generalized index 25 is 11001: left or right from the leaf up.
    let leaf = execution.hash_tree_root(Fork::Electra);
    let [a, b, c, d] = [branch[0], branch[1], branch[2], branch[3]];
    let body_root = hash_pair(d, hash_pair(hash_pair(hash_pair(a, leaf), b), c));
    let header = LightClientHeader {
        beacon: BeaconBlockHeader {
            slot,
            body_root,
            ..BeaconBlockHeader::default()
        },
        execution: Some(execution),
        execution_branch: branch,
    };
    let committee = SyncCommittee {
        pubkeys: vec![[0; 48]; 32],
        aggregate_pubkey: [0; 48],
    };
    trusted_store(&header, &committee, None, &network)
        .finalized()
        .unwrap()
}

/// Receipts of whole blocks: their root, and each of them by its own proof.
#[test]
fn every_receipt() {
    let files = Files::new();
    let proven = proven_blocks(&files);
    let headers: BTreeMap<B256, Header> = blocks(&files)
        .iter()
        .map(|(_, block)| (field(block, "hash"), rpc_json::header(block)))
        .collect();
    let is_receipts = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("eth_getBlockReceipts") || is_named(path, "receipts")
    };
    let (mut with_root, mut anchored) = (0, 0);
    for path in files.find(is_receipts) {
        let json = rpc_json::result(files.json(&path));
        let json = json.as_array().unwrap();
        let receipts: Vec<_> = json.iter().map(rpc_json::receipt).collect();
        let encoded: Vec<Bytes> = receipts
            .iter()
            .map(|receipt| receipt.encode().into())
            .collect();
        let root = ordered_trie_root(&encoded);
        let hash: B256 = field(&json[0], "blockHash");
        let expected = headers.get(&hash).map(|header| header.receipts_root);
        let expected = expected.or(proven.get(&hash).map(|block| block.value().receipts_root));
        if let Some(expected) = expected {
            assert_eq!(root, expected, "{}", path.display());
            with_root += 1;
        }
        for (receipt, bytes) in receipts.iter().zip(&encoded) {
            let decoded = lampyris_verify::execution::Receipt::decode(bytes);
            assert_eq!(decoded.as_ref(), Ok(receipt), "{}", path.display());
        }
        let Some(block) = proven.get(&hash) else {
            continue;
        };
        let Some(header) = headers.get(&hash) else {
            continue;
        };
        let header = block.header(&header.encode_rlp()).unwrap();
        for (index, receipt) in (0..).zip(&receipts) {
            let set = NodeSet::new(ordered_trie_proof(&encoded, index)).unwrap();
            assert_eq!(header.receipt(&set, index).unwrap().value(), receipt);
        }
        let behind = u64::try_from(receipts.len()).unwrap();
        let set = NodeSet::new(ordered_trie_proof(&encoded, behind)).unwrap();
        assert!(header.receipt(&set, behind).is_err());
        anchored += 1;
    }
    files.assert_count("blocks' receipts", with_root, 5);
    files.assert_count("blocks' receipts, each by its own proof", anchored, 1);
}

/// Transactions of whole blocks: their root, and each of them by its own proof.
#[test]
fn every_transaction() {
    let files = Files::new();
    let proven = proven_blocks(&files);
    let (mut roots, mut proofs) = (0, 0);
    for (at, block) in blocks(&files) {
        let transactions = block["transactions"].as_array().unwrap();
        if !transactions.first().is_some_and(Value::is_object) {
            continue;
        }
        let encoded: Vec<Bytes> = transactions.iter().map(rpc_json::transaction).collect();
        for (json, bytes) in transactions.iter().zip(&encoded) {
            assert_eq!(keccak256(bytes), field::<B256>(json, "hash"), "{at}");
        }
        let header = rpc_json::header(&block);
        assert_eq!(
            ordered_trie_root(&encoded),
            header.transactions_root,
            "{at}"
        );
        roots += 1;
        let Some(block) = proven.get(&header.hash()) else {
            continue;
        };
        let header = block.header(&header.encode_rlp()).unwrap();
        for (index, bytes) in (0..).zip(&encoded) {
            let set = NodeSet::new(ordered_trie_proof(&encoded, index)).unwrap();
            assert_eq!(
                header.transaction(&set, index).unwrap().value(),
                bytes,
                "{at}"
            );
            proofs += 1;
        }
    }
    files.assert_count("blocks' transactions", roots, 2);
    files.assert_count("transactions by their own proof", proofs, 300);
}
