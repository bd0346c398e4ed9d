//! A secp256k1 secret key.

use crate::Error;
use crate::transaction::Signature;
use alloy_primitives::{Address, B256, hex};
use core::fmt;
use k256::ecdsa::{self, RecoveryId, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

/// A secret key of an account. Wiped from memory when it is dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A key from its 32 bytes, big-endian.
    ///
    /// # Errors
    /// Zero and numbers from the curve's order on are no keys.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(Error::KeyZero);
        }
        // The only other thing that is refused is a number that is too large.
        let key = SigningKey::from_slice(bytes).map_err(|_| Error::KeyTooLarge)?;
        Ok(Self(key))
    }

    /// A key from its 64 hexadecimal digits, with or without `0x`.
    ///
    /// # Errors
    /// Another length, other characters, or a number that is no key.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let length = digits.chars().count();
        if length != 64 {
            return Err(Error::KeyLength { got: length });
        }
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.as_bytes(), bytes.as_mut_slice())
            .map_err(|_| Error::KeyNotHexadecimal)?;
        Self::from_bytes(&bytes)
    }

    /// A new key from 32 bytes of real entropy.
    ///
    /// # Errors
    /// Of all 2^256 inputs, about 2^128 are no key; from a real source one is never seen, so an
    /// error means that the source is broken.
    pub fn generate(entropy: &[u8; 32]) -> Result<Self, Error> {
        Self::from_bytes(entropy)
    }

    /// The account's address: the last 20 bytes of the public key's hash.
    #[must_use]
    pub fn address(&self) -> Address {
        address_of(self.0.verifying_key())
    }

    /// The public key, compressed (SEC 1).
    #[must_use]
    pub fn public_key(&self) -> [u8; 33] {
        let mut bytes = [0; 33];
        let point = self.0.verifying_key().to_encoded_point(true);
        bytes.copy_from_slice(point.as_bytes()); // A compressed point has 33 bytes.
        bytes
    }

    /// The secret, for a vault or an export; wiped when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut field_bytes = self.0.to_bytes();
        let bytes = Zeroizing::new(field_bytes.into());
        zeroize::Zeroize::zeroize(field_bytes.as_mut_slice());
        bytes
    }

    /// Signs a digest: deterministic nonce (RFC 6979), low `s` (EIP-2).
    pub(crate) fn sign(&self, digest: &B256) -> Result<Signature, Error> {
        let (signature, recovery) =
            self.0
                .sign_prehash_recoverable(digest.as_slice())
                .map_err(|_| Error::Signature {
                    reason: "this digest can't be signed",
                })?;
        let (r, s) = signature.split_bytes();
        Ok(Signature {
            r: B256::from_slice(&r),
            s: B256::from_slice(&s),
            y_odd: recovery.is_y_odd(),
        })
    }
}

/// Shows the address only.
impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretKey(of {})", self.address())
    }
}

/// The address whose key made a signature; a high `s` is refused (EIP-2), so that there is only
/// one signature of a kind and a transaction's hash can't be changed by others.
pub(crate) fn recover(digest: &B256, signature: Signature) -> Result<Address, Error> {
    let recovery = RecoveryId::new(signature.y_odd, false);
    let signature = ecdsa::Signature::from_scalars(signature.r.0, signature.s.0).map_err(|_| {
        Error::Signature {
            reason: "r or s is out of range",
        }
    })?;
    if signature.normalize_s().is_some() {
        return Err(Error::Signature {
            reason: "s is in the upper half",
        });
    }
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &signature, recovery).map_err(
        |_| Error::Signature {
            reason: "it recovers no key",
        },
    )?;
    Ok(address_of(&key))
}

fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    // An uncompressed point is a tag byte and 64 bytes of coordinates.
    Address::from_raw_public_key(&point.as_bytes()[1..])
}
