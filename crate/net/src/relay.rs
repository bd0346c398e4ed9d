//! Being called by other implementations: libp2p's `/webrtc`, signalled over a circuit relay.
//!
//! A tab holds a reservation with some of its gateways. Whoever knows its address there, `…/p2p/GATEWAY/`
//! `p2p-circuit/webrtc/p2p/TAB`, has the gateway call it; the call is a stream on which the two
//! authenticate each other and signal a direct connection.
//!
//! ```text
//!   gateway ── STOP stream: "C calls" ──▶ driver: wanted? ── Called ──▶ the transport of introductions
//!   C ◀═ Noise, yamux, /webrtc-signaling ═ gateway ═══════════════════▶ [relayed] [signalling]
//!   C ◀═════════════ WebRTC: DTLS with the certificates that were told ═▶ a connection of the swarm
//! ```
//!
//! **Architecture Invariant:** a relayed connection is never one of the swarm's. Nothing but signalling is
//! spoken on it, and it ends with the introduction.
//!
//! Bounds: calls have the places, the rate and the time of introductions ([`crate::introduce`]);
//! [`RESERVATIONS_MAX`]; what is read of a call, in [`relayed`] and [`signalling`].

mod delimited;
mod relayed;
#[cfg(not(target_arch = "wasm32"))]
mod server;
mod signalling;

use std::{io, time::Duration};

use futures::{AsyncWriteExt, SinkExt};
use futures_timer::Delay;
use lampyris_wire::relay::{self as wire, HOP_PROTOCOL, MESSAGE_BYTES_MAX, Status};
use libp2p::{PeerId, core::muxing::StreamMuxerBox, swarm::ConnectionId};

use self::{
    delimited::{read_delimited, write_delimited},
    relayed::Relayed,
};
use crate::{
    config::Config,
    driver,
    introduce::{Servers, in_time},
    places::Place,
    requests::Opener,
    streams::Stream,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use server::behaviour;

/// Gateways at which a tab can be called. One more than needed, for one may go.
pub(crate) const RESERVATIONS_MAX: usize = 2;
/// A reservation is asked for again so often; relays grant an hour.
const RENEWAL_TIME: Duration = Duration::from_secs(20 * 60);
/// How long a question to a relay, or its own, may take.
const REQUEST_TIME: Duration = Duration::from_secs(5);
/// How long saying goodbye to a relayed connection may take.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// What tasks want of the driver.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A gateway granted a reservation, or renewed it; or it did not.
    Reserved {
        connection: ConnectionId,
        is_granted: bool,
    },
    /// Somebody calls through a gateway.
    Called {
        connection: ConnectionId,
        caller: PeerId,
        call: Box<Call>,
    },
}

/// A call that is neither taken nor refused.
#[derive(Debug)]
pub(crate) struct Call {
    stream: Stream,
    place: Place,
}

impl Call {
    /// Says no.
    pub(crate) async fn refuse(mut self, status: Status) {
        // Dropping the stream says the same, less politely.
        let _sent = in_time(REQUEST_TIME, self.reply(status)).await;
    }

    /// Takes it, and makes a direct connection to whoever calls.
    pub(crate) async fn take(
        mut self,
        config: &Config,
        servers: &Servers,
        caller: PeerId,
    ) -> io::Result<(PeerId, StreamMuxerBox)> {
        self.reply(Status::Ok).await?;
        let Self { stream, place } = self;
        let mut relayed = Relayed::accept(stream, config.key.pair()).await?;
        if relayed.peer != caller {
            let lie = format!("the relay announced {caller} for {}", relayed.peer);
            return Err(io::Error::other(lie));
        }
        let stream = relayed.signalling_stream().await?;
        let signalled = signalling::answer(stream, config, servers);
        let muxer = relayed.run(signalled).await?;
        in_time(CLOSE_TIME, relayed.close()).await;
        drop(place);
        Ok((caller, muxer))
    }

    async fn reply(&mut self, status: Status) -> io::Result<()> {
        write_delimited(&mut self.stream, &wire::status(status)).await
    }
}

/// Holds a reservation as long as the connection lasts; ends when it is refused.
pub(crate) async fn hold(mut opener: Opener) {
    loop {
        let asked = in_time(REQUEST_TIME, reserve(&mut opener)).await;
        let is_granted = match asked {
            Some(Ok(is_granted)) => is_granted,
            Some(Err(error)) => {
                tracing::debug!(%error, "no reservation");
                false
            }
            None => false,
        };
        let connection = opener.connection;
        let reserved = Notice::Reserved {
            connection,
            is_granted,
        };
        // It fails only when the swarm has ended.
        let _ended = opener.notices.send(driver::Notice::Relay(reserved)).await;
        if !is_granted {
            return;
        }
        Delay::new(RENEWAL_TIME).await;
    }
}

/// Takes a stream on which a gateway announces a call.
pub(crate) async fn serve(mut opener: Opener, mut stream: Stream, place: Place) {
    let read = read_delimited(&mut stream, MESSAGE_BYTES_MAX);
    // Dropping the stream resets it.
    let Some(Ok(Some(message))) = in_time(REQUEST_TIME, read).await else {
        return;
    };
    let caller = wire::caller(&message).ok();
    let caller = caller.and_then(|id| PeerId::from_bytes(&id).ok());
    let call = Box::new(Call { stream, place });
    let Some(caller) = caller else {
        return call.refuse(Status::MalformedMessage).await;
    };
    let connection = opener.connection;
    let called = Notice::Called {
        connection,
        caller,
        call,
    };
    let _ended = opener.notices.send(driver::Notice::Relay(called)).await;
}

async fn reserve(opener: &mut Opener) -> io::Result<bool> {
    let opened = opener.open(HOP_PROTOCOL).await;
    let mut stream = opened.map_err(io::Error::other)?;
    write_delimited(&mut stream, &wire::reserve()).await?;
    let answer = read_delimited(&mut stream, MESSAGE_BYTES_MAX).await?;
    stream.close().await?;
    let answer = answer.ok_or(io::ErrorKind::UnexpectedEof)?;
    wire::is_reserved(&answer).map_err(io::Error::other)
}
