//! The two versions of webrtc-direct, and what a dialler's STUN USERNAME says.
//!
//! Nobody tells the listener the dialler's ICE credentials; it reads them from the first packet. A
//! USERNAME is `listener's ufrag:dialler's ufrag`, and the dialler invents both
//! ([libp2p: WebRTC Direct](https://github.com/libp2p/specs/blob/master/webrtc/webrtc-direct.md)):
//!
//! | | v1 | v2 |
//! |---|---|---|
//! | listener's ufrag and password | `libp2p+webrtc+v1/…` | `libp2p+webrtc+v2/` and the dialler's password |
//! | dialler's ufrag | the same | its own |
//! | dialler's password | the same | its own |
//!
//! For v1 a browser must let a page change its own ufrag, which Chrome is taking away; v2 only needs the
//! page to read its own password.

/// A version of webrtc-direct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Where the dialler changes its own credentials.
    V1,
    /// Where it does not.
    #[default]
    V2,
}

/// RFC 8839, section 5.4.
const UFRAG_LENGTHS: std::ops::RangeInclusive<usize> = 4..=256;
/// RFC 8839, section 5.4.
const PASSWORD_LENGTHS: std::ops::RangeInclusive<usize> = 22..=256;

impl Version {
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "libp2p+webrtc+v1/",
            Self::V2 => "libp2p+webrtc+v2/",
        }
    }
}

/// Both sides' ICE credentials, as the listener learns them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) version: Version,
    /// Ufrag and password at once.
    pub(crate) listener: String,
    pub(crate) dialler_ufrag: String,
    pub(crate) dialler_password: String,
}

impl Credentials {
    /// Reads the two halves of a USERNAME. A version that is not known is never guessed.
    pub(crate) fn from_username(listener: &str, dialler: &str) -> Option<Self> {
        let version = [Version::V1, Version::V2]
            .into_iter()
            .find(|version| listener.starts_with(version.prefix()))?;
        let dialler_password = match version {
            Version::V1 => dialler,
            Version::V2 => listener.strip_prefix(version.prefix())?,
        };
        let is_valid = is_ufrag(listener)
            && is_ufrag(dialler)
            && is_password(listener)
            && is_password(dialler_password);
        is_valid.then(|| Self {
            version,
            listener: listener.to_owned(),
            dialler_ufrag: dialler.to_owned(),
            dialler_password: dialler_password.to_owned(),
        })
    }

    /// What the dialler invents for v2, given its own credentials; `None` when they are not usable.
    pub(crate) fn of_dialler(ufrag: &str, password: &str) -> Option<Self> {
        let listener = format!("{}{password}", Version::V2.prefix());
        Self::from_username(&listener, ufrag)
    }

    /// What the dialler invents for v1, given something random.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn of_v1(random: &str) -> Option<Self> {
        let ufrag = format!("{}{random}", Version::V1.prefix());
        Self::from_username(&ufrag, &ufrag)
    }
}

pub(crate) fn is_ufrag(text: &str) -> bool {
    UFRAG_LENGTHS.contains(&text.len()) && text.bytes().all(is_ice_char)
}

pub(crate) fn is_password(text: &str) -> bool {
    PASSWORD_LENGTHS.contains(&text.len()) && text.bytes().all(is_ice_char)
}

pub(crate) const fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "aB3+/aB3+/aB3+/aB3+/ab";

    #[test]
    fn a_v2_dialler_is_read_as_it_meant() {
        let meant = Credentials::of_dialler("own1", PASSWORD).unwrap();
        assert_eq!(meant.version, Version::V2);
        assert_eq!(meant.listener, format!("libp2p+webrtc+v2/{PASSWORD}"));
        let read = Credentials::from_username(&meant.listener, "own1").unwrap();
        assert_eq!(read, meant);
        assert_eq!(read.dialler_password, PASSWORD);
    }

    #[test]
    fn a_v1_dialler_has_one_secret_for_all() {
        let ufrag = "libp2p+webrtc+v1/abcdefgh";
        let read = Credentials::from_username(ufrag, ufrag).unwrap();
        assert_eq!(read.version, Version::V1);
        assert_eq!(
            [&read.listener, &read.dialler_ufrag, &read.dialler_password],
            [ufrag; 3]
        );
        assert_eq!(Credentials::of_v1("abcdefgh"), Some(read));
    }

    #[test]
    fn what_is_not_exactly_right_is_refused() {
        let v2 = |password: &str| format!("libp2p+webrtc+v2/{password}");
        let long = "a".repeat(256 - 17);
        assert!(Credentials::from_username(&v2(&long), "own1").is_some());
        let refused = [
            (v2(PASSWORD), "own".into()),
            (v2(PASSWORD), "o".repeat(257)),
            (v2(PASSWORD), "own:1".into()),
            (v2(PASSWORD), "own\r\n".into()),
            (v2(&PASSWORD[..21]), "own1".into()),
            (v2(&format!("{long}a")), "own1".into()),
            (v2(&PASSWORD.replace('/', "\n")), "own1".into()),
            (v2(&PASSWORD.replace('/', "-")), "own1".into()),
            (v2(&PASSWORD.replace('/', "ä")), "own1".into()),
            (String::new(), "own1".into()),
            (v2(PASSWORD), String::new()),
            (v2(""), "own1".into()),
            (format!("libp2p+webrtc+v3/{PASSWORD}"), "own1".into()),
            (format!("libp2p+webrtc+v22/{PASSWORD}"), "own1".into()),
            (PASSWORD.into(), PASSWORD.into()),
            (
                "libp2p+webrtc+v1/abcd".into(),
                "libp2p+webrtc+v1/abcd".into(),
            ),
            ("libp2p+webrtc+v1/abcdefgh".into(), "own1".into()),
        ];
        for (listener, dialler) in refused {
            let read = Credentials::from_username(&listener, &dialler);
            assert_eq!(read, None, "{listener} {dialler}");
        }
    }
}
