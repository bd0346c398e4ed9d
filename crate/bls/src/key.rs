//! Public keys and their sums.

use crate::curve::{Affine, Jacobian};
use crate::encoding::{self, Flags};
use crate::field::{Field, Fp};

/// A key: a point of the curve, not at infinity, of which the group is not checked.
///
/// Callers must know from elsewhere that the key's owner proved possession of it, which includes
/// the group. An honest sum of honest keys is in the group.
#[derive(Clone, Copy, Debug)]
pub struct PublicKey(Affine<Fp>);

/// A sum of keys.
#[derive(Clone, Copy, Debug)]
pub struct AggregateKey(pub(crate) Jacobian<Fp>);

impl PublicKey {
    /// Decompresses a key. None if it is not the one encoding of a point of the curve, or at
    /// infinity.
    pub fn from_bytes(bytes: &[u8; 48]) -> Option<Self> {
        let mut bytes = *bytes;
        let flags = Flags::take(&mut bytes[0])?;
        if flags.infinity {
            return None;
        }
        // (0, ±2) have order 3.
        let x = Fp::from_bytes(&bytes).filter(|x| !x.is_zero())?;
        let y = (x.square() * x + four()).square_root()?;
        let y = if y.is_large() == flags.large { y } else { -y };
        Some(Self(Affine { x, y }))
    }

    /// The compressed form.
    pub fn to_bytes(&self) -> [u8; 48] {
        let mut bytes = self.0.x.to_bytes();
        bytes[0] |= encoding::flags(self.0.y.is_large());
        bytes
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.x == other.0.x && self.0.y == other.0.y
    }
}

impl Eq for PublicKey {}

impl AggregateKey {
    /// Adds a key.
    pub fn add(&mut self, key: &PublicKey) {
        self.0 = self.0.add_affine(&key.0);
    }

    /// Subtracts a key.
    pub fn subtract(&mut self, key: &PublicKey) {
        self.0 = self.0.add_affine(&key.0.negated());
    }

    /// Whether the sum is at infinity, under which nothing verifies.
    pub fn is_infinity(&self) -> bool {
        self.0.is_infinity()
    }
}

impl From<PublicKey> for AggregateKey {
    fn from(key: PublicKey) -> Self {
        Self(key.0.into())
    }
}

/// The constant of the curve y² = x³ + 4.
fn four() -> Fp {
    Fp::ONE.double().double()
}
