//! Multiplication of points by short scalars.

use alloc::vec::Vec;

use crate::curve::{Affine, Jacobian};
use crate::field::Field;

/// Odd multiples in a table: 1, 3, 5, 7.
const TABLE: usize = 4;
/// Bits of a digit, sign included: digits are odd, -7 to 7.
const WINDOW: u32 = 4;
/// Digits of a scalar; the highest may be a carry.
const DIGITS: usize = 65;

/// The sum of all points, each times its scalar: Straus' way, with shared doublings.
pub(crate) fn sum_of_multiples<F: Field>(points: &[Affine<F>], scalars: &[u64]) -> Jacobian<F> {
    let tables: Vec<_> = points.iter().map(odd_multiples).collect();
    let digits: Vec<_> = scalars.iter().map(|scalar| digits(*scalar)).collect();
    let mut sum = Jacobian::INFINITY;
    for position in (0..DIGITS).rev() {
        if !sum.is_infinity() {
            sum = sum.double();
        }
        for (table, digits) in tables.iter().zip(&digits) {
            let digit = digits[position];
            let multiple = table[usize::from(digit.unsigned_abs()) / 2];
            if digit > 0 {
                sum = sum.add(&multiple);
            } else if digit < 0 {
                sum = sum.add(&multiple.negated());
            }
        }
    }
    sum
}

fn odd_multiples<F: Field>(point: &Affine<F>) -> [Jacobian<F>; TABLE] {
    let mut multiples = [Jacobian::from(*point); TABLE];
    let double = multiples[0].double();
    for i in 1..TABLE {
        multiples[i] = multiples[i - 1].add(&double);
    }
    multiples
}

/// Non-adjacent form: after each digit that is not zero come three that are.
fn digits(scalar: u64) -> [i8; DIGITS] {
    let mut rest = u128::from(scalar);
    let mut digits = [0; DIGITS];
    for digit in &mut digits {
        if rest & 1 == 1 {
            let low = i8::try_from(rest & ((1 << WINDOW) - 1)).unwrap_or_default();
            *digit = if low >= 1 << (WINDOW - 1) {
                low - (1 << WINDOW)
            } else {
                low
            };
            // Adding a digit's negative: subtracts a positive one, adds a negative one.
            rest = rest.wrapping_sub(i128::from(*digit).cast_unsigned());
        }
        rest >>= 1;
    }
    digits
}
