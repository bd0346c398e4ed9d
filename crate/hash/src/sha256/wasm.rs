//! WebAssembly has no instructions for SHA-256, but words of 128 bits.

use alloy_primitives::B256;

use super::compression::{INITIAL, compress, hash, schedule};

/// How many bytes a compression takes in.
const BLOCK: usize = 64;

pub(super) fn digest(bytes: &[u8]) -> B256 {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut state = INITIAL;
    for block in blocks {
        state = compress_block(state, block);
    }
    let mut padded = [0; 2 * BLOCK];
    padded[..rest.len()].copy_from_slice(rest);
    padded[rest.len()] = 0x80;
    let length = if rest.len() < BLOCK - 8 {
        BLOCK
    } else {
        2 * BLOCK
    };
    let bits = bytes.len() as u64 * 8;
    padded[length - 8..length].copy_from_slice(&bits.to_be_bytes());
    for block in padded[..length].as_chunks::<BLOCK>().0 {
        state = compress_block(state, block);
    }
    bytes_of(state)
}

#[inline(never)]
fn compress_block(state: [u32; 8], block: &[u8; BLOCK]) -> [u32; 8] {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    compress(state, &schedule(words))
}

#[inline(never)]
pub(super) fn pair(nodes: &[B256; 2]) -> B256 {
    bytes_of(hash(words_of(nodes)))
}

/// The first parents, as many as there are fours of them; gives their number.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) fn parents_in_fours(nodes: &mut [B256]) -> usize {
    let mut parents = 0;
    while let Some(children) = nodes.get(2 * parents..).and_then(<[B256]>::first_chunk) {
        let four = hash_four(children);
        nodes[parents..parents + 4].copy_from_slice(&four);
        parents += 4;
    }
    parents
}

#[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
pub(super) const fn parents_in_fours(_nodes: &mut [B256]) -> usize {
    0
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(never)]
fn hash_four(children: &[B256; 8]) -> [B256; 4] {
    use super::four::Four;

    let mut words = [[0; 16]; 4];
    for (words, pair) in words.iter_mut().zip(children.as_chunks().0) {
        *words = words_of(pair);
    }
    let [first, second, third, fourth] = words;
    let message = core::array::from_fn(|index| {
        Four::new([first[index], second[index], third[index], fourth[index]])
    });
    let words = hash(message).map(Four::words);
    core::array::from_fn(|message| bytes_of(words.map(|words| words[message])))
}

#[inline(never)]
fn words_of(nodes: &[B256; 2]) -> [u32; 16] {
    let mut words = [0; 16];
    let bytes = nodes.iter().flat_map(|node| node.as_chunks().0);
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

#[inline(never)]
fn bytes_of(words: [u32; 8]) -> B256 {
    let mut hash = B256::ZERO;
    for (bytes, word) in hash.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}
