//! Paths in a trie: nibbles, as they lie packed in a key or in a node.

use crate::Error;

use super::node::malformed;

/// A path. Two that are equal are equal field by field: their lengths say whether `odd` is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// The first nibble, if their number is odd.
    odd: Option<u8>,
    /// The others, two in a byte.
    pairs: &'a [u8],
}

impl<'a> Path<'a> {
    pub(super) const fn of_key(key: &'a [u8]) -> Self {
        Self {
            odd: None,
            pairs: key,
        }
    }

    /// Reads a node's path: the first nibble says whether it is a leaf's, and whether its length is
    /// odd.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<(Self, bool), Error> {
        let (first, pairs) = bytes.split_first().ok_or(malformed("a path is empty"))?;
        let (flag, low) = (first >> 4, first & 0x0f);
        if flag > 3 || (flag & 1 == 0 && low != 0) {
            return Err(malformed("a path has unknown flags"));
        }
        let odd = (flag & 1 == 1).then_some(low);
        Ok((Self { odd, pairs }, flag & 2 == 2))
    }

    pub(super) const fn is_empty(self) -> bool {
        self.odd.is_none() && self.pairs.is_empty()
    }

    /// The first nibble and the rest.
    pub(super) fn split_first(self) -> Option<(u8, Self)> {
        let (nibble, odd, pairs) = match self.odd {
            Some(nibble) => (nibble, None, self.pairs),
            None => {
                let (pair, pairs) = self.pairs.split_first()?;
                (pair >> 4, Some(pair & 0x0f), pairs)
            }
        };
        Some((nibble, Self { odd, pairs }))
    }

    /// What follows `prefix`, if this begins with it.
    pub(super) fn strip_prefix(self, prefix: Self) -> Option<Self> {
        let (mut rest, mut prefix) = (self, prefix);
        while let Some((expected, behind)) = prefix.split_first() {
            let (nibble, after) = rest.split_first()?;
            if nibble != expected {
                return None;
            }
            (rest, prefix) = (after, behind);
        }
        Some(rest)
    }
}
