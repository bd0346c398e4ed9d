//! A slow and obvious trie, changed key by key: the model that the crate's tries are compared with.

use std::collections::BTreeMap;

use alloy_rlp::{Encodable, Header};
use lampyris_verify::trie::{EMPTY_ROOT, NodeSet, lookup, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{B256, Bytes, Error, keccak256};
use proptest::prelude::*;
use serde_json::Value;

use crate::files::Files;

/// A node that owns what is below it.
#[derive(Clone, Default)]
enum Node {
    #[default]
    Empty,
    Leaf(Vec<u8>, Vec<u8>),
    Extension(Vec<u8>, Box<Self>),
    Branch(Box<[Self; 16]>, Vec<u8>),
}

/// The trie over all entries, and its nodes by hash.
pub(crate) struct Model {
    pub(crate) root: B256,
    pub(crate) nodes: Vec<Bytes>,
}

impl Model {
    pub(crate) fn new(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let mut top = Node::Empty;
        for (key, value) in entries {
            top = top.insert(&nibbles(key), value.clone());
        }
        let mut nodes = Vec::new();
        let encoded = top.encode(&mut nodes);
        let root = keccak256(&encoded);
        if encoded.len() < 32 {
            nodes.push(encoded.into());
        }
        Self { root, nodes }
    }
}

impl Node {
    fn insert(self, path: &[u8], value: Vec<u8>) -> Self {
        match self {
            Self::Empty => Self::Leaf(path.to_vec(), value),
            Self::Leaf(own, _) if own == path => Self::Leaf(own, value),
            Self::Leaf(own, old) => Self::fork(&own, path).insert(&own, old).insert(path, value),
            Self::Extension(own, child) if path.starts_with(&own) => {
                let child = child.insert(&path[own.len()..], value);
                Self::Extension(own, Box::new(child))
            }
            Self::Extension(own, child) => Self::fork(&own, path)
                .graft(&own, *child)
                .insert(path, value),
            Self::Branch(mut children, old) => match path.split_first() {
                None => Self::Branch(children, value),
                Some((nibble, rest)) => {
                    let child = &mut children[usize::from(*nibble)];
                    *child = std::mem::take(child).insert(rest, value);
                    Self::Branch(children, old)
                }
            },
        }
    }

    /// An empty branch where two paths part.
    fn fork(a: &[u8], b: &[u8]) -> Self {
        let shared = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let branch = Self::Branch(Box::default(), Vec::new());
        if shared == 0 {
            branch
        } else {
            Self::Extension(a[..shared].to_vec(), Box::new(branch))
        }
    }

    /// Hangs a subtree at the end of a path.
    fn graft(self, path: &[u8], subtree: Self) -> Self {
        match self {
            Self::Extension(own, child) => {
                let child = child.graft(&path[own.len()..], subtree);
                Self::Extension(own, Box::new(child))
            }
            Self::Branch(mut children, value) => {
                let (nibble, rest) = path.split_first().unwrap();
                children[usize::from(*nibble)] = if rest.is_empty() {
                    subtree
                } else {
                    Self::Extension(rest.to_vec(), Box::new(subtree))
                };
                Self::Branch(children, value)
            }
            _ => unreachable!(),
        }
    }

    fn encode(&self, nodes: &mut Vec<Bytes>) -> Vec<u8> {
        let mut payload = Vec::new();
        let mut refer = |child: &Self, payload: &mut Vec<u8>| {
            let encoded = child.encode(nodes);
            if encoded.len() < 32 {
                payload.extend(encoded);
            } else {
                keccak256(&encoded).encode(payload);
            }
        };
        match self {
            Self::Empty => return vec![0x80],
            Self::Leaf(path, value) => {
                pack(path, 2).as_slice().encode(&mut payload);
                value.as_slice().encode(&mut payload);
            }
            Self::Extension(path, child) => {
                pack(path, 0).as_slice().encode(&mut payload);
                refer(child, &mut payload);
            }
            Self::Branch(children, value) => {
                children.iter().for_each(|child| refer(child, &mut payload));
                value.as_slice().encode(&mut payload);
            }
        }
        let mut out = Vec::new();
        Header {
            list: true,
            payload_length: payload.len(),
        }
        .encode(&mut out);
        out.extend(payload);
        if out.len() >= 32 {
            nodes.push(out.clone().into());
        }
        out
    }
}

fn pack(path: &[u8], flag: u8) -> Vec<u8> {
    let mut nibbles = if path.len() % 2 == 1 {
        vec![flag + 1]
    } else {
        vec![flag, 0]
    };
    nibbles.extend(path);
    nibbles
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn nibbles(key: &[u8]) -> Vec<u8> {
    key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}

/// The model itself is right: Ethereum's own tests.
#[test]
fn every_trie_test() {
    let files = Files::new();
    let bytes = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).unwrap(),
        None => text.as_bytes().to_vec(),
    };
    let mut cases = 0;
    for path in files.find(|path| path.contains("/TrieTests/") && !path.contains("nextprev")) {
        let is_secure = path.to_str().unwrap().contains("secure");
        for (name, case) in files.json(&path).as_object().unwrap() {
            let mut entries = BTreeMap::new();
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
                match value.as_str() {
                    Some(value) => entries.insert(key, bytes(value)),
                    None => entries.remove(&key),
                };
            }
            let model = Model::new(&entries);
            assert_eq!(
                model.root,
                case["root"].as_str().unwrap().parse::<B256>().unwrap(),
                "{name}"
            );
            assert_agrees(&entries, &model, &[]);
            cases += 1;
        }
    }
    files.assert_count("cases of TrieTests", cases, 15);
}

/// Looking up finds exactly what the map holds.
fn assert_agrees(entries: &BTreeMap<Vec<u8>, Vec<u8>>, model: &Model, others: &[Vec<u8>]) {
    let nodes = NodeSet::new(model.nodes.clone()).unwrap();
    for key in entries.keys().chain(others).filter(|key| key.len() <= 32) {
        let found = lookup(model.root, key, &nodes);
        assert_eq!(found, Ok(entries.get(key).cloned()), "{}", hex::encode(key));
    }
}

/// Keys that often share a beginning, or are the beginning of another.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(0_u8),
        Just(1),
        Just(0x10),
        Just(0x11),
        Just(0xff),
        any::<u8>()
    ];
    prop_oneof![
        prop::collection::vec(byte, 0..5),
        prop::collection::vec(any::<u8>(), 32),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    // Short values make nodes that lie within their parents.
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..4),
        prop::collection::vec(any::<u8>(), 40)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn lookups_agree_with_a_map(
        entries in prop::collection::btree_map(key(), value(), 1..40),
        others in prop::collection::vec(key(), 0..20),
    ) {
        let model = Model::new(&entries);
        assert_agrees(&entries, &model, &others);
    }

    /// Without a node, or with a changed one, a lookup fails or is still right: never wrong.
    #[test]
    fn incomplete_proofs_never_lie(
        entries in prop::collection::btree_map(key(), value(), 1..40),
        others in prop::collection::vec(key(), 0..20),
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
        drop in any::<bool>(),
    ) {
        let model = Model::new(&entries);
        let mut nodes = model.nodes.clone();
        let which = which.index(nodes.len());
        let mut node = nodes.swap_remove(which).to_vec();
        let place = place.index(node.len());
        node[place] ^= flip;
        if !drop {
            nodes.push(node.into());
        }
        let nodes = NodeSet::new(nodes).unwrap();
        for key in entries.keys().chain(&others) {
            match lookup(model.root, key, &nodes) {
                Ok(found) => prop_assert_eq!(found.as_ref(), entries.get(key)),
                Err(Error::MissingNode { .. }) => {}
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn ordered_tries_agree_with_the_model(
        items in prop::collection::vec(value(), 0..300),
        index in 0..400_u64,
    ) {
        let items: Vec<Bytes> = items.into_iter().map(Bytes::from).collect();
        let entries: BTreeMap<_, _> = (0_u64..)
            .zip(&items)
            .map(|(index, item)| (alloy_rlp::encode(index), item.to_vec()))
            .collect();
        let root = ordered_trie_root(&items);
        let expected = if items.is_empty() { EMPTY_ROOT } else { Model::new(&entries).root };
        prop_assert_eq!(root, expected);
        let proof = NodeSet::new(ordered_trie_proof(&items, index)).unwrap();
        let key = alloy_rlp::encode(index);
        prop_assert_eq!(lookup(root, &key, &proof), Ok(entries.get(&key).cloned()));
    }
}
