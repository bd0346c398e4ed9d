//! What the swarm is told to do.

use futures_timer::Delay;
use lampyris_wire::Protocol;
use libp2p::{
    Multiaddr, PeerId,
    gossipsub::{self, MessageAcceptance, MessageId, PublishError, TopicHash},
    multiaddr,
    swarm::dial_opts::{DialOpts, PeerCondition},
};

use super::{CLOSE_TIME, Driver, reason};
use crate::{
    error::{Error, RequestError},
    event::{Event, Verdict},
    gossip,
    handle::Command,
    requests::Answer,
};

impl Driver {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial { address } => self.dial(address),
            Command::Disconnect { peer, reason } => {
                self.shun(peer);
                for connection in self.peers.get(&peer).cloned().unwrap_or_default() {
                    self.close(connection, reason.clone());
                }
            }
            Command::Request {
                peer,
                protocol,
                body,
                answer,
            } => {
                self.request(peer, protocol, body, answer);
            }
            Command::Subscribe { topic } => self.subscribe(&topic),
            Command::Unsubscribe { topic } => {
                let topic = gossipsub::IdentTopic::new(topic);
                self.swarm.behaviour_mut().gossip.unsubscribe(&topic);
            }
            Command::Publish {
                topic,
                data,
                answer,
            } => {
                let published = self.publish(&TopicHash::from_raw(topic), data);
                let published = published.map_err(|error| Error::Publish {
                    reason: error.to_string(),
                });
                let _gone = answer.send(published);
            }
            Command::Report {
                message_id,
                peer,
                verdict,
            } => {
                let acceptance = match verdict {
                    Verdict::Accept => MessageAcceptance::Accept,
                    Verdict::Ignore => MessageAcceptance::Ignore,
                    Verdict::Reject => MessageAcceptance::Reject,
                };
                let id = MessageId::from(message_id);
                let gossip = &mut self.swarm.behaviour_mut().gossip;
                if !gossip.report_message_validation_result(&id, &peer, acceptance) {
                    tracing::debug!(%id, "a verdict came too late, the message is forgotten");
                }
            }
            Command::Close => {
                self.closing = Some(Delay::new(CLOSE_TIME));
                for connection in self.connections.keys().copied().collect::<Vec<_>>() {
                    self.close(connection, "we left".into());
                }
            }
        }
    }

    pub(super) fn subscribe(&mut self, topic: &str) {
        let topic = gossipsub::IdentTopic::new(topic);
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        if let Err(error) = gossip.subscribe(&topic) {
            tracing::error!(%error, "a topic that passed the filter was refused");
        }
        if let Err(error) = gossip.set_topic_params(topic, gossip::topic_score()) {
            tracing::error!(error, "a topic's score parameters were refused");
        }
    }

    /// Dials; each dial is answered by an event about its address. Who is dialled at another address is
    /// given up there: two connections at once would replace each other, on each side another.
    pub(super) fn dial(&mut self, address: Multiaddr) {
        if self.dialling.values().any(|dialled| *dialled == address) {
            return;
        }
        if let Some(peer) = peer_of(&address)
            && let Some(newest) = self.peers.get(&peer).and_then(|ids| ids.last())
            && let Some(connection) = self.connections.get_mut(newest)
        {
            if connection.close_reason.is_some() {
                connection.redial = Some(address);
                return;
            }
            let peer = peer.to_string();
            let kind = connection.kind;
            return self.emit(Event::Connected {
                peer,
                address: address.to_string(),
                kind,
            });
        }
        if let Some(peer) = peer_of(&address) {
            let _none_yet = self.swarm.disconnect_peer_id(peer);
        }
        let options = dial_options(address.clone());
        let connection = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dialling.insert(connection, address);
            }
            Err(error) => {
                let reason = reason::dial_failed(&error);
                self.emit(Event::DialFailed {
                    address: address.to_string(),
                    reason,
                });
            }
        }
    }

    fn publish(&mut self, topic: &TopicHash, data: Vec<u8>) -> Result<(), PublishError> {
        self.published += 1;
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        match &self.repetition {
            Some(repetition) => repetition.publish(gossip, topic, data, self.published),
            None => gossip.publish(topic.clone(), data).map(|_| ()),
        }
    }

    fn request(&mut self, peer: PeerId, protocol: Protocol, body: Vec<u8>, answer: Answer) {
        let newest = self
            .peers
            .get(&peer)
            .and_then(|connections| connections.last());
        match newest.and_then(|connection| self.connections.get_mut(connection)) {
            Some(connection) => connection.request(protocol, body, answer),
            None => {
                let _gone = answer.send(Err(RequestError::Disconnected));
            }
        }
    }
}

/// Dials a known peer only when there is no connection to it.
fn dial_options(address: Multiaddr) -> DialOpts {
    match peer_of(&address) {
        Some(peer) => DialOpts::peer_id(peer)
            .addresses(vec![address])
            .condition(PeerCondition::Disconnected)
            .build(),
        None => DialOpts::unknown_peer_id().address(address).build(),
    }
}

fn peer_of(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(multiaddr::Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}
