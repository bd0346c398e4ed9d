//! An object as bytes, and every change of it.

use std::collections::BTreeSet;
use std::ops::Range;

/// Lists of items: one of one item for what is one encoding, the nodes of a proof, the transactions
/// and withdrawals of a block.
pub(crate) type Object = Vec<Vec<Vec<u8>>>;

/// How many changes each byte gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bits {
    /// Each of its bits flipped.
    Each,
    /// One bit flipped, which one goes on from byte to byte: for large objects.
    OneOfEight,
}

/// Every change of the object: bits, words, lengths, items, lists.
pub(crate) fn changes(object: &Object, bits: Bits) -> impl Iterator<Item = Object> {
    let lists = (0..object.len()).flat_map(move |list| {
        let with = move |items| {
            let mut other = object.clone();
            other[list] = items;
            other
        };
        let items = (0..object[list].len()).flat_map(move |item| {
            let edits = edits(object[list][item].len(), bits).into_iter();
            edits.map(move |edit| {
                let mut other = object.clone();
                edit.apply(&mut other[list][item]);
                other
            })
        });
        items.chain(items_changed(&object[list]).into_iter().map(with))
    });
    lists.filter(move |other| other != object)
}

/// A change of bytes.
enum Edit {
    Flip(usize, u32),
    FillWord(usize, u8),
    Keep(Range<usize>),
    Insert(usize, u8),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Flip(place, bit) => bytes[*place] ^= 1 << bit,
            Self::FillWord(start, fill) => {
                let end = bytes.len().min(start + 32);
                bytes[*start..end].fill(*fill);
            }
            Self::Keep(range) => *bytes = bytes[range.clone()].to_vec(),
            Self::Insert(place, byte) => bytes.insert(*place, *byte),
        }
    }
}

/// Each bit or byte; each word of 32 bytes zero, or full; cut and longer at both ends.
fn edits(length: usize, bits: Bits) -> Vec<Edit> {
    let mut edits = Vec::new();
    for place in 0..length {
        let flips = match bits {
            Bits::Each => 0..8,
            Bits::OneOfEight => {
                let bit = u32::try_from(place % 8).unwrap();
                bit..bit + 1
            }
        };
        edits.extend(flips.map(|bit| Edit::Flip(place, bit)));
    }
    for start in (0..length).step_by(32) {
        edits.extend([0, 0xff].map(|fill| Edit::FillWord(start, fill)));
    }
    if length > 1 {
        edits.extend([1..length, 0..length - 1, 0..length / 2].map(Edit::Keep));
    }
    edits.push(Edit::Keep(0..0));
    edits.extend([length, 0].map(|place| Edit::Insert(place, 0)));
    edits
}

/// Each item left out, doubled, and in its neighbour's place; none; one more.
fn items_changed(items: &[Vec<u8>]) -> Vec<Vec<Vec<u8>>> {
    let mut changed = Vec::new();
    for place in 0..items.len() {
        let mut other = items.to_vec();
        let item = other.remove(place);
        changed.push(other.clone());
        other.splice(place..place, [item.clone(), item]);
        changed.push(other);
        if place > 0 {
            let mut other = items.to_vec();
            other.swap(place - 1, place);
            changed.push(other);
        }
    }
    changed.push(Vec::new());
    changed.push([items, &[vec![0x80]]].concat());
    changed
}

/// Whether two lists hold the same items, however often and in which order.
pub(crate) fn same_set(one: &[Vec<u8>], other: &[Vec<u8>]) -> bool {
    one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
}

/// Whether a list holds all items of another.
pub(crate) fn holds_all(one: &[Vec<u8>], other: &[Vec<u8>]) -> bool {
    other.iter().all(|item| one.contains(item))
}
