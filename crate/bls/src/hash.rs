//! Hashing messages to the signatures' group, `BLS12381G2_XMD:SHA-256_SSWU_RO_` of
//! [RFC 9380](https://www.rfc-editor.org/rfc/rfc9380#section-8.8.2).

mod isogeny;

use sha2::{Digest, Sha256};

use crate::curve::Jacobian;
use crate::field::{Field, Fp, Fp2};

/// Domain separation tag of Ethereum's consensus layer.
pub(crate) const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
/// Bytes of an element before it is reduced modulo p.
const ELEMENT: usize = 64;
/// Bytes that a message is expanded to: two elements of [`Fp2`].
const EXPANDED: usize = 4 * ELEMENT;
const DIGEST: usize = 32;

/// The isogenous curve y² = x³ + a x + b.
const A: Fp2 = Fp2::from_hex("0", "f0");
const B: Fp2 = Fp2::from_hex("3f4", "3f4");
/// Z = -2 - u, not a square.
const Z: Fp2 = Fp2::from_hex(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaa9",
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaaa",
);
/// Z³ = -2 - 11 u.
const ZZZ: Fp2 = Fp2::from_hex(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaa9",
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaa0",
);
/// The square root of -125, which is the negative of the norm of Z³.
const ROOT_OF_NEGATIVE_NORM: Fp = Fp::from_hex(
    "810e5a23cbb86fd12ded1af502287a397ed25c1d6fe0444e38c48e9c7ddb3c27cfebdd464e90f201fda0eb6983f2533",
);

/// The message's point.
pub(crate) fn hash_to_group(message: &[u8]) -> Jacobian<Fp2> {
    map_to_group(hash_to_field(message))
}

/// The two elements' points are added on the isogenous curve: the isogeny, a homomorphism, is then
/// evaluated once.
pub(crate) fn map_to_group([first, second]: [Fp2; 2]) -> Jacobian<Fp2> {
    isogeny::map_sum(&map_to_isogenous(first), &map_to_isogenous(second)).into_group()
}

/// `hash_to_field`, section 5.2, with `expand_message_xmd`, section 5.3.1.
fn hash_to_field(message: &[u8]) -> [Fp2; 2] {
    let tail = |hash: Sha256| -> [u8; DIGEST] {
        let length = [u8::try_from(DST.len()).unwrap_or_default()];
        hash.chain_update(DST)
            .chain_update(length)
            .finalize()
            .into()
    };
    let padding = Sha256::new_with_prefix([0; 64]).chain_update(message);
    let length = u16::try_from(EXPANDED).unwrap_or_default().to_be_bytes();
    let first = tail(padding.chain_update(length).chain_update([0]));

    let mut expanded = [0; EXPANDED];
    let mut block = [0; DIGEST];
    for (chunk, index) in expanded.chunks_exact_mut(DIGEST).zip(1u8..) {
        block
            .iter_mut()
            .zip(first)
            .for_each(|(byte, first)| *byte ^= first);
        block = tail(Sha256::new_with_prefix(block).chain_update([index]));
        chunk.copy_from_slice(&block);
    }
    let element = |index: usize| {
        let mut bytes = [0; ELEMENT];
        bytes.copy_from_slice(&expanded[index * ELEMENT..][..ELEMENT]);
        Fp::from_wide_bytes(&bytes)
    };
    [
        Fp2::new(element(0), element(1)),
        Fp2::new(element(2), element(3)),
    ]
}

/// `map_to_curve_simple_swu`, section 6.6.2, without a division: the point has z = `denominator`.
fn map_to_isogenous(u: Fp2) -> Jacobian<Fp2> {
    let uu = u.square();
    let zuu = Z * uu;
    let t = zuu.square() + zuu;
    let denominator = if t.is_zero() { Z * A } else { -(A * t) };
    let first = B * (t + Fp2::ONE);

    // g(x) = (n³ + a n d² + b d³) / d³ for x = n / d.
    let square = denominator.square();
    let cube = square * denominator;
    let g = (first.square() + A * square) * first + B * cube;
    let dividend = g * cube.conjugate();
    let divisor = cube.norm().carried();

    let norm = dividend.norm().carried();
    let root_of_norm = norm * norm.inverse_root();
    let (numerator, y) = if root_of_norm.square() == norm {
        (first, dividend.root_of_quotient(divisor, root_of_norm))
    } else {
        // g of the second candidate is (Z u²)³ times that of the first, hence a square. The norm's
        // root is not one of the norm, but of its negative.
        let root_of_norm = root_of_norm * ROOT_OF_NEGATIVE_NORM;
        let root = (ZZZ * dividend).root_of_quotient(divisor, root_of_norm);
        (zuu * first, u * uu * root)
    };
    let y = if y.is_odd() == u.is_odd() { y } else { -y };
    Jacobian {
        x: numerator * denominator,
        y: y * cube,
        z: denominator,
    }
}
