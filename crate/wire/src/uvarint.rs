//! Unsigned variable-length integers: seven bits a byte, least significant first.

use crate::error::{Error, Result};

/// The longest encoding of a `u64`.
pub const UVARINT_BYTES_MAX: usize = 10;

/// Appends `value` to `output`.
pub fn encode(mut value: u64, output: &mut Vec<u8>) {
    while value >= 0x80 {
        output.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    output.push((value & 0x7f) as u8);
}

/// Reads a minimally encoded integer; returns it and the bytes behind it.
pub fn decode(bytes: &[u8]) -> Result<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(UVARINT_BYTES_MAX).enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * index);
        if shifted >> (7 * index) != bits {
            return Err(Error::Uvarint);
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            // A last byte of zero would be a second way to write the same number.
            if *byte == 0 && index > 0 {
                return Err(Error::Uvarint);
            }
            return Ok((value, bytes.get(index + 1..).unwrap_or_default()));
        }
    }
    if bytes.len() < UVARINT_BYTES_MAX {
        return Err(Error::Truncated {
            what: "variable-length integer",
            expected: bytes.len() + 1,
            got: bytes.len(),
        });
    }
    Err(Error::Uvarint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(value: u64) -> Vec<u8> {
        let mut output = Vec::new();
        encode(value, &mut output);
        output
    }

    #[test]
    fn known_values() {
        assert_eq!(encoded(0), [0]);
        assert_eq!(encoded(127), [127]);
        assert_eq!(encoded(128), [0x80, 1]);
        assert_eq!(encoded(300), [0xac, 2]);
        assert_eq!(encoded(u64::MAX).len(), UVARINT_BYTES_MAX);
    }

    #[test]
    fn refuses_long_forms_overflow_and_cuts() {
        assert_eq!(decode(&[0x80, 0]), Err(Error::Uvarint));
        assert_eq!(decode(&[0xff; 11]), Err(Error::Uvarint));
        let mut overflow = [0xff; 10];
        overflow[9] = 2;
        assert_eq!(decode(&overflow), Err(Error::Uvarint));
        let full = encoded(u64::MAX);
        for length in 0..full.len() {
            assert!(matches!(
                decode(&full[..length]),
                Err(Error::Truncated { .. })
            ));
        }
    }

    proptest! {
        #[test]
        fn round_trip(value: u64, rest: Vec<u8>) {
            let mut bytes = encoded(value);
            bytes.extend(&rest);
            prop_assert_eq!(decode(&bytes), Ok((value, rest.as_slice())));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
