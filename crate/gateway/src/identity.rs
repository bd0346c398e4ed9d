//! Who the gateway is: its key and its certificate, made once and kept, so that its address is the
//! same after a restart.

use crate::{Error, files};
use lampyris_net::{Key, generate_certificate_pem};
use std::path::Path;

/// The largest file that is read.
const BYTES_MAX: u64 = 64 * 1024;

/// Key and certificate.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The peer's key.
    pub(crate) key: Key,
    /// The certificate with its private key.
    pub(crate) certificate_pem: String,
}

impl Identity {
    /// Reads key and certificate from `folder`, or makes what is missing.
    pub(crate) fn load(folder: &Path) -> Result<Self, Error> {
        files::make_folder(folder)?;
        let key = text(&folder.join("identity.key"), || {
            Ok(alloy_primitives::hex::encode(Key::generate().to_bytes()))
        })?;
        let invalid = |reason: String| Error::File {
            path: folder.join("identity.key").display().to_string(),
            reason,
        };
        let bytes = alloy_primitives::hex::decode(key.trim())
            .map_err(|_| invalid("not a key in hexadecimal".into()))?;
        let key = Key::from_bytes(&bytes).map_err(|error| invalid(error.to_string()))?;
        let certificate_pem = text(&folder.join("certificate.pem"), || {
            generate_certificate_pem()
                .map_err(|error| Error::Configuration(format!("no certificate: {error}")))
        })?;
        Ok(Self {
            key,
            certificate_pem,
        })
    }
}

/// The text in a file, which is made if there is none.
fn text(path: &Path, make: impl FnOnce() -> Result<String, Error>) -> Result<String, Error> {
    match files::read(path, BYTES_MAX)? {
        Some(bytes) => String::from_utf8(bytes).map_err(|_| Error::File {
            path: path.display().to_string(),
            reason: "not text".into(),
        }),
        None => {
            let text = make()?;
            files::write(path, text.as_bytes())?;
            Ok(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_keeps_the_identity_private_and_the_same() {
        let folder = std::env::temp_dir().join(format!("lampyris-identity-{}", std::process::id()));
        let first = Identity::load(&folder).unwrap();
        let again = Identity::load(&folder).unwrap();
        assert_eq!(first.key.peer_id(), again.key.peer_id());
        assert_eq!(first.certificate_pem, again.certificate_pem);
        #[cfg(unix)]
        for name in ["identity.key", "certificate.pem"] {
            let mode = std::os::unix::fs::MetadataExt::mode(&folder.join(name).metadata().unwrap());
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        std::fs::write(folder.join("identity.key"), "nonsense").unwrap();
        assert!(
            Identity::load(&folder)
                .unwrap_err()
                .to_string()
                .contains("identity.key")
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
