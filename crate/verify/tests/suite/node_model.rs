//! Walking a trie against a decoder that is slow and obvious: it reads every node whole.

use std::collections::BTreeMap;

use alloy_rlp::{Header, PayloadView};
use lampyris_vectors::trie_model::Model;
use lampyris_verify::trie::{EMPTY_ROOT, NodeSet, lookup};
use lampyris_verify::{B256, Bytes, Error, keccak256};
use proptest::prelude::*;

enum Node<'a> {
    Leaf(Vec<u8>, &'a [u8]),
    Extension(Vec<u8>, Reference<'a>),
    Branch(Vec<Reference<'a>>, &'a [u8]),
}

enum Reference<'a> {
    Empty,
    Embedded(&'a [u8]),
    Hash(B256),
}

const fn malformed(reason: &'static str) -> Error {
    let what = "trie node";
    Error::Malformed { what, reason }
}

fn decode(mut bytes: &[u8]) -> Result<Node<'_>, Error> {
    let items = match Header::decode_raw(&mut bytes) {
        Ok(PayloadView::List(items)) if bytes.is_empty() => items,
        Ok(_) => return Err(malformed("no list, or something behind it")),
        Err(_) => return Err(malformed("broken RLP")),
    };
    match items.as_slice() {
        [path, rest] => match decode_path(string(path)?)? {
            (path, true) => Ok(Node::Leaf(path, string(rest)?)),
            (path, false) if path.is_empty() => Err(malformed("an extension extends nothing")),
            (path, false) => Ok(Node::Extension(path, reference(rest)?)),
        },
        [children @ .., value] if children.len() == 16 => {
            let children = children.iter().map(|child| reference(child));
            Ok(Node::Branch(
                children.collect::<Result<_, _>>()?,
                string(value)?,
            ))
        }
        _ => Err(malformed("neither 2 nor 17 items")),
    }
}

fn decode_path(bytes: &[u8]) -> Result<(Vec<u8>, bool), Error> {
    let nibbles: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .collect();
    match nibbles.as_slice() {
        [] => Err(malformed("a path is empty")),
        [flag @ (0 | 2), 0, rest @ ..] | [flag @ (1 | 3), rest @ ..] => {
            Ok((rest.to_vec(), *flag >= 2))
        }
        _ => Err(malformed("a path has unknown flags")),
    }
}

fn reference(item: &[u8]) -> Result<Reference<'_>, Error> {
    match item.first() {
        Some(0xc0..) if item.len() < 32 => Ok(Reference::Embedded(item)),
        Some(0xc0..) => Err(malformed("an embedded node is too long")),
        _ => match string(item)? {
            [] => Ok(Reference::Empty),
            hash if hash.len() == 32 => Ok(Reference::Hash(B256::from_slice(hash))),
            _ => Err(malformed("a hash has the wrong length")),
        },
    }
}

fn string(mut item: &[u8]) -> Result<&[u8], Error> {
    Header::decode_bytes(&mut item, false).map_err(|_| malformed("a list in place of a string"))
}

fn slow_lookup(root: B256, key: &[u8], nodes: &[Bytes]) -> Result<Option<Bytes>, Error> {
    if root == EMPTY_ROOT {
        return Ok(None);
    }
    let nodes: BTreeMap<B256, &Bytes> = nodes.iter().map(|node| (keccak256(node), node)).collect();
    let node = |hash| match nodes.get(&hash) {
        Some(bytes) => decode(bytes),
        None => Err(Error::MissingNode { hash }),
    };
    let mut path: Vec<u8> = key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let mut at = node(root)?;
    loop {
        let child = match at {
            Node::Leaf(rest, value) => {
                return Ok((rest == path).then(|| Bytes::copy_from_slice(value)));
            }
            Node::Extension(prefix, child) if path.starts_with(&prefix) => {
                path.drain(..prefix.len());
                child
            }
            Node::Extension(..) => return Ok(None),
            Node::Branch(_, value) if path.is_empty() => {
                return Ok((!value.is_empty()).then(|| Bytes::copy_from_slice(value)));
            }
            Node::Branch(mut children, _) => children.swap_remove(path.remove(0).into()),
        };
        at = match child {
            Reference::Empty => return Ok(None),
            Reference::Embedded(bytes) => decode(bytes)?,
            Reference::Hash(hash) => node(hash)?,
        };
    }
}

fn assert_same(root: B256, key: &[u8], nodes: &[Bytes]) {
    let found = lookup(root, key, &NodeSet::new(nodes.to_vec()).unwrap());
    assert_eq!(found, slow_lookup(root, key, nodes));
}

/// An item of a node: what may be there, and what may not.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let list = |items: Vec<Vec<u8>>| {
        let payload = items.concat();
        let mut out = Vec::new();
        let (list, payload_length) = (true, payload.len());
        Header {
            list,
            payload_length,
        }
        .encode(&mut out);
        [out, payload].concat()
    };
    let string = prop_oneof![
        4 => Just(vec![]),
        4 => Just(vec![7; 32]),
        2 => prop::collection::vec(any::<u8>(), 0..4),
        2 => prop::collection::vec(0..0x40_u8, 1..4),
        1 => prop::collection::vec(any::<u8>(), 0..70),
    ];
    let string = string.prop_map(|bytes| alloy_rlp::encode(bytes.as_slice()));
    let raw = prop::collection::vec(any::<u8>(), 0..5);
    prop_oneof![12 => string, 1 => raw].prop_recursive(2, 20, 17, move |item| {
        let count = prop_oneof![Just(2_usize), Just(17), 0..20_usize];
        count
            .prop_flat_map(move |count| prop::collection::vec(item.clone(), count))
            .prop_map(list)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// The same result, and the same error, for nodes that are almost right.
    #[test]
    fn walking_agrees_with_decoding(
        node in item(),
        other in item(),
        behind in prop::collection::vec(any::<u8>(), 0..2),
        key in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let nodes = [Bytes::from(node.clone()), other.into(), [node, behind].concat().into()];
        for node in &nodes {
            assert_same(keccak256(node), &key, &nodes);
        }
    }

    /// Every node of a trie with one byte changed, as the root of what is below it.
    #[test]
    fn walking_a_changed_node_agrees_with_decoding(
        entries in prop::collection::btree_map(
            prop::collection::vec(0..0x22_u8, 0..4),
            prop::collection::vec(any::<u8>(), 1..40),
            1..30,
        ),
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
        key in prop::collection::vec(0..0x22_u8, 0..4),
    ) {
        let mut nodes = Model::new(&entries).nodes;
        let which = which.index(nodes.len());
        let mut node = nodes[which].to_vec();
        let place = place.index(node.len());
        node[place] = value;
        let root = keccak256(&node);
        nodes.push(node.into());
        assert_same(root, &key, &nodes);
        for key in entries.keys() {
            assert_same(root, key, &nodes);
        }
    }
}
