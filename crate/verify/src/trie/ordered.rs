//! Tries over lists: transactions and receipts of a block, by index.
//!
//! Built to be read: a list is sorted by key and cut where its keys differ, recursively.

use alloc::vec::Vec;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{BufMut, Encodable, Header};

use super::EMPTY_ROOT;

/// The root of the trie that holds each item under its index.
#[must_use]
pub fn ordered_trie_root(items: &[Bytes]) -> B256 {
    let entries = entries(items);
    if entries.is_empty() {
        return EMPTY_ROOT;
    }
    keccak256(encode_node(&entries, 0, &mut |_, _| {}))
}

/// The nodes that prove the item of `index`, or that there is none; the root first.
#[must_use]
pub fn ordered_trie_proof(items: &[Bytes], index: u64) -> Vec<Bytes> {
    let entries = entries(items);
    if entries.is_empty() {
        return Vec::new();
    }
    let wanted = nibbles(&index_key(index));
    let mut proof = Vec::new();
    let root = encode_node(&entries, 0, &mut |path, node| {
        if wanted.starts_with(path) && node.len() >= 32 {
            proof.push(Bytes::copy_from_slice(node));
        }
    });
    if root.len() < 32 {
        proof.push(Bytes::from(root));
    }
    proof.reverse();
    proof
}

/// The key of an index: its RLP.
#[must_use]
pub(crate) fn index_key(index: u64) -> Vec<u8> {
    alloy_rlp::encode(index)
}

struct Entry<'a> {
    path: Vec<u8>,
    value: &'a [u8],
}

fn entries(items: &[Bytes]) -> Vec<Entry<'_>> {
    let indexed = (0_u64..).zip(items);
    let mut entries: Vec<_> = indexed
        .map(|(index, item)| Entry {
            path: nibbles(&index_key(index)),
            value: item,
        })
        .collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries
}

fn nibbles(key: &[u8]) -> Vec<u8> {
    key.iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .collect()
}

/// Encodes the node that holds `entries`, which are sorted and agree in their first `depth` nibbles,
/// and tells `visit` of it and of all nodes below it, with their paths, children first.
fn encode_node(
    entries: &[Entry<'_>],
    depth: usize,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Vec<u8> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Vec::new();
    };
    let here = first.path.get(..depth).unwrap_or_default();
    let rest = |entry: &'_ Entry<'_>| entry.path.get(depth..).unwrap_or_default().to_vec();
    let shared = common_prefix(&rest(first), &rest(last));
    let node = if let [only] = entries {
        list(&[string(&encode_path(&rest(only), true)), string(only.value)])
    } else if shared > 0 {
        let stretch = rest(first).get(..shared).unwrap_or_default().to_vec();
        let child = encode_node(entries, depth.saturating_add(shared), visit);
        list(&[string(&encode_path(&stretch, false)), reference(&child)])
    } else {
        encode_branch(entries, depth, visit)
    };
    visit(here, &node);
    node
}

fn encode_branch(
    entries: &[Entry<'_>],
    depth: usize,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Vec<u8> {
    let mut value: &[u8] = &[];
    let mut children: [Vec<u8>; 16] = Default::default();
    for group in entries.chunk_by(|a, b| a.path.get(depth) == b.path.get(depth)) {
        let Some(first) = group.first() else { continue };
        match first
            .path
            .get(depth)
            .and_then(|nibble| children.get_mut(usize::from(*nibble)))
        {
            Some(child) => *child = encode_node(group, depth.saturating_add(1), visit),
            None => value = first.value,
        }
    }
    let mut items: Vec<_> = children.iter().map(|child| reference(child)).collect();
    items.push(string(value));
    list(&items)
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// A path's nibbles, packed, with the flags in front.
fn encode_path(nibbles: &[u8], is_leaf: bool) -> Vec<u8> {
    let flag = if is_leaf { 0x20 } else { 0 };
    let (first, pairs) = match nibbles {
        [odd, pairs @ ..] if nibbles.len() % 2 == 1 => (flag | 0x10 | odd, pairs),
        pairs => (flag, pairs),
    };
    let packed = pairs
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble));
    core::iter::once(first).chain(packed).collect()
}

/// How a parent names a node: by its hash, or by itself if that is shorter.
fn reference(node: &[u8]) -> Vec<u8> {
    match node.len() {
        0 => string(&[]),
        1..32 => node.to_vec(),
        _ => string(keccak256(node).as_slice()),
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes.encode(&mut out);
    out
}

/// A list of items that are encoded already.
fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    Header {
        list: true,
        payload_length: payload.len(),
    }
    .encode(&mut out);
    out.put_slice(&payload);
    out
}
