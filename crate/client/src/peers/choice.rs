//! Which peer is asked next, and how long it is waited for.

use super::{Link, Peer, Peers};
use crate::event::PeerKind;

/// One question in so many goes to a random peer first, so that a newcomer is measured and no liar can
/// foresee which questions it gets.
const RANDOM_ONE_IN: u8 = 4;
/// What is assumed of a peer that has not answered yet, and the longest wait before another is asked.
const UNKNOWN_LATENCY_MS: u64 = 400;
/// The shortest wait before another peer is asked as well.
const HEDGE_MIN_MS: u64 = 300;
/// So many times its usual latency a peer may take before another is asked as well.
const HEDGE_FACTOR: u64 = 3;

impl Peer {
    /// What asking it costs: its usual latency, as often as it has open questions and faults on its
    /// record. Who has not told a truth since it connected is no better than unknown.
    fn cost(&self) -> u64 {
        let known = self.latency_ms.filter(|_| !self.truthful.is_empty());
        let latency = known.unwrap_or(UNKNOWN_LATENCY_MS).max(1);
        let faults = u64::try_from(self.faults.len()).unwrap_or(u64::MAX);
        latency
            .saturating_mul(self.open.saturating_add(1))
            .saturating_mul(faults.saturating_add(1))
    }
}

impl Peers {
    /// Connected peers in the order in which they should be asked: the quickest and most truthful
    /// gateway first, counting what each has still to answer; or, sometimes, from a random one on. Tabs
    /// come after the gateways, for they hold only what they have needed themselves.
    pub(crate) fn order(&self, random: [u8; 2]) -> Vec<String> {
        let mut peers: Vec<(bool, u64, &String)> = self
            .table
            .iter()
            .filter(|(_, peer)| peer.link == Link::Connected)
            .map(|(id, peer)| (peer.kind == PeerKind::Tab, peer.cost(), id))
            .collect();
        peers.sort_unstable();
        let [dice, start] = random;
        if dice % RANDOM_ONE_IN == 0 {
            let gateways = peers.partition_point(|(is_tab, _, _)| !is_tab);
            let gateways = peers.get_mut(..gateways).unwrap_or_default();
            let start = usize::from(start).checked_rem(gateways.len()).unwrap_or(0);
            gateways.rotate_left(start);
        }
        peers.into_iter().map(|(_, _, id)| id.clone()).collect()
    }

    /// How long a peer is waited for before another is asked as well.
    pub(crate) fn hedge_ms(&self, id: &str) -> u32 {
        let latency = self.table.get(id).and_then(|peer| peer.latency_ms);
        let usual = latency
            .unwrap_or(UNKNOWN_LATENCY_MS)
            .min(UNKNOWN_LATENCY_MS);
        u32::try_from((usual * HEDGE_FACTOR).max(HEDGE_MIN_MS)).unwrap_or(u32::MAX)
    }

    /// Counts a question to a peer.
    pub(crate) fn asked(&mut self, id: &str) {
        if let Some(peer) = self.table.get_mut(id) {
            peer.open = peer.open.saturating_add(1);
        }
    }

    /// The question has ended, in whatever way.
    pub(crate) fn ended(&mut self, id: &str) {
        if let Some(peer) = self.table.get_mut(id) {
            peer.open = peer.open.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::misdeed::{Kind, Misdeed};

    fn three() -> Peers {
        let mut peers = Peers::default();
        for (id, latency_ms) in [("a", 90), ("b", 30), ("c", 60)] {
            peers.connected(id, "/x", PeerKind::Gateway, 0);
            peers.answered(id, Kind::Finality, 1, latency_ms);
            peers.told_truth(id, Kind::Finality);
        }
        peers
    }

    #[test]
    fn the_quickest_is_asked_first_unless_it_is_busy_or_has_faults() {
        let mut peers = three();
        assert_eq!(peers.order([1, 0]), ["b", "c", "a"]);
        peers.asked("b");
        peers.asked("b");
        assert_eq!(peers.order([1, 0]), ["c", "a", "b"].map(String::from));
        peers.ended("b");
        peers.ended("b");
        peers.misbehaved("b", Kind::Proof, &Misdeed::Silent, 1);
        peers.misbehaved("b", Kind::Code, &Misdeed::Silent, 1);
        assert_eq!(peers.order([1, 0]), ["c", "a", "b"]);
        // Quick, but nothing that it said was ever true.
        peers.connected("d", "/x", PeerKind::Gateway, 0);
        peers.answered("d", Kind::Finality, 1, 1);
        assert_eq!(peers.order([1, 0]).last().map(String::as_str), Some("d"));
    }

    #[test]
    fn any_connected_peer_may_be_the_first() {
        assert!(Peers::default().order([0, 7]).is_empty());
        let mut peers = three();
        peers.connected("d", "/p2p/a/webrtc/p2p/d", PeerKind::Tab, 0);
        let firsts: Vec<String> = (0..3)
            .filter_map(|start| peers.order([RANDOM_ONE_IN, start]).first().cloned())
            .collect();
        assert_eq!(firsts, ["b", "c", "a"]);
        assert_eq!(peers.order([0, 255]), ["b", "c", "a", "d"]);
    }

    #[test]
    fn the_wait_for_a_peer_follows_its_latency() {
        let mut peers = three();
        assert_eq!(peers.hedge_ms("nobody"), 1_200);
        assert_eq!(peers.hedge_ms("b"), 300);
        peers.answered("b", Kind::Finality, 1, 1_000);
        assert_eq!(peers.hedge_ms("b"), 3 * 272);
        peers.answered("b", Kind::Finality, 1, 60_000);
        assert_eq!(peers.hedge_ms("b"), 1_200);
    }
}
