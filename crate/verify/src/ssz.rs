//! The little of SSZ that light-client objects need: containers with variable parts, strictly.
//!
//! A container is its fields one after the other; a variable field leaves a 4-byte offset in its
//! place and lies behind all fixed ones. Only the one canonical layout is accepted.

use alloc::vec::Vec;

use crate::Error;

/// How a field lies in its container.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    /// In place, with this many bytes.
    Fixed(usize),
    /// Behind an offset, with any number of bytes.
    Variable,
}

const OFFSET_BYTES: usize = 4;

/// Cuts a container into its fields.
pub(crate) fn split<'a, const N: usize>(
    what: &'static str,
    bytes: &'a [u8],
    layout: [Field; N],
) -> Result<[&'a [u8]; N], Error> {
    let mut fields: [&[u8]; N] = [&[]; N];
    let mut rest = bytes;
    // The variable fields met so far: index and the offset at which each begins.
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for (index, field) in layout.iter().enumerate() {
        let length = if let Field::Fixed(length) = field {
            *length
        } else {
            OFFSET_BYTES
        };
        let (head, tail) = rest.split_at_checked(length).ok_or(Error::Length {
            what,
            expected: fixed_length(&layout),
            got: bytes.len(),
        })?;
        match field {
            Field::Fixed(_) => set(&mut fields, index, head),
            Field::Variable => starts.push((index, read_u32(what, head)?)),
        }
        rest = tail;
    }
    let expected = fixed_length(&layout);
    match starts.first() {
        None if !rest.is_empty() => {
            return Err(Error::Length {
                what,
                expected,
                got: bytes.len(),
            });
        }
        Some((_, first)) if *first != expected => {
            return Err(Error::Malformed {
                what,
                reason: "the first offset leaves a gap",
            });
        }
        _ => {}
    }
    let mut ends = starts
        .iter()
        .skip(1)
        .map(|(_, start)| *start)
        .collect::<Vec<_>>();
    ends.push(bytes.len());
    for ((index, start), end) in starts.into_iter().zip(ends) {
        let part = bytes.get(start..end).ok_or(Error::Malformed {
            what,
            reason: "an offset is out of order or range",
        })?;
        set(&mut fields, index, part);
    }
    Ok(fields)
}

/// Puts fields together again: the inverse of [`split`]. A fixed field is cut or padded with zeros.
pub(crate) fn join<const N: usize>(layout: [Field; N], fields: [&[u8]; N]) -> Vec<u8> {
    let mut start = fixed_length(&layout);
    let mut bytes = Vec::new();
    for (field, part) in layout.iter().zip(fields) {
        match field {
            Field::Fixed(length) => {
                let end = bytes.len().saturating_add(*length);
                bytes.extend(part.iter().take(*length));
                bytes.resize(end, 0);
            }
            Field::Variable => {
                // Our own objects are a few kilobytes, so that the offset always fits.
                let offset = u32::try_from(start).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&offset.to_le_bytes());
                start = start.saturating_add(part.len());
            }
        }
    }
    for (field, part) in layout.iter().zip(fields) {
        if matches!(field, Field::Variable) {
            bytes.extend_from_slice(part);
        }
    }
    bytes
}

/// A fixed-size array, exactly.
pub(crate) fn array<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Length {
        what,
        expected: N,
        got: bytes.len(),
    })
}

fn fixed_length(layout: &[Field]) -> usize {
    layout.iter().fold(0, |sum, field| {
        sum.saturating_add(if let Field::Fixed(length) = field {
            *length
        } else {
            OFFSET_BYTES
        })
    })
}

fn read_u32(what: &'static str, bytes: &[u8]) -> Result<usize, Error> {
    usize::try_from(u32::from_le_bytes(array(what, bytes)?)).map_err(|_| Error::Malformed {
        what,
        reason: "an offset is out of range",
    })
}

fn set<'a>(fields: &mut [&'a [u8]], index: usize, part: &'a [u8]) {
    if let Some(field) = fields.get_mut(index) {
        *field = part;
    }
}
