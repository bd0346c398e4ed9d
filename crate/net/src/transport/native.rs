//! WebRTC and WebSocket natively: a gateway that listens, or a native peer that dials one.

use std::net::SocketAddr;

use lampyris_webrtc as webrtc;
use libp2p::{Multiaddr, Transport as _, multiaddr::Protocol, tcp};
use libp2p_websocket as websocket;

use super::{
    Connections, either,
    newcomers::{self, Bounded},
    secured::secured,
};
use crate::{
    config::{Config, Limits},
    error::{Error, Result},
};

/// Connections of one address beyond its limit.
const PER_ADDRESS_SPARE: usize = 32;
/// The largest WebSocket message that is read. libp2p's implementations cut theirs at 256 KiB or less.
const WEBSOCKET_MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Makes a certificate for [`crate::Listen`]. Its hash is part of the listener's address, so keep it,
/// where only its owner can read it: the private key is in it.
pub fn generate_certificate_pem() -> Result<String> {
    Ok(webrtc::Certificate::generate().map_err(unusable)?.to_pem())
}

pub(super) fn build(config: &Config) -> Result<(Connections, Vec<Multiaddr>)> {
    let mut listen = Vec::new();
    let certificate = match &config.listen {
        Some(addresses) => {
            let udp = socket_address(&addresses.udp_addr)?;
            listen.push(
                Multiaddr::from(udp.ip())
                    .with(Protocol::Udp(udp.port()))
                    .with(Protocol::WebRTCDirect),
            );
            if let Some(ws_addr) = &addresses.ws_addr {
                let tcp = socket_address(ws_addr)?;
                listen.push(
                    Multiaddr::from(tcp.ip())
                        .with(Protocol::Tcp(tcp.port()))
                        .with(Protocol::Ws("/".into())),
                );
            }
            webrtc::Certificate::from_pem(&addresses.certificate_pem)
        }
        None => webrtc::Certificate::generate(),
    };
    let certificate = certificate.map_err(unusable)?;
    let limits = limits(config.limits);
    let webrtc_config = webrtc::Config::new(config.key.pair().clone(), certificate);
    let webrtc = webrtc::Transport::new(webrtc::Config {
        limits,
        ..webrtc_config
    });
    let mut websocket = websocket::Config::new(tcp::tokio::Transport::new(tcp::Config::default()));
    websocket.set_max_data_size(WEBSOCKET_MESSAGE_BYTES_MAX);
    let websocket = Bounded::new(secured(websocket, config)?, newcomers::Limits::default());
    Ok((either(webrtc.boxed(), websocket.boxed()), listen))
}

/// What the listener bears: the swarm's limits, with room for handshakes and for those whom the swarm
/// itself sends away.
fn limits(swarm: Limits) -> webrtc::Limits {
    let usual = webrtc::Limits::default();
    let number = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
    webrtc::Limits {
        connections: number(swarm.inbound_max).saturating_add(usual.handshakes),
        connections_per_address: number(swarm.inbound_per_address_max)
            .saturating_add(PER_ADDRESS_SPARE),
        ..usual
    }
}

fn unusable(error: webrtc::Error) -> Error {
    Error::Certificate {
        reason: error.to_string(),
    }
}

fn socket_address(text: &str) -> Result<SocketAddr> {
    text.parse()
        .map_err(|error: std::net::AddrParseError| Error::Address {
            address: text.into(),
            reason: error.to_string(),
        })
}
