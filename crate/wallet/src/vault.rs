//! A secret key at rest, encrypted with a passphrase.
//!
//! Argon2id makes each guess of the passphrase cost 19 MiB and two passes (OWASP's advice), and
//! XChaCha20-Poly1305 encrypts. Everything in clear (version, cost, salt, nonce, address) is
//! authenticated, so that a changed byte anywhere is noticed when the vault is opened.
//!
//! Format, 125 bytes, numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `LVLT` |
//! | 4 | version, 1 |
//! | 5..9, 9..13, 13..17 | Argon2id: memory in KiB, passes, lanes |
//! | 17..33 | salt |
//! | 33..57 | nonce |
//! | 57..77 | address, so that a locked account can be shown |
//! | 77..125 | encrypted key and tag |
//!
//! The passphrase's bytes are used as they come: a caller normalizes text (NFKC) before.

use crate::{Error, SecretKey};
use alloc::vec::Vec;
use alloy_primitives::Address;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// The longest passphrase.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;

const MAGIC: &[u8; 4] = b"LVLT";
const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const ADDRESS_BYTES: usize = 20;
const CIPHERTEXT_BYTES: usize = 32 + 16; // the key and the tag

/// What a stored vault may ask for at most: it may come from a hostile disk, and opening it must
/// not exhaust a tab's memory or hang it for minutes.
const MAX_COST: Cost = Cost {
    memory_kib: 64 * 1024,
    passes: 8,
    lanes: 4,
};

/// An encrypted secret key with its address in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    cost: Cost,
    salt: [u8; SALT_BYTES],
    nonce: [u8; NONCE_BYTES],
    address: Address,
    ciphertext: [u8; CIPHERTEXT_BYTES],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Vault {
    /// How much entropy [`seal`](Self::seal) takes: for a salt and a nonce.
    pub const ENTROPY_BYTES: usize = SALT_BYTES + NONCE_BYTES;

    /// How many bytes an encoded vault has.
    pub const ENCODED_BYTES: usize =
        MAGIC.len() + 1 + 12 + SALT_BYTES + NONCE_BYTES + ADDRESS_BYTES + CIPHERTEXT_BYTES;

    /// Encrypts a key. The entropy must be new for each call.
    ///
    /// # Errors
    /// An empty or overlong passphrase.
    pub fn seal(
        key: &SecretKey,
        passphrase: &str,
        entropy: &[u8; Self::ENTROPY_BYTES],
    ) -> Result<Self, Error> {
        let cost = Cost {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        };
        Self::seal_at(cost, key, passphrase, entropy)
    }

    /// Decrypts the key.
    ///
    /// # Errors
    /// [`Error::WrongPassphrase`] for another passphrase and for a vault that was changed: the
    /// cipher can't tell them apart.
    pub fn open(&self, passphrase: &str) -> Result<SecretKey, Error> {
        let associated_data = self.header();
        let payload = Payload {
            msg: &self.ciphertext,
            aad: &associated_data,
        };
        let plaintext = cipher(self.cost, &self.salt, passphrase)?
            .decrypt(XNonce::from_slice(&self.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| Error::WrongPassphrase)?;
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(plaintext.as_slice()).map_err(|_| {
            Error::VaultEncoding {
                reason: "its content has the wrong length",
            }
        })?);
        let key = SecretKey::from_bytes(&bytes)?;
        if key.address() != self.address {
            return Err(Error::VaultAddress {
                expected: self.address,
                got: key.address(),
            });
        }
        Ok(key)
    }

    /// The account whose key this holds. In clear; only opening the vault proves it.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The bytes to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.header();
        bytes.extend(self.ciphertext);
        bytes
    }

    /// Reads stored bytes. Nothing expensive happens before [`open`](Self::open).
    ///
    /// # Errors
    /// Another length, format or version, or a cost above the bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() != Self::ENCODED_BYTES {
            return Err(Error::VaultEncoding {
                reason: "it has the wrong length",
            });
        }
        let mut rest = bytes;
        if take::<4>(&mut rest)? != *MAGIC {
            return Err(Error::VaultEncoding {
                reason: "it is no vault",
            });
        }
        if take::<1>(&mut rest)? != [VERSION] {
            return Err(Error::VaultEncoding {
                reason: "it is of an unknown version",
            });
        }
        let cost = Cost {
            memory_kib: u32::from_le_bytes(take(&mut rest)?),
            passes: u32::from_le_bytes(take(&mut rest)?),
            lanes: u32::from_le_bytes(take(&mut rest)?),
        };
        cost.parameters()?;
        Ok(Self {
            cost,
            salt: take(&mut rest)?,
            nonce: take(&mut rest)?,
            address: Address::from(take::<ADDRESS_BYTES>(&mut rest)?),
            ciphertext: take(&mut rest)?,
        })
    }

    fn seal_at(
        cost: Cost,
        key: &SecretKey,
        passphrase: &str,
        entropy: &[u8; Self::ENTROPY_BYTES],
    ) -> Result<Self, Error> {
        let mut rest = entropy.as_slice();
        let mut vault = Self {
            cost,
            salt: take(&mut rest)?,
            nonce: take(&mut rest)?,
            address: key.address(),
            ciphertext: [0; CIPHERTEXT_BYTES],
        };
        let associated_data = vault.header();
        let secret = key.to_bytes();
        let payload = Payload {
            msg: secret.as_slice(),
            aad: &associated_data,
        };
        let ciphertext = cipher(cost, &vault.salt, passphrase)?
            .encrypt(XNonce::from_slice(&vault.nonce), payload)
            .map_err(|_| Error::VaultEncoding {
                reason: "the key can't be encrypted",
            })?;
        vault.ciphertext = take(&mut ciphertext.as_slice())?;
        Ok(vault)
    }

    /// Everything in clear; authenticated with the ciphertext.
    fn header(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::ENCODED_BYTES);
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        bytes.extend(self.cost.memory_kib.to_le_bytes());
        bytes.extend(self.cost.passes.to_le_bytes());
        bytes.extend(self.cost.lanes.to_le_bytes());
        bytes.extend(self.salt);
        bytes.extend(self.nonce);
        bytes.extend(self.address);
        bytes
    }
}

impl Cost {
    fn parameters(self) -> Result<Params, Error> {
        if self.memory_kib > MAX_COST.memory_kib
            || self.passes > MAX_COST.passes
            || self.lanes > MAX_COST.lanes
        {
            return Err(Error::VaultEncoding {
                reason: "opening it would cost too much",
            });
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| {
            Error::VaultEncoding {
                reason: "its Argon2 parameters are wrong",
            }
        })
    }
}

fn cipher(cost: Cost, salt: &[u8], passphrase: &str) -> Result<XChaCha20Poly1305, Error> {
    let length = passphrase.len();
    if length == 0 || length > MAX_PASSPHRASE_BYTES {
        return Err(Error::PassphraseLength {
            expected: MAX_PASSPHRASE_BYTES,
            got: length,
        });
    }
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.parameters()?)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| Error::VaultEncoding {
            reason: "its Argon2 parameters are wrong",
        })?;
    Ok(XChaCha20Poly1305::new(key.as_slice().into()))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Error> {
    let (first, rest) = bytes.split_first_chunk::<N>().ok_or(Error::VaultEncoding {
        reason: "it has the wrong length",
    })?;
    *bytes = rest;
    Ok(*first)
}

#[cfg(test)]
mod tests;
