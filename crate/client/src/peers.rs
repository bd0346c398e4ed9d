//! Who we are connected to, what each one did, and who is asked next.
//!
//! A lie (something that does not verify, or cannot be decoded) drops the peer at once; silence and
//! staleness drop it when they repeat. A dropped gateway is tried again after a while, since an
//! operator may have mended it. Bounded: [`PEERS_MAX`] entries, [`FAULTS_MAX`] faults each.

mod choice;

use std::collections::VecDeque;

use crate::{
    event::{FaultView, PeerKind, PeerView, number},
    misdeed::{Kind, Misdeed},
    sorted_map::SortedMap,
};

/// Entries kept, connected or not; the oldest that are gone are forgotten first.
const PEERS_MAX: usize = 64;
/// Faults remembered for one peer, the newest.
const FAULTS_MAX: usize = 8;
/// How long a peer that lied is not dialled again.
const LIE_BAN_MS: u64 = 10 * 60 * 1000;
/// How long a stale peer is not dialled again.
const STALE_BAN_MS: u64 = 30 * 1000;
/// First and longest time for which a silent peer is not dialled again. It starts short: who was
/// killed while a question was open looks just like who withholds the answer.
const SILENT_BAN_MS: (u64, u64) = (5_000, 60_000);
/// So many unanswered requests of one kind in a row, and the peer counts as silent.
pub(crate) const SILENT_MAX: u8 = 2;
/// First and longest pause before a lost gateway is dialled again.
const REDIAL_MS: (u64, u64) = (500, 5_000);
/// A dial that brought neither success nor failure is forgotten after this.
const DIAL_TIMEOUT_MS: u64 = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Connecting,
    Connected,
    Dropped,
    Gone,
}

#[derive(Debug)]
struct Peer {
    address: String,
    kind: PeerKind,
    configured: bool,
    link: Link,
    since_ms: u64,
    requests: u64,
    bytes: u64,
    /// Usual time to an answer: the average, in which the newest counts for a quarter.
    latency_ms: Option<u64>,
    /// Questions that it has not answered yet.
    open: u64,
    faults: VecDeque<FaultView>,
    reason: Option<String>,
    gossip: u64,
    silent: SortedMap<Kind, u8>,
    truthful: Vec<Kind>,
    examined: bool,
    redial_at_ms: u64,
    redial_pause_ms: u64,
    silent_ban_ms: u64,
}

impl Peer {
    fn new(address: &str, configured: bool, link: Link, now_ms: u64) -> Self {
        Self {
            address: address.into(),
            kind: PeerKind::Gateway,
            configured,
            link,
            since_ms: now_ms,
            requests: 0,
            bytes: 0,
            latency_ms: None,
            open: 0,
            faults: VecDeque::new(),
            reason: None,
            gossip: 0,
            silent: SortedMap::default(),
            truthful: Vec::new(),
            examined: false,
            redial_at_ms: now_ms,
            redial_pause_ms: REDIAL_MS.0,
            silent_ban_ms: SILENT_BAN_MS.0,
        }
    }

    fn enter(&mut self, link: Link, now_ms: u64, reason: Option<String>) {
        self.link = link;
        self.since_ms = now_ms;
        self.reason = reason;
    }

    /// Whether it is a gateway, and here.
    fn is_connected_gateway(&self) -> bool {
        self.link == Link::Connected && self.kind == PeerKind::Gateway
    }

    /// Schedules the next dial: a little later each time, so that a dead gateway costs little.
    fn back_off(&mut self, now_ms: u64) {
        self.redial_at_ms = now_ms.saturating_add(self.redial_pause_ms);
        self.redial_pause_ms = self.redial_pause_ms.saturating_mul(2).min(REDIAL_MS.1);
    }
}

/// The table of peers.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    table: SortedMap<String, Peer>,
}

impl Peers {
    /// Knows a gateway from the configuration; its id is what its address ends with.
    pub(crate) fn configure(&mut self, address: &str, now_ms: u64) {
        let id = peer_id_of(address).unwrap_or(address).to_string();
        self.table
            .insert(id, Peer::new(address, true, Link::Gone, now_ms));
    }

    /// A connection is up; `false` if the peer was dropped and may not be back yet.
    pub(crate) fn connected(
        &mut self,
        id: &str,
        address: &str,
        kind: PeerKind,
        now_ms: u64,
    ) -> bool {
        let is_banned = |peer: &Peer| peer.link == Link::Dropped && now_ms < peer.redial_at_ms;
        if self.table.get(id).is_some_and(is_banned) {
            return false;
        }
        self.make_room();
        let peer = self.table.get_or_insert_with(id.into(), || {
            Peer::new(address, false, Link::Connected, now_ms)
        });
        // A gateway has several addresses; the next dial begins with the one that worked.
        peer.address = address.into();
        peer.enter(Link::Connected, now_ms, None);
        peer.kind = kind;
        peer.redial_pause_ms = REDIAL_MS.0;
        peer.silent = SortedMap::default();
        peer.truthful.clear();
        peer.examined = false;
        true
    }

    /// Returns whether this peer was connected until now.
    pub(crate) fn disconnected(&mut self, id: &str, reason: &str, now_ms: u64) -> bool {
        let Some(peer) = self.table.get_mut(id) else {
            return false;
        };
        let was_connected = peer.link == Link::Connected;
        if peer.link != Link::Dropped && peer.kind == PeerKind::Tab {
            // It has no address to come back to. Only what it did wrong is worth remembering.
            self.table.remove(id);
        } else if peer.link != Link::Dropped {
            peer.enter(Link::Gone, now_ms, Some(reason.into()));
            peer.back_off(now_ms);
        }
        was_connected
    }

    pub(crate) fn dial_failed(&mut self, address: &str, reason: &str, now_ms: u64) {
        if let Some(peer) = self.table.values_mut().find(|peer| peer.address == address)
            && peer.link == Link::Connecting
        {
            peer.enter(Link::Gone, now_ms, Some(reason.into()));
            peer.back_off(now_ms);
        }
    }

    /// Addresses to dial now; they count as connecting from here on.
    pub(crate) fn due_dials(&mut self, now_ms: u64) -> Vec<String> {
        let mut due = Vec::new();
        for peer in self.table.values_mut().filter(|peer| peer.configured) {
            if peer.link == Link::Connecting
                && now_ms.saturating_sub(peer.since_ms) > DIAL_TIMEOUT_MS
            {
                peer.enter(Link::Gone, now_ms, Some("no answer to the dial".into()));
            }
            if matches!(peer.link, Link::Gone | Link::Dropped) && peer.redial_at_ms <= now_ms {
                let reason = peer.reason.take();
                peer.enter(Link::Connecting, now_ms, reason);
                due.push(peer.address.clone());
            }
        }
        due
    }

    /// All links are gone (the tab slept); every gateway may be dialled at once. Of tabs the swarm
    /// will tell.
    pub(crate) fn all_gone(&mut self, reason: &str, now_ms: u64) {
        for peer in self
            .table
            .values_mut()
            .filter(|peer| peer.link != Link::Dropped && peer.kind == PeerKind::Gateway)
        {
            peer.enter(Link::Gone, now_ms, Some(reason.into()));
            peer.redial_at_ms = now_ms;
        }
    }

    pub(crate) fn connected_count(&self) -> usize {
        self.table
            .values()
            .filter(|peer| peer.link == Link::Connected)
            .count()
    }

    /// A connected peer that has not been examined yet; it counts as examined from here on.
    pub(crate) fn next_unexamined(&mut self) -> Option<String> {
        let (id, _) = self
            .table
            .iter()
            .find(|(_, peer)| peer.is_connected_gateway() && !peer.examined)?;
        let id = id.clone();
        self.table.get_mut(&id)?.examined = true;
        Some(id)
    }

    pub(crate) fn was_truthful(&self, id: &str, kind: Kind) -> bool {
        self.table
            .get(id)
            .is_some_and(|peer| peer.truthful.contains(&kind))
    }

    pub(crate) fn answered(&mut self, id: &str, kind: Kind, bytes: usize, latency_ms: u64) {
        if let Some(peer) = self.table.get_mut(id) {
            peer.requests = peer.requests.saturating_add(1);
            peer.bytes = peer
                .bytes
                .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
            peer.latency_ms = Some(match peer.latency_ms {
                Some(usual) => usual.saturating_mul(3).saturating_add(latency_ms) / 4,
                None => latency_ms,
            });
            peer.silent.remove(&kind);
        }
    }

    pub(crate) fn told_truth(&mut self, id: &str, kind: Kind) {
        if let Some(peer) = self.table.get_mut(id)
            && !peer.truthful.contains(&kind)
        {
            peer.truthful.push(kind);
        }
    }

    pub(crate) fn gossiped(&mut self, id: &str, bytes: usize) {
        if let Some(peer) = self.table.get_mut(id) {
            peer.gossip = peer.gossip.saturating_add(1);
            peer.bytes = peer
                .bytes
                .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Records a misdeed; returns the reason if the peer is dropped for it.
    pub(crate) fn misbehaved(
        &mut self,
        id: &str,
        kind: Kind,
        misdeed: &Misdeed,
        now_ms: u64,
    ) -> Option<String> {
        let peer = self.table.get_mut(id)?;
        let (name, message, ban_ms) = match misdeed {
            Misdeed::Lied(what) => ("lied", format!("{}: {what}", kind.name()), LIE_BAN_MS),
            Misdeed::Stale(what) => ("stale", format!("{}: {what}", kind.name()), STALE_BAN_MS),
            Misdeed::Oversized => (
                "oversized",
                format!("{}: larger than allowed", kind.name()),
                LIE_BAN_MS,
            ),
            Misdeed::Silent => (
                "silent",
                format!("{}: no answer in time", kind.name()),
                peer.silent_ban_ms,
            ),
        };
        if peer.faults.len() >= FAULTS_MAX {
            peer.faults.pop_front();
        }
        let reason = format!("{name}: {message}");
        peer.faults.push_back(FaultView {
            kind: name,
            message,
            at: number(now_ms),
        });
        if *misdeed == Misdeed::Silent {
            let count = peer.silent.get_or_insert_with(kind, u8::default);
            *count = count.saturating_add(1);
            if *count < SILENT_MAX {
                return None;
            }
            peer.silent_ban_ms = ban_ms.saturating_mul(2).min(SILENT_BAN_MS.1);
        }
        peer.enter(Link::Dropped, now_ms, Some(reason.clone()));
        peer.redial_at_ms = now_ms.saturating_add(ban_ms);
        Some(reason)
    }

    pub(crate) fn views(&self) -> Vec<PeerView> {
        self.table.iter().map(|(id, peer)| view(id, peer)).collect()
    }

    /// Names of gateways that are gone or dropped, with the reason, for a sentence about them. Tabs
    /// come and go.
    pub(crate) fn losses(&self) -> Vec<String> {
        self.table
            .iter()
            .filter(|(_, peer)| peer.kind == PeerKind::Gateway)
            .filter(|(_, peer)| matches!(peer.link, Link::Gone | Link::Dropped | Link::Connecting))
            .map(|(id, peer)| match &peer.reason {
                Some(reason) => format!("{} ({reason})", short(id)),
                None => short(id),
            })
            .collect()
    }

    fn make_room(&mut self) {
        if self.table.len() < PEERS_MAX {
            return;
        }
        let oldest = self
            .table
            .iter()
            .filter(|(_, peer)| !peer.configured && peer.link != Link::Connected)
            .min_by_key(|(_, peer)| peer.since_ms)
            .map(|(id, _)| id.clone());
        if let Some(id) = oldest {
            self.table.remove(&id);
        }
    }
}

/// The peer id that a multiaddress ends with.
pub(crate) fn peer_id_of(address: &str) -> Option<&str> {
    let (before, id) = address.rsplit_once('/')?;
    let is_peer = before.ends_with("/p2p") && !id.is_empty();
    is_peer.then_some(id)
}

/// The last characters of a peer id, enough to tell peers apart.
pub(crate) fn short(id: &str) -> String {
    let start = id.char_indices().nth_back(7).map_or(0, |(start, _)| start);
    format!("…{}", id.get(start..).unwrap_or_default())
}

fn view(id: &str, peer: &Peer) -> PeerView {
    PeerView {
        id: id.into(),
        address: peer.address.clone(),
        kind: match peer.kind {
            PeerKind::Gateway => "gateway",
            PeerKind::Tab => "tab",
        },
        state: match peer.link {
            Link::Connecting => "connecting",
            Link::Connected => "connected",
            Link::Dropped => "dropped",
            Link::Gone => "gone",
        },
        since: number(peer.since_ms),
        requests: number(peer.requests),
        bytes: number(peer.bytes),
        latency_ms: peer.latency_ms.map(number),
        faults: peer.faults.iter().cloned().collect(),
        reason: peer.reason.clone(),
        gossip: number(peer.gossip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "/ip4/127.0.0.1/udp/9/webrtc-direct/certhash/uEi/p2p/12D3KooWaaaa";

    fn connected() -> Peers {
        let mut peers = Peers::default();
        peers.configure(ADDRESS, 0);
        assert_eq!(peers.due_dials(0), vec![ADDRESS.to_string()]);
        peers.connected("12D3KooWaaaa", ADDRESS, PeerKind::Gateway, 1);
        peers
    }

    #[test]
    fn a_lie_drops_at_once_and_silence_when_it_repeats() {
        let mut peers = connected();
        let id = "12D3KooWaaaa";
        assert_eq!(peers.misbehaved(id, Kind::Proof, &Misdeed::Silent, 2), None);
        peers.answered(id, Kind::Proof, 10, 1);
        assert_eq!(peers.misbehaved(id, Kind::Proof, &Misdeed::Silent, 3), None);
        assert_eq!(peers.misbehaved(id, Kind::Code, &Misdeed::Silent, 3), None);
        assert!(
            peers
                .misbehaved(id, Kind::Code, &Misdeed::Silent, 4)
                .is_some()
        );
        assert_eq!(peers.connected_count(), 0);

        let mut peers = connected();
        let reason = peers.misbehaved(id, Kind::Proof, &Misdeed::Lied("bad node".into()), 5);
        assert_eq!(reason.as_deref(), Some("lied: state proof: bad node"));
        assert_eq!(peers.due_dials(LIE_BAN_MS), Vec::<String>::new());
        // It may not come by itself either.
        assert!(!peers.connected(id, "/elsewhere", PeerKind::Tab, LIE_BAN_MS));
        assert_eq!(peers.connected_count(), 0);
        assert_eq!(peers.due_dials(LIE_BAN_MS + 5).len(), 1);
        assert!(peers.connected(id, ADDRESS, PeerKind::Gateway, LIE_BAN_MS + 6));
    }

    #[test]
    fn a_silent_peer_is_tried_again_soon_and_then_later_and_later() {
        let mut peers = connected();
        let id = "12D3KooWaaaa";
        let mut now_ms = 10;
        for ban_ms in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] {
            for _ in 0..SILENT_MAX {
                peers.misbehaved(id, Kind::Proof, &Misdeed::Silent, now_ms);
            }
            now_ms += ban_ms;
            assert!(peers.due_dials(now_ms - 1).is_empty());
            assert_eq!(peers.due_dials(now_ms).len(), 1);
            peers.connected(id, ADDRESS, PeerKind::Gateway, now_ms);
        }
    }

    #[test]
    fn a_lost_gateway_is_dialled_again_with_growing_pauses() {
        let mut peers = connected();
        assert!(peers.disconnected("12D3KooWaaaa", "no heartbeat", 1_000));
        assert!(peers.due_dials(1_400).is_empty());
        assert_eq!(peers.due_dials(1_500).len(), 1);
        peers.dial_failed(ADDRESS, "refused", 1_600);
        assert!(peers.due_dials(2_500).is_empty());
        assert_eq!(peers.due_dials(2_600).len(), 1);
    }

    #[test]
    fn a_dropped_peer_stays_named_when_its_connection_ends() {
        let mut peers = connected();
        let id = "12D3KooWaaaa";
        peers.misbehaved(id, Kind::Gossip, &Misdeed::Lied("bad signature".into()), 5);
        peers.disconnected(id, "closed", 6);
        let view = peers.views().remove(0);
        assert_eq!(view.state, "dropped");
        assert_eq!(
            view.reason.as_deref(),
            Some("lied: gossip message: bad signature")
        );
    }

    #[test]
    fn tabs_are_asked_last_and_not_missed() {
        let mut peers = Peers::default();
        peers.connected("t", "/p2p/a/webrtc/p2p/t", PeerKind::Tab, 0);
        let view = peers.views().remove(0);
        assert_eq!((view.kind, view.state), ("tab", "connected"));
        assert_eq!(view.address, "/p2p/a/webrtc/p2p/t");
        assert_eq!(peers.connected_count(), 1);
        assert_eq!(peers.order([0, 0]), ["t"]);
        assert_eq!(peers.next_unexamined(), None);
        peers.all_gone("the tab was asleep", 1);
        assert_eq!(peers.connected_count(), 1);
        assert!(peers.disconnected("t", "the peer left", 2));
        assert!(peers.views().is_empty());
        // Unless it did wrong.
        peers.connected("t", "/p2p/b/webrtc/p2p/t", PeerKind::Tab, 3);
        let lie = Misdeed::Lied("bad signature".into());
        assert!(peers.misbehaved("t", Kind::Gossip, &lie, 4).is_some());
        peers.disconnected("t", "closed", 5);
        assert_eq!(peers.views().remove(0).state, "dropped");
        assert!(peers.losses().is_empty());
        assert!(peers.due_dials(1_000_000).is_empty());
    }
}
