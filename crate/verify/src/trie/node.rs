//! A node of a trie, read from its encoding.

use alloc::vec::Vec;

use alloy_primitives::B256;
use alloy_rlp::{Header, PayloadView};

use crate::Error;

/// A node.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// The end of a path.
    Leaf {
        /// The rest of the path, in nibbles.
        path: Vec<u8>,
        /// What the key holds.
        value: &'a [u8],
    },
    /// A stretch of path without a fork.
    Extension {
        /// The stretch, in nibbles.
        path: Vec<u8>,
        /// What follows.
        child: Reference<'a>,
    },
    /// A fork.
    Branch {
        /// What follows, by the next nibble.
        children: Vec<Reference<'a>>,
        /// What the key that ends here holds; nothing if empty.
        value: &'a [u8],
    },
}

/// How a node names another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reference<'a> {
    /// There is none.
    Empty,
    /// It is here.
    Embedded(&'a [u8]),
    /// It has this hash.
    Hash(B256),
}

const fn malformed(reason: &'static str) -> Error {
    Error::Malformed {
        what: "trie node",
        reason,
    }
}

impl<'a> Node<'a> {
    pub(super) fn decode(mut bytes: &'a [u8]) -> Result<Self, Error> {
        let items = match Header::decode_raw(&mut bytes) {
            Ok(PayloadView::List(items)) if bytes.is_empty() => items,
            Ok(_) => return Err(malformed("no list, or something behind it")),
            Err(_) => return Err(malformed("broken RLP")),
        };
        if let [path, rest] = items.as_slice() {
            let (path, is_leaf) = decode_path(string(path)?)?;
            return if is_leaf {
                Ok(Self::Leaf {
                    path,
                    value: string(rest)?,
                })
            } else if path.is_empty() {
                Err(malformed("an extension extends nothing"))
            } else {
                Ok(Self::Extension {
                    path,
                    child: reference(rest)?,
                })
            };
        }
        let [children @ .., value] = items.as_slice() else {
            return Err(malformed("neither 2 nor 17 items"));
        };
        if children.len() != 16 {
            return Err(malformed("neither 2 nor 17 items"));
        }
        let children = children
            .iter()
            .map(|child| reference(child))
            .collect::<Result<_, _>>()?;
        Ok(Self::Branch {
            children,
            value: string(value)?,
        })
    }
}

/// Reads a path: the first nibble says whether it is a leaf's, and whether its length is odd.
fn decode_path(bytes: &[u8]) -> Result<(Vec<u8>, bool), Error> {
    let (first, rest) = bytes.split_first().ok_or(malformed("a path is empty"))?;
    let (flag, low) = (first >> 4, first & 0x0f);
    if flag > 3 || (flag & 1 == 0 && low != 0) {
        return Err(malformed("a path has unknown flags"));
    }
    let odd = (flag & 1 == 1).then_some(low);
    let nibbles = rest.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    Ok((odd.into_iter().chain(nibbles).collect(), flag & 2 == 2))
}

fn reference(item: &[u8]) -> Result<Reference<'_>, Error> {
    match item.first() {
        // A list is the node itself; it would be named by its hash if it were longer.
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
