//! A peer's identity.

use libp2p::{PeerId, identity};

use crate::error::{Error, Result};

/// An ed25519 secret key, which is a peer's identity.
#[derive(Clone)]
pub struct Key(identity::Keypair);

/// Makes a new identity.
#[must_use]
pub fn generate_key() -> Key {
    Key::generate()
}

impl Key {
    /// Makes a new one from the system's entropy.
    #[must_use]
    pub fn generate() -> Self {
        Self(identity::Keypair::generate_ed25519())
    }

    /// Reads one that [`Key::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut secret: [u8; 32] = bytes
            .try_into()
            .map_err(|_| Error::Key { got: bytes.len() })?;
        identity::Keypair::ed25519_from_bytes(&mut secret)
            .map(Self)
            .map_err(|_| Error::Key { got: bytes.len() })
    }

    /// The 32 secret bytes. Keep them where only their owner can read them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let pair = self.0.clone().try_into_ed25519();
        pair.map(|pair| pair.secret().as_ref().to_vec())
            .unwrap_or_default()
    }

    /// The public name that peers know us by.
    #[must_use]
    pub fn peer_id(&self) -> String {
        self.id().to_string()
    }

    pub(crate) fn id(&self) -> PeerId {
        self.0.public().to_peer_id()
    }

    pub(crate) const fn pair(&self) -> &identity::Keypair {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Key").field(&self.peer_id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_is_the_same_peer() {
        let key = generate_key();
        let again = Key::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(again.peer_id(), key.peer_id());
        assert_ne!(generate_key().peer_id(), key.peer_id());
        assert!(!format!("{key:?}").contains(&format!("{:?}", key.to_bytes())));
        assert!(matches!(
            Key::from_bytes(&[1; 31]),
            Err(Error::Key { got: 31 })
        ));
    }
}
