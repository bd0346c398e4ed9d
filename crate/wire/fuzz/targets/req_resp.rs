//! Ethereum's requests and responses: never more than the bounds, and what decodes survives a round.
#![no_main]

use lampyris_wire::req_resp::{decode_chunks, decode_request, encode_chunk, encode_request};
use libfuzzer_sys::fuzz_target;

const BYTES_MAX: usize = 32 * 1024;
const CHUNKS_MAX: usize = 4;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(ssz) = decode_request(bytes, BYTES_MAX) {
        assert!(ssz.len() <= BYTES_MAX);
        assert_eq!(decode_request(&encode_request(&ssz), BYTES_MAX), Ok(ssz));
    }
    if let Ok(chunks) = decode_chunks(bytes, BYTES_MAX, CHUNKS_MAX) {
        assert!(chunks.len() <= CHUNKS_MAX);
        let again: Vec<u8> =
            chunks.iter().flat_map(|chunk| encode_chunk(chunk.digest, &chunk.ssz)).collect();
        assert_eq!(decode_chunks(&again, BYTES_MAX, CHUNKS_MAX), Ok(chunks));
    }
});
