//! Connections between introduced peers inside the process, for tests: everything around them is the same
//! as in tabs. The answer is the address of a listener that was opened for this one offer.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::FutureExt;
use libp2p::{
    Multiaddr, PeerId, Transport as _,
    core::{
        Endpoint,
        muxing::StreamMuxerBox,
        transport::{self as core, DialOpts, ListenerId, PortUse, TransportEvent},
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
    let (address, transport) = listener(config).await?;
    Ok((address.to_vec(), Answerer(transport)))
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

/// The side that was called, in place of another implementation's caller.
pub(crate) struct Signalled {
    listener: Connections,
    accepting: Option<<Connections as core::Transport>::ListenerUpgrade>,
    muxer: Option<StreamMuxerBox>,
}

/// In place of SDP there is an address, and addresses that come later say nothing.
pub(crate) async fn answer_sdp(
    config: &Config,
    servers: &Servers,
    offer: String,
) -> io::Result<(String, Signalled)> {
    let (answer, Answerer(listener)) = answer(config, servers, offer.into_bytes()).await?;
    let answer = Multiaddr::try_from(answer).map_err(io::Error::other)?;
    let signalled = Signalled {
        listener,
        accepting: None,
        muxer: None,
    };
    Ok((answer.to_string(), signalled))
}

impl Signalled {
    #[allow(clippy::unused_self, reason = "as a tab's half has it")]
    pub(crate) const fn add_candidate(&mut self, _: &str) {}

    pub(crate) fn poll_connected(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(accepting) = &mut self.accepting {
                let (_, muxer) = ready!(accepting.poll_unpin(context))?;
                self.muxer = Some(muxer);
                return Poll::Ready(Ok(()));
            }
            let event = ready!(Pin::new(&mut self.listener).poll(context));
            if let TransportEvent::Incoming { upgrade, .. } = event {
                self.accepting = Some(upgrade);
            }
        }
    }

    pub(crate) fn into_muxer(self) -> io::Result<StreamMuxerBox> {
        let muxer = self.muxer;
        muxer.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

async fn listener(config: &Config) -> io::Result<(Multiaddr, Connections)> {
    let mut transport = connections(config)?;
    let any = "/memory/0".parse().map_err(io::Error::other)?;
    let listening = transport.listen_on(ListenerId::next(), any);
    listening.map_err(io::Error::other)?;
    loop {
        let event = poll_fn(|context| Pin::new(&mut transport).poll(context)).await;
        if let TransportEvent::NewAddress { listen_addr, .. } = event {
            return Ok((listen_addr, transport));
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
