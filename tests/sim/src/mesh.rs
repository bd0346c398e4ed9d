//! One node's part of gossip: a model of gossipsub v1.1 with the parameters that `crate/net` gives it.
//!
//! Modelled are the mesh of each topic with GRAFT, PRUNE and backoff, the memory of what was seen,
//! IHAVE and IWANT with broken promises, the scores P1, P2, P4 and P7 with their thresholds, and the
//! rate at which new gossip of a peer is listened to. Not modelled are opportunistic grafting,
//! IDONTWANT, fanout and addresses (P6).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lampyris_wire::mesh;

use crate::{
    event::{Id, MessageId, Rpc, Time},
    random::Random,
    world::TOPICS,
};

/// What is known of a neighbour, also of a former one.
#[derive(Clone, Debug)]
struct Record {
    mesh_since: [Option<Time>; TOPICS.len()],
    backoff_until: [Time; TOPICS.len()],
    first_deliveries: [f64; TOPICS.len()],
    invalid: [f64; TOPICS.len()],
    behaviour: f64,
    tokens: f64,
    tokens_at: Time,
    announcements: usize,
}

impl Record {
    fn new(now: Time) -> Self {
        Self {
            mesh_since: [None; TOPICS.len()],
            backoff_until: [0; TOPICS.len()],
            first_deliveries: [0.0; TOPICS.len()],
            invalid: [0.0; TOPICS.len()],
            behaviour: 0.0,
            tokens: f64::from(mesh::GOSSIP_RATE.burst),
            tokens_at: now,
            announcements: 0,
        }
    }

    fn score(&self, now: Time) -> f64 {
        let mut topics = 0.0;
        for topic in 0..TOPICS.len() {
            let since = self.mesh_since.get(topic).copied().flatten();
            let minutes = since.map_or(0.0, |since| seconds(now.saturating_sub(since)) / 60.0);
            let first = self.first_deliveries.get(topic).copied().unwrap_or(0.0);
            let invalid = self.invalid.get(topic).copied().unwrap_or(0.0);
            topics += minutes.floor().min(mesh::TIME_IN_MESH_CAP);
            topics += first.min(mesh::FIRST_DELIVERIES_CAP);
            topics += mesh::INVALID_WEIGHT * invalid * invalid;
        }
        let excess = (self.behaviour - mesh::BEHAVIOUR_THRESHOLD).max(0.0);
        topics.min(mesh::TIME_IN_MESH_CAP + mesh::FIRST_DELIVERIES_CAP)
            + mesh::BEHAVIOUR_WEIGHT * excess * excess
    }
}

/// What one node knows of gossip.
#[derive(Debug, Default)]
pub(crate) struct Mesh {
    records: BTreeMap<Id, Record>,
    seen: BTreeSet<MessageId>,
    /// Accepted messages, the newest window last.
    history: VecDeque<Vec<MessageId>>,
    /// Who promised a wanted message, and until when.
    promises: BTreeMap<MessageId, (Id, Time)>,
    /// Peers that its client sent away.
    pub(crate) cut_off: u64,
}

/// What becomes of a message that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// For the client.
    New,
    /// Nothing to do.
    Dropped,
    /// The sender floods and is cut off.
    Flood,
}

impl Mesh {
    fn record(&mut self, peer: Id, now: Time) -> &mut Record {
        self.records.entry(peer).or_insert_with(|| Record::new(now))
    }

    pub(crate) fn score(&self, peer: Id, now: Time) -> f64 {
        self.records
            .get(&peer)
            .map_or(0.0, |record| record.score(now))
    }

    pub(crate) fn is_graylisted(&self, peer: Id, now: Time) -> bool {
        self.score(peer, now) < mesh::GRAYLIST_THRESHOLD
    }

    pub(crate) fn forget_link(&mut self, peer: Id) {
        if let Some(record) = self.records.get_mut(&peer) {
            record.mesh_since = [None; TOPICS.len()];
        }
    }

    pub(crate) fn has_seen(&self, message: MessageId) -> bool {
        self.seen.contains(&message)
    }

    /// Our own message.
    pub(crate) fn publish(&mut self, message: MessageId) {
        self.seen.insert(message);
        self.remember(message);
    }

    fn remember(&mut self, message: MessageId) {
        if self.history.is_empty() {
            self.history.push_back(Vec::new());
        }
        if let Some(window) = self.history.back_mut() {
            window.push(message);
        }
    }

    /// A message from a neighbour.
    pub(crate) fn arrived(&mut self, from: Id, message: MessageId, now: Time) -> Arrival {
        if self.is_graylisted(from, now) {
            return Arrival::Dropped;
        }
        if !self.seen.insert(message) {
            return Arrival::Dropped;
        }
        self.promises.remove(&message);
        let rate = mesh::GOSSIP_RATE;
        let record = self.record(from, now);
        let elapsed = seconds(now.saturating_sub(record.tokens_at));
        let filled = record.tokens + elapsed * f64::from(rate.per_second);
        record.tokens = filled.min(f64::from(rate.burst)) - 1.0;
        record.tokens_at = now;
        if record.tokens < 0.0 {
            return Arrival::Flood;
        }
        Arrival::New
    }

    /// The client accepted a message.
    pub(crate) fn accepted(&mut self, from: Id, message: MessageId, topic: usize, now: Time) {
        self.remember(message);
        if let Some(count) = self.record(from, now).first_deliveries.get_mut(topic) {
            *count += 1.0;
        }
    }

    /// The client rejected a message.
    pub(crate) fn rejected(&mut self, from: Id, topic: usize, now: Time) {
        if let Some(count) = self.record(from, now).invalid.get_mut(topic) {
            *count += 1.0;
        }
    }

    /// The mesh of a topic.
    pub(crate) fn members(&self, topic: usize) -> Vec<Id> {
        let is_member = |record: &Record| record.mesh_since.get(topic).is_some_and(Option::is_some);
        self.records
            .iter()
            .filter(|(_, record)| is_member(record))
            .map(|(peer, _)| *peer)
            .collect()
    }

    /// A neighbour wants to be in our mesh. `false` if it may not.
    pub(crate) fn grafted(&mut self, from: Id, topic: usize, is_ours: bool, now: Time) -> bool {
        let size = self.members(topic).len();
        let record = self.record(from, now);
        let backoff = record.backoff_until.get(topic).copied().unwrap_or(0);
        if now < backoff {
            record.behaviour += 1.0;
        }
        let is_full = size >= mesh::D_HIGH && !is_ours;
        if now < backoff || is_full || record.score(now) < 0.0 {
            self.leave(from, topic, now);
            return false;
        }
        if let Some(since) = record.mesh_since.get_mut(topic) {
            since.get_or_insert(now);
        }
        true
    }

    /// A neighbour leaves our mesh, or we it: neither grafts for a while.
    pub(crate) fn leave(&mut self, peer: Id, topic: usize, now: Time) {
        let until = now + micros(mesh::PRUNE_BACKOFF);
        let record = self.record(peer, now);
        if let Some(since) = record.mesh_since.get_mut(topic) {
            *since = None;
        }
        if let Some(backoff) = record.backoff_until.get_mut(topic) {
            *backoff = until;
        }
    }

    /// A neighbour announces messages; returns those that are wanted of it.
    pub(crate) fn announced(
        &mut self,
        from: Id,
        messages: Vec<MessageId>,
        now: Time,
    ) -> Vec<MessageId> {
        if self.score(from, now) < mesh::GOSSIP_THRESHOLD {
            return Vec::new();
        }
        let record = self.record(from, now);
        record.announcements += 1;
        if record.announcements > mesh::IHAVE_MESSAGES_MAX {
            return Vec::new();
        }
        let until = now + micros(mesh::IWANT_FOLLOWUP);
        let mut wanted = Vec::new();
        for message in messages.into_iter().take(mesh::IHAVE_IDS_MAX) {
            if !self.seen.contains(&message) && !self.promises.contains_key(&message) {
                self.promises.insert(message, (from, until));
                wanted.push(message);
            }
        }
        wanted
    }

    /// Which of the wanted messages there are.
    pub(crate) fn wanted(&self, from: Id, messages: Vec<MessageId>, now: Time) -> Vec<MessageId> {
        if self.score(from, now) < mesh::GOSSIP_THRESHOLD {
            return Vec::new();
        }
        let has = |message: &MessageId| self.history.iter().any(|window| window.contains(message));
        messages.into_iter().filter(has).collect()
    }

    /// A heartbeat: scores fade, the mesh is mended, neighbours outside of it are told what there is.
    pub(crate) fn heartbeat(
        &mut self,
        links: &[Id],
        topic_of: impl Fn(MessageId) -> usize,
        is_publisher: bool,
        now: Time,
        random: &mut Random,
    ) -> Vec<(Id, Rpc)> {
        self.fade(now);
        let mut sent = Vec::new();
        for topic in 0..TOPICS.len() {
            self.mend(topic, links, now, random, &mut sent);
            if !is_publisher {
                let recent = self.history.iter().rev().take(mesh::HISTORY_GOSSIP);
                let ids: Vec<MessageId> = recent
                    .flatten()
                    .copied()
                    .filter(|message| topic_of(*message) == topic)
                    .collect();
                self.announce(topic, &ids, links, now, random, &mut sent);
            }
        }
        self.history.push_back(Vec::new());
        if self.history.len() > mesh::HISTORY_LENGTH {
            self.history.pop_front();
        }
        sent
    }

    fn fade(&mut self, now: Time) {
        let broken: Vec<_> = self
            .promises
            .iter()
            .filter(|(_, (_, until))| *until <= now)
            .map(|(message, (peer, _))| (*message, *peer))
            .collect();
        for (message, peer) in broken {
            self.promises.remove(&message);
            self.record(peer, now).behaviour += 1.0;
        }
        let decays = [
            mesh::FIRST_DELIVERIES_DECAY,
            mesh::INVALID_DECAY,
            mesh::BEHAVIOUR_DECAY,
        ];
        let [first, invalid, behaviour] = decays.map(mesh::decay);
        for record in self.records.values_mut() {
            record.announcements = 0;
            record.behaviour *= behaviour;
            record.first_deliveries.iter_mut().for_each(|n| *n *= first);
            record.invalid.iter_mut().for_each(|n| *n *= invalid);
        }
    }

    fn mend(
        &mut self,
        topic: usize,
        links: &[Id],
        now: Time,
        random: &mut Random,
        sent: &mut Vec<(Id, Rpc)>,
    ) {
        for peer in self.members(topic) {
            if self.score(peer, now) < 0.0 {
                self.leave(peer, topic, now);
                sent.push((peer, Rpc::Prune(topic)));
            }
        }
        let members = self.members(topic);
        if members.len() < mesh::D_LOW {
            let mut others: Vec<Id> = links
                .iter()
                .copied()
                .filter(|peer| !members.contains(peer) && self.score(*peer, now) >= 0.0)
                .filter(|peer| {
                    let record = self.records.get(peer);
                    let until = record.and_then(|record| record.backoff_until.get(topic));
                    until.is_none_or(|until| *until <= now)
                })
                .collect();
            random.shuffle(&mut others);
            for peer in others.into_iter().take(mesh::D - members.len()) {
                if let Some(since) = self.record(peer, now).mesh_since.get_mut(topic) {
                    *since = Some(now);
                }
                sent.push((peer, Rpc::Graft(topic)));
            }
        } else if members.len() > mesh::D_HIGH {
            let mut ranked = members;
            random.shuffle(&mut ranked);
            ranked.sort_by(|one, other| self.score(*other, now).total_cmp(&self.score(*one, now)));
            let mut rest = ranked.split_off(mesh::D_SCORE);
            random.shuffle(&mut rest);
            for peer in rest.into_iter().skip(mesh::D - mesh::D_SCORE) {
                self.leave(peer, topic, now);
                sent.push((peer, Rpc::Prune(topic)));
            }
        }
    }

    fn announce(
        &self,
        topic: usize,
        ids: &[MessageId],
        links: &[Id],
        now: Time,
        random: &mut Random,
        sent: &mut Vec<(Id, Rpc)>,
    ) {
        if ids.is_empty() {
            return;
        }
        let members = self.members(topic);
        let mut others: Vec<Id> = links
            .iter()
            .copied()
            .filter(|peer| !members.contains(peer))
            .filter(|peer| self.score(*peer, now) >= mesh::GOSSIP_THRESHOLD)
            .collect();
        random.shuffle(&mut others);
        let share = u32::try_from(others.len()).map_or(0.0, f64::from) * mesh::GOSSIP_FACTOR;
        let count = usize::try_from(crate::world::whole(share)).unwrap_or(0);
        for peer in others.into_iter().take(count.max(mesh::D_LAZY)) {
            sent.push((peer, Rpc::Have(ids.to_vec())));
        }
    }
}

fn seconds(time: Time) -> f64 {
    std::time::Duration::from_micros(time).as_secs_f64()
}

fn micros(time: std::time::Duration) -> Time {
    Time::try_from(time.as_micros()).unwrap_or(Time::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Time = 1_000_000;

    #[test]
    fn an_invalid_message_is_enough_for_the_gray_list() {
        let mut gossip = Mesh::default();
        for message in 0..30 {
            assert_eq!(gossip.arrived(1, message, SECOND), Arrival::New);
            gossip.accepted(1, message, 0, SECOND);
        }
        assert!(gossip.grafted(1, 0, false, SECOND));
        assert!(gossip.score(1, 3_600 * SECOND) > 25.0);
        gossip.rejected(1, 1, SECOND);
        assert!(gossip.is_graylisted(1, 3_600 * SECOND));
        assert_eq!(gossip.arrived(1, 99, SECOND), Arrival::Dropped);
        assert_eq!(gossip.arrived(2, 99, SECOND), Arrival::New);
    }

    #[test]
    fn floods_of_messages_grafts_and_broken_promises_are_noticed() {
        let mut gossip = Mesh::default();
        let count = (0..100).filter(|message| gossip.arrived(1, *message, 0) == Arrival::New);
        assert_eq!(count.count(), 64);
        let mut gossip = Mesh::default();
        gossip.leave(1, 0, 0);
        for _ in 0..10 {
            assert!(!gossip.grafted(1, 0, false, SECOND));
        }
        assert!(gossip.is_graylisted(1, SECOND));
        let mut gossip = Mesh::default();
        assert_eq!(gossip.announced(1, (0..1_000).collect(), 0).len(), 64);
        gossip.heartbeat(&[], |_| 0, false, 4 * SECOND, &mut Random::new(1));
        assert!(gossip.is_graylisted(1, 4 * SECOND));
    }

    #[test]
    fn a_mesh_has_its_size() {
        let links: Vec<Id> = (0..40).collect();
        let mut random = Random::new(1);
        let mut gossip = Mesh::default();
        let sent = gossip.heartbeat(&links, |_| 0, false, 0, &mut random);
        assert_eq!(sent.len(), TOPICS.len() * mesh::D);
        for peer in 0..40 {
            gossip.grafted(peer, 0, true, SECOND);
        }
        gossip.heartbeat(&links, |_| 0, false, SECOND, &mut random);
        assert_eq!(gossip.members(0).len(), mesh::D);
    }
}
