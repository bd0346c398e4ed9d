//! The isogenous curve of [`map_to_isogenous`](super::map_to_isogenous), and its isogeny of degree
//! 3 to the signatures' curve.

use super::A;
use crate::curve::Jacobian;
use crate::field::{Field, Fp2};

/// The sum of two points of the isogenous curve, mapped to the signatures' curve.
pub(super) fn map_sum(first: &Jacobian<Fp2>, second: &Jacobian<Fp2>) -> Jacobian<Fp2> {
    map(&add(first, second))
}

/// The sum on the isogenous curve, which differs from [`Jacobian::add`] only in doubling.
fn add(first: &Jacobian<Fp2>, second: &Jacobian<Fp2>) -> Jacobian<Fp2> {
    if first.equals(second) {
        double(first)
    } else {
        first.add(second)
    }
}

/// Doubling for a curve with a term in x.
fn double(point: &Jacobian<Fp2>) -> Jacobian<Fp2> {
    let Jacobian { x, y, z } = *point;
    let yy = y.square();
    let xx = x.square();
    let s = (x * yy).double().double();
    let m = (xx.double() + xx + A * z.square().square()).carried();
    let x = (m.square() - s.double()).carried();
    let yyyy = yy.square().double().double();
    Jacobian {
        x,
        y: (m * (s - x) - yyyy.double()).carried(),
        z: y * z.double(),
    }
}

/// `iso_map`, [appendix E.3](https://www.rfc-editor.org/rfc/rfc9380#appendix-E.3), without a
/// division.
fn map(point: &Jacobian<Fp2>) -> Jacobian<Fp2> {
    let Jacobian { x, y, z } = *point;
    let zz = z.square();
    let zzzz = zz.square();
    let powers = [zz, zzzz, zzzz * zz];
    let x_numerator = evaluate(&X_NUMERATOR, x, &powers);
    let x_denominator = evaluate(&X_DENOMINATOR, x, &powers) * zz;
    let y_numerator = evaluate(&Y_NUMERATOR, x, &powers) * y;
    let y_denominator = evaluate(&Y_DENOMINATOR, x, &powers) * (zz * z);

    let z = x_denominator * y_denominator;
    Jacobian {
        x: x_numerator * y_denominator * z,
        y: y_numerator * x_denominator * z.square(),
        z,
    }
}

/// A polynomial, the highest coefficient first, at x / z², times the power of z² that makes it
/// whole.
fn evaluate(coefficients: &[Fp2], x: Fp2, powers: &[Fp2; 3]) -> Fp2 {
    let (highest, others) = coefficients.split_first().unwrap_or((&Fp2::ZERO, &[]));
    let terms = others.iter().zip(powers);
    terms.fold(*highest, |value, (coefficient, power)| {
        (value * x + *coefficient * *power).carried()
    })
}

const X_NUMERATOR: [Fp2; 4] = [
    Fp2::from_hex(
        "171d6541fa38ccfaed6dea691f5fb614cb14b4e7f4e810aa22d6108f142b85757098e38d0f671c7188e2aaaaaaaa5ed1",
        "0",
    ),
    Fp2::from_hex(
        "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71e",
        "8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38d",
    ),
    Fp2::from_hex(
        "0",
        "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71a",
    ),
    Fp2::from_hex(
        "5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97d6",
        "5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97d6",
    ),
];
const X_DENOMINATOR: [Fp2; 3] = [
    Fp2::from_hex("1", "0"),
    Fp2::from_hex(
        "c",
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaa9f",
    ),
    Fp2::from_hex(
        "0",
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaa63",
    ),
];
const Y_NUMERATOR: [Fp2; 4] = [
    Fp2::from_hex(
        "124c9ad43b6cf79bfbf7043de3811ad0761b0f37a1e26286b0e977c69aa274524e79097a56dc4bd9e1b371c71c718b10",
        "0",
    ),
    Fp2::from_hex(
        "11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71c",
        "8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38f",
    ),
    Fp2::from_hex(
        "0",
        "5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97be",
    ),
    Fp2::from_hex(
        "1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6d706",
        "1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6d706",
    ),
];
const Y_DENOMINATOR: [Fp2; 4] = [
    Fp2::from_hex("1", "0"),
    Fp2::from_hex(
        "12",
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaa99",
    ),
    Fp2::from_hex(
        "0",
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffa9d3",
    ),
    Fp2::from_hex(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffa8fb",
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffa8fb",
    ),
];
