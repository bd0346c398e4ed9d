//! A node of a trie, read from its encoding: all of it is checked, and what a path needs is kept.

use alloy_primitives::B256;
use alloy_rlp::Header;

use super::path::Path;
use crate::Error;

/// A branch has a child for each nibble, and a value.
const BRANCH_ITEMS: usize = 17;

/// Where a path goes on behind a node.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// It ends here, with what the key holds.
    Found(&'a [u8]),
    /// It is not in the trie.
    Absent,
    /// It goes on in the node itself that is given here.
    Embedded(&'a [u8], Path<'a>),
    /// It goes on in the node of this hash.
    Hash(B256, Path<'a>),
}

/// How a node names another.
#[derive(Clone, Copy, Debug)]
enum Reference<'a> {
    /// There is none.
    Empty,
    /// It is here.
    Embedded(&'a [u8]),
    /// It has this hash.
    Hash(&'a [u8; 32]),
}

pub(super) const fn malformed(reason: &'static str) -> Error {
    Error::Malformed {
        what: "trie node",
        reason,
    }
}

/// Follows `path` through the node that `bytes` are.
pub(super) fn step<'a>(bytes: &'a [u8], path: Path<'a>) -> Result<Step<'a>, Error> {
    let mut items = [&[][..]; BRANCH_ITEMS];
    match (split(bytes, &mut items)?, items) {
        (2, [own, rest, ..]) => match Path::decode(string(own)?)? {
            (own, true) => {
                let value = string(rest)?;
                Ok(if own == path {
                    Step::Found(value)
                } else {
                    Step::Absent
                })
            }
            (own, false) if own.is_empty() => Err(malformed("an extension extends nothing")),
            (own, false) => {
                let child = reference(rest)?;
                let rest = path.strip_prefix(own);
                Ok(rest.map_or(Step::Absent, |rest| child.then(rest)))
            }
        },
        (BRANCH_ITEMS, [children @ .., value]) => branch(&children, value, path),
        _ => Err(malformed("neither 2 nor 17 items")),
    }
}

fn branch<'a>(children: &[&'a [u8]], value: &'a [u8], path: Path<'a>) -> Result<Step<'a>, Error> {
    let next = path.split_first();
    let wanted = next.map(|(nibble, _)| usize::from(nibble));
    let mut step = Step::Absent;
    for (nibble, child) in children.iter().enumerate() {
        let child = reference(child)?;
        if let Some((_, rest)) = next.filter(|_| wanted == Some(nibble)) {
            step = child.then(rest);
        }
    }
    let value = string(value)?;
    if next.is_none() && !value.is_empty() {
        step = Step::Found(value);
    }
    Ok(step)
}

/// Cuts a list into its items, as many as there is room for, and gives their number.
fn split<'a>(bytes: &'a [u8], items: &mut [&'a [u8]]) -> Result<usize, Error> {
    let broken = |_| malformed("broken RLP");
    let mut payload = bytes;
    let header = Header::decode(&mut payload).map_err(broken)?;
    let cut = payload.split_at_checked(header.payload_length);
    let (mut payload, behind) = cut.filter(|_| header.list).ok_or(NO_LIST)?;
    let mut count: usize = 0;
    while let Some(first) = payload.first() {
        let length = match first {
            // Most are a hash, or nothing: no need to ask further.
            0xa0 => 33,
            0x80 => 1,
            _ => {
                let mut rest = payload;
                let header = Header::decode(&mut rest).map_err(broken)?;
                let header_length = payload.len().saturating_sub(rest.len());
                header_length.saturating_add(header.payload_length)
            }
        };
        let cut = payload.split_at_checked(length);
        let (item, rest) = cut.ok_or(malformed("broken RLP"))?;
        if let Some(place) = items.get_mut(count) {
            *place = item;
        }
        count = count.saturating_add(1);
        payload = rest;
    }
    if behind.is_empty() {
        Ok(count)
    } else {
        Err(NO_LIST)
    }
}

const NO_LIST: Error = malformed("no list, or something behind it");

impl<'a> Reference<'a> {
    fn then(self, path: Path<'a>) -> Step<'a> {
        match self {
            Self::Empty => Step::Absent,
            Self::Embedded(bytes) => Step::Embedded(bytes, path),
            Self::Hash(hash) => Step::Hash(B256::from(hash), path),
        }
    }
}

fn reference(item: &[u8]) -> Result<Reference<'_>, Error> {
    match item {
        [0xa0, hash @ ..] => {
            let hash = hash.try_into();
            hash.map(Reference::Hash).map_err(|_| WRONG_LENGTH)
        }
        [0x80] => Ok(Reference::Empty),
        // A list is the node itself; it would be named by its hash if it were longer.
        [0xc0..=0xff, ..] if item.len() < 32 => Ok(Reference::Embedded(item)),
        [0xc0..=0xff, ..] => Err(malformed("an embedded node is too long")),
        _ => Err(WRONG_LENGTH),
    }
}

const WRONG_LENGTH: Error = malformed("a hash has the wrong length");

fn string(mut item: &[u8]) -> Result<&[u8], Error> {
    Header::decode_bytes(&mut item, false).map_err(|_| malformed("a list in place of a string"))
}
