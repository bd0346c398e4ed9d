//! The few pieces of SSZ that our own messages need: fixed fields, offsets, bounded lists.

use alloy_primitives::Bytes;

use crate::error::{Error, Result};

/// The size of an offset.
pub(crate) const OFFSET_BYTES: usize = 4;

/// Reads the fields of one container. Variable fields are named by their offsets in order.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    what: &'static str,
    bytes: &'a [u8],
    fixed_bytes: usize,
    position: usize,
    /// Where the variable field that was announced last begins.
    variable: Option<usize>,
}

impl<'a> Reader<'a> {
    /// Begins a container whose fixed part (offsets included) has `fixed_bytes`.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8], fixed_bytes: usize) -> Result<Self> {
        if bytes.len() < fixed_bytes {
            return Err(Error::Truncated {
                what,
                expected: fixed_bytes,
                got: bytes.len(),
            });
        }
        Ok(Self {
            what,
            bytes,
            fixed_bytes,
            position: 0,
            variable: None,
        })
    }

    /// The next fixed field.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let array = rest.first_chunk::<N>().ok_or(Error::Truncated {
            what: self.what,
            expected: N,
            got: rest.len(),
        })?;
        self.position += N;
        Ok(*array)
    }

    /// The next fixed field is the offset of the first variable field, which begins right behind the
    /// fixed part.
    pub(crate) fn first_offset(&mut self) -> Result<()> {
        let offset = self.offset()?;
        if offset != self.fixed_bytes {
            return Err(Error::Offset {
                what: self.what,
                expected: self.fixed_bytes,
                got: offset,
            });
        }
        self.variable = Some(offset);
        Ok(())
    }

    /// The next fixed field is the offset of a further variable field; gives the one before it.
    pub(crate) fn variable_before_next_offset(&mut self) -> Result<&'a [u8]> {
        let end = self.offset()?;
        let field = self.variable_until(end)?;
        self.variable = Some(end);
        Ok(field)
    }

    /// The last variable field: the rest.
    pub(crate) fn last_variable(self) -> Result<&'a [u8]> {
        self.variable_until(self.bytes.len())
    }

    /// Ends a container without variable fields.
    pub(crate) fn finish(self) -> Result<()> {
        match self.bytes.len().saturating_sub(self.position) {
            0 => Ok(()),
            got => Err(Error::Trailing {
                what: self.what,
                got,
            }),
        }
    }

    fn variable_until(&self, end: usize) -> Result<&'a [u8]> {
        let start = self.variable.unwrap_or(self.fixed_bytes);
        self.bytes.get(start..end).ok_or(Error::Offset {
            what: self.what,
            expected: self.bytes.len(),
            got: end,
        })
    }

    fn offset(&mut self) -> Result<usize> {
        Ok(usize::try_from(u32::from_le_bytes(self.array()?)).unwrap_or(usize::MAX))
    }
}

/// The items of a list of variable-size items.
pub(crate) fn list_items<'a>(
    what: &'static str,
    bytes: &'a [u8],
    items_max: usize,
) -> Result<Vec<&'a [u8]>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let offset_at = |index: usize| {
        let start = index * OFFSET_BYTES;
        bytes
            .get(start..)
            .and_then(<[u8]>::first_chunk)
            .map(|bytes| usize::try_from(u32::from_le_bytes(*bytes)).unwrap_or(usize::MAX))
            .ok_or(Error::Truncated {
                what,
                expected: start + OFFSET_BYTES,
                got: bytes.len(),
            })
    };
    let first = offset_at(0)?;
    if first == 0 || !first.is_multiple_of(OFFSET_BYTES) || first > bytes.len() {
        return Err(Error::Offset {
            what,
            expected: bytes.len(),
            got: first,
        });
    }
    let count = first / OFFSET_BYTES;
    check_maximum(what, count, items_max)?;
    let mut items = Vec::with_capacity(count);
    let mut start = first;
    for index in 1..=count {
        let end = if index == count {
            bytes.len()
        } else {
            offset_at(index)?
        };
        let item = bytes.get(start..end).ok_or(Error::Offset {
            what,
            expected: start,
            got: end,
        })?;
        items.push(item);
        start = end;
    }
    Ok(items)
}

/// A list of byte lists. The bytes are copied once for all: each item is a part of the copy.
pub(crate) fn decode_bytes_list(
    what: &'static str,
    bytes: &[u8],
    items_max: usize,
    item_bytes_max: usize,
) -> Result<Vec<Bytes>> {
    let items = list_items(what, bytes, items_max)?;
    for item in &items {
        check_maximum(what, item.len(), item_bytes_max)?;
    }
    let copy = Bytes::copy_from_slice(bytes);
    let mut end = bytes.len() - items.iter().map(|item| item.len()).sum::<usize>();
    let parts = items.into_iter().map(|item| {
        let start = end;
        end += item.len();
        copy.slice(start..end)
    });
    Ok(parts.collect())
}

/// A byte list.
pub(crate) fn decode_bytes(what: &'static str, bytes: &[u8], bytes_max: usize) -> Result<Bytes> {
    check_maximum(what, bytes.len(), bytes_max)?;
    Ok(Bytes::copy_from_slice(bytes))
}

/// Refuses a received size beyond its bound.
pub(crate) const fn check_maximum(what: &'static str, got: usize, maximum: usize) -> Result<()> {
    if got > maximum {
        return Err(Error::TooLarge { what, maximum, got });
    }
    Ok(())
}

/// Refuses to send a size beyond its bound.
pub(crate) const fn check_to_send(what: &'static str, got: usize, maximum: usize) -> Result<()> {
    if got > maximum {
        return Err(Error::Oversized { what, maximum, got });
    }
    Ok(())
}

/// Appends an offset.
pub(crate) fn encode_offset(offset: usize, output: &mut Vec<u8>) -> Result<()> {
    let oversized = Error::Oversized {
        what: "offset",
        maximum: u32::MAX as usize,
        got: offset,
    };
    output.extend(u32::try_from(offset).map_err(|_| oversized)?.to_le_bytes());
    Ok(())
}

/// Appends a list of variable-size items.
pub(crate) fn encode_list<T: AsRef<[u8]>>(items: &[T], output: &mut Vec<u8>) -> Result<()> {
    let mut offset = items.len() * OFFSET_BYTES;
    for item in items {
        encode_offset(offset, output)?;
        offset += item.as_ref().len();
    }
    items
        .iter()
        .for_each(|item| output.extend_from_slice(item.as_ref()));
    Ok(())
}

/// Appends a list of byte lists after checking its bounds.
pub(crate) fn encode_bytes_list(
    what: &'static str,
    items: &[Bytes],
    items_max: usize,
    item_bytes_max: usize,
    output: &mut Vec<u8>,
) -> Result<()> {
    check_to_send(what, items.len(), items_max)?;
    for item in items {
        check_to_send(what, item.len(), item_bytes_max)?;
    }
    encode_list(items, output)
}

/// The encoded size of a list of byte lists.
pub(crate) fn bytes_list_size(items: &[Bytes]) -> usize {
    items.iter().map(|item| OFFSET_BYTES + item.len()).sum()
}
