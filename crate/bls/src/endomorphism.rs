//! ψ, Frobenius' map carried over to the signatures' curve: its cheap multiplication.

use crate::curve::Jacobian;
use crate::field::{Fp, Fp2};

/// 1 / ξ^((p - 1) / 3).
const X_FACTOR: Fp2 = Fp2::new(
    Fp::from_hex("0"),
    Fp::from_hex(
        "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad",
    ),
);
/// 1 / ξ^((p - 1) / 2).
const Y_FACTOR: Fp2 = Fp2::from_hex(
    "135203e60180a68ee2e9c448d77a2cd91c3dedd930b1cf60ef396489f61eb45e304466cf3e67fa0af1ee7b04121bdea2",
    "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09",
);

impl Jacobian<Fp2> {
    /// ψ: (x, y) → (x̄ / ξ^((p - 1) / 3), ȳ / ξ^((p - 1) / 2)).
    pub(crate) fn psi(&self) -> Self {
        Self {
            x: self.x.conjugate() * X_FACTOR,
            y: self.y.conjugate() * Y_FACTOR,
            z: self.z.conjugate(),
        }
    }

    /// Whether the point of the curve is in the group of order r: ψ multiplies by the curve's
    /// parameter in this group and only there ([eprint 2021/1130](https://eprint.iacr.org/2021/1130),
    /// section 4).
    pub(crate) fn is_in_group(&self) -> bool {
        self.psi().equals(&self.times_parameter().negated())
    }

    /// A multiple of a point of the curve that is in the group: the specification's
    /// [`clear_cofactor`](https://www.rfc-editor.org/rfc/rfc9380#appendix-G.3), which is Budroni
    /// and Pintore's x² - x - 1 + (x - 1) ψ + 2 ψ².
    pub(crate) fn into_group(self) -> Self {
        let multiple = self.times_parameter().negated().add(&self.psi());
        multiple
            .times_parameter()
            .add(&multiple)
            .add(&self)
            .negated()
            .add(&self.double().psi().psi())
    }
}
