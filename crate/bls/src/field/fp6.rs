//! The cubic extension of [`Fp2`]: `a + b v + c v²` with v³ = ξ.

use core::ops::{Add, Mul, Neg, Sub};

use super::{Field, Fp2};

/// `a + b v + c v²`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fp6 {
    pub(crate) a: Fp2,
    pub(crate) b: Fp2,
    pub(crate) c: Fp2,
}

impl Fp6 {
    pub(crate) const fn new(a: Fp2, b: Fp2, c: Fp2) -> Self {
        Self { a, b, c }
    }

    /// Times v. Up to twice as many units.
    pub(crate) fn times_v(self) -> Self {
        Self::new(self.c.times_xi(), self.a, self.b)
    }

    /// Times `a + b v`. 5 units.
    pub(crate) fn times_ab(self, a: Fp2, b: Fp2) -> Self {
        let aa = self.a * a;
        let bb = self.b * b;
        Self::new(
            ((self.b + self.c) * b - bb).times_xi() + aa,
            (self.a + self.b) * (a + b) - aa - bb,
            (self.a + self.c) * a - aa + bb,
        )
    }

    /// Times `b v`. 2 units.
    pub(crate) fn times_b(self, b: Fp2) -> Self {
        Self::new((self.c * b).times_xi(), self.a * b, self.b * b)
    }
}

impl Field for Fp6 {
    const ZERO: Self = Self::new(Fp2::ZERO, Fp2::ZERO, Fp2::ZERO);
    const ONE: Self = Self::new(Fp2::ONE, Fp2::ZERO, Fp2::ZERO);

    fn square(self) -> Self {
        self * self
    }

    fn inverse(self) -> Self {
        let Self { a, b, c } = self;
        let x = (a.square() - (b * c).times_xi()).carried();
        let y = (c.square().times_xi() - a * b).carried();
        let z = b.square() - a * c;
        let norm = (c * y + b * z).times_xi() + a * x;
        let inverse = norm.carried().inverse();
        Self::new(x * inverse, y * inverse, z * inverse)
    }

    fn carried(self) -> Self {
        Self::new(self.a.carried(), self.b.carried(), self.c.carried())
    }

    fn is_zero(self) -> bool {
        self.a.is_zero() && self.b.is_zero() && self.c.is_zero()
    }
}

impl Add for Fp6 {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.a + other.a, self.b + other.b, self.c + other.c)
    }
}

impl Sub for Fp6 {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new(self.a - other.a, self.b - other.b, self.c - other.c)
    }
}

impl Neg for Fp6 {
    type Output = Self;

    fn neg(self) -> Self {
        Self::new(-self.a, -self.b, -self.c)
    }
}

impl Mul for Fp6 {
    type Output = Self;

    /// Karatsuba's six products. Operands of 2 units at most.
    #[inline(never)]
    fn mul(self, other: Self) -> Self {
        let aa = self.a * other.a;
        let bb = self.b * other.b;
        let cc = self.c * other.c;
        let bc = (self.b + self.c) * (other.b + other.c) - bb - cc;
        let ab = (self.a + self.b) * (other.a + other.b) - aa - bb;
        let ac = (self.a + self.c) * (other.a + other.c) - aa - cc;
        Self::new(aa + bc.times_xi(), ab + cc.times_xi(), ac + bb).carried()
    }
}
