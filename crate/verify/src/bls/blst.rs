//! `blst`, which is the fastest where it has 64-bit arithmetic.

use ::blst::min_pk::{self, AggregatePublicKey};
use ::blst::{BLST_ERROR, Pairing, blst_p1_affine, blst_p2_affine};

/// Domain separation tag of Ethereum's consensus layer.
pub(super) const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Whether a point's subgroup is checked once more: signatures were, when they were read.
const CHECK_GROUP: bool = false;
/// The RO in [`DST`]: hash to the curve, and do not just encode.
const HASH: bool = true;
/// The flag of a compressed point at infinity, in its first byte.
const INFINITY_FLAG: u8 = 1 << 6;
/// The bits of a coefficient.
const COEFFICIENT_BITS: usize = 64;

/// A member's key, a point of the curve.
#[derive(Clone, Copy)]
pub(crate) struct PublicKey(min_pk::PublicKey);

/// A sum of keys.
#[derive(Clone)]
pub(crate) struct AggregateKey(AggregatePublicKey);

/// A signature, a point of the subgroup.
#[derive(Clone)]
pub(crate) struct Signature(min_pk::Signature);

/// Who signed what.
#[derive(Clone)]
pub(crate) struct SignatureSet {
    /// The sum of the signers' keys.
    pub(crate) key: AggregateKey,
    /// What they signed.
    pub(crate) message: [u8; 32],
    /// Their signatures' sum.
    pub(crate) signature: Signature,
}

impl PublicKey {
    /// Reads a compressed point; `None` if it is not on the curve, or at infinity.
    pub(crate) fn from_bytes(bytes: &[u8; 48]) -> Option<Self> {
        let infinity = bytes[0] & INFINITY_FLAG != 0;
        let key = min_pk::PublicKey::from_bytes(bytes).ok();
        key.filter(|_| !infinity).map(Self)
    }
}

impl From<PublicKey> for AggregateKey {
    fn from(key: PublicKey) -> Self {
        Self(AggregatePublicKey::from_public_key(&key.0))
    }
}

impl AggregateKey {
    /// Adds a key.
    pub(crate) fn add(&mut self, key: &PublicKey) {
        self.0
            .add_aggregate(&AggregatePublicKey::from_public_key(&key.0));
    }

    /// Takes a key away.
    pub(crate) fn subtract(&mut self, key: &PublicKey) {
        self.0
            .sub_aggregate(&AggregatePublicKey::from_public_key(&key.0));
    }
}

impl Signature {
    /// Reads a compressed point; `None` if it is not in the subgroup.
    pub(crate) fn from_bytes(bytes: &[u8; 96]) -> Option<Self> {
        let refuse_infinity = false;
        min_pk::Signature::sig_validate(bytes, refuse_infinity)
            .ok()
            .map(Self)
    }
}

/// Whether the signature holds. Under a key at infinity none does.
pub(crate) fn verify(set: &SignatureSet) -> bool {
    let key = set.key.0.to_public_key();
    let signature = &set.signature.0;
    signature.fast_aggregate_verify_pre_aggregated(CHECK_GROUP, &set.message, DST, &key)
        == BLST_ERROR::BLST_SUCCESS
}

/// Whether all signatures hold, by one equation: with a coefficient `r` for each,
/// `e(-g1, Σ r·signature) · Π e(r·key, H(message)) = 1`.
///
/// It holds for all right ones, and for others with a chance of 2^-64 if the coefficients are
/// random. Nothing holds of no signatures, and none under a key at infinity.
pub(crate) fn verify_batch(sets: &[SignatureSet], coefficients: &[u64]) -> bool {
    if sets.is_empty() || sets.len() != coefficients.len() || coefficients.contains(&0) {
        return false;
    }
    let mut pairing = Pairing::new(HASH, DST);
    for (set, coefficient) in sets.iter().zip(coefficients) {
        let key = set.key.0.to_public_key();
        let (key, signature): (&blst_p1_affine, &blst_p2_affine) =
            ((&key).into(), (&set.signature.0).into());
        let result = pairing.mul_n_aggregate(
            key,
            CHECK_GROUP,
            signature,
            CHECK_GROUP,
            &coefficient.to_le_bytes(),
            COEFFICIENT_BITS,
            &set.message,
            &[],
        );
        if result != BLST_ERROR::BLST_SUCCESS {
            return false;
        }
    }
    pairing.commit();
    pairing.finalverify(None)
}
