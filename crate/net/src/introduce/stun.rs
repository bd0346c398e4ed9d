//! Which of our neighbours can tell a tab its public address: gateways answer STUN on their WebRTC port.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

use crate::handle::lock;

/// Servers that a browser is told of: each is asked from each of its networks.
#[cfg(any(target_arch = "wasm32", test))]
const SERVERS_MAX: usize = 2;

/// The gateways that we are connected to; clones share them. As many as there are connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Servers(Arc<Mutex<Vec<(PeerId, SocketAddr)>>>);

impl Servers {
    /// A gateway is connected.
    pub(crate) fn add(&self, peer: PeerId, address: &Multiaddr) {
        if let Some(address) = server(address) {
            self.remove(&peer);
            lock(&self.0).push((peer, address));
        }
    }

    /// A peer is gone.
    pub(crate) fn remove(&self, peer: &PeerId) {
        lock(&self.0).retain(|(gateway, _)| gateway != peer);
    }

    /// For a browser: those that were connected last.
    #[cfg(any(target_arch = "wasm32", test))]
    pub(crate) fn urls(&self) -> Vec<String> {
        let servers = lock(&self.0);
        let newest = servers.iter().rev().take(SERVERS_MAX);
        newest
            .map(|(_, address)| format!("stun:{address}"))
            .collect()
    }
}

/// Where an address answers STUN. This machine itself is asked in vain: it is not reached from the
/// interfaces whose addresses are wanted.
fn server(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match (parts.next()?, parts.next()?) {
        (Protocol::Udp(port), Protocol::WebRTCDirect) if !ip.is_loopback() => {
            Some(SocketAddr::new(ip, port))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_gateways_are_asked_the_newest_first() {
        let servers = Servers::default();
        let peers = [(); 5].map(|()| PeerId::random());
        let addresses = [
            "/ip4/192.0.2.1/udp/9100/webrtc-direct",
            "/ip6/2001:db8::1/udp/9100/webrtc-direct",
            "/ip4/127.0.0.1/udp/9100/webrtc-direct",
            "/ip4/192.0.2.2/tcp/9100/ws",
            "/ip4/192.0.2.3/udp/9100/webrtc-direct",
        ];
        for (peer, address) in peers.iter().zip(addresses) {
            servers.add(*peer, &address.parse().unwrap());
        }
        assert_eq!(
            servers.urls(),
            ["stun:192.0.2.3:9100", "stun:[2001:db8::1]:9100"]
        );
        servers.remove(&peers[4]);
        assert_eq!(
            servers.urls(),
            ["stun:[2001:db8::1]:9100", "stun:192.0.2.1:9100"]
        );
    }
}
