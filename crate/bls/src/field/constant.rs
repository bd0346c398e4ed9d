//! Constants, written as the specifications write them and converted by the compiler.

use super::limbs::{BITS, FACTOR, LIMBS, Limbs, low_bits};
use super::{Fp, Fp2};

/// 2^392 squared, modulo p.
const SQUARE_OF_RADIX: &str = "0c8d4cc8a759fd5cd507320a75865d118c10ea725d74088b4f36a0093317d3b1d65aec45c53e243d626d1c34510370ed";

impl Fp {
    /// The element with these hexadecimal digits, big-endian, less than p.
    pub(crate) const fn from_hex(digits: &str) -> Self {
        Self::from_limbs(montgomery(&parse(digits), &parse(SQUARE_OF_RADIX)))
    }
}

impl Fp2 {
    /// `real + imaginary u`.
    pub(crate) const fn from_hex(real: &str, imaginary: &str) -> Self {
        Self::new(Fp::from_hex(real), Fp::from_hex(imaginary))
    }
}

/// Digits of a limb: 7 × 4 bits.
const DIGITS: usize = 7;
const MASK: u64 = (1 << BITS) - 1;

/// Limbs of a hexadecimal number, each below 2^28.
const fn parse(digits: &str) -> [u64; LIMBS] {
    let digits = digits.as_bytes();
    let mut limbs = [0; LIMBS];
    let mut i = 0;
    while i < digits.len() {
        let digit = match digits[digits.len() - 1 - i] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("not a hexadecimal digit"),
        };
        limbs[i / DIGITS] |= (digit as u64) << (4 * (i % DIGITS));
        i += 1;
    }
    limbs
}

/// The textbook's Montgomery product, for the compiler.
const fn montgomery(a: &[u64; LIMBS], b: &[u64; LIMBS]) -> Limbs {
    let modulus = parse(super::fp::MODULUS_HEX);
    let mut sum = [0u64; LIMBS + 1];
    let mut i = 0;
    while i < LIMBS {
        let mut j = 0;
        while j < LIMBS {
            sum[j] += a[i] * b[j];
            j += 1;
        }
        let quotient = (sum[0].wrapping_mul(FACTOR as u64)) & MASK;
        j = 0;
        while j < LIMBS {
            sum[j] += quotient * modulus[j];
            j += 1;
        }
        sum[1] += sum[0] >> BITS;
        j = 0;
        while j < LIMBS {
            sum[j] = sum[j + 1];
            j += 1;
        }
        sum[LIMBS] = 0;
        i += 1;
    }
    balanced(&sum)
}

/// Balanced limbs of the number in `columns`.
const fn balanced(columns: &[u64; LIMBS + 1]) -> Limbs {
    let mut limbs = [0; LIMBS];
    let mut carry = 0;
    let mut i = 0;
    while i < LIMBS - 1 {
        let sum = columns[i] as i64 + carry + (1 << (BITS - 1));
        limbs[i] = low_bits((sum & MASK as i64) - (1 << (BITS - 1)));
        carry = sum >> BITS;
        i += 1;
    }
    limbs[LIMBS - 1] = low_bits(columns[LIMBS - 1] as i64 + carry);
    limbs
}
