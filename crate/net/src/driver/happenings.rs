//! What happens to the swarm.

use libp2p::{
    Multiaddr, PeerId, gossipsub,
    swarm::{ConnectionError, ConnectionId, SwarmEvent},
};

use super::{Connection, Driver, reason};
use crate::{
    behaviour::BehaviourEvent,
    event::{Event, PeerKind},
    handle::lock,
    introduce::Address,
    records::{Acquaintance, Scope},
    streams,
};

impl Driver {
    pub(super) fn on_swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => self.on_gossip(event),
            SwarmEvent::Behaviour(BehaviourEvent::Streams(inbound)) => self.on_inbound(inbound),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                let address = self.dialling.remove(&connection_id);
                let address = address.unwrap_or_else(|| endpoint.get_remote_address().clone());
                self.on_connected(peer_id, connection_id, address, endpoint.is_dialer());
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                cause,
                ..
            } => {
                self.on_closed(peer_id, connection_id, cause.as_ref());
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                error,
                ..
            } => {
                if let Some(address) = self.dialling.remove(&connection_id) {
                    if let Some(introduced) = Address::parse(&address) {
                        self.on_introduction_failed(introduced.peer);
                    }
                    let reason = reason::dial_failed(&error);
                    self.emit(Event::DialFailed {
                        address: address.to_string(),
                        reason,
                    });
                }
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                #[cfg(not(target_arch = "wasm32"))]
                if !self.announces {
                    self.swarm.add_external_address(address.clone());
                }
                let peer_id = *self.swarm.local_peer_id();
                let address = address.with_p2p(peer_id).unwrap_or_else(|address| address);
                lock(&self.listening).push(address.to_string());
                self.announce_listening();
                self.emit(Event::Listening {
                    address: address.to_string(),
                });
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                #[cfg(not(target_arch = "wasm32"))]
                self.swarm.remove_external_address(&address);
                let expired = address.to_string();
                lock(&self.listening).retain(|address| !address.starts_with(&expired));
                self.announce_listening();
            }
            SwarmEvent::ListenerClosed { reason, .. } => {
                tracing::error!(?reason, "the listener closed");
            }
            SwarmEvent::IncomingConnectionError {
                send_back_addr,
                error,
                ..
            } => {
                tracing::debug!(%send_back_addr, %error, "an incoming connection failed");
            }
            event => tracing::trace!(?event, "swarm"),
        }
    }

    /// Where we listen is what our record says, unless the configuration knows better.
    fn announce_listening(&mut self) {
        if !self.announces {
            let listening = lock(&self.listening).clone();
            let addresses: Vec<Multiaddr> =
                listening.iter().filter_map(|it| it.parse().ok()).collect();
            lock(&self.records).listen(&addresses);
        }
    }

    fn on_gossip(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            } => {
                self.count_gossip(&propagation_source);
                self.emit(Event::Gossip {
                    peer: propagation_source.to_string(),
                    message_id: message_id.0,
                    topic: message.topic.into_string(),
                    data: message.data,
                });
            }
            gossipsub::Event::Subscribed { peer_id, topic } => {
                let topic = topic.into_string();
                self.emit(Event::Subscribed {
                    peer: peer_id.to_string(),
                    topic,
                });
            }
            event => tracing::debug!(?event, "gossip"),
        }
    }

    /// Who floods is cut off. Its messages are not ignored instead: then they, and their copies from
    /// honest peers, would be suppressed.
    fn count_gossip(&mut self, peer: &PeerId) {
        for id in self.peers.get(peer).cloned().unwrap_or_default() {
            let connection = self.connections.get_mut(&id);
            if connection.is_some_and(|connection| !connection.may_gossip()) {
                self.close(id, "the peer floods us with gossip".into());
            }
        }
    }

    fn on_inbound(&mut self, inbound: streams::Inbound) {
        let streams::Inbound {
            connection,
            protocol,
            stream,
        } = inbound;
        if let Some(record) = self.connections.get_mut(&connection) {
            record.accept(&protocol, stream);
        }
    }

    fn on_connected(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        address: Multiaddr,
        is_dialler: bool,
    ) {
        let address = match address.is_empty() {
            true => self.called_from(peer),
            false => address,
        };
        let connections = self.peers.entry(peer).or_default();
        let older = connections.clone();
        connections.push(id);
        let notices = self.notices_sender.clone();
        let events = self.inbound_events.clone();
        let kind = if is_dialler && Address::parse(&address).is_none() {
            PeerKind::Gateway
        } else {
            PeerKind::Tab
        };
        let acquaintance = Acquaintance {
            table: self.records.clone(),
            peer,
            scope: Scope::of(&address),
        };
        let activity = self.swarm.behaviour().streams.activity(id);
        let who = (kind, is_dialler, address.clone());
        let connection = Connection::start(id, acquaintance, who, activity, notices, events);
        self.connections.insert(id, connection);
        if older.is_empty() {
            self.emit(Event::Connected {
                peer: peer.to_string(),
                address: address.to_string(),
                kind,
            });
        }
        self.on_neighbour(peer, &address);
        for connection in older {
            self.close(
                connection,
                "replaced by a newer connection of the same peer".into(),
            );
        }
    }

    fn on_closed(&mut self, peer: PeerId, id: ConnectionId, cause: Option<&ConnectionError>) {
        let record = self.connections.remove(&id);
        let connections = self.peers.entry(peer).or_default();
        connections.retain(|connection| *connection != id);
        if connections.is_empty() {
            self.peers.remove(&peer);
            self.on_neighbour_gone(&peer);
            let reason = record
                .as_ref()
                .and_then(|record| record.close_reason.clone());
            let reason = reason.unwrap_or_else(|| reason::closed(cause));
            self.emit(Event::Disconnected {
                peer: peer.to_string(),
                reason,
            });
        }
        if let Some(address) = record.and_then(|record| record.redial) {
            self.dial(address);
        }
    }
}
