//! Tries over lists: transactions and receipts of a block, by index.
//!
//! A list is in the order of its keys and cut where they differ, recursively. What costs time is to
//! hash: the leaves, which are most of it, are hashed all together, and so are a branch's children.

use alloc::vec::Vec;

use alloy_primitives::{B256, Bytes};
use alloy_rlp::{BufMut, EMPTY_STRING_CODE, Encodable, Header};
use lampyris_hash::{keccak256, keccak256_each};

use super::EMPTY_ROOT;

/// The nibbles of the longest index: of 8 bytes and the byte that says so.
const MAX_NIBBLES: usize = 18;

/// The root of the trie that holds each item under its index.
#[must_use]
pub fn ordered_trie_root(items: &[Bytes]) -> B256 {
    let Some(root) = encode_trie(items, &mut |_, _| {}) else {
        return EMPTY_ROOT;
    };
    keccak256(root)
}

/// The nodes that prove the item of `index`, or that there is none; the root first.
#[must_use]
pub fn ordered_trie_proof(items: &[Bytes], index: u64) -> Vec<Bytes> {
    let wanted = Key::of_index(index);
    let mut proof = Vec::new();
    let root = encode_trie(items, &mut |path, node| {
        if wanted.nibbles().starts_with(path) && node.len() >= 32 {
            proof.push(Bytes::copy_from_slice(node));
        }
    });
    proof.extend(root.filter(|root| root.len() < 32).map(Bytes::from));
    proof.reverse();
    proof
}

/// The key of an index: its RLP.
#[must_use]
pub(crate) fn index_key(index: u64) -> Vec<u8> {
    alloy_rlp::encode(index)
}

/// An index's path.
#[derive(Clone, Copy)]
struct Key {
    nibbles: [u8; MAX_NIBBLES],
    length: usize,
}

impl Key {
    fn of_index(index: u64) -> Self {
        let mut nibbles = [0; MAX_NIBBLES];
        let mut key = [0; MAX_NIBBLES / 2];
        index.encode(&mut key.as_mut_slice());
        for ([high, low], byte) in nibbles.as_chunks_mut().0.iter_mut().zip(key) {
            (*high, *low) = (byte >> 4, byte & 0x0f);
        }
        let length = index.length().saturating_mul(2);
        Self { nibbles, length }
    }

    fn nibbles(&self) -> &[u8] {
        self.nibbles.get(..self.length).unwrap_or_default()
    }

    fn to(&self, depth: usize) -> &[u8] {
        self.nibbles().get(..depth).unwrap_or_default()
    }

    fn from(&self, depth: usize) -> &[u8] {
        self.nibbles().get(depth..).unwrap_or_default()
    }

    /// How many nibbles both begin with.
    fn shared_with(&self, other: &Self) -> usize {
        let pairs = self.nibbles().iter().zip(other.nibbles());
        pairs.take_while(|(a, b)| a == b).count()
    }
}

/// An item's leaf. An index is never the beginning of another, so that each has its own.
struct Leaf {
    key: Key,
    node: Vec<u8>,
    reference: Reference,
}

/// How a parent names a node: by its hash, or by itself if that is shorter; in RLP.
#[derive(Clone, Copy)]
struct Reference {
    bytes: [u8; 33],
    length: usize,
}

impl Reference {
    const NONE: Self = Self::new(&[EMPTY_STRING_CODE]);

    const fn new(encoding: &[u8]) -> Self {
        let mut bytes = [0; 33];
        let (start, _) = bytes.split_at_mut(encoding.len());
        start.copy_from_slice(encoding);
        Self {
            bytes,
            length: encoding.len(),
        }
    }

    /// Those of several nodes, which are hashed together.
    fn each(nodes: &[&[u8]]) -> Vec<Self> {
        let hashes = keccak256_each(nodes).into_iter();
        let references = hashes.zip(nodes).map(|(hash, node)| {
            if node.len() < 32 {
                return Self::new(node);
            }
            let mut bytes = [0xa0; 33];
            if let Some((_, place)) = bytes.split_first_mut() {
                place.copy_from_slice(hash.as_slice());
            }
            Self { bytes, length: 33 }
        });
        references.collect()
    }
}

impl Encodable for Reference {
    fn encode(&self, out: &mut dyn BufMut) {
        out.put_slice(self.bytes.get(..self.length).unwrap_or_default());
    }

    fn length(&self) -> usize {
        self.length
    }
}

/// Encodes the root, if there is any item, and tells `visit` of it and of all nodes below it, with
/// their paths, children first.
fn encode_trie(items: &[Bytes], visit: &mut dyn FnMut(&[u8], &[u8])) -> Option<Vec<u8>> {
    let leaves = leaves(items);
    (!leaves.is_empty()).then(|| encode_node(&leaves, 0, visit))
}

/// The leaves, in the order of their keys.
fn leaves(items: &[Bytes]) -> Vec<Leaf> {
    let count = items.len();
    // Only 0 is not in order: its key is 0x80, behind those of 1 to 127.
    let short = count.min(128);
    let order = (1..short).chain(0..count.min(1)).chain(short..count);
    let keyed = order.filter_map(|index| {
        let key = Key::of_index(u64::try_from(index).ok()?);
        Some((key, items.get(index)?))
    });
    let keyed: Vec<_> = keyed.collect();
    let mut shared_before = 0;
    let mut leaves = Vec::with_capacity(count);
    for (place, (key, item)) in keyed.iter().enumerate() {
        let next = keyed.get(place.saturating_add(1));
        let shared_behind = next.map(|(next, _)| key.shared_with(next));
        let depth = match shared_behind.max(Some(shared_before)) {
            _ if count == 1 => 0,
            shared => shared.unwrap_or_default().saturating_add(1),
        };
        leaves.push(Leaf {
            key: *key,
            node: encode_short(key.from(depth), true, *item),
            reference: Reference::NONE,
        });
        shared_before = shared_behind.unwrap_or_default();
    }
    let nodes: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.node.as_slice()).collect();
    let references = Reference::each(&nodes);
    for (leaf, reference) in leaves.iter_mut().zip(references) {
        leaf.reference = reference;
    }
    leaves
}

/// Encodes the node that holds `leaves`, which agree in their first `depth` nibbles.
fn encode_node(leaves: &[Leaf], depth: usize, visit: &mut dyn FnMut(&[u8], &[u8])) -> Vec<u8> {
    let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else {
        return Vec::new();
    };
    let shared = first.key.shared_with(&last.key);
    let node = if leaves.len() == 1 {
        first.node.clone()
    } else if shared > depth {
        let child = encode_node(leaves, shared, visit);
        let stretch = first.key.to(shared).get(depth..).unwrap_or_default();
        let child = Reference::each(&[&child]);
        encode_short(stretch, false, child.first().unwrap_or(&Reference::NONE))
    } else {
        encode_branch(leaves, depth, visit)
    };
    visit(first.key.to(depth), &node);
    node
}

fn encode_branch(leaves: &[Leaf], depth: usize, visit: &mut dyn FnMut(&[u8], &[u8])) -> Vec<u8> {
    let below = depth.saturating_add(1);
    let nibble = |leaf: &Leaf| leaf.key.from(depth).first().copied();
    let mut children = [Reference::NONE; 16];
    let mut set = |group: &[Leaf], reference: Reference| {
        let place = group.first().and_then(nibble).map(usize::from);
        if let Some(child) = place.and_then(|place| children.get_mut(place)) {
            *child = reference;
        }
    };
    let (mut groups, mut nodes) = (Vec::new(), Vec::new());
    for group in leaves.chunk_by(|a, b| nibble(a) == nibble(b)) {
        if let [leaf] = group {
            visit(leaf.key.to(below), &leaf.node);
            set(group, leaf.reference);
        } else {
            groups.push(group);
            nodes.push(encode_node(group, below, visit));
        }
    }
    let nodes: Vec<&[u8]> = nodes.iter().map(Vec::as_slice).collect();
    for (group, reference) in groups.into_iter().zip(Reference::each(&nodes)) {
        set(group, reference);
    }
    // An index is never the beginning of another: a branch holds no value.
    let items = children.iter().chain([&Reference::NONE]);
    let mut out = list(
        items
            .clone()
            .map(Reference::length)
            .fold(0, usize::saturating_add),
    );
    items.for_each(|item| item.encode(&mut out));
    out
}

/// Encodes a leaf or an extension: its path, packed with the flags in front, and what follows.
fn encode_short(nibbles: &[u8], is_leaf: bool, rest: &dyn Encodable) -> Vec<u8> {
    let flag = if is_leaf { 0x20 } else { 0 };
    let (first, pairs) = match nibbles.as_rchunks() {
        ([], pairs) => (flag, pairs),
        ([odd, ..], pairs) => (flag | 0x10 | odd, pairs),
    };
    // A byte alone is below 0x80, and so its own encoding.
    let header = Header {
        list: false,
        payload_length: pairs.len().saturating_add(1),
    };
    let header = Some(header).filter(|_| !pairs.is_empty());
    let length = header.as_ref().map_or(1, Header::length_with_payload);
    let mut out = list(length.saturating_add(rest.length()));
    header.inspect(|header| header.encode(&mut out));
    out.push(first);
    out.extend(pairs.iter().map(|[high, low]| high << 4 | low));
    rest.encode(&mut out);
    out
}

/// Begins a list whose items have `payload_length` bytes, with room for them.
fn list(payload_length: usize) -> Vec<u8> {
    let header = Header {
        list: true,
        payload_length,
    };
    let mut out = Vec::with_capacity(header.length_with_payload());
    header.encode(&mut out);
    out
}
