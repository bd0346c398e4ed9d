//! Connections between introduced peers inside the process, for tests: everything around them is the same
//! as in tabs. The answer is the address of a listener that was opened for this one offer.

use std::{future::poll_fn, io, pin::Pin};

use libp2p::{
    Multiaddr, PeerId, Transport as _,
    core::{
        Endpoint,
        muxing::StreamMuxerBox,
        transport::{DialOpts, ListenerId, PortUse, TransportEvent},
    },
};

use super::Servers;
use crate::{
    config::{Config, Transport},
    transport::{self, Connections},
};

/// The side that begins.
#[derive(Debug)]
pub(super) struct Offerer(Connections);
/// The side that was asked.
#[derive(Debug)]
pub(super) struct Answerer(Connections);

const OFFER: &[u8] = b"memory";

pub(super) async fn offer(config: &Config, _: &Servers) -> io::Result<(Vec<u8>, Offerer)> {
    Ok((OFFER.to_vec(), Offerer(connections(config)?)))
}

pub(super) async fn answer(
    config: &Config,
    _: &Servers,
    offer: Vec<u8>,
) -> io::Result<(Vec<u8>, Answerer)> {
    if offer != OFFER {
        return Err(io::Error::other("a malformed offer"));
    }
    let mut transport = connections(config)?;
    let any = "/memory/0".parse().map_err(io::Error::other)?;
    let listening = transport.listen_on(ListenerId::next(), any);
    listening.map_err(io::Error::other)?;
    loop {
        let event = poll_fn(|context| Pin::new(&mut transport).poll(context)).await;
        if let TransportEvent::NewAddress { listen_addr, .. } = event {
            return Ok((listen_addr.to_vec(), Answerer(transport)));
        }
    }
}

impl Offerer {
    pub(super) async fn connect(mut self, answer: Vec<u8>) -> io::Result<(PeerId, StreamMuxerBox)> {
        let address = Multiaddr::try_from(answer).map_err(io::Error::other)?;
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::Reuse,
        };
        let dial = self.0.dial(address, options).map_err(io::Error::other)?;
        dial.await
    }
}

impl Answerer {
    pub(super) async fn connect(mut self) -> io::Result<(PeerId, StreamMuxerBox)> {
        loop {
            let event = poll_fn(|context| Pin::new(&mut self.0).poll(context)).await;
            if let TransportEvent::Incoming { upgrade, .. } = event {
                return upgrade.await;
            }
        }
    }
}

fn connections(config: &Config) -> io::Result<Connections> {
    if config.transport == Transport::WebRtc {
        return Err(io::Error::other("only tabs are introduced to each other"));
    }
    let (transport, _) = transport::build(config).map_err(io::Error::other)?;
    Ok(transport)
}
