//! As much of Protocol Buffers as libp2p's messages about relays and signalling need: fields, one after
//! the other, of which those that nobody asks for are skipped.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

use crate::{
    error::{Error, Result},
    uvarint,
};

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A fixed-size number, which no message here has.
    Other,
}

/// A field's number and value.
pub(crate) type Field<'a> = (u64, Value<'a>);

/// Takes the first field off a message; none at its end.
pub(crate) fn take<'a>(message: &mut &'a [u8]) -> Result<Option<Field<'a>>> {
    if message.is_empty() {
        return Ok(None);
    }
    let (key, rest) = uvarint::decode(message)?;
    let (value, rest) = match key & 7 {
        VARINT => {
            let (number, rest) = uvarint::decode(rest)?;
            (Value::Number(number), rest)
        }
        BYTES => {
            let (length, rest) = uvarint::decode(rest)?;
            let (bytes, rest) = split(rest, usize::try_from(length).unwrap_or(usize::MAX))?;
            (Value::Bytes(bytes), rest)
        }
        FIXED64 => (Value::Other, split(rest, 8)?.1),
        FIXED32 => (Value::Other, split(rest, 4)?.1),
        other => {
            return Err(Error::UnknownTag {
                what: "type of a field",
                expected: 6,
                got: u8::try_from(other).unwrap_or(u8::MAX),
            });
        }
    };
    *message = rest;
    Ok(Some((key >> 3, value)))
}

/// Appends a number.
pub(crate) fn push_number(field: u64, number: u64, output: &mut Vec<u8>) {
    uvarint::encode(field << 3 | VARINT, output);
    uvarint::encode(number, output);
}

/// Appends bytes, text, or a message.
pub(crate) fn push_bytes(field: u64, bytes: &[u8], output: &mut Vec<u8>) {
    uvarint::encode(field << 3 | BYTES, output);
    uvarint::encode(u64::try_from(bytes.len()).unwrap_or(u64::MAX), output);
    output.extend(bytes);
}

fn split(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8])> {
    bytes.split_at_checked(length).ok_or(Error::Truncated {
        what: "field",
        expected: length,
        got: bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_come_one_after_the_other() {
        let mut message = Vec::new();
        push_number(1, 300, &mut message);
        push_bytes(2, b"text", &mut message);
        message.extend([3 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0, 4 << 3 | 5, 0, 0, 0, 0]);
        let mut rest = message.as_slice();
        assert_eq!(take(&mut rest), Ok(Some((1, Value::Number(300)))));
        assert_eq!(take(&mut rest), Ok(Some((2, Value::Bytes(b"text")))));
        assert_eq!(take(&mut rest), Ok(Some((3, Value::Other))));
        assert_eq!(take(&mut rest), Ok(Some((4, Value::Other))));
        assert_eq!(take(&mut rest), Ok(None));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for bytes in [
            &[0x08][..],
            &[0x0a, 2, 0],
            &[
                0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
            ],
            &[0x09, 0],
            &[0x0d, 0],
            &[0x0b],
            &[0x0f],
        ] {
            assert!(take(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn it_ends(bytes: Vec<u8>) {
            let mut rest = bytes.as_slice();
            for _ in 0..=bytes.len() {
                if !matches!(take(&mut rest), Ok(Some(_))) {
                    return Ok(());
                }
            }
            prop_assert!(false, "more fields than bytes");
        }
    }
}
