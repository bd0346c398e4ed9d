//! Google's snappy, block and frame format, with sizes checked before anything is allocated.
//!
//! The `snap` crate does the blocks. What is here makes sure that it is never asked for more than the
//! caller allows, and cuts frame streams into blocks, which takes a third of the code of `snap`'s
//! readers and writers.

mod checksum;

use checksum::masked_checksum;

use crate::error::{Error, Result};

/// The chunk with which every frame stream begins.
const STREAM_IDENTIFIER: &[u8] = b"\xff\x06\x00\x00sNaPpY";
/// The type of a chunk whose data is a block.
const COMPRESSED: u8 = 0x00;
/// The type of a chunk whose data is as it is.
const UNCOMPRESSED: u8 = 0x01;
/// One byte of type, three of length.
const CHUNK_HEADER_BYTES: usize = 4;
/// A checksum stands before each chunk's data.
const CHECKSUM_BYTES: usize = 4;
/// The format allows no more uncompressed bytes in one chunk.
const CHUNK_DATA_BYTES_MAX: usize = 65_536;

/// The largest compressed form of `length` bytes that an honest compressor makes.
pub(crate) const fn compressed_bytes_max(length: usize) -> usize {
    // Snappy's own bound of a block is 32 + n + n / 6; a frame adds 8 bytes per 64 KiB, and 10 once.
    64 + length + length / 6 + 8 * (length / CHUNK_DATA_BYTES_MAX)
}

/// Compresses to one block.
pub(crate) fn compress_block(data: &[u8]) -> Vec<u8> {
    // It fails only beyond 4 GiB, which no caller holds; the empty answer would then be refused.
    snap::raw::Encoder::new()
        .compress_vec(data)
        .unwrap_or_default()
}

/// Decompresses one block of at most `bytes_max` bytes.
pub(crate) fn decompress_block(data: &[u8], bytes_max: usize) -> Result<Vec<u8>> {
    let length = snap::raw::decompress_len(data).map_err(|_| malformed())?;
    if length > bytes_max {
        return Err(Error::TooLarge {
            what: "snappy block",
            maximum: bytes_max,
            got: length,
        });
    }
    snap::raw::Decoder::new()
        .decompress_vec(data)
        .map_err(|_| malformed())
}

/// Appends a frame stream of `data` to `output`; nothing for no data.
pub(crate) fn compress_frames(data: &[u8], output: &mut Vec<u8>) {
    if !data.is_empty() {
        output.extend_from_slice(STREAM_IDENTIFIER);
    }
    for data in data.chunks(CHUNK_DATA_BYTES_MAX) {
        let block = compress_block(data);
        // Not worth it below an eighth, says the format's own implementation.
        if block.len() < data.len() - data.len() / 8 {
            push_chunk(COMPRESSED, &block, data, output);
        } else {
            push_chunk(UNCOMPRESSED, data, data, output);
        }
    }
}

/// Appends a frame stream of `data` as it is, for what no compressor makes smaller.
pub(crate) fn store_frames(data: &[u8], output: &mut Vec<u8>) {
    output.extend_from_slice(STREAM_IDENTIFIER);
    for data in data.chunks(CHUNK_DATA_BYTES_MAX) {
        push_chunk(UNCOMPRESSED, data, data, output);
    }
}

fn push_chunk(kind: u8, body: &[u8], data: &[u8], output: &mut Vec<u8>) {
    // At most 64 KiB and a checksum: three bytes hold it.
    let [low, middle, high, ..] = (CHECKSUM_BYTES + body.len()).to_le_bytes();
    output.extend_from_slice(&[kind, low, middle, high]);
    output.extend_from_slice(&masked_checksum(data));
    output.extend_from_slice(body);
}

/// Decompresses the frame stream at the start of `bytes` that holds exactly `length` bytes; returns
/// them and what is behind. The caller has checked `length` against its bound.
pub(crate) fn decompress_frames(bytes: &[u8], length: usize) -> Result<(Vec<u8>, &[u8])> {
    if length == 0 {
        return Ok((Vec::new(), bytes));
    }
    let mut rest = bytes;
    let identifier = take(&mut rest, STREAM_IDENTIFIER.len())?;
    if identifier != STREAM_IDENTIFIER {
        return Err(refused("no stream identifier"));
    }
    let mut data = Vec::with_capacity(length.min(CHUNK_DATA_BYTES_MAX));
    while data.len() < length {
        let (kind, chunk) = next_chunk(&mut rest)?;
        let (checksum, body) = chunk.split_at_checked(CHECKSUM_BYTES).unwrap_or_default();
        let left = length - data.len();
        let decompressed = match kind {
            COMPRESSED => decompress_block(body, left.min(CHUNK_DATA_BYTES_MAX))?,
            UNCOMPRESSED => body.to_vec(),
            // Padding and skippable chunks are legal and useless; an honest peer sends none.
            _ => return Err(refused(&format!("chunk of type {kind:#04x}"))),
        };
        if decompressed.len() > left.min(CHUNK_DATA_BYTES_MAX) {
            return Err(Error::TooLarge {
                what: "snappy frames",
                maximum: length,
                got: data.len() + decompressed.len(),
            });
        }
        if masked_checksum(&decompressed) != checksum {
            return Err(refused("wrong checksum of a chunk"));
        }
        data.extend_from_slice(&decompressed);
    }
    Ok((data, rest))
}

/// Takes the next chunk: its type and its body.
fn next_chunk<'a>(rest: &mut &'a [u8]) -> Result<(u8, &'a [u8])> {
    let &[kind, low, middle, high] = take(rest, CHUNK_HEADER_BYTES)? else {
        return Err(refused("no chunk header"));
    };
    let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
    let length_max = CHECKSUM_BYTES + compressed_bytes_max(CHUNK_DATA_BYTES_MAX);
    if length > length_max {
        return Err(Error::TooLarge {
            what: "snappy chunk",
            maximum: length_max,
            got: length,
        });
    }
    // A chunk without data would let a stream go on for ever without coming nearer to its end.
    if length <= CHECKSUM_BYTES {
        return Err(refused("empty chunk"));
    }
    Ok((kind, take(rest, length)?))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length).ok_or(Error::Truncated {
        what: "snappy stream",
        expected: length,
        got: rest.len(),
    })?;
    *rest = behind;
    Ok(taken)
}

/// `snap` says which byte is wrong, which helps nobody and takes a kilobyte of the worker's wasm.
fn malformed() -> Error {
    refused("a malformed block")
}

fn refused(reason: &str) -> Error {
    Error::Snappy {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(data: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        compress_frames(data, &mut output);
        output
    }

    #[test]
    fn frames_of_several_chunks_round_trip() {
        for length in [0, 1, 65_535, 65_536, 65_537, 300_000] {
            let data: Vec<u8> = (0..length)
                .map(|index: u64| ((index * index) >> 7).to_le_bytes()[0])
                .collect();
            let mut bytes = frames(&data);
            assert!(bytes.len() <= compressed_bytes_max(data.len()));
            bytes.extend(b"next");
            assert_eq!(
                decompress_frames(&bytes, data.len()),
                Ok((data, b"next".as_slice()))
            );
        }
    }

    /// The streams of `snap`'s own writer are read here, and its reader reads ours.
    #[test]
    fn frames_are_those_of_snap() {
        use std::io::{Read, Write};
        for length in [1, 100, 65_536, 200_000] {
            for step in [0, 1, 77] {
                let data: Vec<u8> = (0..length)
                    .map(|index: u64| ((index * step * index) >> 5).to_le_bytes()[0])
                    .collect();
                let mut theirs = snap::write::FrameEncoder::new(Vec::new());
                theirs.write_all(&data).unwrap();
                let theirs = theirs.into_inner().unwrap();
                assert_eq!(
                    decompress_frames(&theirs, data.len()),
                    Ok((data.clone(), [].as_slice()))
                );
                let mut read = Vec::new();
                let ours = frames(&data);
                snap::read::FrameDecoder::new(ours.as_slice())
                    .read_to_end(&mut read)
                    .unwrap();
                assert_eq!(read, data);
            }
        }
    }

    #[test]
    fn block_bomb_is_refused_before_it_is_unpacked() {
        // A valid block of 20 MB in 1 MB, and a five-byte one that only claims 4 GiB.
        let bomb = compress_block(&vec![0; 20_000_000]);
        assert!(matches!(
            decompress_block(&bomb, 65_536),
            Err(Error::TooLarge {
                maximum: 65_536,
                got: 20_000_000,
                ..
            })
        ));
        let claim = [0xff, 0xff, 0xff, 0xff, 0x0f];
        assert!(matches!(
            decompress_block(&claim, 65_536),
            Err(Error::TooLarge { .. })
        ));
    }

    #[test]
    fn frame_bomb_is_refused_before_it_is_unpacked() {
        let bomb = frames(&vec![0; 1_000_000]);
        assert!(matches!(
            decompress_frames(&bomb, 100),
            Err(Error::TooLarge { .. })
        ));
        let mut claim = STREAM_IDENTIFIER.to_vec();
        claim.extend([0, 9, 0, 0, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(matches!(
            decompress_frames(&claim, 100),
            Err(Error::TooLarge { .. })
        ));
    }

    #[test]
    fn frames_cut_anywhere_or_damaged_are_refused() {
        let data = b"the checksum of each chunk covers the data of each chunk".repeat(4);
        let bytes = frames(&data);
        for length in 0..bytes.len() {
            assert!(decompress_frames(&bytes[..length], data.len()).is_err());
        }
        for index in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1;
            let decoded = decompress_frames(&damaged, data.len());
            assert!(decoded.is_err(), "damage at {index} was not noticed");
        }
    }

    #[test]
    fn useless_chunks_are_refused() {
        let mut padded = STREAM_IDENTIFIER.to_vec();
        padded.extend([0xfe, 1, 0, 0, 0]);
        padded.extend(frames(b"data"));
        assert!(decompress_frames(&padded, 4).is_err());
        let mut empty = STREAM_IDENTIFIER.to_vec();
        empty.extend([1, 4, 0, 0, 0, 0, 0, 0]);
        assert!(decompress_frames(&empty, 4).is_err());
        assert!(decompress_frames(b"", 4).is_err());
    }

    proptest! {
        #[test]
        fn block_round_trip(data: Vec<u8>) {
            prop_assert_eq!(decompress_block(&compress_block(&data), data.len()), Ok(data));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, length in 0_usize..100_000) {
            let _ = decompress_block(&bytes, length);
            let _ = decompress_frames(&bytes, length);
            let mut stream = STREAM_IDENTIFIER.to_vec();
            stream.extend(&bytes);
            let _ = decompress_frames(&stream, length);
        }
    }
}
