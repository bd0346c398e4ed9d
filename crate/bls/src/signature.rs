//! Signatures.

use crate::curve::{Affine, Jacobian};
use crate::encoding::Flags;
use crate::field::{Field, Fp, Fp2};

/// A signature: a point of the curve that is checked to be in the group of order r.
#[derive(Clone, Copy, Debug)]
pub struct Signature(Option<Affine<Fp2>>);

impl Signature {
    /// Decompresses a signature. None if it is not the one encoding of a point of the curve, or
    /// the point isn't in the group. At infinity it is a signature, under which nothing verifies.
    ///
    /// The group is checked for each signature, in batches too. The curve's order has small
    /// factors (13², 23², …): two signatures with opposite errors of order 13 pass one out of 13
    /// checks of a random combination.
    pub fn from_bytes(bytes: &[u8; 96]) -> Option<Self> {
        let mut imaginary = [0; 48];
        let mut real = [0; 48];
        imaginary.copy_from_slice(&bytes[..48]);
        real.copy_from_slice(&bytes[48..]);
        let flags = Flags::take(&mut imaginary[0])?;
        if flags.infinity {
            let nothing_else = !flags.large && imaginary == [0; 48] && real == [0; 48];
            return nothing_else.then_some(Self(None));
        }
        let x = Fp2::new(Fp::from_bytes(&real)?, Fp::from_bytes(&imaginary)?);
        let y = (x.square() * x + constant()).carried().square_root()?;
        let y = if y.is_large() == flags.large { y } else { -y };
        let point = Affine { x, y };
        Jacobian::from(point)
            .is_in_group()
            .then_some(Self(Some(point)))
    }

    /// The point, unless it is at infinity.
    pub(crate) fn point(&self) -> Option<Affine<Fp2>> {
        self.0
    }
}

/// The constant of the curve y² = x³ + 4 ξ.
fn constant() -> Fp2 {
    Fp2::ONE.times_xi().double().double()
}
