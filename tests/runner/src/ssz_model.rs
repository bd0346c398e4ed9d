//! A slow and obvious model of SSZ, for any type: the reference that the crate is compared with.

use lampyris_verify::B256;
use sha2::{Digest, Sha256};

/// A type of SSZ.
#[derive(Clone, Debug)]
pub enum Type {
    /// `uintN`, by its bytes.
    Uint(usize),
    /// `ByteVector`, and `Bitvector` of whole bytes.
    Bytes(usize),
    /// `Bitvector` of up to 8 bits, in one byte.
    Bits,
    /// `ByteList` with its limit.
    ByteList(usize),
    /// `Bitlist` with its limit.
    Bitlist(usize),
    /// `Vector` with its length.
    Vector(Box<Self>, usize),
    /// `List` with its limit.
    List(Box<Self>, u64),
    /// `Container`.
    Container(Vec<Self>),
}

impl Type {
    /// `Vector`.
    #[must_use]
    pub fn vector(element: Self, length: usize) -> Self {
        Self::Vector(Box::new(element), length)
    }

    /// `List`.
    #[must_use]
    pub fn list(element: Self, limit: usize) -> Self {
        Self::long_list(element, limit as u64)
    }

    /// `List` whose limit may not fit a machine's word.
    #[must_use]
    pub fn long_list(element: Self, limit: u64) -> Self {
        Self::List(Box::new(element), limit)
    }

    /// Its bytes if they are always as many.
    fn fixed(&self) -> Option<usize> {
        match self {
            Self::Uint(bytes) | Self::Bytes(bytes) => Some(*bytes),
            Self::Bits => Some(1),
            Self::ByteList(_) | Self::Bitlist(_) | Self::List(..) => None,
            Self::Vector(element, length) => Some(element.fixed()? * length),
            Self::Container(fields) => fields.iter().map(Self::fixed).sum(),
        }
    }

    /// `hash_tree_root` of a serialized value.
    #[must_use]
    pub fn root(&self, bytes: &[u8]) -> B256 {
        match self {
            Self::Uint(_) | Self::Bits => chunks(bytes)[0],
            Self::Bytes(length) => merkleize(&chunks(bytes), length.div_ceil(32) as u64),
            Self::ByteList(limit) => mix_in_length(
                merkleize(&chunks(bytes), limit.div_ceil(32) as u64),
                bytes.len(),
            ),
            Self::Bitlist(limit) => bitlist_root(bytes, *limit),
            Self::Vector(element, length) => elements_root(element, bytes, *length as u64),
            Self::List(element, limit) => {
                let count = element.fixed().map_or_else(
                    || {
                        if bytes.is_empty() {
                            0
                        } else {
                            offset(bytes, 0) / 4
                        }
                    },
                    |size| bytes.len() / size,
                );
                mix_in_length(elements_root(element, bytes, *limit), count)
            }
            Self::Container(fields) => {
                let parts = split(fields, bytes);
                let roots: Vec<_> = fields
                    .iter()
                    .zip(parts)
                    .map(|(field, part)| field.root(part))
                    .collect();
                merkleize(&roots, roots.len() as u64)
            }
        }
    }
}

fn elements_root(element: &Type, bytes: &[u8], limit: u64) -> B256 {
    match (element, element.fixed()) {
        (Type::Uint(size), _) => merkleize(&chunks(bytes), (limit * *size as u64).div_ceil(32)),
        (_, Some(size)) => {
            let roots: Vec<_> = bytes.chunks(size).map(|part| element.root(part)).collect();
            merkleize(&roots, limit)
        }
        (_, None) => {
            let count = if bytes.is_empty() {
                0
            } else {
                offset(bytes, 0) / 4
            };
            let parts = split(&vec![element.clone(); count], bytes);
            let roots: Vec<_> = parts.into_iter().map(|part| element.root(part)).collect();
            merkleize(&roots, limit)
        }
    }
}

fn bitlist_root(bytes: &[u8], limit: usize) -> B256 {
    let mut bits = bytes.to_vec();
    let last = bits.last_mut().unwrap();
    let delimiter = 7 - last.leading_zeros();
    *last ^= 1 << delimiter;
    let length = (bytes.len() - 1) * 8 + delimiter as usize;
    bits.truncate(length.div_ceil(8));
    mix_in_length(
        merkleize(&chunks(&bits), limit.div_ceil(256) as u64),
        length,
    )
}

/// The parts of a container.
#[must_use]
pub fn split<'a>(fields: &[Type], bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let mut place = 0;
    let mut starts = Vec::new();
    let mut parts = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if let Some(size) = field.fixed() {
            parts.push(&bytes[place..place + size]);
            place += size;
        } else {
            starts.push((index, offset(bytes, place)));
            parts.push(&bytes[..0]);
            place += 4;
        }
    }
    for (number, (index, start)) in starts.iter().enumerate() {
        let end = starts.get(number + 1).map_or(bytes.len(), |(_, end)| *end);
        parts[*index] = &bytes[*start..end];
    }
    parts
}

fn offset(bytes: &[u8], place: usize) -> usize {
    u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) as usize
}

fn chunks(bytes: &[u8]) -> Vec<B256> {
    bytes.chunks(32).map(B256::right_padding_from).collect()
}

fn mix_in_length(root: B256, length: usize) -> B256 {
    hash(
        root,
        B256::right_padding_from(&(length as u64).to_le_bytes()),
    )
}

/// The root over chunks, padded with zeros up to `limit` and on to a power of two.
fn merkleize(chunks: &[B256], limit: u64) -> B256 {
    assert!(chunks.len() as u64 <= limit.max(1));
    let mut layer = chunks.to_vec();
    let mut zero = B256::ZERO;
    for _ in 0..limit.next_power_of_two().trailing_zeros() {
        if layer.len() % 2 == 1 {
            layer.push(zero);
        }
        layer = layer.chunks(2).map(|pair| hash(pair[0], pair[1])).collect();
        zero = hash(zero, zero);
    }
    layer.first().copied().unwrap_or(zero)
}

fn hash(left: B256, right: B256) -> B256 {
    B256::from(<[u8; 32]>::from(
        Sha256::new()
            .chain_update(left)
            .chain_update(right)
            .finalize(),
    ))
}
