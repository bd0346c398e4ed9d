//! The hashes against other implementations, natively and in WebAssembly.
//!
//! `cargo test -p lampyris-hash`, and `npm test` the same for `wasm32-wasip1`.

use lampyris_hash::{
    keccak256, keccak256_each, keccak256_pair, sha256, sha256_pair, sha256_parents,
};

/// Longer than seven blocks of Keccak.
const LENGTH_MAX: usize = 1_000;

/// Bytes that look random, and are the same in each run (xorshift, Marsaglia 2003).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let [low, high, ..] = self.next().to_le_bytes();
        usize::from(u16::from_le_bytes([low, high])) % bound
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

fn expected_keccak(bytes: &[u8]) -> [u8; 32] {
    <sha3::Keccak256 as sha3::Digest>::digest(bytes).into()
}

fn expected_sha(bytes: &[u8]) -> [u8; 32] {
    <sha2::Sha256 as sha2::Digest>::digest(bytes).into()
}

#[test]
fn known_hashes() {
    let hex = |hash: &[u8; 32]| hash.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        hex(&keccak256([])),
        "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    );
    assert_eq!(
        hex(&sha256("abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn every_length() {
    let mut noise = Noise(1);
    for length in 0..=LENGTH_MAX {
        let bytes = noise.bytes(length);
        assert_eq!(keccak256(&bytes), expected_keccak(&bytes), "{length}");
        assert_eq!(sha256(&bytes), expected_sha(&bytes), "{length}");
    }
}

/// Each of the two has its own length and its own place.
#[test]
fn pairs_of_any_two_lengths() {
    let mut noise = Noise(2);
    let mut check = |first: usize, second: usize| {
        let (first, second) = (noise.bytes(first), noise.bytes(second));
        let expected = [expected_keccak(&first), expected_keccak(&second)];
        assert_eq!(keccak256_pair([&first, &second]), expected);
    };
    let edges = [0, 1, 134, 135, 136, 137, 271, 272, 273, 532, 543, 544, 545];
    for first in edges {
        edges.iter().for_each(|second| check(first, *second));
    }
    for length in 0..=LENGTH_MAX {
        check(length, LENGTH_MAX - length);
    }
}

#[test]
fn batches_keep_their_order() {
    let mut noise = Noise(3);
    for count in 0..100 {
        let longest = [2, 200, 600, 4_000][noise.below(4)];
        let inputs: Vec<Vec<u8>> = (0..count)
            .map(|_| {
                let length = noise.below(longest);
                noise.bytes(length)
            })
            .collect();
        let slices: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let expected: Vec<_> = slices.iter().map(|bytes| expected_keccak(bytes)).collect();
        assert_eq!(keccak256_each(&slices), expected);
    }
}

#[test]
fn parents_of_layers_of_any_length() {
    let mut noise = Noise(4);
    for length in 0..70 {
        let mut nodes: Vec<_> = (0..length).map(|_| sha256(noise.bytes(8))).collect();
        let children = nodes.clone();
        assert_eq!(sha256_parents(&mut nodes), length / 2);
        for (pair, node) in children.chunks_exact(2).zip(&nodes) {
            let expected = expected_sha(&[pair[0], pair[1]].concat());
            assert_eq!(*node, expected);
            assert_eq!(sha256_pair(pair[0], pair[1]), expected);
        }
        assert_eq!(nodes[length / 2..], children[length / 2..]);
    }
}
