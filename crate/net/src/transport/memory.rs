//! Connections inside the process, encrypted and multiplexed as over TCP.

use std::time::Duration;

use libp2p::{
    Multiaddr, Transport as _,
    core::{muxing::StreamMuxerBox, transport::MemoryTransport, upgrade::Version},
    multiaddr::Protocol,
    noise, yamux,
};

use super::Connections;
use crate::{
    config::Config,
    error::{Error, Result},
};

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

pub(super) fn build(
    config: &Config,
    listen: Option<u64>,
) -> Result<(Connections, Option<Multiaddr>)> {
    let noise = noise::Config::new(config.key.pair()).map_err(|error| Error::Config {
        reason: error.to_string(),
    })?;
    let transport = MemoryTransport::default()
        .upgrade(Version::V1)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .timeout(CONNECT_TIME)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed();
    Ok((transport, listen.map(|port| Protocol::Memory(port).into())))
}
