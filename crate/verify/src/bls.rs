//! The sync committees' aggregated BLS12-381 signatures.
//!
//! What a backend has: [`PublicKey`] and [`Signature`] as points read from their compressed bytes,
//! [`AggregateKey`] as a sum of keys, and a check of one [`SignatureSet`] or of several at once.
//! Signatures are checked to be in their subgroup when they are read; keys are not, see
//! `docs/verification.md`.

#[cfg(any(target_pointer_width = "64", test))]
mod blst;
#[cfg(any(not(target_pointer_width = "64"), test))]
mod portable;
#[cfg(test)]
mod tests;

#[cfg(target_pointer_width = "64")]
use self::blst as backend;
#[cfg(not(target_pointer_width = "64"))]
use self::portable as backend;

pub(crate) use self::backend::{
    AggregateKey, PublicKey, Signature, SignatureSet, verify, verify_batch,
};

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

/// A factor for each of `count` signatures, for [`verify_batch`]: 64 bits, never zero, and beyond
/// anybody's guess who does not know the seed.
///
/// Each depends on the whole transcript, so that a seed used twice still gives other factors to
/// another batch.
pub(crate) fn coefficients(seed: &[u8; 32], transcript: &[u8; 32], count: usize) -> Vec<u64> {
    (0_u64..)
        .take(count)
        .map(|index| {
            let mut hasher = Sha256::new();
            hasher.update(seed);
            hasher.update(transcript);
            hasher.update(index.to_le_bytes());
            first_nonzero_word(&hasher.finalize())
        })
        .collect()
}

/// All four words of a digest are zero once in 2^256 times.
fn first_nonzero_word(digest: &[u8]) -> u64 {
    let words = digest.chunks_exact(8).map(|word| {
        word.iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte))
    });
    words.into_iter().find(|word| *word != 0).unwrap_or(1)
}
