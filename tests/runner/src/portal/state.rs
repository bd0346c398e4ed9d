//! Nodes of the state and of accounts' storage, and code, as the Portal network passes them on.

use lampyris_verify::execution::{Account, Header};
use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{B256, Bytes, keccak256};
use serde_json::Value;

use crate::rlp::{self, Item};
use crate::rpc_json::field;
use crate::ssz_model::Type;

/// A node of the state or of an account's storage, or an account's code, below a block's state.
pub(super) fn check_node(json: &Value) {
    let header = Header::decode_rlp(&field::<Bytes>(json, "block_header")).unwrap();
    let offer: Bytes = field(json, "content_value_offer");
    let key: Bytes = field(json, "content_key");
    let retrieved: Bytes = field(json, "content_value_retrieval");
    let has_block_hash = offer
        .windows(32)
        .any(|window| window == header.hash().as_slice());
    assert!(has_block_hash, "of another block");
    let (first, second) = (offset(&offer, 0), offset(&offer, 4));
    match key[0] {
        // The key names the node by its hash, between the offset of its path and that.
        0x20 => {
            let nodes = node_list(&offer[first..]);
            assert_eq!(keccak256(&nodes[0]), header.state_root);
            check_last(&nodes, &key[5..37], &retrieved);
            check_leaf(header.state_root, nodes, &key[37..]);
        }
        0x21 => {
            let account = account(&header, &key[1..33], node_list(&offer[second..]));
            let nodes = node_list(&offer[first..second]);
            assert_eq!(keccak256(&nodes[0]), account.storage_root);
            check_last(&nodes, &key[37..69], &retrieved);
        }
        0x22 => {
            let account = account(&header, &key[1..33], node_list(&offer[second..]));
            assert_eq!(keccak256(&offer[first..second]), account.code_hash);
            assert_eq!(key[33..65], account.code_hash[..]);
        }
        other => panic!("unknown kind of key {other}"),
    }
}

pub(super) fn offset(bytes: &[u8], place: usize) -> usize {
    let word = bytes[place..place + 4].try_into().unwrap();
    usize::try_from(u32::from_le_bytes(word)).unwrap()
}

pub(super) fn node_list(list: &[u8]) -> Vec<Bytes> {
    let types = vec![Type::ByteList(1024); offset(list, 0) / 4];
    let parts = crate::ssz_model::split(&types, list);
    parts.into_iter().map(Bytes::copy_from_slice).collect()
}

fn account(header: &Header, address_hash: &[u8], nodes: Vec<Bytes>) -> Account {
    let set = NodeSet::new(nodes).unwrap();
    let found = lookup(header.state_root, address_hash, &set).unwrap();
    Account::decode_rlp(&found.expect("an account")).unwrap()
}

fn check_last(nodes: &[Bytes], hash: &[u8], retrieved: &[u8]) {
    assert_linked(nodes);
    let last = nodes.last().unwrap();
    assert_eq!(hash, &keccak256(last)[..]);
    assert_eq!(retrieved[4..], last[..]);
}

/// If the last node is a leaf, it is what looking up its key finds.
fn check_leaf(root: B256, nodes: Vec<Bytes>, start: &[u8]) {
    let Some(Item::List(leaf)) = rlp::decode(nodes.last().unwrap()) else {
        panic!("a node is a list")
    };
    let [Item::Bytes(rest), Item::Bytes(account)] = &leaf[..] else {
        return;
    };
    let path = [nibbles(start), nibbles(rest)].concat();
    let path: Vec<u8> = path.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let found = lookup(root, &path, &NodeSet::new(nodes).unwrap()).unwrap();
    assert_eq!(found, Some(Bytes::copy_from_slice(account)));
    Account::decode_rlp(account).unwrap();
}

/// A path with a flag in front that tells whether it is odd.
pub(crate) fn nibbles(packed: &[u8]) -> Vec<u8> {
    let all: Vec<u8> = packed
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .collect();
    let skip = if all[0] & 1 == 1 { 1 } else { 2 };
    all[skip..].to_vec()
}

/// Each node names the next by its hash.
pub fn assert_linked(nodes: &[Bytes]) {
    assert!(!nodes.is_empty(), "no nodes");
    for pair in nodes.windows(2) {
        let hash = keccak256(&pair[1]);
        assert!(
            pair[0].windows(32).any(|window| window == hash.as_slice()),
            "{hash}"
        );
    }
}
