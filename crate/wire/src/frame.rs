//! The framing of our long-lived streams: `u32le length ‖ u32le request id ‖ payload`.
//!
//! The length is the payload's. An answer bears its request's id; answers come in any order.

use crate::error::{Error, Result};

/// A frame's header: length and request id.
pub const HEADER_BYTES: usize = 8;
/// The largest request: a signed transaction of 128 KiB, or 4 096 storage keys.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// The largest response: the proof of about 1 000 storage slots, or a whole block's largest receipt.
pub const RESPONSE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The payload's length.
    pub payload_bytes: usize,
    /// Which request it belongs to; chosen by the requester, unique among those in flight.
    pub request_id: u32,
}

impl Header {
    /// Decodes a header and refuses a payload beyond `payload_bytes_max`.
    pub fn decode(bytes: [u8; HEADER_BYTES], payload_bytes_max: usize) -> Result<Self> {
        let [a, b, c, d, e, f, g, h] = bytes;
        let length = u32::from_le_bytes([a, b, c, d]);
        let payload_bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if payload_bytes > payload_bytes_max {
            return Err(Error::TooLarge {
                what: "frame",
                maximum: payload_bytes_max,
                got: payload_bytes,
            });
        }
        Ok(Self {
            payload_bytes,
            request_id: u32::from_le_bytes([e, f, g, h]),
        })
    }
}

/// Encodes a frame of at most `payload_bytes_max` bytes of payload.
pub fn encode(request_id: u32, payload: &[u8], payload_bytes_max: usize) -> Result<Vec<u8>> {
    let oversized = Error::Oversized {
        what: "frame",
        maximum: payload_bytes_max,
        got: payload.len(),
    };
    if payload.len() > payload_bytes_max {
        return Err(oversized);
    }
    let length = u32::try_from(payload.len()).map_err(|_| oversized)?;
    let mut output = Vec::with_capacity(HEADER_BYTES + payload.len());
    output.extend(length.to_le_bytes());
    output.extend(request_id.to_le_bytes());
    output.extend(payload);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_hold_on_both_sides() {
        assert!(encode(1, &[0; 10], 10).is_ok());
        assert!(matches!(
            encode(1, &[0; 11], 10),
            Err(Error::Oversized { got: 11, .. })
        ));
        assert!(matches!(
            Header::decode([0xff; 8], 10),
            Err(Error::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn round_trip(request_id: u32, payload: Vec<u8>) {
            let bytes = encode(request_id, &payload, REQUEST_BYTES_MAX).unwrap();
            let header = Header::decode(*bytes.first_chunk().unwrap(), payload.len()).unwrap();
            prop_assert_eq!(header, Header { payload_bytes: payload.len(), request_id });
            prop_assert_eq!(&bytes[HEADER_BYTES..], payload);
        }
    }
}
