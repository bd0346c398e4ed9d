//! How targets that take several things find them in one input.

use lampyris_verify::Bytes;

/// Items, each behind two bytes with its length.
pub(crate) fn cut(mut bytes: &[u8]) -> Vec<Bytes> {
    let mut items = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length));
        let (item, rest) = rest.split_at(length.min(rest.len()));
        items.push(Bytes::copy_from_slice(item));
        bytes = rest;
    }
    items
}

/// What [`cut`] takes apart, behind a byte for a choice.
///
/// # Panics
/// If an item is too long.
pub(crate) fn join(choice: u8, items: &[Bytes]) -> Vec<u8> {
    let mut bytes = vec![choice];
    for item in items {
        bytes.extend(u16::try_from(item.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(item);
    }
    bytes
}

/// A byte for a choice, and what follows.
pub(crate) fn choose(input: &[u8]) -> (u8, &[u8]) {
    input
        .split_first()
        .map_or((0, input), |(choice, rest)| (*choice, rest))
}
