//! The certificate of a native peer. Its hash is part of a listener's address.

use std::fmt;

use libp2p_webrtc_utils::Fingerprint;
use pem::Pem;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use str0m::config::DtlsCert;

use crate::error::{Error, Result};

/// A self-signed certificate and its private key.
#[derive(Clone)]
pub struct Certificate(DtlsCert);

impl Certificate {
    /// Makes one. It does not expire in our time: nobody looks at anything but its hash.
    pub fn generate() -> Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(unusable)?;
        let certificate = CertificateParams::default()
            .self_signed(&key)
            .map_err(unusable)?;
        Ok(Self(DtlsCert {
            certificate: certificate.der().to_vec(),
            private_key: key.serialize_der(),
        }))
    }

    /// Reads what [`Self::to_pem`] or the stock crate wrote.
    pub fn from_pem(text: &str) -> Result<Self> {
        let blocks = pem::parse_many(text).map_err(unusable)?;
        let block = |names: &[&str]| {
            let mut found = blocks.iter().filter(|block| names.contains(&block.tag()));
            match (found.next(), found.next()) {
                (Some(block), None) => Ok(block.contents().to_vec()),
                _ => Err(unusable(format!("it needs one {} block", names[0]))),
            }
        };
        // The stock crate writes an underscore.
        let private_key = block(&["PRIVATE KEY", "PRIVATE_KEY"])?;
        let certificate = block(&["CERTIFICATE"])?;
        KeyPair::try_from(private_key.as_slice()).map_err(unusable)?;
        Ok(Self(DtlsCert {
            certificate,
            private_key,
        }))
    }

    /// Certificate and private key as text: only its owner should read it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode_many(&[
            Pem::new("PRIVATE KEY", self.0.private_key.clone()),
            Pem::new("CERTIFICATE", self.0.certificate.clone()),
        ])
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_certificate(&self.0.certificate)
    }

    pub(crate) const fn dtls(&self) -> &DtlsCert {
        &self.0
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Certificate")
            .field(&self.fingerprint())
            .finish()
    }
}

fn unusable(reason: impl fmt::Display) -> Error {
    Error::Certificate {
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_certificate_is_the_same() {
        let certificate = Certificate::generate().unwrap();
        let again = Certificate::from_pem(&certificate.to_pem()).unwrap();
        assert_eq!(again.fingerprint(), certificate.fingerprint());
        assert_eq!(again.0.private_key, certificate.0.private_key);
        let other = Certificate::generate().unwrap();
        assert_ne!(other.fingerprint(), certificate.fingerprint());
    }

    #[test]
    fn what_the_stock_crate_stored_is_read() {
        // It writes the end of its validity, and an underscore.
        let certificate = Certificate::generate().unwrap();
        let ours = certificate.to_pem().replace("PRIVATE KEY", "PRIVATE_KEY");
        let stock =
            format!("-----BEGIN EXPIRES-----\r\nAODeeaQBAAA=\r\n-----END EXPIRES-----\r\n{ours}");
        let read = Certificate::from_pem(&stock).unwrap();
        assert_eq!(read.fingerprint(), certificate.fingerprint());
    }

    #[test]
    fn broken_certificates_are_refused() {
        let certificate = Certificate::generate().unwrap();
        let text = certificate.to_pem();
        let key_end = text.find("-----BEGIN CERTIFICATE").unwrap();
        let wrong_key = text[..key_end].replacen("MIG", "AAA", 1);
        for broken in [
            "",
            &text[..key_end],
            &text[key_end..],
            &format!("{text}{text}"),
            &format!("{wrong_key}{}", &text[key_end..]),
        ] {
            assert!(
                matches!(
                    Certificate::from_pem(broken),
                    Err(Error::Certificate { .. })
                ),
                "{broken}"
            );
        }
    }

    #[test]
    fn its_key_is_not_shown() {
        let certificate = Certificate::generate().unwrap();
        assert!(format!("{certificate:?}").len() < 100);
    }
}
