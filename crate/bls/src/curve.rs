//! Points of `y² = x³ + b`, in Jacobian coordinates: keys over [`Fp`](crate::field::Fp),
//! signatures and messages over [`Fp2`](crate::field::Fp2). The formulas take no notice of b.
//!
//! Formulas are those of the [Explicit-Formulas Database](https://hyperelliptic.org/EFD/) for
//! a = 0, with fewer doublings in between. All coordinates are of 1 unit.

use alloc::vec::Vec;

use crate::field::{Field, invert_all};

/// A point that is not at infinity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine<F> {
    pub(crate) x: F,
    pub(crate) y: F,
}

/// (x / z², y / z³), at infinity if z is zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jacobian<F> {
    pub(crate) x: F,
    pub(crate) y: F,
    pub(crate) z: F,
}

impl<F: Field> Affine<F> {
    pub(crate) fn negated(self) -> Self {
        Self {
            x: self.x,
            y: -self.y,
        }
    }
}

impl<F: Field> From<Affine<F>> for Jacobian<F> {
    fn from(point: Affine<F>) -> Self {
        Self {
            x: point.x,
            y: point.y,
            z: F::ONE,
        }
    }
}

impl<F: Field> Jacobian<F> {
    pub(crate) const INFINITY: Self = Self {
        x: F::ONE,
        y: F::ONE,
        z: F::ZERO,
    };

    pub(crate) fn is_infinity(&self) -> bool {
        self.z.is_zero()
    }

    pub(crate) fn negated(self) -> Self {
        Self { y: -self.y, ..self }
    }

    pub(crate) fn affine(self) -> Option<Affine<F>> {
        all_affine(&[self]).map(|points| points[0])
    }

    #[inline(never)]
    pub(crate) fn double(&self) -> Self {
        let Self { x, y, z } = *self;
        let xx = x.square();
        let yy = y.square();
        let yyyy = yy.square();
        let d = ((x + yy).square() - xx - yyyy).double();
        let e = (xx.double() + xx).carried();
        let x = (e.square() - d.double()).carried();
        let four = yyyy.double().double();
        Self {
            x,
            y: (e * (d - x) - four.double()).carried(),
            z: y * z.double(),
        }
    }

    /// The sum with a point that has z = 1.
    #[inline(never)]
    pub(crate) fn add_affine(&self, other: &Affine<F>) -> Self {
        if self.is_infinity() {
            return (*other).into();
        }
        let zz = self.z.square();
        let x = other.x * zz;
        let y = other.y * (self.z * zz);
        self.add_scaled(self.x, self.y, x, y, self.z)
    }

    #[inline(never)]
    pub(crate) fn add(&self, other: &Self) -> Self {
        if self.is_infinity() {
            return *other;
        }
        if other.is_infinity() {
            return *self;
        }
        let zz = self.z.square();
        let other_zz = other.z.square();
        let (x, y) = (other.x * zz, other.y * (self.z * zz));
        let (own_x, own_y) = (self.x * other_zz, self.y * (other.z * other_zz));
        self.add_scaled(own_x, own_y, x, y, self.z * other.z)
    }

    /// The sum of (`own_x`, `own_y`), which is `self`, and (`x`, `y`), all with the same `z`.
    fn add_scaled(&self, own_x: F, own_y: F, x: F, y: F, z: F) -> Self {
        let h = x - own_x;
        let r = y - own_y;
        if h.is_zero() {
            return if r.is_zero() {
                self.double()
            } else {
                Self::INFINITY
            };
        }
        let hh = h.square();
        let hhh = hh * h;
        let v = own_x * hh;
        let x = (r.square() - hhh - v.double()).carried();
        Self {
            x,
            y: (r * (v - x) - own_y * hhh).carried(),
            z: z * h,
        }
    }

    /// Whether both are the same point.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        if self.is_infinity() || other.is_infinity() {
            return self.is_infinity() && other.is_infinity();
        }
        let (zz, other_zz) = (self.z.square(), other.z.square());
        (self.x * other_zz - other.x * zz).is_zero()
            && (self.y * (other.z * other_zz) - other.y * (self.z * zz)).is_zero()
    }

    /// The product with |x| = 0xd201_0000_0001_0000, the curve's parameter, by its few set bits.
    pub(crate) fn times_parameter(&self) -> Self {
        let mut product = *self;
        for doublings in PARAMETER_STEPS {
            for _ in 0..doublings {
                product = product.double();
            }
            product = product.add(self);
        }
        (0..PARAMETER_LAST_DOUBLINGS).for_each(|_| product = product.double());
        product
    }
}

/// The parameter's absolute value from its highest bit on: so many doublings, then an addition.
pub(crate) const PARAMETER_STEPS: [u32; 5] = [1, 2, 3, 9, 32];
/// And doublings for the zeros that it ends in.
pub(crate) const PARAMETER_LAST_DOUBLINGS: u32 = 16;

/// All points with z = 1, at the price of one inversion; nothing if one is at infinity.
pub(crate) fn all_affine<F: Field>(points: &[Jacobian<F>]) -> Option<Vec<Affine<F>>> {
    let mut inverses: Vec<_> = points.iter().map(|point| point.z).collect();
    if inverses.iter().any(|z| z.is_zero()) {
        return None;
    }
    invert_all(&mut inverses);
    let affine = points.iter().zip(inverses).map(|(point, inverse)| {
        let square = inverse.square();
        Affine {
            x: point.x * square,
            y: point.y * (square * inverse),
        }
    });
    Some(affine.collect())
}
