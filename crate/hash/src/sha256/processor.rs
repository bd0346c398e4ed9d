//! Where processors have instructions for SHA-256, which the `sha2` crate uses.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

pub(super) fn digest(bytes: &[u8]) -> B256 {
    B256::from(<[u8; 32]>::from(Sha256::digest(bytes)))
}

pub(super) fn pair(nodes: &[B256; 2]) -> B256 {
    let hasher = Sha256::new().chain_update(nodes[0]).chain_update(nodes[1]);
    B256::from(<[u8; 32]>::from(hasher.finalize()))
}

pub(super) const fn parents_in_fours(_nodes: &mut [B256]) -> usize {
    0
}
