//! SHA-256, which names everything of the consensus layer.

#[cfg(any(target_arch = "wasm32", test))]
mod compression;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod four;
#[cfg(not(target_arch = "wasm32"))]
mod processor;
#[cfg(any(target_arch = "wasm32", test))]
mod wasm;

use alloy_primitives::B256;

#[cfg(not(target_arch = "wasm32"))]
use processor as implementation;
#[cfg(target_arch = "wasm32")]
use wasm as implementation;

/// The SHA-256 hash.
pub fn sha256(bytes: impl AsRef<[u8]>) -> B256 {
    implementation::digest(bytes.as_ref())
}

/// SHA-256 of two nodes of a hash tree, one after the other.
#[must_use]
pub fn sha256_pair(left: B256, right: B256) -> B256 {
    implementation::pair(&[left, right])
}

/// Replaces the nodes of a hash tree's layer by those above them, from the front; the second half of
/// the slice, and a last node without a sibling, are left as they are. Gives how many there are now.
pub fn sha256_parents(nodes: &mut [B256]) -> usize {
    let parents = nodes.len() / 2;
    let in_fours = implementation::parents_in_fours(nodes);
    for parent in in_fours..parents {
        nodes[parent] = sha256_pair(nodes[2 * parent], nodes[2 * parent + 1]);
    }
    parents
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    /// What only WebAssembly runs is right on every processor.
    #[test]
    fn the_words_of_one_message_agree_with_the_processor() {
        for length in 0..300_usize {
            let bytes: alloc::vec::Vec<u8> = (0..=255).cycle().skip(length).take(length).collect();
            assert_eq!(wasm::digest(&bytes), processor::digest(&bytes), "{length}");
        }
        let mut nodes = [B256::ZERO; 2];
        for _ in 0..100 {
            let [left, right] = nodes;
            assert_eq!(wasm::pair(&nodes), processor::pair(&nodes));
            nodes = [right, sha256_pair(left, right)];
        }
    }
}
