//! The base field, integers modulo p.

use core::ops::{Add, Mul, Neg, Sub};

use super::Field;
use super::limbs::{self, BITS, COLUMNS, Columns, LIMBS, Limbs, MODULUS, each_limb};

/// The modulus p, hexadecimal.
pub(super) const MODULUS_HEX: &str = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

/// An element times 2^392 (Montgomery's form), with limbs that are not unique.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fp(Limbs);

/// 2^392, in Montgomery's form its square: what brings an integer into Montgomery's form.
const SQUARE_OF_RADIX: Fp = Fp::from_hex(
    "577a659fcfa012ca7c515d98f1297bb09b09b42da0f73e037669f83a2090c7212e00cde6d2002b119d800000347fcb8",
);

impl Fp {
    /// 1 / 2.
    pub(crate) const HALF: Self = Self::from_hex(
        "0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd556",
    );

    pub(crate) const fn from_limbs(limbs: Limbs) -> Self {
        Self(limbs)
    }

    /// The element of 48 big-endian bytes; nothing if they aren't below p.
    pub(crate) fn from_bytes(bytes: &[u8; 48]) -> Option<Self> {
        let integer = integer(bytes);
        let below = (0..LIMBS).rev().find(|&i| integer[i] != DIGITS[i]);
        let below = below.is_some_and(|i| integer[i] < DIGITS[i]);
        below.then(|| Self(integer) * SQUARE_OF_RADIX)
    }

    /// 64 big-endian bytes modulo p, as the specification's `hash_to_field` takes them.
    pub(crate) fn from_wide_bytes(bytes: &[u8; 64]) -> Self {
        const HIGH_WEIGHT: Fp =
            Fp::from_hex("10000000000000000000000000000000000000000000000000000000000000000");
        let half = |start: usize| {
            let mut padded = [0; 48];
            padded[16..].copy_from_slice(&bytes[start..start + 32]);
            Self(integer(&padded)) * SQUARE_OF_RADIX
        };
        (half(0) * HIGH_WEIGHT + half(32)).carried()
    }

    /// 48 big-endian bytes.
    pub(crate) fn to_bytes(self) -> [u8; 48] {
        let limbs = self.canonical();
        let mut bytes = [0; 48];
        for (i, byte) in bytes.iter_mut().rev().enumerate() {
            // A limb is 7 half-bytes.
            let half = |at: usize| {
                let limb = limbs.get(at / 7).copied().unwrap_or_default();
                u8::try_from(limb >> (4 * (at % 7)) & 15).unwrap_or_default()
            };
            *byte = half(2 * i) | half(2 * i + 1) << 4;
        }
        bytes
    }

    /// Whether the integer is odd: the specification's `sgn0`.
    pub(crate) fn is_odd(self) -> bool {
        self.canonical()[0] & 1 == 1
    }

    /// Whether the integer is greater than its negative: what encodings of points tell by a flag.
    pub(crate) fn is_large(self) -> bool {
        // x > p / 2 exactly if 2 x - p, which is odd, is the integer of 2 x.
        (self + self).is_odd()
    }

    /// The power with the exponent (p - 3) / 4. Of a square it is 1 / √x, of another x it is a y
    /// with x y² = -1.
    pub(crate) fn inverse_root(self) -> Self {
        /// Bits of a window.
        const WINDOW: usize = 5;
        let square = self.square();
        let mut odd_powers = [self; 1 << (WINDOW - 1)];
        for i in 1..odd_powers.len() {
            odd_powers[i] = odd_powers[i - 1] * square;
        }
        let bit = |i: usize| EXPONENT[i / 64] >> (i % 64) & 1 == 1;
        let mut power = Self::ONE;
        let mut end = 379;
        while end > 0 {
            if !bit(end - 1) {
                power = power.square();
                end -= 1;
                continue;
            }
            let start = (end.saturating_sub(WINDOW)..end)
                .find(|&i| bit(i))
                .unwrap_or(end - 1);
            let mut window = 0;
            for i in (start..end).rev() {
                power = power.square();
                window = window << 1 | usize::from(bit(i));
            }
            power = power * odd_powers[window / 2];
            end = start;
        }
        power
    }

    /// The square root, if there is one.
    pub(crate) fn square_root(self) -> Option<Self> {
        let root = self * self.inverse_root();
        (root.square() == self).then_some(root)
    }

    /// The product before its reduction.
    #[inline(never)]
    pub(super) fn wide(&self, other: &Self) -> Columns {
        limbs::product_of_halves(&self.0, &other.0)
    }

    /// The element that is the reduction of `columns`.
    #[inline(never)]
    pub(super) fn reduce(columns: &Columns) -> Self {
        Self(limbs::reduce(columns))
    }

    #[inline(never)]
    fn product(&self, other: &Self) -> Self {
        debug_assert!(self.units() * other.units() <= 32, "operands too large");
        Self(limbs::reduce(&limbs::product(&self.0, &other.0)))
    }

    #[inline(never)]
    fn squared(&self) -> Self {
        debug_assert!(self.units() <= 5, "operand too large");
        Self(limbs::reduce(&limbs::square(&self.0)))
    }

    /// The sum in place: what is built of pairs spends much of its time in sums, and a call would cost
    /// as much again.
    #[inline(always)]
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = [0; LIMBS];
        each_limb!(i => {
            sum[i] = self.0[i] + other.0[i];
        });
        Self(sum)
    }

    /// The difference in place, see [`Self::plus`].
    #[inline(always)]
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut difference = [0; LIMBS];
        each_limb!(i => {
            difference[i] = self.0[i] - other.0[i];
        });
        Self(difference)
    }

    #[inline(never)]
    fn carry(&self) -> Self {
        Self(limbs::carried(&self.0))
    }

    /// The size of the largest limb in units of a reduced element's.
    pub(crate) fn units(&self) -> u32 {
        let largest = self.0.iter().map(|limb| limb.unsigned_abs()).max();
        largest.unwrap_or_default().div_ceil(1 << (BITS - 1))
    }

    /// The limbs of the integer, each below 2^28.
    fn canonical(self) -> Limbs {
        let mut columns = [0; COLUMNS];
        for (column, limb) in columns.iter_mut().zip(self.0) {
            *column = i64::from(limb);
        }
        let Self(mut limbs) = Self::reduce(&columns);
        loop {
            let mut carry = 0;
            for limb in &mut limbs[..LIMBS - 1] {
                *limb += carry;
                carry = *limb >> BITS;
                *limb &= (1 << BITS) - 1;
            }
            limbs[LIMBS - 1] += carry;
            let differs = (0..LIMBS).rev().find(|&i| limbs[i] != DIGITS[i]);
            let below = differs.is_some_and(|i| limbs[i] < DIGITS[i]);
            if limbs[LIMBS - 1] < 0 {
                limbs
                    .iter_mut()
                    .zip(DIGITS)
                    .for_each(|(limb, digit)| *limb += digit);
            } else if !below {
                limbs
                    .iter_mut()
                    .zip(DIGITS)
                    .for_each(|(limb, digit)| *limb -= digit);
            } else {
                return limbs;
            }
        }
    }
}

/// The limbs of a big-endian integer, each below 2^28.
fn integer(bytes: &[u8; 48]) -> Limbs {
    let mut limbs = [0; LIMBS];
    for (i, byte) in bytes.iter().rev().enumerate() {
        for (at, half) in [(2 * i, byte & 15), (2 * i + 1, byte >> 4)] {
            limbs[at / 7] |= i32::from(half) << (4 * (at % 7));
        }
    }
    limbs
}

/// p with limbs below 2^28.
const DIGITS: Limbs = {
    let mut digits = [0; LIMBS];
    let mut carry = 0;
    let mut i = 0;
    while i < LIMBS {
        let sum = MODULUS[i] + carry;
        digits[i] = (sum & ((1 << BITS) - 1)) as i32;
        carry = sum >> BITS;
        i += 1;
    }
    digits
};

/// (p - 3) / 4, the lowest 64 bits first.
const EXPONENT: [u64; 6] = [
    0xee7fbfffffffeaaa,
    0x07aaffffac54ffff,
    0xd9cc34a83dac3d89,
    0xd91dd2e13ce144af,
    0x92c6e9ed90d2eb35,
    0x0680447a8e5ff9a6,
];

impl Field for Fp {
    const ZERO: Self = Self([0; LIMBS]);
    const ONE: Self = Self::from_hex("1");

    fn square(self) -> Self {
        self.squared()
    }

    fn inverse(self) -> Self {
        // The exponent p - 2 is 4 (p - 3) / 4 + 1.
        self.inverse_root().square().square() * self
    }

    fn carried(self) -> Self {
        self.carry()
    }

    fn is_zero(self) -> bool {
        self.canonical() == [0; LIMBS]
    }
}

impl PartialEq for Fp {
    fn eq(&self, other: &Self) -> bool {
        (*self - *other).is_zero()
    }
}

impl Add for Fp {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.plus(&other)
    }
}

impl Sub for Fp {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.minus(&other)
    }
}

impl Neg for Fp {
    type Output = Self;

    fn neg(mut self) -> Self {
        each_limb!(i => {
            self.0[i] = -self.0[i];
        });
        self
    }
}

impl Mul for Fp {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.product(&other)
    }
}
