//! Connections inside the process, encrypted and multiplexed as over TCP.

use libp2p::{Multiaddr, core::transport::MemoryTransport, multiaddr::Protocol};

use super::{Connections, secured::secured};
use crate::{config::Config, error::Result};

pub(super) fn build(config: &Config, listen: Option<u64>) -> Result<(Connections, Vec<Multiaddr>)> {
    let transport = secured(MemoryTransport::default(), config)?;
    let listen = listen.map(|port| Protocol::Memory(port).into());
    Ok((transport, listen.into_iter().collect()))
}
