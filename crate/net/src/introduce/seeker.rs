//! When a tab looks for others, and whom it wants.

use std::collections::HashMap;

use libp2p::PeerId;

use super::random_below;

/// Peers of whom we remember that they are not to be sought.
const AVOIDED_MAX: usize = 128;
/// For how many ticks, after an introduction came to nothing: it may have been busy, or not know yet that
/// our last link to it is dead. Doubled each time …
const FAILED_TICKS_MIN: u64 = 4;
/// … up to this many: a network in between may not let it pass.
const FAILED_TICKS_MAX: u64 = 64;
/// For how many ticks, and not taken either, after our own side sent a peer away.
const SHUNNED_TICKS: u64 = 600;
/// The longest pause between two questions, in ticks: with some of the links that are wanted, and with none.
const PAUSE_TICKS_MAX: u64 = 32;
const PAUSE_ALONE_TICKS_MAX: u64 = 8;

/// Decides whom to be introduced to. A tick is about a second; in a hidden tab they are longer, and
/// nothing is lost by that.
#[derive(Debug)]
pub(crate) struct Seeker {
    /// Links to tabs that we want; we accept twice as many, so that newcomers find room.
    wanted: usize,
    now: u64,
    due: u64,
    pause: u64,
    avoided: HashMap<PeerId, Avoided>,
}

#[derive(Clone, Copy, Debug)]
struct Avoided {
    until: u64,
    ticks: u64,
    is_shunned: bool,
}

impl Seeker {
    /// One who wants so many links.
    pub(crate) fn new(wanted: usize) -> Self {
        Self {
            wanted,
            now: 0,
            due: 1,
            pause: 1,
            avoided: HashMap::new(),
        }
    }

    /// Whether any links are wanted.
    pub(crate) const fn seeks(&self) -> bool {
        self.wanted > 0
    }

    /// A tick has passed with so many links, those included that are being made. Gives how many to look
    /// for now: none most times.
    pub(crate) fn tick(&mut self, links: usize) -> usize {
        self.now += 1;
        let missing = self.missing(links);
        if missing == 0 || self.now < self.due {
            return 0;
        }
        let longest = if links == 0 {
            PAUSE_ALONE_TICKS_MAX
        } else {
            PAUSE_TICKS_MAX
        };
        self.pause = (self.pause * 2).min(longest);
        self.due = self.now + self.jittered(self.pause);
        missing
    }

    /// How many links are missing.
    pub(crate) const fn missing(&self, links: usize) -> usize {
        self.wanted.saturating_sub(links)
    }

    /// How many more links are accepted.
    pub(crate) const fn room(&self, links: usize) -> usize {
        self.wanted.saturating_mul(2).saturating_sub(links)
    }

    /// Somebody came or went: it is worth looking soon.
    pub(crate) fn hurry(&mut self) {
        self.pause = 1;
        self.due = self.due.min(self.now + self.jittered(2));
    }

    /// An introduction to a peer came to nothing.
    pub(crate) fn failed(&mut self, peer: PeerId) {
        let before = self
            .avoided
            .get(&peer)
            .filter(|avoided| !avoided.is_shunned);
        let doubled = before.map_or(FAILED_TICKS_MIN, |avoided| 2 * avoided.ticks);
        self.avoid(peer, doubled.min(FAILED_TICKS_MAX), false);
    }

    /// Our own side sent a peer away.
    pub(crate) fn shun(&mut self, peer: PeerId) {
        self.avoid(peer, SHUNNED_TICKS, true);
    }

    /// Whether an offer of a peer is worth an answer, with so many links.
    pub(crate) fn accepts(&self, peer: &PeerId, links: usize) -> bool {
        self.room(links) > 0 && !self.is_shunned(peer)
    }

    /// Whether a peer is not to be sought at the moment.
    pub(crate) fn avoids(&self, peer: &PeerId) -> bool {
        self.avoided(peer).is_some()
    }

    /// Whether our own side sent a peer away lately.
    pub(crate) fn is_shunned(&self, peer: &PeerId) -> bool {
        self.avoided(peer).is_some_and(|avoided| avoided.is_shunned)
    }

    /// Some of the peers that a neighbour told us, at random.
    pub(crate) fn choose(&self, mut told: Vec<PeerId>, count: usize) -> Vec<PeerId> {
        told.retain(|peer| !self.avoids(peer));
        let mut chosen = Vec::new();
        while chosen.len() < count && !told.is_empty() {
            chosen.push(told.swap_remove(random_below(told.len())));
        }
        chosen
    }

    fn avoided(&self, peer: &PeerId) -> Option<&Avoided> {
        let avoided = self.avoided.get(peer);
        avoided.filter(|avoided| avoided.until > self.now)
    }

    fn avoid(&mut self, peer: PeerId, ticks: u64, is_shunned: bool) {
        if self.avoided.len() >= AVOIDED_MAX {
            let now = self.now;
            self.avoided.retain(|_, avoided| avoided.until > now);
        }
        if self.avoided.len() >= AVOIDED_MAX
            && let Some(first) = self
                .avoided
                .iter()
                .min_by_key(|(_, avoided)| avoided.until)
                .map(|(peer, _)| *peer)
        {
            self.avoided.remove(&first);
        }
        let until = self.now + ticks;
        let avoided = Avoided {
            until,
            ticks,
            is_shunned,
        };
        // A failure does not shorten what somebody earned.
        let entry = self.avoided.entry(peer).or_insert(avoided);
        if is_shunned || !entry.is_shunned || entry.until <= self.now {
            *entry = avoided;
        }
    }

    /// Between half and one and a half of it, so that tabs that lost the same peer do not ask at once.
    fn jittered(&self, pause: u64) -> u64 {
        let spread = usize::try_from(pause).unwrap_or(0) + 1;
        pause / 2 + u64::try_from(random_below(spread)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_enough_does_not_look_and_who_finds_nobody_looks_less_and_less() {
        let mut seeker = Seeker::new(4);
        assert!((0..100).all(|_| seeker.tick(4) == 0));
        assert_eq!(seeker.tick(1), 3);
        let found = |seeker: &mut Seeker, links, ticks| {
            (0..ticks).filter(|_| seeker.tick(links) > 0).count()
        };
        found(&mut seeker, 1, 100);
        // From then on every half minute, more or less; who is alone, every eight seconds.
        let often = found(&mut seeker, 1, 3_200);
        assert!((60..=210).contains(&often), "{often}");
        found(&mut seeker, 0, 100);
        let often = found(&mut seeker, 0, 800);
        assert!((60..=210).contains(&often), "{often}");
        seeker.hurry();
        assert!(found(&mut seeker, 1, 4) > 0);
    }

    #[test]
    fn who_failed_is_left_alone_for_a_while_and_who_was_sent_away_for_longer() {
        let [good, failed, bad] = [(); 3].map(|()| PeerId::random());
        let mut seeker = Seeker::new(2);
        seeker.failed(failed);
        seeker.shun(bad);
        seeker.failed(bad);
        let all = vec![good, failed, bad];
        assert_eq!(seeker.choose(all.clone(), 3), [good]);
        assert!(seeker.accepts(&failed, 0) && !seeker.accepts(&bad, 0));
        assert!((0..FAILED_TICKS_MIN).all(|_| seeker.tick(2) == 0));
        let mut chosen = seeker.choose(all.clone(), 3);
        chosen.sort();
        let mut expected = vec![good, failed];
        expected.sort();
        assert_eq!(chosen, expected);
        assert!(!seeker.accepts(&bad, 0));
        assert!((0..SHUNNED_TICKS).all(|_| seeker.tick(2) == 0));
        assert_eq!(seeker.choose(all, 3).len(), 3);
        assert!(seeker.accepts(&bad, 0));
    }

    #[test]
    fn who_fails_again_and_again_is_left_alone_for_longer_and_longer() {
        let peer = PeerId::random();
        let mut seeker = Seeker::new(1);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            seeker.failed(peer);
            let mut ticks = 0;
            while seeker.choose(vec![peer], 1).is_empty() {
                seeker.tick(1);
                ticks += 1;
            }
            pauses.push(ticks);
        }
        assert_eq!(pauses, [4, 8, 16, 32, 64, 64, 64]);
    }

    #[test]
    fn newcomers_find_room_up_to_twice_what_is_wanted() {
        let seeker = Seeker::new(3);
        let peer = PeerId::random();
        assert!(seeker.accepts(&peer, 5));
        assert!(!seeker.accepts(&peer, 6));
        assert!(!Seeker::new(0).accepts(&peer, 0), "a gateway takes none");
    }

    #[test]
    fn any_peer_may_be_chosen_and_none_twice() {
        let seeker = Seeker::new(3);
        let told: Vec<_> = (0..4).map(|_| PeerId::random()).collect();
        let mut first = std::collections::HashSet::new();
        for _ in 0..200 {
            let chosen = seeker.choose(told.clone(), 3);
            let distinct: std::collections::HashSet<_> = chosen.iter().collect();
            assert_eq!((chosen.len(), distinct.len()), (3, 3));
            first.insert(chosen[0]);
        }
        assert_eq!(first.len(), 4);
    }

    #[test]
    fn the_memory_of_the_avoided_is_bounded() {
        let mut seeker = Seeker::new(1);
        let bad = PeerId::random();
        seeker.shun(bad);
        for _ in 0..10 * AVOIDED_MAX {
            seeker.failed(PeerId::random());
        }
        assert_eq!(seeker.avoided.len(), AVOIDED_MAX);
        assert!(
            !seeker.accepts(&bad, 0),
            "those that failed are forgotten first"
        );
    }
}
