//! The part of [`super::Behaviour`] that lives with each connection.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures::channel::oneshot;
use libp2p::{
    StreamProtocol,
    core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo},
    swarm::{
        ConnectionHandler, ConnectionHandlerEvent, StreamUpgradeError, SubstreamProtocol,
        handler::{
            ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
        },
    },
};

use super::stream::{Activity, Stream};

/// How many streams of a connection are being opened at a time; more are refused.
const OPENING_MAX: usize = 64;

/// The wish for a stream.
#[derive(Debug)]
pub(crate) struct Open {
    pub(super) protocol: StreamProtocol,
    pub(super) answer: Answer,
}

/// A stream that the peer opened.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(super) protocol: StreamProtocol,
    pub(super) stream: Stream,
}

/// Why a stream was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the peer does not speak the protocol")]
    Unsupported,
    #[error("{OPENING_MAX} streams are being opened")]
    Busy,
    #[error("the peer did not answer")]
    Timeout,
    #[error("the stream was lost: {0}")]
    Lost(#[from] std::io::Error),
    #[error("the connection is closed")]
    Closed,
}

type Answer = oneshot::Sender<Result<Stream, OpenError>>;

/// Negotiates the streams of one connection.
#[derive(Debug)]
pub(crate) struct Handler {
    protocols: Arc<[StreamProtocol]>,
    activity: Activity,
    wishes: VecDeque<Open>,
    accepted: VecDeque<Accepted>,
    opening: usize,
}

impl Handler {
    pub(super) fn new(protocols: Arc<[StreamProtocol]>, activity: Activity) -> Self {
        Self {
            protocols,
            activity,
            wishes: VecDeque::new(),
            accepted: VecDeque::new(),
            opening: 0,
        }
    }

    fn stream(&self, inner: libp2p::Stream) -> Stream {
        Stream::new(inner, self.activity.clone())
    }

    fn opened(&mut self, answer: Answer, result: Result<Stream, OpenError>) {
        self.opening = self.opening.saturating_sub(1);
        // Whoever wished for the stream may not wait any more; then it is reset.
        let _gone = answer.send(result);
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Accepted;
    type InboundProtocol = Negotiation;
    type OutboundProtocol = Negotiation;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Answer;

    fn listen_protocol(&self) -> SubstreamProtocol<Negotiation> {
        SubstreamProtocol::new(Negotiation(self.protocols.clone()), ())
    }

    // The heartbeat decides, not idleness.
    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Negotiation, Answer, Accepted>> {
        if let Some(accepted) = self.accepted.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(accepted));
        }
        if let Some(Open { protocol, answer }) = self.wishes.pop_front() {
            self.opening += 1;
            let negotiation = Negotiation([protocol].into());
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest {
                protocol: SubstreamProtocol::new(negotiation, answer),
            });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, wish: Open) {
        if self.wishes.len() + self.opening < OPENING_MAX {
            self.wishes.push_back(wish);
        } else {
            let _gone = wish.answer.send(Err(OpenError::Busy));
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Negotiation, Negotiation, (), Answer>,
    ) {
        match event {
            // Bounded by the number of streams that the swarm negotiates at a time, and each is
            // handed on by the next poll.
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (stream, protocol),
                ..
            }) => {
                let stream = self.stream(stream);
                self.accepted.push_back(Accepted { protocol, stream });
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: (stream, _),
                info: answer,
            }) => {
                let stream = self.stream(stream);
                self.opened(answer, Ok(stream));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError {
                error,
                info: answer,
            }) => {
                let error = match error {
                    StreamUpgradeError::Timeout => OpenError::Timeout,
                    StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
                    StreamUpgradeError::Io(error) => OpenError::Lost(error),
                    StreamUpgradeError::Apply(never) => match never {},
                };
                self.opened(answer, Err(error));
            }
            _ => {}
        }
    }
}

/// Agrees on a protocol's name and leaves the stream as it is.
#[derive(Debug)]
pub(crate) struct Negotiation(Arc<[StreamProtocol]>);

impl UpgradeInfo for Negotiation {
    type Info = StreamProtocol;
    type InfoIter = Vec<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.to_vec()
    }
}

impl InboundUpgrade<libp2p::Stream> for Negotiation {
    type Output = (libp2p::Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: libp2p::Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}

impl OutboundUpgrade<libp2p::Stream> for Negotiation {
    type Output = (libp2p::Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: libp2p::Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}
