//! The few lines of SDP that a tab needs: what it reads from its own offer, and the answer that it makes
//! up for the listener, who never sends one.

use std::net::SocketAddr;

use libp2p_webrtc_utils::Fingerprint;

use crate::frame::FRAME_BYTES_MAX;

/// What a browser's offer says of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offer<'a> {
    pub(crate) ufrag: &'a str,
    pub(crate) password: &'a str,
    pub(crate) fingerprint: Fingerprint,
}

impl<'a> Offer<'a> {
    /// Reads it; `None` when something is missing.
    pub(crate) fn parse(sdp: &'a str) -> Option<Self> {
        Some(Self {
            ufrag: line(sdp, UFRAG)?,
            password: line(sdp, PASSWORD)?,
            fingerprint: fingerprint(line(sdp, "a=fingerprint:sha-256 ")?)?,
        })
    }
}

const UFRAG: &str = "a=ice-ufrag:";
const PASSWORD: &str = "a=ice-pwd:";

/// The offer with other credentials: what v1 needs, and browsers are about to refuse.
pub(crate) fn with_credentials(offer: &str, ufrag: &str) -> String {
    offer
        .lines()
        .map(|line| match line {
            line if line.starts_with(UFRAG) => format!("{UFRAG}{ufrag}\r\n"),
            line if line.starts_with(PASSWORD) => format!("{PASSWORD}{ufrag}\r\n"),
            line => format!("{line}\r\n"),
        })
        .collect()
}

/// The answer of a listener. Its ufrag is its password as well; it is the DTLS server, and answers STUN
/// without asking anything itself.
pub(crate) fn answer(address: SocketAddr, certificate: Fingerprint, ufrag: &str) -> String {
    let ip = address.ip();
    let port = address.port();
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    let lines = [
        "v=0".to_owned(),
        format!("o=- 0 0 IN {family} {ip}"),
        "s=-".to_owned(),
        "t=0 0".to_owned(),
        "a=ice-lite".to_owned(),
        format!("m=application {port} UDP/DTLS/SCTP webrtc-datachannel"),
        format!("c=IN {family} {ip}"),
        "a=mid:0".to_owned(),
        "a=ice-options:ice2".to_owned(),
        format!("{UFRAG}{ufrag}"),
        format!("{PASSWORD}{ufrag}"),
        format!("a=fingerprint:sha-256 {}", certificate.to_sdp_format()),
        "a=setup:passive".to_owned(),
        "a=sctp-port:5000".to_owned(),
        format!("a=max-message-size:{FRAME_BYTES_MAX}"),
        format!("a=candidate:1467250027 1 UDP 1467250027 {ip} {port} typ host"),
        "a=end-of-candidates".to_owned(),
    ];
    lines.map(|line| line + "\r\n").concat()
}

fn line<'a>(sdp: &'a str, start: &str) -> Option<&'a str> {
    sdp.lines()
        .find_map(|line| line.strip_prefix(start))
        .map(str::trim_end)
}

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let mut digest = [0; 32];
    let mut parts = text.split(':');
    for byte in &mut digest {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then(|| Fingerprint::raw(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
        a=ice-ufrag:VFqE\r\na=ice-pwd:xGjQkAvKIVkBeVTGWcvCQtnV\r\na=ice-options:trickle\r\n\
        a=fingerprint:sha-256 A8:17:77:1E:02:7E:D1:2B:53:92:70:A6:8E:F9:02:CC:21:72:3A:92:5D:F4:97:5F:27:C4:5E:75:D4:F4:31:89\r\n\
        a=setup:actpass\r\na=mid:0\r\n";

    #[test]
    fn a_browsers_offer_is_read() {
        let offer = Offer::parse(OFFER).unwrap();
        assert_eq!(
            (offer.ufrag, offer.password),
            ("VFqE", "xGjQkAvKIVkBeVTGWcvCQtnV")
        );
        assert!(offer.fingerprint.to_sdp_format().starts_with("A8:17:77:1E"));
        for missing in ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint", ":31:89", "A8:"] {
            assert_eq!(
                Offer::parse(&OFFER.replace(missing, "x")),
                None,
                "{missing}"
            );
        }
    }

    #[test]
    fn credentials_are_exchanged_and_nothing_else() {
        let changed = with_credentials(OFFER, "libp2p+webrtc+v1/abcdefgh");
        let offer = Offer::parse(&changed).unwrap();
        assert_eq!(
            [offer.ufrag, offer.password],
            ["libp2p+webrtc+v1/abcdefgh"; 2]
        );
        let back = changed
            .replace("a=ice-ufrag:libp2p+webrtc+v1/abcdefgh", "a=ice-ufrag:VFqE")
            .replace(
                "a=ice-pwd:libp2p+webrtc+v1/abcdefgh",
                "a=ice-pwd:xGjQkAvKIVkBeVTGWcvCQtnV",
            );
        assert_eq!(back, OFFER);
    }

    #[test]
    fn an_answer_says_where_and_who_the_listener_is() {
        let certificate = Offer::parse(OFFER).unwrap().fingerprint;
        for (address, family) in [
            ("192.0.2.1:9000", "IP4 192.0.2.1"),
            ("[2001:db8::1]:9000", "IP6 2001:db8::1"),
        ] {
            let answer = answer(address.parse().unwrap(), certificate, "libp2p+webrtc+v2/x");
            let read = Offer::parse(&answer).unwrap();
            assert_eq!([read.ufrag, read.password], ["libp2p+webrtc+v2/x"; 2]);
            assert_eq!(read.fingerprint, certificate);
            assert!(answer.contains(&format!("c=IN {family}\r\n")), "{answer}");
            assert!(answer.contains("a=setup:passive\r\n") && answer.contains("a=ice-lite\r\n"));
            assert!(answer.contains("a=max-message-size:16384\r\n"));
        }
    }
}
