//! WebRTC natively: a gateway that listens, or a native peer that dials one.

use std::{net::SocketAddr, time::Duration};

use futures_timer::Delay;
use libp2p::{
    Multiaddr, Transport as _,
    core::{muxing::StreamMuxerBox, transport::timeout::TransportTimeout},
    multiaddr::Protocol,
};
use libp2p_webrtc::tokio as webrtc;

use super::{CONNECT_TIME, Connections, DIALLER_DELAY};
use crate::{
    config::Config,
    error::{Error, Result},
    muxer::Shim,
};

/// How long the listener keeps quiet on a new connection at most: until the dialler opens a stream.
/// The stock browser half listens for the other side's streams only some time after the handshake, more
/// than 200 ms on a busy page; what is opened earlier vanishes, and gossip then begins ten seconds
/// later. Our diallers open streams at once.
const LISTENER_PATIENCE: Duration = Duration::from_secs(3);

/// Makes a certificate for [`crate::Listen`]. Its hash is part of the listener's address, so keep it,
/// where only its owner can read it: the private key is in it.
pub fn generate_certificate_pem() -> Result<String> {
    webrtc::Certificate::generate(&mut rand::rng())
        .map(|certificate| certificate.serialize_pem())
        .map_err(|error| Error::Certificate {
            reason: error.to_string(),
        })
}

pub(super) fn build(config: &Config) -> Result<(Connections, Option<Multiaddr>)> {
    let (pem, listen) = match &config.listen {
        Some(listen) => (
            listen.certificate_pem.clone(),
            Some(listen_address(&listen.udp_addr)?),
        ),
        None => (generate_certificate_pem()?, None),
    };
    let certificate = webrtc::Certificate::from_pem(&pem).map_err(|error| Error::Certificate {
        reason: error.to_string(),
    })?;
    let transport = webrtc::Transport::new(config.key.pair().clone(), certificate).and_then(
        |(peer, muxer), endpoint| async move {
            let mut muxer = Shim::new(muxer);
            if endpoint.is_listener() {
                muxer.first_stream(LISTENER_PATIENCE).await?;
            } else {
                Delay::new(DIALLER_DELAY).await;
            }
            Ok::<_, webrtc::Error>((peer, StreamMuxerBox::new(muxer)))
        },
    );
    Ok((
        TransportTimeout::new(transport, CONNECT_TIME).boxed(),
        listen,
    ))
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
