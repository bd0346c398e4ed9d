//! Ethereum's requests and responses, as whole streams of bytes.
//!
//! One stream a request: the requester writes all and half-closes, the responder answers with chunks
//! and closes. A request is `uvarint(ssz length) ‖ snappy frames`, an empty one is zero bytes. A
//! response chunk is `result ‖ fork digest ‖ uvarint(ssz length) ‖ snappy frames`, and without the
//! digest when the result is an error. See the consensus specification, `phase0/p2p-interface.md`,
//! "Req/Resp", and `altair/light-client/p2p-interface.md`.

use crate::{
    error::{Error, Result},
    snappy, uvarint,
};

/// `MAX_REQUEST_LIGHT_CLIENT_UPDATES` of the specification.
pub const UPDATES_BY_RANGE_COUNT_MAX: usize = 128;
/// The specification's bound of an error message.
pub const ERROR_MESSAGE_BYTES_MAX: usize = 256;
/// Result byte, fork digest, length.
const CHUNK_HEADER_BYTES_MAX: usize = 1 + 4 + uvarint::UVARINT_BYTES_MAX;

/// Result bytes.
pub mod code {
    /// The chunk holds an answer.
    pub const SUCCESS: u8 = 0;
    /// The request was malformed.
    pub const INVALID_REQUEST: u8 = 1;
    /// The responder failed.
    pub const SERVER_ERROR: u8 = 2;
    /// The responder does not have what was asked for.
    pub const RESOURCE_UNAVAILABLE: u8 = 3;
    /// The requester asks too often; Lighthouse's number, from the range that is free for such use.
    pub const RATE_LIMITED: u8 = 139;
}

/// One object of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The fork digest of the object's attested slot.
    pub digest: [u8; 4],
    /// The object.
    pub ssz: Vec<u8>,
}

/// The largest honest chunk on the wire around an object of `ssz_bytes_max`.
#[must_use]
pub const fn chunk_wire_bytes_max(ssz_bytes_max: usize) -> usize {
    CHUNK_HEADER_BYTES_MAX + snappy::compressed_bytes_max(ssz_bytes_max)
}

/// Encodes a request. A root or two numbers are too short to be compressed.
#[must_use]
pub fn encode_request(ssz: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    if !ssz.is_empty() {
        uvarint::encode(ssz.len() as u64, &mut output);
        snappy::store_frames(ssz, &mut output);
    }
    output
}

/// Decodes a request of at most `ssz_bytes_max` bytes.
pub fn decode_request(bytes: &[u8], ssz_bytes_max: usize) -> Result<Vec<u8>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let (ssz, rest) = decode_payload("request", bytes, ssz_bytes_max)?;
    if !rest.is_empty() {
        return Err(Error::Trailing {
            what: "request",
            got: rest.len(),
        });
    }
    Ok(ssz)
}

/// Encodes one object of a response; a response is such chunks one behind the other.
#[must_use]
pub fn encode_chunk(digest: [u8; 4], ssz: &[u8]) -> Vec<u8> {
    let mut output = vec![code::SUCCESS];
    output.extend(digest);
    encode_payload(ssz, &mut output);
    output
}

/// Encodes a refusal; see [`code`]. The message is cut to [`ERROR_MESSAGE_BYTES_MAX`].
#[must_use]
pub fn encode_error(code: u8, message: &str) -> Vec<u8> {
    let mut output = vec![code];
    let end = message.floor_char_boundary(ERROR_MESSAGE_BYTES_MAX);
    encode_payload(
        message.get(..end).unwrap_or_default().as_bytes(),
        &mut output,
    );
    output
}

/// Decodes a whole response of at most `chunks_max` objects of at most `chunk_bytes_max` bytes.
///
/// An error behind at least one object ends the response, as the specification has it: the objects
/// before it are returned. An error at the start is [`Error::Refused`].
pub fn decode_chunks(
    bytes: &[u8],
    chunk_bytes_max: usize,
    chunks_max: usize,
) -> Result<Vec<Chunk>> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        match decode_chunk(rest, chunk_bytes_max) {
            Ok(_) if chunks.len() == chunks_max => {
                return Err(Error::TooLarge {
                    what: "number of chunks",
                    maximum: chunks_max,
                    got: chunks_max + 1,
                });
            }
            Ok((chunk, behind)) => {
                chunks.push(chunk);
                rest = behind;
            }
            Err(Error::Refused { .. }) if !chunks.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(chunks)
}

/// Decodes the object at the start of a response, of at most `chunk_bytes_max` bytes, and returns it
/// with the bytes behind it: for who reads a long response piece by piece.
///
/// An error in its place is [`Error::Refused`]; behind other objects it ends the response.
pub fn decode_chunk(bytes: &[u8], chunk_bytes_max: usize) -> Result<(Chunk, &[u8])> {
    let (&result, behind) = bytes.split_first().ok_or(Error::Truncated {
        what: "response chunk",
        expected: 1,
        got: 0,
    })?;
    if result != code::SUCCESS {
        return Err(decode_error(result, behind)?);
    }
    let (digest, behind) = behind.split_first_chunk::<4>().ok_or(Error::Truncated {
        what: "fork digest",
        expected: 4,
        got: behind.len(),
    })?;
    let (ssz, behind) = decode_payload("response chunk", behind, chunk_bytes_max)?;
    let digest = *digest;
    Ok((Chunk { digest, ssz }, behind))
}

fn decode_error(code: u8, bytes: &[u8]) -> Result<Error> {
    let (message, rest) = decode_payload("error message", bytes, ERROR_MESSAGE_BYTES_MAX)?;
    if !rest.is_empty() {
        return Err(Error::Trailing {
            what: "error message",
            got: rest.len(),
        });
    }
    Ok(Error::Refused {
        code,
        message: String::from_utf8_lossy(&message).into_owned(),
    })
}

fn encode_payload(ssz: &[u8], output: &mut Vec<u8>) {
    uvarint::encode(ssz.len() as u64, output);
    snappy::compress_frames(ssz, output);
}

fn decode_payload<'a>(
    what: &'static str,
    bytes: &'a [u8],
    ssz_bytes_max: usize,
) -> Result<(Vec<u8>, &'a [u8])> {
    let (declared, behind) = uvarint::decode(bytes)?;
    let length = usize::try_from(declared).unwrap_or(usize::MAX);
    if length > ssz_bytes_max {
        return Err(Error::TooLarge {
            what,
            maximum: ssz_bytes_max,
            got: length,
        });
    }
    snappy::decompress_frames(behind, length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response() -> (Vec<u8>, Vec<Chunk>) {
        let chunks = vec![
            Chunk {
                digest: [1, 2, 3, 4],
                ssz: b"first".repeat(50),
            },
            Chunk {
                digest: [5, 6, 7, 8],
                ssz: b"second".repeat(30),
            },
        ];
        let bytes = chunks
            .iter()
            .flat_map(|chunk| encode_chunk(chunk.digest, &chunk.ssz))
            .collect();
        (bytes, chunks)
    }

    #[test]
    fn requests_round_trip() {
        let root = [9; 32];
        let bytes = encode_request(&root);
        assert_eq!(decode_request(&bytes, 32), Ok(root.to_vec()));
        assert_eq!(decode_request(&encode_request(&[]), 0), Ok(Vec::new()));
        assert!(matches!(
            decode_request(&bytes, 31),
            Err(Error::TooLarge {
                maximum: 31,
                got: 32,
                ..
            })
        ));
        for length in 1..bytes.len() {
            assert!(decode_request(&bytes[..length], 32).is_err());
        }
        let mut trailing = bytes;
        trailing.push(0);
        assert!(matches!(
            decode_request(&trailing, 32),
            Err(Error::Trailing { got: 1, .. })
        ));
    }

    #[test]
    fn requests_are_what_a_compressor_would_send() {
        let range = [1347_u64.to_le_bytes(), 128_u64.to_le_bytes()].concat();
        let root: Vec<u8> = (0..32).map(|byte| byte * 7).collect();
        for request in [range, root] {
            let mut compressed = Vec::new();
            encode_payload(&request, &mut compressed);
            assert_eq!(encode_request(&request), compressed);
        }
    }

    #[test]
    fn responses_round_trip_within_their_bounds() {
        let (bytes, chunks) = response();
        assert_eq!(decode_chunks(&bytes, 250, 2), Ok(chunks));
        assert!(matches!(
            decode_chunks(&bytes, 249, 2),
            Err(Error::TooLarge {
                maximum: 249,
                got: 250,
                ..
            })
        ));
        assert!(matches!(
            decode_chunks(&bytes, 250, 1),
            Err(Error::TooLarge {
                what: "number of chunks",
                ..
            })
        ));
        assert_eq!(decode_chunks(&[], 250, 1), Ok(Vec::new()));
    }

    #[test]
    fn responses_cut_inside_a_chunk_are_refused() {
        let (bytes, chunks) = response();
        let boundary = encode_chunk(chunks[0].digest, &chunks[0].ssz).len();
        for length in (1..bytes.len()).filter(|length| *length != boundary) {
            let error = decode_chunks(&bytes[..length], 250, 2).unwrap_err();
            assert_eq!(error.fault(), crate::Fault::PeerMisbehaved);
        }
    }

    #[test]
    fn an_error_is_the_peers_refusal() {
        let bytes = encode_error(code::RESOURCE_UNAVAILABLE, "no such block");
        let refused = Error::Refused {
            code: 3,
            message: "no such block".into(),
        };
        assert_eq!(refused.fault(), crate::Fault::Unavailable);
        assert_eq!(decode_chunks(&bytes, 250, 2), Err(refused));

        let (mut behind, chunks) = response();
        behind.extend(bytes);
        assert_eq!(decode_chunks(&behind, 250, 2), Ok(chunks));

        let long = encode_error(code::SERVER_ERROR, &"ü".repeat(200));
        let Err(Error::Refused { message, .. }) = decode_chunks(&long, 250, 2) else {
            panic!("a refusal");
        };
        assert_eq!(message, "ü".repeat(128));
    }

    proptest! {
        #[test]
        fn any_object_round_trips(digest: [u8; 4], ssz in prop::collection::vec(any::<u8>(), 1..99)) {
            let decoded = decode_chunks(&encode_chunk(digest, &ssz), 99, 1);
            prop_assert_eq!(decoded, Ok(vec![Chunk { digest, ssz }]));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, position: usize, byte: u8) {
            let _ = decode_request(&bytes, 1_000);
            let _ = decode_chunks(&bytes, 1_000, 3);
            let (mut damaged, _) = response();
            let position = position % damaged.len();
            damaged[position] = byte;
            let _ = decode_chunks(&damaged, 1_000, 3);
        }
    }
}
