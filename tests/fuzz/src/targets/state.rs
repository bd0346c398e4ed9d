//! Proofs out of the state: tries, accounts, storage, code, the history contracts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use lampyris_vectors::files::Files;
use lampyris_vectors::rpc_json::{self, field};
use lampyris_vectors::trie_model::Model;
use lampyris_vectors::trusted;
use lampyris_verify::execution::{
    Account, BEACON_ROOTS_ADDRESS, HISTORY_BUFFER_LENGTH, HISTORY_SERVE_WINDOW,
    HISTORY_STORAGE_ADDRESS, Header,
};
use lampyris_verify::trie::{EMPTY_ROOT, NodeSet, lookup, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{Address, B256, Bytes, ExecutionBlock, Proven, U256, keccak256, merkle};
use serde_json::Value;

use crate::items::{choose, cut, join};

/// A trie of nodes that an attacker chose, root included: a lookup ends.
pub(super) fn trie(input: &[u8]) {
    let (length, rest) = choose(input);
    let (key, rest) = rest.split_at(usize::from(length % 33).min(rest.len()));
    let nodes = cut(rest);
    let Some(root) = nodes.first().map(keccak256) else {
        return;
    };
    if let Ok(nodes) = NodeSet::new(nodes) {
        let _ = lookup(root, key, &nodes);
    }
}

pub(super) fn trie_seeds(_: &Files) -> Vec<Vec<u8>> {
    let truth = truth();
    let key = keccak256(truth.address);
    let real = [
        vec![32],
        key.to_vec(),
        join(0, &truth.account_nodes)[1..].to_vec(),
    ]
    .concat();
    // Short values lie within their parents, and a key may be the beginning of another.
    let small = [vec![1], vec![1, 2], vec![1, 2, 3], vec![0x11]].map(|key| (key, vec![7]));
    let nodes = Model::new(&BTreeMap::from(small)).nodes;
    let nodes: Vec<_> = nodes.into_iter().rev().collect();
    let small = [vec![2, 1, 2], join(0, &nodes)[1..].to_vec()].concat();
    vec![real, small]
}

/// The root of a block's items, and the proof of each, against a model.
pub(super) fn ordered_trie(input: &[u8]) {
    let (index, rest) = choose(input);
    let mut items = cut(rest);
    // An empty value means that nothing is there.
    items.retain(|item| !item.is_empty());
    let key = |index: u64| alloy_rlp::encode(index);
    let values = items.iter().map(|item| item.to_vec());
    let entries: BTreeMap<_, _> = (0..).map(key).zip(values).collect();
    let root = ordered_trie_root(&items);
    let expected = if items.is_empty() {
        EMPTY_ROOT
    } else {
        Model::new(&entries).root
    };
    assert_eq!(root, expected);
    let index = u64::from(index);
    let proof = NodeSet::new(ordered_trie_proof(&items, index)).unwrap();
    let found = lookup(root, &key(index), &proof);
    assert_eq!(
        found,
        Ok(entries.get(&key(index)).cloned().map(Bytes::from))
    );
}

/// Leaves and a branch to each, and the same with a bit changed.
pub(super) fn merkle(input: &[u8]) {
    let (choice, rest) = choose(input);
    let leaves: Vec<_> = rest
        .chunks_exact(32)
        .take(64)
        .map(B256::from_slice)
        .collect();
    if leaves.is_empty() {
        return;
    }
    let root = merkle::merkleize(&leaves);
    let index = usize::from(choice) % leaves.len();
    let branch = merkle::merkle_branch(&leaves, index);
    let width = leaves.len().next_power_of_two();
    let gindex = u64::try_from(width + index).unwrap();
    assert!(merkle::is_valid_merkle_branch(
        leaves[index],
        &branch,
        gindex,
        root
    ));
    assert!(!merkle::is_valid_merkle_branch(
        !leaves[index],
        &branch,
        gindex,
        root
    ));
    for place in 0..branch.len() {
        let mut changed = branch.clone();
        changed[place].0[usize::from(choice) % 32] ^= 1;
        assert!(!merkle::is_valid_merkle_branch(
            leaves[index],
            &changed,
            gindex,
            root
        ));
    }
    // Any branch, of any length, for any place.
    let word = rest
        .first_chunk()
        .map_or(1, |word| u64::from_le_bytes(*word));
    let _ = merkle::is_valid_merkle_branch(root, &leaves, word, root);
    let _ = merkle::is_valid_normalized_merkle_branch(root, &leaves, word, root);
    let _ = merkle::merkleize_bytes(rest);
}

pub(super) fn merkle_seeds(_: &Files) -> Vec<Vec<u8>> {
    let words = |count: u8| (0..count).flat_map(|byte| [byte; 32]).collect::<Vec<_>>();
    [1, 5, 17]
        .map(|count| [vec![3], words(count)].concat())
        .to_vec()
}

/// A recorded account of mainnet with a word of its storage, in a block that has its state.
pub(super) struct Truth {
    block: Proven<ExecutionBlock>,
    address: Address,
    account: Account,
    account_nodes: Vec<Bytes>,
    slot: B256,
    word: U256,
    storage_nodes: Vec<Bytes>,
}

pub(super) fn truth() -> &'static Truth {
    static TRUTH: LazyLock<Truth> = LazyLock::new(|| Truth::read(&Files::ours()));
    &TRUTH
}

impl Truth {
    fn read(files: &Files) -> Self {
        let is_it = |path: &str| path.ends_with("inclusion/base-data/EthGetProof.json");
        let json = rpc_json::result(files.json(&files.find(is_it)[0]));
        let nodes = |json: &Value| serde_json::from_value::<Vec<Bytes>>(json.clone()).unwrap();
        let account_nodes = nodes(&json["accountProof"]);
        let header = Header {
            state_root: keccak256(&account_nodes[0]),
            number: 20_360_596,
            ..Header::default()
        };
        let block = trusted::block(&header);
        let address = field(&json, "address");
        let set = NodeSet::new(account_nodes.clone()).unwrap();
        let account = *block.account(&set, address).unwrap().value();
        let slot = &json["storageProof"][0];
        Self {
            block,
            address,
            account,
            account_nodes,
            slot: B256::from(field::<U256>(slot, "key")),
            word: field(slot, "value"),
            storage_nodes: nodes(&slot["proof"]),
        }
    }

    /// The account as its leaf holds it.
    pub(super) fn account_leaf(&self) -> Bytes {
        let set = NodeSet::new(self.account_nodes.clone()).unwrap();
        let root = self.block.value().state_root;
        lookup(root, keccak256(self.address).as_slice(), &set)
            .unwrap()
            .unwrap()
    }
}

/// Nodes for an account and its storage: they prove the truth, or nothing.
pub(super) fn account(input: &[u8]) {
    let (choice, rest) = choose(input);
    let truth = truth();
    let Ok(set) = NodeSet::new(cut(rest)) else {
        return;
    };
    if let Ok(account) = truth.block.account(&set, truth.address) {
        assert_eq!(*account.value(), truth.account);
        if let Ok(word) = account.storage(&set, truth.slot) {
            assert_eq!(*word.value(), truth.word);
        }
        assert!(account.code(rest.to_vec()).is_err());
    }
    // The proof leads to its own account, and past the empty places beside it.
    if let Ok(other) = truth.block.account(&set, Address::repeat_byte(choice)) {
        assert_eq!(*other.value(), Account::EMPTY);
    }
}

pub(super) fn account_seeds(_: &Files) -> Vec<Vec<u8>> {
    let truth = truth();
    let nodes = [&truth.account_nodes[..], &truth.storage_nodes].concat();
    vec![join(0, &nodes), join(1, &truth.account_nodes)]
}

/// A state that remembers a block and a beacon root.
struct Past {
    block: Proven<ExecutionBlock>,
    nodes: Vec<Bytes>,
    ancestor: Header,
    timestamp: u64,
    root: B256,
}

fn past() -> &'static Past {
    static PAST: LazyLock<Past> = LazyLock::new(|| {
        let ancestor = super::blocks::fixture().header.clone();
        let (timestamp, root) = (1_746_612_311, B256::repeat_byte(0x44));
        let slot = ancestor.number % HISTORY_SERVE_WINDOW;
        let hashes = BTreeMap::from([(slot, ancestor.hash().into())]);
        let index = timestamp % HISTORY_BUFFER_LENGTH;
        let roots = [
            (index, U256::from(timestamp)),
            (index + HISTORY_BUFFER_LENGTH, root.into()),
        ];
        let accounts = [
            (HISTORY_STORAGE_ADDRESS, hashes),
            (BEACON_ROOTS_ADDRESS, BTreeMap::from(roots)),
        ];
        let (header, nodes) = trusted::state(ancestor.number + 100, &accounts);
        Past {
            block: trusted::block(&header),
            nodes,
            ancestor,
            timestamp,
            root,
        }
    });
    &PAST
}

/// A header and nodes: an ancestor's, or nothing; a beacon root, or nothing.
pub(super) fn history(input: &[u8]) {
    let (choice, rest) = choose(input);
    let past = past();
    let mut items = cut(rest);
    let rlp = if items.is_empty() {
        Bytes::new()
    } else {
        items.remove(0)
    };
    let Ok(set) = NodeSet::new(items) else {
        return;
    };
    let number = past.ancestor.number.wrapping_add(u64::from(choice));
    if let Ok(header) = past.block.ancestor(&set, number, &rlp) {
        assert_eq!(*header.value(), past.ancestor);
        assert_eq!(choice, 0);
    }
    let timestamp = past.timestamp.wrapping_add(u64::from(choice));
    if let Ok(root) = past.block.parent_beacon_block_root(&set, timestamp) {
        assert_eq!(*root.value(), past.root);
        assert_eq!(choice, 0);
    }
    let _ = past.block.ancestor_hash(&set, u64::from(choice));
}

pub(super) fn history_seeds(_: &Files) -> Vec<Vec<u8>> {
    let past = past();
    let rlp = Bytes::from(past.ancestor.encode_rlp());
    vec![join(0, &[&[rlp], &past.nodes[..]].concat())]
}
