//! Telling strangers their public address: binding requests without credentials
//! ([RFC 8489](https://www.rfc-editor.org/rfc/rfc8489.html), section 6.3.1), as browsers send them to a
//! server that they were told of. So tabs behind routers find each other without any third party.
//!
//! An answer is 12 bytes longer than its request, 24 with IPv6, and goes to its sender only: nobody floods
//! another by us, the less as the rate of each address is limited.

use std::net::{IpAddr, SocketAddr};

use super::newcomers::{Newcomers, Rate};
use crate::clock::Instant;

/// What is answered of all strangers.
const ALL: Rate = Rate {
    burst: 256,
    per_second: 128,
};
/// What is answered of one address: a browser asks once for each of its networks, and again when it hears
/// nothing; many tabs may share an address.
const EACH: Rate = Rate {
    burst: 32,
    per_second: 2,
};

const HEADER_BYTES: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const REQUEST: [u8; 2] = [0x00, 0x01];
const SUCCESS: [u8; 2] = [0x01, 0x01];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];
/// Attributes from here on may be ignored (section 14).
const OPTIONAL: u16 = 0x8000;

/// Answers strangers.
#[derive(Debug)]
pub(crate) struct Mirror {
    rates: Newcomers,
}

impl Mirror {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            rates: Newcomers::new(ALL, EACH, now),
        }
    }

    /// The answer to a stranger's request. What names a user is a dialler's, and not for us.
    pub(crate) fn answer(
        &mut self,
        datagram: &[u8],
        source: SocketAddr,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let transaction = plain_request(datagram)?;
        let is_allowed = self.rates.admit(source.ip(), now);
        is_allowed.then(|| success(transaction, source))
    }
}

/// The transaction's id, with the cookie, of a binding request without anything that has to be understood.
fn plain_request(datagram: &[u8]) -> Option<[u8; 16]> {
    let (header, mut rest) = datagram.split_first_chunk::<HEADER_BYTES>()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let transaction: [u8; 16] = *header.last_chunk()?;
    if !header.starts_with(&REQUEST) || !transaction.starts_with(&COOKIE) || length != rest.len() {
        return None;
    }
    while !rest.is_empty() {
        let ([a, b, c, d], behind) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        if u16::from_be_bytes([*a, *b]) < OPTIONAL {
            return None;
        }
        rest = behind.get(length.next_multiple_of(4)..)?;
    }
    Some(transaction)
}

/// Section 14.2: the address is masked, for routers that rewrite whatever looks like one.
fn success(transaction: [u8; 16], source: SocketAddr) -> Vec<u8> {
    let mask = |bytes: &[u8]| -> Vec<u8> {
        let masked = bytes.iter().zip(transaction);
        masked.map(|(byte, mask)| byte ^ mask).collect()
    };
    let (family, address) = match source.ip().to_canonical() {
        IpAddr::V4(ip) => (1, mask(&ip.octets())),
        IpAddr::V6(ip) => (2, mask(&ip.octets())),
    };
    let port = mask(&source.port().to_be_bytes());
    // Of 8 or 20 bytes.
    let value = [&[0, family], port.as_slice(), &address].concat();
    let value_bytes = u16::try_from(value.len()).unwrap_or(u16::MAX);
    [
        SUCCESS.as_slice(),
        &value_bytes.saturating_add(4).to_be_bytes(),
        &transaction,
        &XOR_MAPPED_ADDRESS,
        &value_bytes.to_be_bytes(),
        &value,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use str0m::ice::{StunMessage, TransId};

    use super::*;
    use crate::clock;

    const ID: [u8; 12] = [
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&REQUEST, length.as_slice(), &COOKIE, &ID, attributes].concat()
    }

    /// RFC 5769, sections 2.2 and 2.3: the same transaction, and the attribute that answers it.
    #[test]
    fn a_stranger_learns_its_address() {
        let now = clock::now();
        let mut mirror = Mirror::new(now);
        let software = [0x80, 0x22, 0, 3, b'a', b'b', b'c', 0];
        let answers: [(&str, u8, &[u8]); 2] = [
            (
                "192.0.2.1:32853",
                12,
                &[0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43],
            ),
            (
                "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
                24,
                &[
                    0, 0x20, 0, 20, 0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1,
                    0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
                ],
            ),
        ];
        for (source, length, attribute) in answers {
            for attributes in [&[], software.as_slice()] {
                let request = request(attributes);
                let answer = mirror
                    .answer(&request, source.parse().unwrap(), now)
                    .unwrap();
                assert_eq!(answer[..4], [1, 1, 0, length]);
                assert_eq!(answer[4..20], request[4..20]);
                assert_eq!(&answer[20..], attribute);
            }
        }
    }

    #[test]
    fn what_is_not_a_strangers_request_is_left_alone() {
        let now = clock::now();
        let mut mirror = Mirror::new(now);
        let source: SocketAddr = "203.0.113.9:1".parse().unwrap();
        let mut buffer = [0; 1_024];
        let message = StunMessage::binding_request("a:b", TransId::new(), true, 1, 1, true);
        let length = message
            .to_bytes(Some(b"password"), &mut buffer, |_, _| [0; 20])
            .unwrap();
        let answer = mirror.answer(&request(&[]), source, now).unwrap();
        let mut others = vec![
            buffer[..length].to_vec(),
            answer,
            request(&[0x80, 0x22, 0, 9, 0, 0, 0, 0]),
            request(&[0x80, 0x22, 0]),
            request(&[0x00, 0x06, 0, 0]),
            [request(&[]), vec![0; 4]].concat(),
            vec![22, 254, 253],
        ];
        others.extend((0..HEADER_BYTES).map(|length| request(&[])[..length].to_vec()));
        for datagram in others {
            assert_eq!(mirror.answer(&datagram, source, now), None, "{datagram:?}");
        }
    }

    #[test]
    fn nobody_is_answered_without_end() {
        let now = clock::now();
        let mut mirror = Mirror::new(now);
        let source: SocketAddr = "203.0.113.9:1".parse().unwrap();
        let mut answered = |now| {
            let answers = (0..1_000).map(|_| mirror.answer(&request(&[]), source, now));
            answers.filter(Option::is_some).count()
        };
        assert_eq!(answered(now), 32);
        assert_eq!(answered(now + Duration::from_secs(3)), 6);
    }
}
