//! The crate's tries against a slow and obvious one.

use std::collections::BTreeMap;

use lampyris_vectors::trie_model::{Model, assert_agrees};
use lampyris_verify::trie::{EMPTY_ROOT, NodeSet, lookup, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{Bytes, Error};
use proptest::prelude::*;

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
                Ok(found) => prop_assert_eq!(found, entries.get(key).cloned().map(Bytes::from)),
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
        prop_assert_eq!(lookup(root, &key, &proof), Ok(entries.get(&key).cloned().map(Bytes::from)));
    }
}

/// Where the keys' lengths and the trie's depth change.
#[test]
fn ordered_tries_of_every_shape_agree_with_the_model() {
    let mut entries = BTreeMap::new();
    let mut items = Vec::new();
    for index in 0..1_100_u16 {
        let item = Bytes::from(vec![7; usize::from(index % 50) + 1]);
        entries.insert(alloy_rlp::encode(index), item.to_vec());
        items.push(item);
        let count = items.len();
        if count < 150 || (254..259).contains(&count) || count % 100 == 0 {
            assert_eq!(
                ordered_trie_root(&items),
                Model::new(&entries).root,
                "{count}"
            );
        }
    }
}
