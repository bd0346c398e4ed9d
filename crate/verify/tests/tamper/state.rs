//! Accounts, storage and code.

use std::collections::BTreeSet;

use lampyris_vectors::files::Files;
use lampyris_vectors::rlp::Item;
use lampyris_vectors::rpc_json::field;
use lampyris_vectors::trusted;
use lampyris_verify::execution::{Account, Header};
use lampyris_verify::{Address, B256, Bytes, ExecutionBlock, Proven, U256, keccak256};
use serde_json::Value;

use crate::fixtures::{json, set, vectors};
use crate::object::{Bits, Object, holds_all, same_set};
use crate::tally::Tally;

/// A proof's nodes are looked up by their hash.
pub(crate) const NODES: &str = "the proof's nodes are all there, in another order or with others";

/// What excuses changes of a list of nodes.
pub(crate) fn other_order(valid: &Object, list: usize) -> impl Fn(&Object) -> Option<&'static str> {
    let valid = valid.clone();
    move |object| {
        let others = (0..valid.len()).filter(|other| *other != list);
        let only_nodes = others
            .into_iter()
            .all(|other| valid[other] == object[other]);
        let (nodes, all) = (&object[list], &valid[list]);
        (only_nodes && (same_set(nodes, all) || holds_all(nodes, all))).then_some(NODES)
    }
}

struct Proof {
    block: Proven<ExecutionBlock>,
    address: Address,
    account_nodes: Vec<Vec<u8>>,
    slot: B256,
    storage_nodes: Vec<Vec<u8>>,
}

/// `eth_getProof` of mainnet's block 20360596.
fn proof(files: &Files) -> Proof {
    let json = json(files, "inclusion/base-data/EthGetProof.json");
    let nodes = |json: &Value| {
        let nodes: Vec<Bytes> = serde_json::from_value(json.clone()).unwrap();
        vectors(nodes)
    };
    let account_nodes = nodes(&json["accountProof"]);
    let header = Header {
        state_root: keccak256(&account_nodes[0]),
        ..Header::default()
    };
    let slot = &json["storageProof"][0];
    Proof {
        block: trusted::block(&header),
        address: field(&json, "address"),
        account_nodes,
        slot: B256::from(field::<U256>(slot, "key")),
        storage_nodes: nodes(&slot["proof"]),
    }
}

pub(crate) fn account(files: &Files, tally: &mut Tally) {
    let proof = proof(files);
    let valid = vec![proof.account_nodes];
    let verify = |object: &Object| {
        let account = proof.block.account(&set(&object[0])?, proof.address)?;
        Ok(*account.value())
    };
    tally.attack(
        "account",
        &valid,
        Bits::Each,
        verify,
        other_order(&valid, 0),
    );
}

pub(crate) fn storage(files: &Files, tally: &mut Tally) {
    let proof = proof(files);
    let nodes = set(&proof.account_nodes).unwrap();
    let account = proof.block.account(&nodes, proof.address).unwrap();
    let valid = vec![proof.storage_nodes];
    let verify = |object: &Object| {
        let word = account.storage(&set(&object[0])?, proof.slot)?;
        Ok(*word.value())
    };
    tally.attack(
        "storage",
        &valid,
        Bits::Each,
        verify,
        other_order(&valid, 0),
    );
}

/// Nodes that prove that there is nothing under an address and in a slot: a state of few accounts.
pub(crate) fn absent(tally: &mut Tally) {
    let address = |number: u64| Address::from_word(keccak256(number.to_be_bytes()));
    let storage = |words: u64| {
        (0..words)
            .map(|slot| (slot, U256::from(slot + 1)))
            .collect()
    };
    let accounts: Vec<_> = (0..40)
        .map(|number| (address(number), storage(number)))
        .collect();
    let (header, nodes) = trusted::state(7, &accounts);
    let (block, nodes) = (trusted::block(&header), vectors(nodes));
    for number in 40..44 {
        let verify = |object: &Object| {
            let account = block.account(&set(&object[0])?, address(number))?;
            Ok(*account.value())
        };
        let valid = vec![needed(&nodes, |nodes| verify(&vec![nodes]).is_ok())];
        assert_eq!(verify(&valid), Ok(Account::EMPTY));
        let excuse = other_order(&valid, 0);
        tally.attack("absent account", &valid, Bits::Each, verify, excuse);

        let owner = address(number - 10);
        let account = block.account(&set(&nodes).unwrap(), owner).unwrap();
        let slot = B256::from(U256::from(1_000 + number));
        let verify = |object: &Object| {
            let word = account.storage(&set(&object[0])?, slot)?;
            Ok(*word.value())
        };
        let valid = vec![needed(&nodes, |nodes| verify(&vec![nodes]).is_ok())];
        assert_eq!(verify(&valid), Ok(U256::ZERO));
        let excuse = other_order(&valid, 0);
        tally.attack("absent storage", &valid, Bits::Each, verify, excuse);
    }
}

/// Those nodes without which it doesn't verify.
pub(crate) fn needed(nodes: &[Vec<u8>], verifies: impl Fn(Vec<Vec<u8>>) -> bool) -> Vec<Vec<u8>> {
    // Equal parts of different tries are one node.
    let distinct: BTreeSet<_> = nodes.iter().cloned().collect();
    let mut needed: Vec<_> = distinct.iter().cloned().collect();
    for node in &distinct {
        let mut fewer = needed.clone();
        fewer.retain(|other| other != node);
        if verifies(fewer.clone()) {
            needed = fewer;
        }
    }
    needed
}

/// A recorded contract, by the account that its state holds.
pub(crate) fn code(files: &Files, tally: &mut Tally) {
    let paths = files.find(|path| path.contains("/code_"));
    let mut codes: Vec<_> = paths.iter().map(|path| files.bytes(path)).collect();
    codes.sort_by_key(Vec::len);
    let code = codes.remove(0);
    let address = Address::repeat_byte(1);
    let account = Item::List(vec![
        Item::Bytes(vec![1]),
        Item::Bytes(Vec::new()),
        Item::Bytes(lampyris_verify::trie::EMPTY_ROOT.to_vec()),
        Item::Bytes(keccak256(&code).to_vec()),
    ]);
    let entries = [(keccak256(address).to_vec(), account.encode())].into();
    let trie = lampyris_vectors::trie_model::Model::new(&entries);
    let header = Header {
        state_root: trie.root,
        ..Header::default()
    };
    let nodes = lampyris_verify::trie::NodeSet::new(trie.nodes).unwrap();
    let account = trusted::block(&header).account(&nodes, address).unwrap();
    let valid = vec![vec![code]];
    let verify = |object: &Object| Ok(account.code(object[0].concat())?.into_parts().0);
    // Two halves in one list would be the same code; the changes of one item are of one code.
    let excuse = |object: &Object| {
        let same = object[0].concat() == valid[0][0];
        same.then_some("the same bytes")
    };
    tally.attack("code", &valid, Bits::OneOfEight, verify, excuse);
}
