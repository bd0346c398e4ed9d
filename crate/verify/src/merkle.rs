//! SSZ's hash trees: roots, and branches by generalized index.
//!
//! A *generalized index* numbers the nodes of a binary tree: the root is 1, the children of `n` are
//! `2n` and `2n + 1`.

use alloc::vec::Vec;

use alloy_primitives::B256;
use lampyris_hash::sha256_parents;

pub use lampyris_hash::sha256_pair as hash_pair;

/// The root over `leaves`, padded with zero leaves to the next power of two.
#[must_use]
pub fn merkleize(leaves: &[B256]) -> B256 {
    let mut layer = padded(leaves);
    let mut length = layer.len();
    while length > 1 {
        length = sha256_parents(layer.get_mut(..length).unwrap_or_default());
    }
    layer.first().copied().unwrap_or(B256::ZERO)
}

/// The branch from the leaf of `index` to the root of [`merkleize`], the leaf's sibling first.
///
/// [`compute_merkle_proof`](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/altair/light-client/full-node.md#compute_merkle_proof)
/// for the fields of one container.
#[must_use]
pub fn merkle_branch(leaves: &[B256], index: usize) -> Vec<B256> {
    let mut layer = padded(leaves);
    let (mut index, mut branch) = (index, Vec::new());
    while layer.len() > 1 {
        branch.push(layer.get(index ^ 1).copied().unwrap_or(B256::ZERO));
        index >>= 1;
        let parents = sha256_parents(&mut layer);
        layer.truncate(parents);
    }
    branch
}

/// The lowest layer.
fn padded(leaves: &[B256]) -> Vec<B256> {
    let mut layer = Vec::with_capacity(leaves.len().next_power_of_two());
    layer.extend_from_slice(leaves);
    layer.resize(leaves.len().next_power_of_two(), B256::ZERO);
    layer
}

/// The root of a byte string, in chunks of 32 bytes.
#[must_use]
pub fn merkleize_bytes(bytes: &[u8]) -> B256 {
    merkleize(&chunks(bytes).collect::<Vec<_>>())
}

/// A byte string, in chunks of 32 bytes, the last of them padded.
pub(crate) fn chunks(bytes: &[u8]) -> impl Iterator<Item = B256> {
    bytes.chunks(32).map(B256::right_padding_from)
}

/// The leaf of a `uint64`.
#[must_use]
pub fn uint64_leaf(value: u64) -> B256 {
    B256::right_padding_from(&value.to_le_bytes())
}

/// Whether `branch` leads from `leaf` at `gindex` to `root`.
///
/// [`is_valid_merkle_branch`](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/phase0/beacon-chain.md#is_valid_merkle_branch),
/// with depth and index taken from the generalized index.
#[must_use]
pub fn is_valid_merkle_branch(leaf: B256, branch: &[B256], gindex: u64, root: B256) -> bool {
    let Some(depth) = gindex.checked_ilog2() else {
        return false;
    };
    if usize::try_from(depth) != Ok(branch.len()) {
        return false;
    }
    let value = branch
        .iter()
        .zip(0_u32..)
        .fold(leaf, |value, (sibling, height)| {
            if gindex.checked_shr(height).unwrap_or(0) % 2 == 1 {
                hash_pair(*sibling, value)
            } else {
                hash_pair(value, *sibling)
            }
        });
    value == root
}

/// The same for a branch that may be longer than needed, if what is too much is zero and in front.
///
/// [`is_valid_normalized_merkle_branch`](https://github.com/ethereum/consensus-specs/blob/v1.6.1/specs/electra/light-client/sync-protocol.md#is_valid_normalized_merkle_branch).
/// Electra made the state's tree deeper: branches of older states are stored with leading zeros.
#[must_use]
pub fn is_valid_normalized_merkle_branch(
    leaf: B256,
    branch: &[B256],
    gindex: u64,
    root: B256,
) -> bool {
    let depth = gindex
        .checked_ilog2()
        .and_then(|depth| usize::try_from(depth).ok());
    let Some(extra) = depth.and_then(|depth| branch.len().checked_sub(depth)) else {
        return false;
    };
    let Some((extra, branch)) = branch.split_at_checked(extra) else {
        return false;
    };
    extra.iter().all(B256::is_zero) && is_valid_merkle_branch(leaf, branch, gindex, root)
}
