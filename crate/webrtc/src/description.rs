//! What two tabs tell each other of the connection that they make, through whoever introduces them.
//!
//! Of a browser's SDP only what is needed travels: credentials, the certificate's hash and addresses. What
//! arrives is read into that and nothing else, and the SDP that our own browser is given is made from it,
//! so that no stranger has a word in it. The text has one form: what is not exactly as we would write it
//! is refused.

use std::{fmt::Write, net::IpAddr};

use libp2p_webrtc_utils::Fingerprint;

use crate::{
    frame::FRAME_BYTES_MAX,
    sdp::Offer,
    version::{is_ice_char, is_password, is_ufrag},
};

/// Addresses of one side. Each is tried by the other side's browser, so a stranger may not name many.
pub(crate) const CANDIDATES_MAX: usize = 8;
/// The longest name of an address: browsers hide a page's own behind `<UUID>.local`.
const NAME_BYTES_MAX: usize = 64;
/// RFC 8839, section 5.1.
const FOUNDATION_BYTES_MAX: usize = 32;

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    ufrag: String,
    password: String,
    pub(crate) fingerprint: Fingerprint,
    candidates: Vec<String>,
}

/// Who begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Offerer,
    Answerer,
}

impl Description {
    /// Takes what is needed from the SDP of our own browser, once it has found its addresses.
    pub(crate) fn from_sdp(sdp: &str) -> Option<Self> {
        let Offer {
            ufrag,
            password,
            fingerprint,
        } = Offer::parse(sdp)?;
        let candidates = sdp
            .lines()
            .filter_map(|line| candidate(line.trim_end().strip_prefix(CANDIDATE)?));
        let description = Self {
            ufrag: ufrag.to_owned(),
            password: password.to_owned(),
            fingerprint,
            candidates: candidates.take(CANDIDATES_MAX).collect(),
        };
        (is_ufrag(ufrag) && is_password(password)).then_some(description)
    }

    /// As it travels.
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.lines().into_bytes()
    }

    /// Reads what arrived.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        Self::from_sdp(text).filter(|description| description.lines() == text)
    }

    /// The SDP of a side that tells no more addresses.
    pub(crate) fn to_sdp(&self, side: Side) -> String {
        self.sdp(side, "a=end-of-candidates")
    }

    /// The SDP of a side that tells more addresses later.
    pub(crate) fn to_trickling_sdp(&self, side: Side) -> String {
        self.sdp(side, "a=ice-options:trickle")
    }

    fn sdp(&self, side: Side, candidates: &str) -> String {
        // Who answers begins with DTLS, as all browsers do.
        let setup = match side {
            Side::Offerer => "actpass",
            Side::Answerer => "active",
        };
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
             m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
             {}{candidates}\r\na=setup:{setup}\r\na=sctp-port:5000\r\n\
             a=max-message-size:{FRAME_BYTES_MAX}\r\n",
            self.lines(),
        )
    }

    fn lines(&self) -> String {
        let mut lines = format!(
            "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {}\r\n",
            self.ufrag,
            self.password,
            self.fingerprint.to_sdp_format(),
        );
        for candidate in &self.candidates {
            // Writing to a string does not fail.
            let _written = write!(lines, "{CANDIDATE}{candidate}\r\n");
        }
        lines
    }
}

const CANDIDATE: &str = "a=candidate:";
const CANDIDATE_OF_JSON: &str = "candidate:";

/// An address that the other side tells later, for our own browser: as in a description, `None` for what
/// may not be told.
pub(crate) fn later_candidate(text: &str) -> Option<String> {
    let candidate = candidate(text.strip_prefix(CANDIDATE_OF_JSON)?)?;
    Some(format!("{CANDIDATE_OF_JSON}{candidate}"))
}

/// An address over UDP, without what else a browser says of it; `None` for any other.
fn candidate(text: &str) -> Option<String> {
    let mut words = text.split(' ');
    let mut next = || words.next();
    let (foundation, component, protocol) = (next()?, next()?, next()?);
    let (priority, address, port): (u32, _, u16) =
        (next()?.parse().ok()?, next()?, next()?.parse().ok()?);
    let (_, kind) = (next().filter(|word| *word == "typ")?, next()?);
    let is_usable = is_foundation(foundation)
        && component == "1"
        && protocol.eq_ignore_ascii_case("udp")
        && is_address(address)
        && port != 0;
    let related = match kind {
        "host" => "",
        // Where it is from is nobody's business, but has to be said.
        "srflx" | "relay" => " raddr 0.0.0.0 rport 9",
        _ => return None,
    };
    is_usable.then(|| format!("{foundation} 1 udp {priority} {address} {port} typ {kind}{related}"))
}

fn is_foundation(text: &str) -> bool {
    (1..=FOUNDATION_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_ice_char)
}

/// An address, or a name that only the local network can resolve: no stranger makes a browser ask the
/// domain name system.
fn is_address(text: &str) -> bool {
    let is_local_name = || {
        let name = text.strip_suffix(".local").unwrap_or_default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain)
    };
    text.parse::<IpAddr>().is_ok() || is_local_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "A8:17:77:1E:02:7E:D1:2B:53:92:70:A6:8E:F9:02:CC:21:72:3A:92:5D:F4:97:5F:27:C4:5E:75:D4:F4:31:89";

    fn browsers_sdp() -> String {
        format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
             m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
             a=candidate:842163049 1 udp 1677729535 192.0.2.7 53421 typ srflx raddr 10.0.0.5 rport 53421 generation 0 network-cost 999\r\n\
             a=candidate:1 1 udp 2113937151 3f1b7d5e-8a45-4c55-9d92-0a0d2b1c6e11.local 53421 typ host generation 0 network-cost 999\r\n\
             a=candidate:2 1 UDP 2113937150 2001:db8::7 53422 typ host generation 0\r\n\
             a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0\r\n\
             a=ice-ufrag:VFqE\r\na=ice-pwd:xGjQkAvKIVkBeVTGWcvCQtnV\r\na=ice-options:trickle\r\n\
             a=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\na=mid:0\r\n"
        )
    }

    fn travelling() -> String {
        format!(
            "a=ice-ufrag:VFqE\r\na=ice-pwd:xGjQkAvKIVkBeVTGWcvCQtnV\r\na=fingerprint:sha-256 {FINGERPRINT}\r\n\
             a=candidate:842163049 1 udp 1677729535 192.0.2.7 53421 typ srflx raddr 0.0.0.0 rport 9\r\n\
             a=candidate:1 1 udp 2113937151 3f1b7d5e-8a45-4c55-9d92-0a0d2b1c6e11.local 53421 typ host\r\n\
             a=candidate:2 1 udp 2113937150 2001:db8::7 53422 typ host\r\n"
        )
    }

    #[test]
    fn only_what_is_needed_travels() {
        let description = Description::from_sdp(&browsers_sdp()).unwrap();
        let bytes = description.encode();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), travelling());
        assert_eq!(Description::decode(&bytes), Some(description));
    }

    #[test]
    fn the_sdp_for_the_other_browser_says_the_same() {
        let description = Description::decode(travelling().as_bytes()).unwrap();
        for (side, setup) in [(Side::Offerer, "actpass"), (Side::Answerer, "active")] {
            let sdp = description.to_sdp(side);
            assert_eq!(Description::from_sdp(&sdp).unwrap(), description);
            assert!(sdp.contains(&format!("a=setup:{setup}\r\n")), "{sdp}");
            assert!(sdp.contains("a=max-message-size:16384\r\n"), "{sdp}");
            assert!(
                sdp.lines()
                    .all(|line| line.as_bytes().get(1) == Some(&b'='))
            );
        }
    }

    #[test]
    fn nobody_gets_a_word_of_their_own_in() {
        let good = travelling();
        let with = |old: &str, new: &str| {
            assert!(good.contains(old), "{old}");
            good.replace(old, new)
        };
        let refused = [
            String::new(),
            format!("{good}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"),
            format!("{good}\r\n"),
            good.trim_end().to_owned(),
            with("\r\n", "\n"),
            with("VFqE", "VFq"),
            with("VFqE", "VF-E"),
            with("VFqE", "VFqE\r\na=ice-lite"),
            with("QtnV", ""),
            with("A8:17", "a8:17"),
            with("A8:17", "17"),
            with("sha-256", "sha-1"),
            with("192.0.2.7", "example.org"),
            with("192.0.2.7", "192.0.2.7.local."),
            with("192.0.2.7", "a.b.local"),
            with("53422", "0"),
            with("53422", "65536"),
            with("2113937150", "-1"),
            with("typ host", "typ prflx"),
            with("typ host", "typ host generation 0"),
            with(" 1 udp", " 2 udp"),
            with(" 1 udp", " 1 tcp"),
            with("candidate:2 ", "candidate:2- "),
            with("raddr 0.0.0.0", "raddr 10.0.0.5"),
        ];
        for text in refused {
            assert_eq!(Description::decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Description::decode(&[0xff; 100]), None);
    }

    #[test]
    fn addresses_that_come_later_obey_the_same_rules() {
        let chromes = "candidate:1 1 udp 2113937151 3f1b7d5e-8a45-4c55-9d92-0a0d2b1c6e11.local 53421 typ host generation 0 ufrag VFqE network-cost 999";
        let read = "candidate:1 1 udp 2113937151 3f1b7d5e-8a45-4c55-9d92-0a0d2b1c6e11.local 53421 typ host";
        assert_eq!(later_candidate(chromes).as_deref(), Some(read));
        for refused in [
            "",
            "1 1 udp 1 192.0.2.7 1 typ host",
            "candidate:",
            "candidate:1 1 udp 1 example.org 1 typ host",
            "candidate:1 1 tcp 1 192.0.2.7 9 typ host tcptype active",
            "candidate:1\r\na=x 1 udp 1 192.0.2.7 1 typ host",
        ] {
            assert_eq!(later_candidate(refused), None, "{refused}");
        }
        let description = Description::decode(travelling().as_bytes()).unwrap();
        let sdp = description.to_trickling_sdp(Side::Offerer);
        assert!(sdp.contains("a=ice-options:trickle\r\n") && !sdp.contains("end-of-candidates"));
        assert_eq!(Description::from_sdp(&sdp), Some(description));
    }

    #[test]
    fn addresses_are_few() {
        let line = "a=candidate:2 1 udp 2113937150 2001:db8::7 53422 typ host\r\n";
        let many = travelling() + &line.repeat(CANDIDATES_MAX - 3);
        assert!(Description::decode(many.as_bytes()).is_some());
        assert_eq!(Description::decode((many.clone() + line).as_bytes()), None);
        let own = Description::from_sdp(&(many + line)).unwrap();
        assert_eq!(own.candidates.len(), CANDIDATES_MAX);
    }
}
