//! The optimal ate pairing, as a product over pairs that is compared with one.

use alloc::vec::Vec;

use crate::curve::{Affine, PARAMETER_LAST_DOUBLINGS, PARAMETER_STEPS};
use crate::field::{Field, Fp, Fp2, Fp12};

/// What is paired: a key and a message's or signature's point.
pub(crate) type Pair = (Affine<Fp>, Affine<Fp2>);

/// Whether the product of all pairs' pairings is one.
///
/// Squarings and the final exponentiation are shared by all pairs.
pub(crate) fn product_is_one(pairs: &[Pair]) -> bool {
    final_exponentiation(miller_loop(pairs)).is_one()
}

/// A pair on its way through the Miller loop.
struct Walk {
    key: Affine<Fp>,
    point: Affine<Fp2>,
    /// A multiple of `point`, homogeneous: (x / z, y / z). Of 1 unit.
    multiple: [Fp2; 3],
}

fn miller_loop(pairs: &[Pair]) -> Fp12 {
    let mut walks: Vec<_> = pairs
        .iter()
        .map(|&(key, point)| Walk {
            key,
            point,
            multiple: [point.x, point.y, Fp2::ONE],
        })
        .collect();
    let mut product = Fp12::ONE;
    let double = |product: &mut Fp12, walks: &mut [Walk]| {
        *product = product.square();
        for walk in walks {
            *product = product.times_line(&walk.double());
        }
    };
    for doublings in PARAMETER_STEPS {
        (0..doublings).for_each(|_| double(&mut product, &mut walks));
        for walk in &mut walks {
            product = product.times_line(&walk.add());
        }
    }
    (0..PARAMETER_LAST_DOUBLINGS).for_each(|_| double(&mut product, &mut walks));
    // The parameter is negative.
    product.conjugate()
}

/// Lines are the ones through points (x / w², y / w³), which lie on the keys' curve over
/// [`Fp12`], evaluated at the key, times w³ and a factor in [`Fp2`], which the final
/// exponentiation removes. Up to 2 units.
impl Walk {
    /// Doubles the multiple; gives the tangent, with the slope 3 x² / 2 y.
    ///
    /// Costello, Lange and Naehrig's formulas, [eprint 2009/615](https://eprint.iacr.org/2009/615),
    /// section 5, coordinates times four instead of halves.
    #[inline(never)]
    fn double(&mut self) -> [Fp2; 3] {
        let [x, y, z] = self.multiple;
        let yy = y.square();
        let zz = z.square();
        // 3 b z² with b = 4 ξ.
        let xi = zz.times_xi();
        let e = (xi.double() + xi).carried().double().double().carried();
        let f = e.double() + e;
        let h = (y + z).square() - yy - zz;
        let xx = x.square();
        let line = [
            yy - e,
            (xx.double() + xx).scaled(-self.key.x),
            h.scaled(self.key.y),
        ];
        let ee = e.square().double().double();
        self.multiple = [
            (x * y).double() * (yy - f),
            ((yy + f).carried().square() - (ee.double() + ee)).carried(),
            yy.double().double() * h,
        ];
        line
    }

    /// Adds the point; gives the line through it and the multiple.
    #[inline(never)]
    fn add(&mut self) -> [Fp2; 3] {
        let [x, y, z] = self.multiple;
        let theta = y - self.point.y * z;
        let lambda = x - self.point.x * z;
        let d = lambda.square();
        let e = lambda * d;
        let g = x * d;
        let h = (e + z * theta.square() - g.double()).carried();
        self.multiple = [lambda * h, (theta * (g - h) - e * y).carried(), z * e];
        [
            theta * self.point.x - lambda * self.point.y,
            theta.scaled(-self.key.x),
            lambda.scaled(self.key.y),
        ]
    }
}

/// To the power 3 (p^12 - 1) / r. The factor 3, which changes nothing about whether the result is
/// one, makes the hard part the short product (x - 1)² (x + p) (x² + p² - 1) + 3 of
/// [eprint 2020/875](https://eprint.iacr.org/2020/875).
fn final_exponentiation(f: Fp12) -> Fp12 {
    let f = f.conjugate() * f.inverse();
    let f = f.frobenius().frobenius() * f;
    let a = power(f) * f.conjugate();
    let a = power(a) * a.conjugate();
    let b = power(a) * a.frobenius();
    let c = power(power(b)) * b.frobenius().frobenius() * b.conjugate();
    c * f.cyclotomic_square() * f
}

/// To the power of the curve's parameter, which is negative.
fn power(base: Fp12) -> Fp12 {
    let mut power = base;
    for squarings in PARAMETER_STEPS {
        (0..squarings).for_each(|_| power = power.cyclotomic_square());
        power = power * base;
    }
    (0..PARAMETER_LAST_DOUBLINGS).for_each(|_| power = power.cyclotomic_square());
    power.conjugate()
}
