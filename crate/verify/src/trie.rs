//! Merkle-Patricia tries: what a key holds, or that it holds nothing, by the nodes on its way.
//!
//! [Specification](https://ethereum.org/en/developers/docs/data-structures-and-encoding/patricia-merkle-trie/).
//! A node is named by the Keccak hash of its encoding; one shorter than 32 bytes lies within its
//! parent. A node that is found by its hash is therefore the one that the root commits to, and what
//! is left to do is to walk.

mod node;
mod ordered;
mod path;

use alloc::vec::Vec;

use alloy_primitives::{B256, Bytes, b256};
use lampyris_hash::keccak256_each;

use crate::Error;
use node::{Step, step};
use path::Path;

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
    /// Sorted by hash, each once.
    nodes: Vec<(B256, Bytes)>,
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
        let inputs: Vec<&[u8]> = nodes.iter().map(AsRef::as_ref).collect();
        let hashes = keccak256_each(&inputs);
        let mut nodes: Vec<_> = hashes.into_iter().zip(nodes).collect();
        nodes.sort_unstable_by_key(|(hash, _)| *hash);
        nodes.dedup_by(|(a, _), (b, _)| a == b);
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

    fn node(&self, hash: B256) -> Result<&Bytes, Error> {
        let place = self.nodes.binary_search_by(|(own, _)| own.cmp(&hash)).ok();
        let found = place.and_then(|place| self.nodes.get(place));
        found.map_or(Err(Error::MissingNode { hash }), |(_, node)| Ok(node))
    }
}

/// What `key` holds in the trie of `root`; `None` if it is proven that it holds nothing.
///
/// The key is the path as it is in the trie: for accounts and storage, the Keccak hash. What is found
/// is a part of the node that holds it, and is not copied.
pub fn lookup(root: B256, key: &[u8], nodes: &NodeSet) -> Result<Option<Bytes>, Error> {
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
    let mut node = nodes.node(root)?;
    let mut next = step(node, Path::of_key(key))?;
    // Each turn shortens the path, but for the last: the walk ends.
    loop {
        next = match next {
            Step::Found(value) => return Ok(Some(node.slice_ref(value))),
            Step::Absent => return Ok(None),
            Step::Embedded(bytes, path) => step(bytes, path)?,
            Step::Hash(hash, path) => {
                node = nodes.node(hash)?;
                step(node, path)?
            }
        };
    }
}
