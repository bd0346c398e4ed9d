//! The quadratic extension: `real + imaginary u` with u² = -1.

use core::ops::{Add, Mul, Neg, Sub};

use super::limbs::COLUMNS;
use super::{Field, Fp};

/// `real + imaginary u`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fp2 {
    pub(crate) real: Fp,
    pub(crate) imaginary: Fp,
}

impl Fp2 {
    pub(crate) const fn new(real: Fp, imaginary: Fp) -> Self {
        Self { real, imaginary }
    }

    pub(crate) fn conjugate(self) -> Self {
        Self::new(self.real, -self.imaginary)
    }

    /// Times ξ = 1 + u, which is neither a square nor a cube. Twice as many units.
    pub(crate) fn times_xi(self) -> Self {
        let Self { real, imaginary } = self;
        Self::new(real.minus(&imaginary), real.plus(&imaginary))
    }

    /// Times an element of the base field.
    pub(crate) fn scaled(self, factor: Fp) -> Self {
        Self::new(self.real * factor, self.imaginary * factor)
    }

    /// Times its conjugate, which is in the base field.
    pub(crate) fn norm(self) -> Fp {
        self.real.square() + self.imaginary.square()
    }

    /// The square root, if there is one: exactly if the norm has one.
    pub(crate) fn square_root(self) -> Option<Self> {
        let root_of_norm = self.norm().carried().square_root()?;
        Some(self.root_of_quotient(Fp::ONE, root_of_norm))
    }

    /// The square root of the quotient by `divisor`, given one of this element's norm.
    ///
    /// Of `a + b u` with the norm n², d = (a + n) / 2 or d' = (a - n) / 2 is the square of the
    /// root's real part r, and b / 2 r is the imaginary one. As d d' = -b² / 4, one exponentiation
    /// does for both: if e = d^((p-3)/4) shows d not to be a square, the root is
    /// -b e / 2 + d e u. For a quotient by m, m e = m (d m)^((p-3)/4) takes the place of e.
    pub(crate) fn root_of_quotient(self, divisor: Fp, root_of_norm: Fp) -> Self {
        let mut d = (self.real + root_of_norm) * Fp::HALF;
        if d.is_zero() {
            d = self.real;
        }
        let inverse = (d * divisor).inverse_root();
        let root = d * inverse;
        let other = self.imaginary * Fp::HALF * inverse;
        if root.square() * divisor == d {
            Self::new(root, other)
        } else {
            Self::new(-other, root)
        }
    }

    /// The specification's `sgn0`.
    pub(crate) fn is_odd(self) -> bool {
        self.real.is_odd() || (self.real.is_zero() && self.imaginary.is_odd())
    }

    /// Whether it is the greater of itself and its negative, imaginary parts first.
    pub(crate) fn is_large(self) -> bool {
        if self.imaginary.is_zero() {
            self.real.is_large()
        } else {
            self.imaginary.is_large()
        }
    }

    /// Karatsuba's three products and two reductions.
    #[inline(never)]
    fn product(&self, other: &Self) -> Self {
        debug_assert!(self.units() * other.units() <= 16, "operands too large");
        let mut real = self.real.wide(&other.real);
        let imaginary = self.imaginary.wide(&other.imaginary);
        let sum = self.real.plus(&self.imaginary);
        let mut cross = sum.wide(&other.real.plus(&other.imaginary));
        for i in 0..COLUMNS {
            cross[i] = cross[i].wrapping_sub(real[i]).wrapping_sub(imaginary[i]);
            real[i] = real[i].wrapping_sub(imaginary[i]);
        }
        Self::new(Fp::reduce(&real), Fp::reduce(&cross))
    }

    fn units(&self) -> u32 {
        self.real.units().max(self.imaginary.units())
    }
}

impl Field for Fp2 {
    const ZERO: Self = Self::new(Fp::ZERO, Fp::ZERO);
    const ONE: Self = Self::new(Fp::ONE, Fp::ZERO);

    #[inline(never)]
    fn square(self) -> Self {
        let Self { real, imaginary } = self;
        Self::new(
            real.plus(&imaginary) * real.minus(&imaginary),
            real.plus(&real) * imaginary,
        )
    }

    fn inverse(self) -> Self {
        self.conjugate().scaled(self.norm().carried().inverse())
    }

    #[inline(never)]
    fn carried(self) -> Self {
        Self::new(self.real.carried(), self.imaginary.carried())
    }

    fn is_zero(self) -> bool {
        self.real.is_zero() && self.imaginary.is_zero()
    }
}

impl PartialEq for Fp2 {
    fn eq(&self, other: &Self) -> bool {
        (*self - *other).is_zero()
    }
}

impl Add for Fp2 {
    type Output = Self;

    #[inline(never)]
    fn add(self, other: Self) -> Self {
        let (real, imaginary) = (
            self.real.plus(&other.real),
            self.imaginary.plus(&other.imaginary),
        );
        Self::new(real, imaginary)
    }
}

impl Sub for Fp2 {
    type Output = Self;

    #[inline(never)]
    fn sub(self, other: Self) -> Self {
        let (real, imaginary) = (
            self.real.minus(&other.real),
            self.imaginary.minus(&other.imaginary),
        );
        Self::new(real, imaginary)
    }
}

impl Neg for Fp2 {
    type Output = Self;

    #[inline(never)]
    fn neg(self) -> Self {
        Self::new(-self.real, -self.imaginary)
    }
}

impl Mul for Fp2 {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.product(&other)
    }
}
