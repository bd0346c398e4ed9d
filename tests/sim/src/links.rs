//! Who is linked to whom: dials, introductions, ends.

use crate::{
    event::{Event, Id, Time},
    world::{Link, Node, World, whole},
};

/// Links that a tab keeps to other tabs.
const TAB_LINKS: usize = 4;
/// Links to tabs beyond which a tab takes no more; liars want as many.
const TAB_LINKS_MAX: usize = 8;
/// After how much silence a dead neighbour is noticed: from and to.
const SILENCE_MS: (f64, f64) = (10_000.0, 15_000.0);
/// How often a gateway says the same again, at most, as `crate/gateway` has it.
const REPUBLISH_EVERY: Time = 1_050_000;
/// A dial that nobody answers.
const DIAL_TIMEOUT: Time = 10_000_000;
/// Ways that a handshake takes.
const HANDSHAKE_WAYS: u64 = 6;
/// How long a liar is not linked to again, and others who were sent away.
const SHUNNED: (Time, Time) = (600_000_000, 30_000_000);

/// A node's address; it ends with its peer id, as all do.
pub(crate) fn address_of(node: Id) -> String {
    format!("/sim/p2p/{node}")
}

/// The node of an address or a peer id.
pub(crate) fn node_of(text: &str) -> Option<Id> {
    text.rsplit('/').next()?.parse().ok()
}

/// A client dials.
pub(crate) fn dial(world: &mut World, from: Id, to: Option<Id>, address: &str) {
    let Some(to) = to else { return };
    let answers = world.nodes.get(to).is_some_and(Node::is_here);
    let delay = if answers {
        HANDSHAKE_WAYS * latency(world)
    } else {
        DIAL_TIMEOUT
    };
    let address = address.to_owned();
    world.after(delay, Event::Dialled { from, to, address });
}

/// Whether a new link is possible from the other side's point of view.
pub(crate) fn is_welcome(world: &World, from: Id, to: Id) -> bool {
    let (Some(asking), Some(asked)) = (world.nodes.get(from), world.nodes.get(to)) else {
        return false;
    };
    let shunned = |node: &Node, peer| {
        node.shunned
            .get(peer)
            .is_some_and(|until| *until > world.now)
    };
    if from == to || !asking.is_here() || !asked.is_here() {
        return false;
    }
    if shunned(asking, &to) || shunned(asked, &from) {
        return false;
    }
    if asked.is_gateway {
        asked.links.len() < world.options.places
    } else {
        tab_links(world, to) < TAB_LINKS_MAX
    }
}

/// Makes a link; the caller tells the clients.
pub(crate) fn link(world: &mut World, from: Id, to: Id) {
    let latency = latency(world);
    for (node, peer, is_ours) in [(from, to, true), (to, from, false)] {
        if let Some(node) = world.nodes.get_mut(node) {
            node.links.insert(peer, Link { latency, is_ours });
        }
    }
    // A gateway tells newcomers the latest head, at most once a second.
    let now = world.now;
    if let Some(gateway) = world.nodes.get_mut(to)
        && gateway.is_gateway
        && gateway.is_honest()
        && !gateway.republishes
    {
        gateway.republishes = true;
        let at = now.max(gateway.published_at.saturating_add(REPUBLISH_EVERY));
        world.queue.push(at, Event::Republish(to));
    }
}

/// Ends a link; both sides are told.
pub(crate) fn unlink(world: &mut World, one: Id, other: Id, reason: &str) {
    for (node, peer) in [(one, other), (other, one)] {
        let removed = world.nodes.get_mut(node).and_then(|node| {
            node.mesh.forget_link(peer);
            node.links.remove(&peer)
        });
        if removed.is_some() {
            let reason = reason.to_owned();
            world.after(0, Event::Disconnected { node, peer, reason });
        }
    }
}

/// A client sends a peer away.
pub(crate) fn shun(world: &mut World, node: Id, peer: Id, reason: &str) {
    let is_liar = reason.starts_with("lied") || reason.starts_with("oversized");
    let time = if is_liar { SHUNNED.0 } else { SHUNNED.1 };
    let until = world.now.saturating_add(time);
    if let Some(record) = world.nodes.get_mut(node) {
        record.shunned.insert(peer, until);
        record.mesh.cut_off += 1;
    }
    unlink(world, node, peer, reason);
}

/// A node goes. Neighbours are told, or notice by themselves.
pub(crate) fn leave(world: &mut World, node: Id, says_goodbye: bool) {
    let now = world.now;
    let Some(record) = world.nodes.get_mut(node) else {
        return;
    };
    record.left = now;
    let peers: Vec<Id> = record.links.keys().copied().collect();
    for peer in peers {
        if says_goodbye {
            unlink(world, node, peer, "the peer left");
        } else {
            let silence = world.random.between(SILENCE_MS.0, SILENCE_MS.1);
            let event = Event::Lost {
                node: peer,
                peer: node,
            };
            world.after(whole(silence * 1_000.0), event);
        }
    }
}

/// Asks a random neighbour to introduce one of its own, if a tab has too few links to tabs.
pub(crate) fn seek(world: &mut World, tab: Id) {
    let Some(node) = world.nodes.get(tab) else {
        return;
    };
    let wanted = if node.is_honest() {
        TAB_LINKS
    } else {
        TAB_LINKS_MAX
    };
    if node.is_gateway || tab_links(world, tab) >= wanted {
        return;
    }
    let neighbours: Vec<Id> = node.links.keys().copied().collect();
    let Some(&through) = pick(world, &neighbours) else {
        return;
    };
    let Some(common) = world.nodes.get(through).filter(|node| node.is_here()) else {
        return;
    };
    // A liar introduces its like, if it knows any.
    let is_like = |id: &&Id| {
        let other = world.nodes.get(**id);
        other.is_some_and(|other| !other.is_gateway && !other.is_honest())
    };
    let mut others: Vec<Id> = Vec::new();
    if !common.is_honest() {
        others.extend(common.links.keys().filter(is_like));
    }
    if others.is_empty() {
        let is_tab = |id: &&Id| world.nodes.get(**id).is_some_and(|other| !other.is_gateway);
        others.extend(common.links.keys().filter(is_tab));
    }
    if let Some(&other) = pick(world, &others) {
        let delay = (HANDSHAKE_WAYS + 4) * latency(world);
        world.after(delay, Event::Introduced { one: tab, other });
    }
}

/// How many tabs a node is linked to.
pub(crate) fn tab_links(world: &World, node: Id) -> usize {
    let is_tab = |id: &&Id| world.nodes.get(**id).is_some_and(|peer| !peer.is_gateway);
    world
        .nodes
        .get(node)
        .map_or(0, |node| node.links.keys().filter(is_tab).count())
}

fn pick<'a>(world: &mut World, ids: &'a [Id]) -> Option<&'a Id> {
    let index = world.random.below(ids.len());
    ids.get(index)
}

fn latency(world: &mut World) -> Time {
    let mean = world.options.latency_ms * 1_000.0;
    whole(world.random.between(0.5 * mean, 1.5 * mean))
}
