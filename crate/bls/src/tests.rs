//! Everything is compared with blst, natively and in wasm.

mod fields;
mod points;
mod signatures;
#[cfg(not(target_arch = "wasm32"))]
mod vectors;

use crate::hash::DST;
use sha2::{Digest, Sha256};
use std::vec::Vec;

/// Bytes that are the same in each run.
struct Bytes {
    seed: u64,
    count: u64,
}

impl Bytes {
    fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = Vec::new();
        while bytes.len() < N {
            self.count += 1;
            let hash = Sha256::new().chain_update(self.seed.to_le_bytes());
            bytes.extend(hash.chain_update(self.count.to_le_bytes()).finalize());
        }
        bytes.truncate(N);
        bytes.try_into().unwrap()
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}
