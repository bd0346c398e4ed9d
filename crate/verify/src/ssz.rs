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
    split_into(&mut fields, what, bytes, &layout)?;
    Ok(fields)
}

/// [`split`], compiled once and not for every number of fields.
fn split_into<'a>(
    fields: &mut [&'a [u8]],
    what: &'static str,
    bytes: &'a [u8],
    layout: &[Field],
) -> Result<(), Error> {
    let expected = fixed_length(layout);
    let wrong_length = Error::Length {
        what,
        expected,
        got: bytes.len(),
    };
    let (mut rest, behind) = bytes
        .split_at_checked(expected)
        .ok_or(wrong_length.clone())?;
    // The variable field met last, and the offset at which it begins.
    let mut open: Option<(&mut &[u8], usize)> = None;
    let part = |start: usize, end: usize| {
        bytes.get(start..end).ok_or(Error::Malformed {
            what,
            reason: "an offset is out of order or range",
        })
    };
    for (place, field) in fields.iter_mut().zip(layout) {
        let length = match field {
            Field::Fixed(length) => *length,
            Field::Variable => OFFSET_BYTES,
        };
        let (head, tail) = rest.split_at_checked(length).unwrap_or_default();
        rest = tail;
        if let Field::Fixed(_) = field {
            *place = head;
            continue;
        }
        let start = read_u32(what, head)?;
        match open.replace((place, start)) {
            Some((before, begin)) => *before = part(begin, start)?,
            None if start != expected => {
                return Err(Error::Malformed {
                    what,
                    reason: "the first offset leaves a gap",
                });
            }
            None => {}
        }
    }
    match open {
        Some((last, begin)) => *last = part(begin, bytes.len())?,
        None if !behind.is_empty() => return Err(wrong_length),
        None => {}
    }
    Ok(())
}

/// Puts fields together again: the inverse of [`split`]. A fixed field is cut or padded with zeros.
pub(crate) fn join<const N: usize>(layout: [Field; N], fields: [&[u8]; N]) -> Vec<u8> {
    join_all(&layout, &fields)
}

/// [`join`], compiled once.
fn join_all(layout: &[Field], fields: &[&[u8]]) -> Vec<u8> {
    let mut start = fixed_length(layout);
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
