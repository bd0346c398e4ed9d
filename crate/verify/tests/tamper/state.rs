//! Accounts, storage and code.

use lampyris_vectors::files::Files;
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

/// Nodes that prove that there is nothing: an address beside the recorded one's path.
pub(crate) fn absent_account(files: &Files, tally: &mut Tally) {
    let proof = proof(files);
    let all = set(&proof.account_nodes).unwrap();
    let is_absent = |address: &Address| {
        let found = proof.block.account(&all, *address);
        found.is_ok_and(|account| *account.value() == Account::EMPTY)
    };
    let mut addresses = (0_u64..).map(|number| Address::from_word(keccak256(number.to_be_bytes())));
    let absent = addresses.find(is_absent).expect("an endless list");
    // Those that the answer depends on.
    let needs = |index: &usize| {
        let mut fewer = proof.account_nodes.clone();
        fewer.remove(*index);
        proof.block.account(&set(&fewer).unwrap(), absent).is_err()
    };
    let needed = (0..proof.account_nodes.len()).filter(needs);
    let valid = vec![
        needed
            .map(|index| proof.account_nodes[index].clone())
            .collect(),
    ];
    let verify = |object: &Object| {
        let account = proof.block.account(&set(&object[0])?, absent)?;
        Ok(*account.value())
    };
    tally.attack(
        "absent account",
        &valid,
        Bits::Each,
        verify,
        other_order(&valid, 0),
    );
}

/// A recorded contract, by the account that its state holds.
pub(crate) fn code(files: &Files, tally: &mut Tally) {
    let paths = files.find(|path| path.contains("/code_0x"));
    let mut codes: Vec<_> = paths.iter().map(|path| files.bytes(path)).collect();
    codes.sort_by_key(Vec::len);
    let code = codes.remove(0);
    let address = Address::repeat_byte(1);
    let account = lampyris_vectors::rlp::Item::List(vec![
        lampyris_vectors::rlp::Item::Bytes(vec![1]),
        lampyris_vectors::rlp::Item::Bytes(Vec::new()),
        lampyris_vectors::rlp::Item::Bytes(lampyris_verify::trie::EMPTY_ROOT.to_vec()),
        lampyris_vectors::rlp::Item::Bytes(keccak256(&code).to_vec()),
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
