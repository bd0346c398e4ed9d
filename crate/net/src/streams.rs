//! Opening and accepting streams by protocol name, as a libp2p behaviour.
//!
//! Why not `libp2p-stream` 0.5.0-alpha: its queue of accepted streams holds one, and what does not
//! fit is dropped without a word, so that the second of two simultaneous requests was lost; it picks
//! a random connection of a peer; and it opens one stream at a time.

mod handler;
mod stream;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    task::{Context, Poll},
};

use futures::channel::oneshot;
use libp2p::{
    Multiaddr, PeerId, StreamProtocol,
    core::{Endpoint, transport::PortUse},
    swarm::{
        ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour,
        NotifyHandler, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    },
};

pub(crate) use handler::{Accepted, Open, OpenError};
pub(crate) use stream::{Activity, Stream};

/// A stream that a peer opened.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) connection: ConnectionId,
    pub(crate) protocol: StreamProtocol,
    pub(crate) stream: Stream,
}

/// Opens and accepts streams.
#[derive(Debug)]
pub(crate) struct Behaviour {
    protocols: Arc<[StreamProtocol]>,
    actions: VecDeque<ToSwarm<Inbound, Open>>,
    /// One for each connection, from before it is told until it is closed.
    activities: HashMap<ConnectionId, Activity>,
}

impl Behaviour {
    /// Accepts streams of these protocols.
    pub(crate) fn new(protocols: impl IntoIterator<Item = StreamProtocol>) -> Self {
        Self {
            protocols: protocols.into_iter().collect(),
            actions: VecDeque::new(),
            activities: HashMap::new(),
        }
    }

    /// What arrives on a connection.
    pub(crate) fn activity(&self, connection: ConnectionId) -> Activity {
        self.activities
            .get(&connection)
            .cloned()
            .unwrap_or_default()
    }

    /// Opens a stream on a connection. The answer never comes when the connection is gone, then its
    /// sender is dropped.
    pub(crate) fn open(
        &mut self,
        peer_id: PeerId,
        connection: ConnectionId,
        protocol: StreamProtocol,
        answer: oneshot::Sender<Result<Stream, OpenError>>,
    ) {
        self.actions.push_back(ToSwarm::NotifyHandler {
            peer_id,
            handler: NotifyHandler::One(connection),
            event: Open { protocol, answer },
        });
    }

    fn handler(&mut self, connection: ConnectionId) -> handler::Handler {
        let activity = Activity::default();
        self.activities.insert(connection, activity.clone());
        handler::Handler::new(self.protocols.clone(), activity)
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = handler::Handler;
    type ToSwarm = Inbound;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(connection))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(connection))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. }) = event {
            self.activities.remove(&connection_id);
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        connection: ConnectionId,
        Accepted { protocol, stream }: THandlerOutEvent<Self>,
    ) {
        self.actions.push_back(ToSwarm::GenerateEvent(Inbound {
            connection,
            protocol,
            stream,
        }));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.actions.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}
