//! Keccak-256, which names everything of the execution layer.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod pair;
mod permutation;

use alloc::vec::Vec;

use alloy_primitives::B256;

use permutation::{State, permute};

/// How many bytes a permutation takes in.
const RATE: usize = 136;

/// The same in lanes.
const RATE_LANES: usize = RATE / 8;

/// Inputs of as many blocks or more count as equally long when they are paired.
const LONG_BLOCKS: usize = 16;

/// The Keccak-256 hash.
pub fn keccak256(bytes: impl AsRef<[u8]>) -> B256 {
    let mut state = [0; 25];
    absorb_from(&mut state, bytes.as_ref(), 0);
    squeeze(&state)
}

/// The Keccak-256 hash of each input, in their order; faster than one by one.
#[must_use]
pub fn keccak256_each(inputs: &[&[u8]]) -> Vec<B256> {
    let mut hashes = alloc::vec![B256::ZERO; inputs.len()];
    // An input waits for the next one of as many blocks; at the end, those that are left are paired.
    let mut waiting = [None; LONG_BLOCKS];
    let mut hash = |first: usize, second: usize| {
        let pair = [inputs[first], inputs[second]];
        [hashes[first], hashes[second]] = keccak256_pair(pair);
    };
    for (index, input) in inputs.iter().enumerate() {
        let place = &mut waiting[(block_count(input) - 1).min(LONG_BLOCKS - 1)];
        match place.take() {
            Some(other) => hash(other, index),
            None => *place = Some(index),
        }
    }
    let mut left = waiting.into_iter().flatten();
    while let Some(first) = left.next() {
        hash(first, left.next().unwrap_or(first));
    }
    hashes
}

/// The hashes of two inputs.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[must_use]
pub fn keccak256_pair(inputs: [&[u8]; 2]) -> [B256; 2] {
    let [first, second] = inputs;
    let together = block_count(first).min(block_count(second));
    let mut pair = [pair::Pair::new([0, 0]); 25];
    for index in 0..together {
        let blocks = block(first, index).into_iter().zip(block(second, index));
        for (lane, (first, second)) in pair.iter_mut().zip(blocks) {
            *lane = permutation::Lane::xor(*lane, pair::Pair::new([first, second]));
        }
        permute_pair(&mut pair);
    }
    let mut states = [pair.map(pair::Pair::first), pair.map(pair::Pair::second)];
    absorb_from(&mut states[0], first, together);
    absorb_from(&mut states[1], second, together);
    states.map(|state| squeeze(&state))
}

/// The hashes of two inputs.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[must_use]
pub fn keccak256_pair(inputs: [&[u8]; 2]) -> [B256; 2] {
    inputs.map(keccak256)
}

/// Takes in the blocks from `start` on.
fn absorb_from(state: &mut State<u64>, bytes: &[u8], start: usize) {
    for index in start..block_count(bytes) {
        for (lane, word) in state.iter_mut().zip(block(bytes, index)) {
            *lane ^= word;
        }
        permute_one(state);
    }
}

#[inline(never)]
fn permute_one(state: &mut State<u64>) {
    permute(state);
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(never)]
fn permute_pair(state: &mut State<pair::Pair>) {
    permute(state);
}

/// With the padding, of which there is always some.
const fn block_count(bytes: &[u8]) -> usize {
    bytes.len() / RATE + 1
}

/// The block of `index`; the last one is padded.
#[inline(always)]
fn block(bytes: &[u8], index: usize) -> [u64; RATE_LANES] {
    let rest = bytes.get(index * RATE..).unwrap_or_default();
    let mut padded = [0; RATE];
    let block = rest.first_chunk().unwrap_or_else(|| {
        padded[..rest.len()].copy_from_slice(rest);
        padded[rest.len()] = 0x01;
        padded[RATE - 1] |= 0x80;
        &padded
    });
    let mut lanes = [0; RATE_LANES];
    for (lane, bytes) in lanes.iter_mut().zip(block.as_chunks().0) {
        *lane = u64::from_le_bytes(*bytes);
    }
    lanes
}

#[inline(never)]
fn squeeze(state: &State<u64>) -> B256 {
    let mut hash = B256::ZERO;
    for (bytes, lane) in hash.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    hash
}
