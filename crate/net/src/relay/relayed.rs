//! A connection through a relay: Noise and yamux on a stream, as everywhere in libp2p, of which we are the
//! listener. It lives as long as the signalling and belongs to no swarm.

use std::{
    future::{Future, poll_fn},
    io, iter,
    pin::pin,
    task::{Context, Poll},
};

use futures::{AsyncRead, AsyncWrite, StreamExt, stream::FuturesUnordered};
use lampyris_wire::signalling::SIGNALLING_PROTOCOL;
use libp2p::{
    PeerId,
    core::{
        Negotiated,
        muxing::{StreamMuxerBox, StreamMuxerExt, SubstreamBox},
        upgrade::{InboundConnectionUpgrade, UpgradeInfo},
    },
    identity::Keypair,
    noise, yamux,
};
use multistream_select::listener_select_proto;

/// Streams of both sides. An honest caller has two: one to identify us, in vain, and the one that counts.
const STREAMS_MAX: usize = 16;
/// Streams whose protocol is being agreed on.
const NEGOTIATING_MAX: usize = 4;

/// A relayed connection.
#[derive(Debug)]
pub(super) struct Relayed {
    /// Who is on the other side, says Noise.
    pub(super) peer: PeerId,
    muxer: StreamMuxerBox,
    is_over: bool,
}

impl Relayed {
    /// Takes a call.
    pub(super) async fn accept<S>(stream: S, keys: &Keypair) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let noise = noise::Config::new(keys).map_err(io::Error::other)?;
        let selected = listener_select_proto(stream, noise.protocol_info()).await;
        let (name, stream) = selected.map_err(io::Error::other)?;
        let secured = noise.upgrade_inbound(stream, name).await;
        let (peer, stream) = secured.map_err(io::Error::other)?;
        let mut streams = yamux::Config::default();
        streams.set_max_num_streams(STREAMS_MAX);
        let selected = listener_select_proto(stream, streams.protocol_info()).await;
        let (name, stream) = selected.map_err(io::Error::other)?;
        let muxer = streams.upgrade_inbound(stream, name).await?;
        Ok(Self {
            peer,
            muxer: StreamMuxerBox::new(muxer),
            is_over: false,
        })
    }

    /// The caller's stream for signalling. Whatever else it wants is not there.
    pub(super) async fn signalling_stream(&mut self) -> io::Result<Negotiated<SubstreamBox>> {
        let mut negotiating = FuturesUnordered::new();
        poll_fn(|context| {
            loop {
                match negotiating.poll_next_unpin(context) {
                    Poll::Ready(Some(Ok((_, stream)))) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Some(Err(error))) => {
                        let _: &multistream_select::NegotiationError = &error;
                        tracing::trace!(%error, "a stream of a caller is refused");
                        continue;
                    }
                    Poll::Ready(None) | Poll::Pending => {}
                }
                if negotiating.len() < NEGOTIATING_MAX
                    && let Poll::Ready(stream) = self.muxer.poll_inbound_unpin(context)?
                {
                    let names = iter::once(SIGNALLING_PROTOCOL);
                    negotiating.push(listener_select_proto(stream, names));
                    continue;
                }
                self.drive(context);
                if self.is_over {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                return Poll::Pending;
            }
        })
        .await
    }

    /// Does something with its streams. When the connection ends meanwhile, they say so.
    pub(super) async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let result = work.as_mut().poll(context);
            if result.is_pending() {
                self.drive(context);
            }
            result
        })
        .await
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        // It ends in any case.
        let _closed = poll_fn(|context| self.muxer.poll_close_unpin(context)).await;
    }

    /// Drives it as far as it goes.
    fn drive(&mut self, context: &mut Context<'_>) {
        while !self.is_over {
            match self.muxer.poll_unpin(context) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => self.is_over = true,
                Poll::Pending => return,
            }
        }
    }
}
