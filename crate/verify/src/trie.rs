//! Merkle-Patricia tries: what a key holds, or that it holds nothing, by the nodes on its way.
//!
//! [Specification](https://ethereum.org/en/developers/docs/data-structures-and-encoding/patricia-merkle-trie/).
//! A node is named by the Keccak hash of its encoding; one shorter than 32 bytes lies within its
//! parent. A node that is found by its hash is therefore the one that the root commits to, and what
//! is left to do is to walk.

mod node;
mod ordered;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use alloy_primitives::{B256, Bytes, b256, keccak256};

use crate::Error;
use node::{Node, Reference};

pub(crate) use ordered::index_key;
pub use ordered::{ordered_trie_proof, ordered_trie_root};

/// The root of the trie that holds nothing.
pub const EMPTY_ROOT: B256 =
    b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// The most nodes of one proof: thousands of storage slots of one block, 10 nodes deep.
pub const MAX_NODES: usize = 32_768;

/// The longest node: a branch with 16 hashes is 532 bytes, but a leaf holds a whole transaction or
/// receipt, and one transaction may fill a block of 10 MiB.
pub const MAX_NODE_BYTES: usize = 10 * 1024 * 1024;

/// The longest key: a hash.
const MAX_KEY_BYTES: usize = 32;

/// Nodes of any number of tries, by their hash.
#[derive(Clone, Debug, Default)]
pub struct NodeSet {
    nodes: BTreeMap<B256, Bytes>,
}

impl NodeSet {
    /// Hashes each node once.
    pub fn new(nodes: Vec<Bytes>) -> Result<Self, Error> {
        if nodes.len() > MAX_NODES {
            return Err(Error::TooLarge {
                what: "trie nodes",
                max: MAX_NODES,
                got: nodes.len(),
            });
        }
        if let Some(node) = nodes.iter().find(|node| node.len() > MAX_NODE_BYTES) {
            let (what, max) = ("bytes of a trie node", MAX_NODE_BYTES);
            return Err(Error::TooLarge {
                what,
                max,
                got: node.len(),
            });
        }
        let nodes = nodes
            .into_iter()
            .map(|node| (keccak256(&node), node))
            .collect();
        Ok(Self { nodes })
    }

    /// How many different nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn node(&self, hash: B256) -> Result<Node<'_>, Error> {
        let bytes = self.nodes.get(&hash).ok_or(Error::MissingNode { hash })?;
        Node::decode(bytes)
    }
}

/// What `key` holds in the trie of `root`; `None` if it is proven that it holds nothing.
///
/// The key is the path as it is in the trie: for accounts and storage, the Keccak hash.
pub fn lookup(root: B256, key: &[u8], nodes: &NodeSet) -> Result<Option<Vec<u8>>, Error> {
    if key.len() > MAX_KEY_BYTES {
        return Err(Error::TooLarge {
            what: "trie key",
            max: MAX_KEY_BYTES,
            got: key.len(),
        });
    }
    if root == EMPTY_ROOT {
        return Ok(None);
    }
    let path: Vec<u8> = key
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .collect();
    let mut path = path.as_slice();
    let mut node = nodes.node(root)?;
    // Each turn shortens the path, but for the last: the walk ends.
    loop {
        let reference = match node {
            Node::Leaf { path: rest, value } => {
                return Ok((rest == path).then(|| value.to_vec()));
            }
            Node::Extension {
                path: prefix,
                child,
            } => {
                let Some(rest) = path.strip_prefix(prefix.as_slice()) else {
                    return Ok(None);
                };
                path = rest;
                child
            }
            Node::Branch { children, value } => {
                let Some((nibble, rest)) = path.split_first() else {
                    return Ok((!value.is_empty()).then(|| value.to_vec()));
                };
                path = rest;
                let reason = "a nibble is out of range";
                *children.get(usize::from(*nibble)).ok_or(Error::Malformed {
                    what: "trie node",
                    reason,
                })?
            }
        };
        node = match reference {
            Reference::Empty => return Ok(None),
            Reference::Embedded(bytes) => Node::decode(bytes)?,
            Reference::Hash(hash) => nodes.node(hash)?,
        };
    }
}
