//! The transport between peers that were introduced to each other.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{
    SinkExt, StreamExt,
    channel::{mpsc, oneshot},
    future::{self, Either},
};
use futures_timer::Delay;
use libp2p::{
    Multiaddr, PeerId, Transport as _,
    core::{
        muxing::StreamMuxerBox,
        transport::{self, DialOpts, ListenerId, TransportError, TransportEvent},
    },
};

#[cfg(target_arch = "wasm32")]
use super::browser as half;
#[cfg(not(target_arch = "wasm32"))]
use super::memory as half;
use super::{ANSWERING_MAX, Address, INTRODUCTION_TIME, Notice, Offer, Offered, Servers, Wish};
use crate::{config::Config, driver, transport::Connections};

type Output = (PeerId, StreamMuxerBox);
type Upgrade = Pin<Box<dyn Future<Output = io::Result<Output>> + Send>>;

/// Dials through a neighbour, and takes what neighbours carry to us.
#[derive(Debug)]
pub(crate) struct Transport {
    config: Config,
    servers: Servers,
    notices: mpsc::Sender<driver::Notice>,
    offers: mpsc::Receiver<Offered>,
    /// It has no address to listen at; offers come all the same.
    listener: ListenerId,
}

/// What the driver tells the transport.
#[derive(Clone, Debug)]
pub(crate) struct Inlet {
    /// Takes offers of other peers.
    pub(crate) offers: mpsc::Sender<Offered>,
    /// Knows gateways that answer STUN.
    pub(crate) servers: Servers,
}

/// Adds it to another transport.
pub(crate) fn join(
    other: Connections,
    config: &Config,
    notices: mpsc::Sender<driver::Notice>,
) -> (Connections, Inlet) {
    let (sender, offers) = mpsc::channel(ANSWERING_MAX);
    let inlet = Inlet {
        offers: sender,
        servers: Servers::default(),
    };
    let introduced = Transport {
        config: config.clone(),
        servers: inlet.servers.clone(),
        notices,
        offers,
        listener: ListenerId::next(),
    };
    let both = introduced.or_transport(other).map(|connection, _| {
        let (Either::Left(connection) | Either::Right(connection)) = connection;
        connection
    });
    (both.boxed(), inlet)
}

impl transport::Transport for Transport {
    type Output = Output;
    type Error = io::Error;
    type ListenerUpgrade = Upgrade;
    type Dial = Upgrade;

    fn listen_on(
        &mut self,
        _: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<io::Error>> {
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        false
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        _: DialOpts,
    ) -> Result<Upgrade, TransportError<io::Error>> {
        let Some(target) = Address::parse(&address) else {
            return Err(TransportError::MultiaddrNotSupported(address));
        };
        let (config, servers) = (self.config.clone(), self.servers.clone());
        let dial = be_introduced(config, servers, self.notices.clone(), target);
        Ok(Box::pin(in_time(dial)))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Upgrade, io::Error>> {
        let Poll::Ready(Some(offered)) = self.offers.poll_next_unpin(context) else {
            return Poll::Pending;
        };
        let send_back_addr = offered.address();
        let (config, servers) = (self.config.clone(), self.servers.clone());
        Poll::Ready(TransportEvent::Incoming {
            listener_id: self.listener,
            local_addr: Multiaddr::empty(),
            send_back_addr,
            upgrade: Box::pin(in_time(accept(config, servers, offered))),
        })
    }
}

/// The side that seeks.
async fn be_introduced(
    config: Config,
    servers: Servers,
    mut notices: mpsc::Sender<driver::Notice>,
    target: Address,
) -> io::Result<Output> {
    let (offer, offerer) = half::offer(&config, &servers).await?;
    let (answer, answered) = oneshot::channel();
    let wish = Wish {
        via: target.via,
        to: target.peer,
        offer,
        answer,
    };
    let wish = driver::Notice::Introduction(Notice::Wish(wish));
    notices.send(wish).await.map_err(io::Error::other)?;
    let answer = answered.await.map_err(io::Error::other)?;
    let connected = offerer.connect(answer.map_err(io::Error::other)?).await?;
    proven(connected, target)
}

/// The side that is sought.
async fn accept(config: Config, servers: Servers, offered: Offered) -> io::Result<Output> {
    let Offered { via, from, offer } = offered;
    let (offer, answer) = match offer {
        Offer::Carried { offer, answer } => (offer, answer),
        Offer::Call(call) => return call.take(&config, &servers, from).await,
    };
    let (description, answerer) = half::answer(&config, &servers, offer).await?;
    if answer.send(description).is_err() {
        return Err(io::Error::other("nobody waits for the answer any more"));
    }
    proven(answerer.connect().await?, Address { via, peer: from })
}

/// The connection, if it is to whom it was said to be.
fn proven(connected: Output, claimed: Address) -> io::Result<Output> {
    let (peer, _) = &connected;
    let Address { via, peer: claimed } = claimed;
    if *peer != claimed {
        let lie = format!("{via} introduced {peer} as {claimed}");
        return Err(io::Error::other(lie));
    }
    Ok(connected)
}

async fn in_time(work: impl Future<Output = io::Result<Output>>) -> io::Result<Output> {
    match future::select(Box::pin(work), Delay::new(INTRODUCTION_TIME)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests;
