//! Which addresses a stranger may give us.

use std::net::IpAddr;

use libp2p::{Multiaddr, multiaddr::Protocol};

/// How far an address reaches. Who is far away must not send us to what is near: a tab would knock on
/// its user's own machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The internet.
    Global,
    /// A network of one house.
    Private,
    /// One machine.
    Machine,
}

impl Scope {
    /// How near whoever is connected from here is.
    pub(crate) fn of(address: &Multiaddr) -> Self {
        match address.iter().next() {
            Some(Protocol::Ip4(ip)) => of_ip(ip.into()),
            Some(Protocol::Ip6(ip)) => of_ip(ip.to_canonical()),
            Some(Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name)) => {
                of_name(&name)
            }
            Some(Protocol::Memory(_)) => Self::Machine,
            _ => Self::Global,
        }
    }
}

/// The scope of an address that a tab can dial: webrtc-direct with a certificate, or WebSocket.
pub(super) fn kind(address: &Multiaddr) -> Option<Scope> {
    let parts: Vec<Protocol<'_>> = address.iter().collect();
    let is_dialable = match parts.as_slice() {
        [
            Protocol::Ip4(_) | Protocol::Ip6(_),
            Protocol::Udp(_),
            Protocol::WebRTCDirect,
            Protocol::Certhash(_),
            Protocol::P2p(_),
        ] => true,
        [host, Protocol::Tcp(_), layers @ .., Protocol::P2p(_)] => {
            let is_host = matches!(
                host,
                Protocol::Ip4(_)
                    | Protocol::Ip6(_)
                    | Protocol::Dns(_)
                    | Protocol::Dns4(_)
                    | Protocol::Dns6(_)
            );
            let is_websocket = matches!(
                layers,
                [Protocol::Ws(_) | Protocol::Wss(_)] | [Protocol::Tls, Protocol::Ws(_)]
            );
            is_host && is_websocket
        }
        // In tests.
        [Protocol::Memory(_), Protocol::P2p(_)] => cfg!(not(target_arch = "wasm32")),
        _ => false,
    };
    is_dialable.then(|| Scope::of(address))
}

fn of_ip(ip: IpAddr) -> Scope {
    let (is_machine, is_private) = match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            // RFC 6598: behind a carrier's own translation.
            let is_shared = first == 100 && (64..128).contains(&second);
            let is_private = ip.is_private() || ip.is_link_local() || is_shared;
            (
                ip.is_loopback() || ip.is_unspecified(),
                is_private || ip.is_multicast() || ip.is_broadcast(),
            )
        }
        IpAddr::V6(ip) => (
            ip.is_loopback() || ip.is_unspecified(),
            ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_multicast(),
        ),
    };
    match (is_machine, is_private) {
        (true, _) => Scope::Machine,
        (false, true) => Scope::Private,
        (false, false) => Scope::Global,
    }
}

/// A name without a dot, or below what resolves only at home, is nobody's on the internet.
fn of_name(name: &str) -> Scope {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let top = name.rsplit('.').next().unwrap_or_default();
    // Browsers read such a name as an address.
    let is_number = top.starts_with("0x") || top.bytes().all(|byte| byte.is_ascii_digit());
    match top {
        "localhost" => Scope::Machine,
        _ if is_number => Scope::Machine,
        "local" | "internal" | "lan" | "home" | "arpa" => Scope::Private,
        _ if !name.contains('.') => Scope::Private,
        _ => Scope::Global,
    }
}
