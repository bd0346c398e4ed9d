//! WebRTC natively: a gateway that listens, or a native peer that dials one.

use std::net::SocketAddr;

use lampyris_webrtc as webrtc;
use libp2p::{Multiaddr, Transport as _, multiaddr::Protocol};

use super::Connections;
use crate::{
    config::{Config, Limits},
    error::{Error, Result},
};

/// Connections of one address beyond its limit.
const PER_ADDRESS_SPARE: usize = 32;

/// Makes a certificate for [`crate::Listen`]. Its hash is part of the listener's address, so keep it,
/// where only its owner can read it: the private key is in it.
pub fn generate_certificate_pem() -> Result<String> {
    Ok(webrtc::Certificate::generate().map_err(unusable)?.to_pem())
}

pub(super) fn build(config: &Config) -> Result<(Connections, Option<Multiaddr>)> {
    let (certificate, listen) = match &config.listen {
        Some(listen) => (
            webrtc::Certificate::from_pem(&listen.certificate_pem),
            Some(listen_address(&listen.udp_addr)?),
        ),
        None => (webrtc::Certificate::generate(), None),
    };
    let certificate = certificate.map_err(unusable)?;
    let limits = limits(config.limits);
    let config = webrtc::Config::new(config.key.pair().clone(), certificate);
    let transport = webrtc::Transport::new(webrtc::Config { limits, ..config });
    Ok((transport.boxed(), listen))
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

fn listen_address(udp_addr: &str) -> Result<Multiaddr> {
    let address: SocketAddr = udp_addr
        .parse()
        .map_err(|error: std::net::AddrParseError| Error::Address {
            address: udp_addr.into(),
            reason: error.to_string(),
        })?;
    Ok(Multiaddr::from(address.ip())
        .with(Protocol::Udp(address.port()))
        .with(Protocol::WebRTCDirect))
}
