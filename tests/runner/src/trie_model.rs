//! A slow and obvious trie, changed key by key: the model that the crate's tries are compared with.

use std::collections::BTreeMap;

use alloy_rlp::{Encodable, Header};
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{B256, Bytes, keccak256};

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
#[derive(Debug)]
pub struct Model {
    /// Its root.
    pub root: B256,
    /// The nodes that are named by hash.
    pub nodes: Vec<Bytes>,
}

impl Model {
    /// Puts the entries in, one by one.
    #[must_use]
    pub fn new(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
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

/// Looking up finds exactly what the map holds.
pub fn assert_agrees(entries: &BTreeMap<Vec<u8>, Vec<u8>>, model: &Model, others: &[Vec<u8>]) {
    let nodes = NodeSet::new(model.nodes.clone()).unwrap();
    for key in entries.keys().chain(others).filter(|key| key.len() <= 32) {
        let found = lookup(model.root, key, &nodes);
        assert_eq!(
            found,
            Ok(entries.get(key).cloned().map(Bytes::from)),
            "{}",
            hex::encode(key)
        );
    }
}
