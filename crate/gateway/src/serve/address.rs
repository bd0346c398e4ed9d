//! Network addresses of peers, as limits count them.

use std::net::{IpAddr, Ipv6Addr};

/// Whom an address belongs to: an IPv4 address, or the first half of an IPv6 address, since that is
/// what a customer gets and the other half is his to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Address(IpAddr);

impl Address {
    /// From a peer's multiaddress; nothing when there is no IP in it, or only that of the proxy on this
    /// machine through which WebSockets come.
    pub(crate) fn of(multiaddress: &str) -> Option<Self> {
        let mut parts = multiaddress.split('/').skip(1);
        let address: IpAddr = match (parts.next()?, parts.next()?) {
            ("ip4", address) => IpAddr::V4(address.parse().ok()?),
            ("ip6", address) => address.parse::<Ipv6Addr>().ok()?.to_canonical(),
            _ => return None,
        };
        if address.is_loopback() && parts.next() == Some("tcp") {
            return None;
        }
        Some(Self(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                IpAddr::V6(network.into())
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_are_one() {
        let of = |text: &str| Address::of(text);
        let ipv4 = of("/ip4/192.0.2.1/udp/4000/webrtc-direct");
        assert!(ipv4.is_some());
        assert_eq!(ipv4, of("/ip4/192.0.2.1/udp/5000/webrtc-direct/certhash/u"));
        assert_eq!(ipv4, of("/ip6/::ffff:192.0.2.1/udp/4000"));
        assert_ne!(ipv4, of("/ip4/192.0.2.2/udp/4000"));
        assert_eq!(ipv4, of("/ip4/192.0.2.1/tcp/4000/ws"));
        assert!(of("/ip4/127.0.0.1/udp/4000").is_some());
        let ipv6 = of("/ip6/2001:db8::1/udp/4000");
        assert_eq!(ipv6, of("/ip6/2001:db8::ffff:2/udp/4000"));
        assert_ne!(ipv6, of("/ip6/2001:db8:0:1::1/udp/4000"));
        for text in [
            "",
            "/",
            "/memory/1",
            "/ip4/example/udp/1",
            "/ip4",
            "/dns/a/udp/1",
            "/ip4/127.0.0.1/tcp/1/ws",
            "/ip6/::1/tcp/1/ws",
            "/ip6/::ffff:127.0.0.1/tcp/1/ws",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
