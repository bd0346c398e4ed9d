//! Products and Montgomery reduction of 14 signed limbs of 28 bits.
//!
//! Why this shape: a 32-bit target has no product of 64 by 64 bits, and wasm has no carry flag. A
//! product of two limbs has 56 bits, so that a whole column of products is summed up in one `i64`
//! without a carry, with room for sums of unreduced operands. Limbs are signed and balanced: then
//! addition, subtraction and negation are limb by limb, without carries, without borrows, and
//! without a comparison with the modulus.
//!
//! Columns are summed modulo 2^64. Intermediate sums (Karatsuba's) may wrap; what is reduced must
//! not have wrapped, see [`reduce`].

/// Limbs of an element.
pub(crate) const LIMBS: usize = 14;
/// Limbs of half an element.
const HALF_LIMBS: usize = LIMBS / 2;
/// Columns of a product.
pub(crate) const COLUMNS: usize = 2 * LIMBS - 1;
/// Bits of a limb.
pub(crate) const BITS: u32 = 28;

/// An element's limbs, the least significant one first; not unique.
pub(crate) type Limbs = [i32; LIMBS];
/// A product before its reduction: column `k` weighs 2^(28 k).
pub(crate) type Columns = [i64; COLUMNS];

const MASK: i64 = (1 << BITS) - 1;
const HALF: i64 = 1 << (BITS - 1);

/// The modulus p, balanced.
pub(crate) const MODULUS: [i64; LIMBS] = [
    -21_845,
    -1_048_576,
    67_108_794,
    -5_355,
    103_030_444,
    -99_652_849,
    -10_014_509,
    -13_086_420,
    74_926_981,
    79_351_158,
    -72_894_909,
    -26_630_990,
    32_127_360,
    106_513,
];
/// 2^-28 modulo p, balanced.
const INVERSE_OF_RADIX: [i64; LIMBS] = [
    3_145_744,
    80_872_402,
    -20_939_072,
    26_190_848,
    10_721_292,
    -11_367_772,
    -19_715_805,
    738_018,
    -110_313_153,
    -96_536_016,
    112_059_001,
    -37_642_319,
    -3_685_406,
    -78,
];
/// -1/p modulo 2^28.
pub(crate) const FACTOR: i64 = 268_238_845;

/// The same for each limb, written out: the compiler unrolls loops only where size does not matter,
/// and here a loop costs more bytes than the few products that it goes through.
macro_rules! each_limb {
    ($i:ident => $body:block) => { each_limb!(@ $i $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13) };
    (@ $i:ident $body:block $($k:literal)+) => { $( { let $i: usize = $k; $body } )+ };
}
pub(super) use each_limb;

/// Column `K` of a product of `N` by `N` limbs.
#[inline(always)]
fn column<const K: usize, const N: usize>(a: &[i64; N], b: &[i64; N]) -> i64 {
    let mut sum = 0i64;
    each_limb!(i => {
        if i < N && i <= K && K - i < N {
            sum = sum.wrapping_add(a[i].wrapping_mul(b[K - i]));
        }
    });
    sum
}

/// Column `K` of a square: products that occur twice are made once.
#[inline(always)]
fn column_of_square<const K: usize, const N: usize>(a: &[i64; N]) -> i64 {
    let mut sum = 0i64;
    each_limb!(i => {
        if 2 * i < K && K - i < N {
            sum = sum.wrapping_add(a[i].wrapping_mul(a[K - i]));
        }
    });
    sum = sum.wrapping_add(sum);
    if K.is_multiple_of(2) {
        sum = sum.wrapping_add(a[K / 2].wrapping_mul(a[K / 2]));
    }
    sum
}

/// The columns of these numbers.
macro_rules! columns {
    ($column:ident $operands:tt, $($k:literal)+) => { [ $( columns!(@ $k $column $operands) ),+ ] };
    (@ $k:literal $column:ident($($operand:expr),+)) => { $column::<$k, _>($($operand),+) };
}

#[inline(always)]
fn widened(limbs: &Limbs) -> [i64; LIMBS] {
    let mut wide = [0; LIMBS];
    each_limb!(i => {
        wide[i] = i64::from(limbs[i]);
    });
    wide
}

/// The columns of a product.
#[inline(always)]
pub(crate) fn product(a: &Limbs, b: &Limbs) -> Columns {
    let (a, b) = (widened(a), widened(b));
    columns!(column(&a, &b), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26)
}

/// The columns of a square.
#[inline(always)]
pub(crate) fn square(a: &Limbs) -> Columns {
    let a = widened(a);
    columns!(column_of_square(&a), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26)
}

/// The low half, the high half, and their sum.
#[inline(always)]
fn halves(limbs: &Limbs) -> [[i64; HALF_LIMBS]; 3] {
    let [mut low, mut high, mut sum] = [[0; HALF_LIMBS]; 3];
    each_limb!(i => {
        if i < HALF_LIMBS {
            low[i] = i64::from(limbs[i]);
            high[i] = i64::from(limbs[i + HALF_LIMBS]);
            sum[i] = low[i] + high[i];
        }
    });
    [low, high, sum]
}

#[inline(always)]
fn half_product(a: &[i64; HALF_LIMBS], b: &[i64; HALF_LIMBS]) -> [i64; LIMBS - 1] {
    columns!(column(a, b), 0 1 2 3 4 5 6 7 8 9 10 11 12)
}

/// The columns of a product, by Karatsuba's three products of halves. Pays where the columns are
/// kept: right before a reduction, [`product`] is as fast.
#[inline(always)]
pub(crate) fn product_of_halves(a: &Limbs, b: &Limbs) -> Columns {
    let ([a_low, a_high, a_sum], [b_low, b_high, b_sum]) = (halves(a), halves(b));
    let low = half_product(&a_low, &b_low);
    let high = half_product(&a_high, &b_high);
    let both = half_product(&a_sum, &b_sum);
    let mut columns = [0i64; COLUMNS];
    macro_rules! add {
        ($($k:literal)+) => { $(
            let cross = both[$k].wrapping_sub(low[$k]).wrapping_sub(high[$k]);
            columns[$k] = columns[$k].wrapping_add(low[$k]);
            columns[$k + HALF_LIMBS] = columns[$k + HALF_LIMBS].wrapping_add(cross);
            columns[$k + LIMBS] = columns[$k + LIMBS].wrapping_add(high[$k]);
        )+ };
    }
    add!(0 1 2 3 4 5 6 7 8 9 10 11 12);
    columns
}

/// What the digits below column `K` add to it: each of the first 13 is replaced by its product
/// with 2^-28, one limb further up; the last by a multiple of p that ends in its negative.
#[inline(always)]
fn folded<const K: usize>(digits: &[i64; LIMBS]) -> i64 {
    let mut sum = 0i64;
    each_limb!(i => {
        if i < LIMBS - 1 && i < K && K - 1 - i < LIMBS {
            sum = sum.wrapping_add(digits[i].wrapping_mul(INVERSE_OF_RADIX[K - 1 - i]));
        }
    });
    if K >= LIMBS {
        sum = sum.wrapping_add(digits[LIMBS - 1].wrapping_mul(MODULUS[K - (LIMBS - 1)]));
    }
    sum
}

/// Montgomery reduction: a balanced element congruent to `columns` / 2^392.
///
/// Textbook reduction finds for each low digit the multiple of p that cancels it, which takes a
/// product to find and one to cancel. Here all but the last low digits are instead replaced by
/// their multiple of 2^-28 modulo p. The last is cancelled in the textbook's way, because each
/// replacement leaves as much as 2^28 p, which only later digits' division brings down.
///
/// Bound: |column| ≤ 2^63 − 2^60. Then the result has |limb| ≤ 2^27 and is, for columns of
/// products of elements below 2^6 p, between −p and 2 p.
#[inline(always)]
pub(crate) fn reduce(columns: &Columns) -> Limbs {
    let mut digits = [0i64; LIMBS];
    let mut carry = 0i64;
    macro_rules! low {
        ($($k:literal)+) => { $(
            let sum = columns[$k].wrapping_add(carry).wrapping_add(folded::<$k>(&digits));
            digits[$k] = sum & MASK;
            carry = sum >> BITS;
        )+ };
    }
    low!(0 1 2 3 4 5 6 7 8 9 10 11 12);
    let sum = columns[13]
        .wrapping_add(carry)
        .wrapping_add(folded::<13>(&digits));
    digits[13] = sum.wrapping_mul(FACTOR) & MASK;
    carry = sum.wrapping_add(digits[13].wrapping_mul(MODULUS[0])) >> BITS;

    let mut limbs = [0; LIMBS];
    macro_rules! high {
        ($($k:literal)+) => { $(
            let sum = columns[$k].wrapping_add(carry).wrapping_add(folded::<$k>(&digits));
            let sum = sum.wrapping_add(HALF);
            limbs[$k - LIMBS] = balanced(sum);
            carry = sum >> BITS;
        )+ };
    }
    high!(14 15 16 17 18 19 20 21 22 23 24 25 26);
    limbs[LIMBS - 1] = low_bits(carry);
    limbs
}

/// The balanced digit of `sum`, to which [`HALF`] was added.
#[inline(always)]
fn balanced(sum: i64) -> i32 {
    low_bits((sum & MASK) - HALF)
}

/// The low 32 bits; the callers' values have no more.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "that is what it is for")]
pub(super) const fn low_bits(value: i64) -> i32 {
    value as i32
}

/// The same element with |limb| ≤ 2^27 and between −p and p, roughly: for sums, of which the limbs
/// would overflow next.
#[inline(always)]
pub(crate) fn carried(a: &Limbs) -> Limbs {
    // The quotient by p, estimated from the highest limbs: p is 106,513.1 × 2^364.
    let quotient = i64::from(a[LIMBS - 1] / 106_513);
    let mut limbs = [0; LIMBS];
    let mut carry = 0i64;
    each_limb!(k => {
        if k < LIMBS - 1 {
            let sum = i64::from(a[k]) - quotient * MODULUS[k] + carry + HALF;
            limbs[k] = balanced(sum);
            carry = sum >> BITS;
        }
    });
    limbs[LIMBS - 1] = low_bits(i64::from(a[LIMBS - 1]) - quotient * MODULUS[LIMBS - 1] + carry);
    limbs
}
