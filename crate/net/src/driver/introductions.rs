//! Carrying offers, taking them, and looking for peers to be introduced to.

use std::collections::HashMap;

use futures::channel::oneshot;
use lampyris_wire::introduce::{PEERS_MAX, Refusal, Request, Response};
use libp2p::{Multiaddr, PeerId, gossipsub::TopicHash, swarm::ConnectionId};

use super::{Connection, Driver};
use crate::{
    clock::Moment,
    event::PeerKind,
    introduce::{
        self, ANSWERING_MAX, ANSWERING_PER_CARRIER_MAX, Address, CARRIED_MAX, INTRODUCTION_TIME,
        Inlet, Notice, Offer, Offered, Patience, Seeker, Wish, random_below,
    },
    places::Places,
};

/// What the driver knows of introductions.
#[derive(Debug)]
pub(super) struct Introductions {
    seeker: Seeker,
    carried: Places,
    /// Whose offers we are answering.
    answering: HashMap<PeerId, Answering>,
    /// To the transport.
    inlet: Inlet,
}

/// An offer that is being answered.
#[derive(Clone, Copy, Debug)]
struct Answering {
    via: PeerId,
    since: Moment,
}

impl Introductions {
    /// For a peer that wants so many links to tabs. With none it only carries.
    pub(super) fn new(wanted: u32, inlet: Inlet) -> Self {
        Self {
            seeker: Seeker::new(usize::try_from(wanted).unwrap_or(usize::MAX)),
            carried: Places::new(CARRIED_MAX),
            answering: HashMap::new(),
            inlet,
        }
    }

    /// Who brought the offer of a peer that we are answering.
    pub(super) fn carrier_of(&self, peer: &PeerId) -> Option<PeerId> {
        self.answering.get(peer).map(|answering| answering.via)
    }

    /// Whether we want links to tabs at all, as gateways do not.
    pub(super) const fn is_tab(&self) -> bool {
        self.seeker.seeks()
    }
}

impl Driver {
    pub(super) fn on_introduction(&mut self, notice: Notice) {
        match notice {
            Notice::Wish(wish) => self.wish(wish),
            Notice::Asked {
                connection,
                request,
                answer,
            } => self.on_asked(connection, request, answer),
            Notice::Listed { via, peers } => self.on_listed(via, peers),
        }
    }

    /// A peer is connected: there may be somebody new to be introduced to.
    pub(super) fn on_neighbour(&mut self, peer: PeerId, address: &Multiaddr) {
        self.introductions.answering.remove(&peer);
        self.introductions.inlet.servers.add(peer, address);
        self.introductions.seeker.hurry();
        self.reserve();
    }

    /// A peer is gone: it may have to be replaced.
    pub(super) fn on_neighbour_gone(&mut self, peer: &PeerId) {
        self.introductions.inlet.servers.remove(peer);
        self.introductions.seeker.hurry();
        self.reserve();
    }

    /// An introduction to a peer came to nothing.
    pub(super) fn on_introduction_failed(&mut self, peer: PeerId) {
        self.introductions.seeker.failed(peer);
    }

    /// Our own side sends a peer away.
    pub(super) fn shun(&mut self, peer: PeerId) {
        self.introductions.seeker.shun(peer);
    }

    /// Has an offer of ours carried.
    fn wish(&mut self, wish: Wish) {
        let Wish {
            via,
            to,
            offer,
            answer,
        } = wish;
        let Some(neighbour) = self.newest(&via) else {
            let _gone = answer.send(Err(Refusal::Unknown));
            return;
        };
        let to = to.to_bytes();
        let asked = introduce::ask(
            neighbour.opener(),
            Request::Carry { to, offer },
            Patience::Asker,
        );
        neighbour.spawn(async {
            let result = match asked.await {
                Response::Answer(answer) => Ok(answer),
                Response::Refused(refusal) => Err(refusal),
                Response::Peers(_) => Err(Refusal::Silent),
            };
            let _gone = answer.send(result);
        });
    }

    fn on_asked(
        &mut self,
        connection: ConnectionId,
        request: Request,
        answer: oneshot::Sender<Response>,
    ) {
        let Some(asker) = self.connections.get(&connection).map(|record| record.peer) else {
            return;
        };
        match request {
            Request::List => {
                let _gone = answer.send(Response::Peers(self.tabs_for(&asker)));
            }
            Request::Carry { to, offer } => self.carry(asker, &to, offer, answer),
            Request::Offer { from, offer } => self.take_offer(asker, &from, offer, answer),
        }
    }

    /// Some tabs that we know, at random, in place of those that the asker knows itself.
    fn tabs_for(&self, asker: &PeerId) -> Vec<Vec<u8>> {
        let mut tabs: Vec<_> = self
            .tabs()
            .filter(|peer| peer != asker)
            .map(|peer| peer.to_bytes())
            .collect();
        while tabs.len() > PEERS_MAX {
            tabs.swap_remove(random_below(tabs.len()));
        }
        tabs
    }

    /// Carries an offer to a peer of ours, and the answer back.
    fn carry(
        &mut self,
        from: PeerId,
        to: &[u8],
        offer: Vec<u8>,
        answer: oneshot::Sender<Response>,
    ) {
        let to = PeerId::from_bytes(to).ok().filter(|to| *to != from);
        let Some(target) = to.and_then(|to| self.newest(&to)) else {
            let _gone = answer.send(Response::Refused(Refusal::Unknown));
            return;
        };
        let (Some(place), Some(target_place)) =
            (self.introductions.carried.take(), target.carried.take())
        else {
            let _gone = answer.send(Response::Refused(Refusal::Busy));
            return;
        };
        let from = from.to_bytes();
        let asked = introduce::ask(
            target.opener(),
            Request::Offer { from, offer },
            Patience::Carrier,
        );
        target.spawn(async {
            let response = match asked.await {
                Response::Peers(_) => Response::Refused(Refusal::Silent),
                response => response,
            };
            let _gone = answer.send(response);
            drop((place, target_place));
        });
    }

    /// Hands an offer to the transport, if we want that connection.
    fn take_offer(
        &mut self,
        via: PeerId,
        from: &[u8],
        offer: Vec<u8>,
        answer: oneshot::Sender<Response>,
    ) {
        let from = PeerId::from_bytes(from).ok();
        let Some(from) = from.filter(|from| *from != via && self.wants(from, &via)) else {
            let _gone = answer.send(Response::Refused(Refusal::Unwilling));
            return;
        };
        let (sender, answered) = oneshot::channel();
        let offer = Offer::Carried {
            offer,
            answer: sender,
        };
        if self.offer(Offered { via, from, offer }).is_err() {
            let _gone = answer.send(Response::Refused(Refusal::Unwilling));
            return;
        }
        if let Some(neighbour) = self.newest(&via) {
            neighbour.spawn(async {
                let _gone = answer.send(introduce::answered(answered).await);
            });
        }
    }

    /// Hands an offer to the transport, or back when it has too many.
    pub(super) fn offer(&mut self, offered: Offered) -> Result<(), Offer> {
        let Offered { via, from, .. } = offered;
        let taken = self.introductions.inlet.offers.try_send(offered);
        taken.map_err(|full| full.into_inner().offer)?;
        let since = Moment::now();
        let answering = Answering { via, since };
        self.introductions.answering.insert(from, answering);
        Ok(())
    }

    /// Whether we want to be connected to whom a neighbour introduces. When both sides seek each other at
    /// the same time, the offer of the one with the lower id counts.
    pub(super) fn wants(&mut self, from: &PeerId, via: &PeerId) -> bool {
        let answering = &mut self.introductions.answering;
        answering.retain(|_, answering| answering.since.elapsed() < INTRODUCTION_TIME);
        let of_carrier = answering.values().filter(|each| each.via == *via).count();
        let is_busy = answering.len() >= ANSWERING_MAX
            || of_carrier >= ANSWERING_PER_CARRIER_MAX
            || answering.contains_key(from);
        let own = *self.swarm.local_peer_id();
        let ours_counts = self.is_dialling(from) && own < *from;
        if is_busy || ours_counts || *from == own {
            return false;
        }
        if let Some(link) = self.newest(from) {
            // Who has a link that is not just being made does not ask for one: it has lost it, and we do not
            // know yet. The new link takes the place of the old.
            let is_lost = link.kind == PeerKind::Tab && link.since.elapsed() >= INTRODUCTION_TIME;
            return is_lost && !self.introductions.seeker.is_shunned(from);
        }
        // Who comes may take part in what we hear, and find nobody else; a stranger had its chance. Whom we
        // sent away for that just now does not come back in this way.
        if !self.introductions.seeker.avoids(from) {
            self.make_room();
        }
        let links = self.tab_links();
        self.introductions.seeker.accepts(from, links)
    }

    /// Asks a neighbour for its peers when links are missing; called about once a second.
    pub(super) fn seek(&mut self) {
        if self.closing.is_some() || !self.introductions.seeker.seeks() {
            return;
        }
        let companions = self.companions();
        if self.introductions.seeker.tick(companions) == 0 {
            return;
        }
        self.make_room();
        let neighbours: Vec<_> = self.peers.keys().copied().collect();
        let chosen = neighbours.get(random_below(neighbours.len()));
        let Some((via, neighbour)) = chosen.and_then(|via| Some((*via, self.newest(via)?))) else {
            return;
        };
        let notices = self.notices_sender.clone();
        neighbour.spawn(introduce::list(neighbour.opener(), via, notices));
    }

    /// Dials some of the peers that a neighbour told us.
    fn on_listed(&mut self, via: PeerId, mut told: Vec<PeerId>) {
        told.truncate(PEERS_MAX);
        let own = *self.swarm.local_peer_id();
        told.retain(|peer| {
            *peer != own
                && *peer != via
                && !self.peers.contains_key(peer)
                && !self.is_dialling(peer)
                && !self.introductions.answering.contains_key(peer)
        });
        let seeker = &self.introductions.seeker;
        let missing = seeker.missing(self.companions());
        let count = missing.min(seeker.room(self.tab_links()));
        for peer in seeker.choose(told, count) {
            self.dial(Address { via, peer }.to_multiaddr());
        }
    }

    /// Closes a link to a tab that speaks of nothing that we want to hear, if no other link can be made.
    fn make_room(&mut self) {
        if self.introductions.seeker.room(self.tab_links()) > 0 {
            return;
        }
        let topics = self.topics_of_tabs();
        let gossip = &self.swarm.behaviour().gossip;
        let strangers: Vec<_> = topics
            .iter()
            .filter(|(_, theirs)| !theirs.is_empty())
            .filter(|(_, theirs)| gossip.topics().all(|ours| !theirs.contains(&ours)))
            .map(|(peer, _)| *peer)
            .collect();
        if let Some(stranger) = strangers.get(random_below(strangers.len())).copied() {
            self.introductions.seeker.failed(stranger);
            for connection in self.peers.get(&stranger).cloned().unwrap_or_default() {
                self.close(connection, "it shares none of our topics".into());
            }
        }
    }

    /// Links to tabs, those included that are being made.
    fn tab_links(&self) -> usize {
        self.tabs().count() + self.being_made()
    }

    fn being_made(&self) -> usize {
        let dialling = self.dialling.values().filter_map(Address::parse).count();
        dialling + self.introductions.answering.len()
    }

    /// Links to tabs that take part in the topic of ours that has the fewest of them, those included that
    /// are being made or did not say yet. Others carry none of our gossip.
    fn companions(&self) -> usize {
        let topics = self.topics_of_tabs();
        let taking_part = |ours: &TopicHash| {
            let knows = |theirs: &&Vec<&TopicHash>| theirs.is_empty() || theirs.contains(&ours);
            topics.values().filter(knows).count()
        };
        let gossip = &self.swarm.behaviour().gossip;
        let fewest = gossip.topics().map(taking_part).min();
        fewest.unwrap_or(topics.len()) + self.being_made()
    }

    fn topics_of_tabs(&self) -> HashMap<PeerId, Vec<&TopicHash>> {
        let mut tabs: HashMap<_, _> = self.tabs().map(|peer| (peer, Vec::new())).collect();
        for (peer, topics) in self.swarm.behaviour().gossip.all_peers() {
            if let Some(tab) = tabs.get_mut(peer) {
                *tab = topics;
            }
        }
        tabs
    }

    /// The tabs that we are linked to, and stay linked to.
    fn tabs(&self) -> impl Iterator<Item = PeerId> {
        self.peers
            .iter()
            .filter(|(_, connections)| self.is_tab(connections))
            .map(|(peer, _)| *peer)
    }

    fn is_tab(&self, connections: &[ConnectionId]) -> bool {
        let newest = connections.last().and_then(|id| self.connections.get(id));
        newest.is_some_and(|link| link.kind == PeerKind::Tab && link.close_reason.is_none())
    }

    fn newest(&self, peer: &PeerId) -> Option<&Connection> {
        self.connections.get(self.peers.get(peer)?.last()?)
    }

    fn is_dialling(&self, peer: &PeerId) -> bool {
        self.dialling
            .values()
            .filter_map(Address::parse)
            .any(|dialled| dialled.peer == *peer)
    }
}
