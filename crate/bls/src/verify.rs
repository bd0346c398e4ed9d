//! Verification of one signature, and of many at once.

use alloc::vec::Vec;

use crate::curve::{Affine, Jacobian, all_affine};
use crate::field::{Fp, Fp2};
use crate::hash::hash_to_group;
use crate::multiply::sum_of_multiples;
use crate::pairing::{Pair, product_is_one};
use crate::{AggregateKey, Signature};

/// The negative of the keys' generator.
const NEGATIVE_GENERATOR: Affine<Fp> = Affine {
    x: Fp::from_hex(
        "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
    ),
    y: Fp::from_hex(
        "114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca",
    ),
};

/// What is verified: that the owners of `key`'s summands all signed `message`.
#[derive(Clone, Copy, Debug)]
pub struct SignatureSet {
    /// The sum of the signers' keys.
    pub key: AggregateKey,
    /// What they signed.
    pub message: [u8; 32],
    /// The sum of their signatures.
    pub signature: Signature,
}

/// Whether the signature is the key's: `FastAggregateVerify` of the
/// [draft](https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-bls-signature-05#section-3.3.4)
/// after its keys are summed up. A key or signature at infinity verifies nothing.
pub fn verify(set: &SignatureSet) -> bool {
    let Some(signature) = set.signature.point() else {
        return false;
    };
    let Some(pair) = pairs(&[set.key.0], &[set.message]) else {
        return false;
    };
    product_is_one(&[pair[0], (NEGATIVE_GENERATOR, signature)])
}

/// Whether all signatures are their keys', at less than the price of each alone.
///
/// Checked is that e(-g, Σ rᵢ sᵢ) Π e(rᵢ Pᵢ, H(mᵢ)) is one, for coefficients rᵢ that whoever made
/// the sets could not know: if a set doesn't verify, this holds for at most one out of 2^64 choices
/// of its coefficient ([Small exponents test](https://cseweb.ucsd.edu/~mihir/papers/batch.pdf)).
/// Signatures are in their group of prime order; what a key has outside of its own has no effect on
/// a pairing.
///
/// False if a set doesn't verify alone, if there is not one coefficient for each set, if a
/// coefficient is zero, and of no sets at all.
pub fn verify_batch(sets: &[SignatureSet], coefficients: &[u64]) -> bool {
    if sets.is_empty() || sets.len() != coefficients.len() || coefficients.contains(&0) {
        return false;
    }
    let signatures: Option<Vec<_>> = sets.iter().map(|set| set.signature.point()).collect();
    let Some(signatures) = signatures else {
        return false;
    };
    let keys: Vec<_> = sets.iter().map(|set| set.key.0).collect();
    let Some(keys) = all_affine(&keys) else {
        return false;
    };
    let keys: Vec<_> = keys
        .iter()
        .zip(coefficients)
        .map(|(key, coefficient)| sum_of_multiples(&[*key], &[*coefficient]))
        .collect();
    let messages: Vec<_> = sets.iter().map(|set| set.message).collect();
    let Some(mut pairs) = pairs(&keys, &messages) else {
        return false;
    };
    // At infinity, it pairs to one.
    if let Some(signature) = sum_of_multiples(&signatures, coefficients).affine() {
        pairs.push((NEGATIVE_GENERATOR, signature));
    }
    product_is_one(&pairs)
}

/// Each key with its message's point; nothing if one is at infinity.
fn pairs(keys: &[Jacobian<Fp>], messages: &[[u8; 32]]) -> Option<Vec<Pair>> {
    let points: Vec<Jacobian<Fp2>> = messages
        .iter()
        .map(|message| hash_to_group(message))
        .collect();
    let keys = all_affine(keys)?;
    Some(keys.into_iter().zip(all_affine(&points)?).collect())
}
