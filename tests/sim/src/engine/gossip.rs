//! Gossip: what a node does with what comes in, and what it says.

use lampyris_client::{NetEvent, Verdict};
use lampyris_verify::counting::signature_checks;

use super::{Engine, HEARTBEAT};
use crate::{
    credulous,
    event::{Event, Id, MessageId, Rpc, Time},
    liars::truth,
    links::{self, seek},
    mesh::Arrival,
    world::{TOPICS, whole},
};

/// What a signature check takes a gateway.
const GATEWAY_CHECK: Time = 1_000;
/// The sender of what a gateway's own Ethereum node says.
const UPSTREAM: &str = "upstream";

impl Engine {
    pub(super) fn heartbeat(&mut self, node: Id) {
        let world = &mut *self.world.borrow_mut();
        let Some(record) = world.nodes.get_mut(node).filter(|node| node.is_here()) else {
            return;
        };
        world
            .queue
            .push(world.now + HEARTBEAT, Event::Heartbeat(node));
        if record.is_honest() {
            let links: Vec<Id> = record.links.keys().copied().collect();
            let messages = &world.messages;
            let topic_of = |message: MessageId| messages.get(message).map_or(0, |one| one.topic);
            let is_publisher = record.is_gateway;
            let sent =
                record
                    .mesh
                    .heartbeat(&links, topic_of, is_publisher, world.now, &mut world.random);
            for (peer, rpc) in sent {
                world.send(node, peer, rpc);
            }
        }
        seek(world, node);
    }

    pub(super) fn on_rpc(&mut self, from: Id, to: Id, rpc: Rpc) {
        let (is_linked, lie) = {
            let world = self.world.borrow();
            let Some(node) = world.nodes.get(to).filter(|node| node.is_here()) else {
                return;
            };
            (node.links.contains_key(&from), node.lie)
        };
        if !is_linked || lie.is_some() {
            // Liars take part in meshes and forward nothing.
            return;
        }
        if let Rpc::Message(message) = rpc {
            return self.on_message(from, to, message);
        }
        let world = &mut *self.world.borrow_mut();
        let now = world.now;
        let Some(node) = world.nodes.get_mut(to) else {
            return;
        };
        if node.mesh.is_graylisted(from, now) {
            return;
        }
        match rpc {
            Rpc::Have(messages) => {
                let wanted = node.mesh.announced(from, messages, now);
                if !wanted.is_empty() {
                    world.send(to, from, Rpc::Want(wanted));
                }
            }
            Rpc::Want(messages) => {
                for message in node.mesh.wanted(from, messages, now) {
                    world.send(to, from, Rpc::Message(message));
                }
            }
            Rpc::Graft(topic) => {
                let is_ours = node.links.get(&from).is_some_and(|link| link.is_ours);
                if !node.mesh.grafted(from, topic, is_ours, now) {
                    world.send(to, from, Rpc::Prune(topic));
                }
            }
            Rpc::Prune(topic) => node.mesh.leave(from, topic, now),
            Rpc::Message(_) => {}
        }
    }

    fn on_message(&mut self, from: Id, to: Id, message: MessageId) {
        let arrival = {
            let world = &mut *self.world.borrow_mut();
            let now = world.now;
            let Some(node) = world.nodes.get_mut(to) else {
                return;
            };
            let arrival = node.mesh.arrived(from, message, now);
            if arrival == Arrival::Flood {
                links::shun(world, to, from, "the peer floods us with gossip");
            }
            arrival
        };
        if arrival == Arrival::New {
            let source = from.to_string();
            self.judge(to, from, &source, message);
        }
    }

    /// Puts a message to the client, and does what its verdict says once its checks are done.
    pub(crate) fn judge(
        &mut self,
        node: Id,
        from: Id,
        source: &str,
        message: MessageId,
    ) -> Option<Verdict> {
        let (event, topic, is_credulous) = {
            let world = self.world.borrow();
            let message = world.messages.get(message)?;
            let event = NetEvent::Gossip {
                peer: source.into(),
                message_id: message.id.clone(),
                topic: world.topic_name(message.topic),
                data: message.data.clone(),
            };
            let is_gateway = world.nodes.get(node).is_some_and(|node| node.is_gateway);
            (event, message.topic, world.options.credulous && !is_gateway)
        };
        let before = signature_checks();
        let known = self
            .world
            .borrow()
            .nodes
            .get(node)
            .map(|node| node.arrivals.len());
        self.world.borrow_mut().verdict = None;
        if is_credulous {
            credulous::judge(&mut self.world.borrow_mut(), node, message);
        } else if let Some(Some(client)) = self.clients.get(node) {
            client.handle(event);
        }
        let checks = signature_checks() - before;
        let world = &mut *self.world.borrow_mut();
        let verdict = world.verdict.take();
        let check = whole(world.options.check_ms * 1_000.0);
        let now = world.now;
        let record = world.nodes.get_mut(node)?;
        let check = if record.is_gateway {
            GATEWAY_CHECK
        } else {
            check
        };
        let cost = checks * check;
        record.traffic.signature_checks += checks;
        record.busy_until = record.busy_until.max(now) + cost;
        let done = record.busy_until;
        // What the client has just shown, it shows when it has computed.
        if let Some(known) = known {
            record
                .arrivals
                .iter_mut()
                .skip(known)
                .for_each(|at| *at = done);
        }
        match verdict {
            Some(Verdict::Accept) => {
                if from != node {
                    record.mesh.accepted(from, message, topic, now);
                }
                let source = from;
                let event = Event::Forward {
                    node,
                    message,
                    source,
                };
                world.queue.push(done, event);
            }
            Some(Verdict::Reject) => record.mesh.rejected(from, topic, now),
            Some(Verdict::Ignore) | None => {}
        }
        verdict
    }

    pub(super) fn forward(&mut self, node: Id, message: MessageId, source: Id) {
        let is_gateway = {
            let world = self.world.borrow();
            world.nodes.get(node).is_some_and(|node| node.is_gateway)
        };
        if is_gateway {
            // What is news to its chain it publishes, wherever it came from.
            return self.flood(node, message);
        }
        let world = &mut *self.world.borrow_mut();
        let topic = world
            .messages
            .get(message)
            .map_or(0, |message| message.topic);
        let Some(record) = world.nodes.get(node) else {
            return;
        };
        for peer in record.mesh.members(topic) {
            if peer != source {
                world.send(node, peer, Rpc::Message(message));
            }
        }
    }

    /// A publisher's own message goes to all of its neighbours.
    pub(super) fn flood(&mut self, node: Id, message: MessageId) {
        let world = &mut *self.world.borrow_mut();
        let now = world.now;
        let Some(record) = world.nodes.get_mut(node) else {
            return;
        };
        record.mesh.publish(message);
        record.published_at = now;
        let floor = lampyris_wire::mesh::PUBLISH_THRESHOLD;
        let is_fair = |peer: &Id| record.mesh.score(*peer, now) >= floor;
        let mut peers: Vec<Id> = record.links.keys().copied().filter(is_fair).collect();
        world.random.shuffle(&mut peers);
        for peer in peers {
            world.send(node, peer, Rpc::Message(message));
        }
    }

    /// A gateway's Ethereum node has a head: it is verified as any message, and published.
    pub(super) fn upstream(&mut self, gateway: Id, slot: u64) {
        for topic in 0..TOPICS.len() {
            let message = {
                let world = &mut *self.world.borrow_mut();
                let per_epoch = world.chain.network.preset.slots_per_epoch;
                if topic == 0 && !slot.is_multiple_of(per_epoch) {
                    continue;
                }
                let message = truth(world, topic, slot);
                let record = world.nodes.get_mut(gateway).filter(|node| node.is_here());
                // What gossip has brought meanwhile is not published again.
                if record.is_none_or(|record| record.mesh.has_seen(message)) {
                    continue;
                }
                message
            };
            self.judge(gateway, gateway, UPSTREAM, message);
        }
    }
}
