//! The field of pairings, a quadratic extension of [`Fp6`]: `a + b w` with w² = v.

use core::ops::Mul;

use super::{Field, Fp2, Fp6};

/// `a + b w`, of 1 unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fp12 {
    a: Fp6,
    b: Fp6,
}

/// ξ^(i (p - 1) / 6) for i from 1 to 5: w^i to the power p is this times w^i.
const FROBENIUS: [Fp2; 5] = [
    Fp2::from_hex(
        "1904d3bf02bb0667c231beb4202c0d1f0fd603fd3cbd5f4f7b2443d784bab9c4f67ea53d63e7813d8d0775ed92235fb8",
        "fc3e2b36c4e03288e9e902231f9fb854a14787b6c7b36fec0c8ec971f63c5f282d5ac14d6c7ec22cf78a126ddc4af3",
    ),
    Fp2::from_hex(
        "0",
        "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaac",
    ),
    Fp2::from_hex(
        "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09",
        "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09",
    ),
    Fp2::from_hex(
        "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad",
        "0",
    ),
    Fp2::from_hex(
        "5b2cfd9013a5fd8df47fa6b48b1e045f39816240c0b8fee8beadf4d8e9c0566c63a3e6e257f87329b18fae980078116",
        "144e4211384586c16bd3ad4afa99cc9170df3560e77982d0db45f3536814f0bd5871c1908bd478cd1ee605167ff82995",
    ),
];

impl Fp12 {
    pub(crate) const ONE: Self = Self {
        a: Fp6::ONE,
        b: Fp6::ZERO,
    };

    #[cfg(test)]
    pub(crate) const fn new(a: Fp6, b: Fp6) -> Self {
        Self { a, b }
    }

    #[cfg(test)]
    pub(crate) const fn parts(&self) -> (Fp6, Fp6) {
        (self.a, self.b)
    }

    /// To the power p^6: the inverse of what the first part of the final exponentiation gives.
    pub(crate) fn conjugate(self) -> Self {
        Self {
            a: self.a,
            b: -self.b,
        }
    }

    /// To the power p.
    pub(crate) fn frobenius(self) -> Self {
        let [g1, g2, g3, g4, g5] = FROBENIUS;
        let Self { a, b } = self;
        Self {
            a: Fp6::new(a.a.conjugate(), a.b.conjugate() * g2, a.c.conjugate() * g4),
            b: Fp6::new(
                b.a.conjugate() * g1,
                b.b.conjugate() * g3,
                b.c.conjugate() * g5,
            ),
        }
    }

    #[inline(never)]
    pub(crate) fn square(self) -> Self {
        let Self { a, b } = self;
        let ab = a * b;
        let product = (a + b).carried() * (a + b.times_v()).carried();
        Self {
            a: (product - ab - ab.times_v()).carried(),
            b: (ab + ab).carried(),
        }
    }

    /// Granger and Scott's squaring, [eprint 2009/565](https://eprint.iacr.org/2009/565), of what
    /// the first part of the final exponentiation gives.
    #[inline(never)]
    pub(crate) fn cyclotomic_square(self) -> Self {
        let Self { a, b } = self;
        let (aa, ab) = square_fp4(a.a, b.b);
        let (ba, bb) = square_fp4(b.a, a.c);
        let (ca, cb) = square_fp4(a.b, b.c);
        let cb = cb.times_xi().carried();
        let less = |t: Fp2, z: Fp2| ((t - z).double() + t).carried();
        let more = |t: Fp2, z: Fp2| ((t + z).double() + t).carried();
        Self {
            a: Fp6::new(less(aa, a.a), less(ba, a.b), less(ca, a.c)),
            b: Fp6::new(more(cb, b.a), more(ab, b.b), more(bb, b.c)),
        }
    }

    /// Times a line `a + b v + c v w`.
    #[inline(never)]
    pub(crate) fn times_line(self, line: &[Fp2; 3]) -> Self {
        let [a, b, c] = *line;
        let aa = self.a.times_ab(a, b);
        let bb = self.b.times_b(c);
        let cross = (self.a + self.b).times_ab(a, b + c);
        Self {
            a: (aa + bb.times_v()).carried(),
            b: (cross - aa - bb).carried(),
        }
    }

    pub(crate) fn inverse(self) -> Self {
        let Self { a, b } = self;
        let norm = (a * a - (b * b).times_v()).carried();
        let inverse = norm.inverse();
        Self {
            a: a * inverse,
            b: -(b * inverse),
        }
    }

    pub(crate) fn is_one(self) -> bool {
        (self.a - Fp6::ONE).is_zero() && self.b.is_zero()
    }
}

/// The square of `a + b s` with s² = ξ. 3 units.
fn square_fp4(a: Fp2, b: Fp2) -> (Fp2, Fp2) {
    let aa = a.square();
    let bb = b.square();
    (aa + bb.times_xi(), (a + b).square() - aa - bb)
}

impl Mul for Fp12 {
    type Output = Self;

    #[inline(never)]
    fn mul(self, other: Self) -> Self {
        let aa = self.a * other.a;
        let bb = self.b * other.b;
        let cross = (self.a + self.b) * (other.a + other.b);
        Self {
            a: (aa + bb.times_v()).carried(),
            b: (cross - aa - bb).carried(),
        }
    }
}
