//! How one upstream node fares: what its failures, lies and delays mean for who is asked next.
//!
//! Pure: the time is passed in.

use crate::Error;
use lampyris_verify::Fault;
use std::time::{Duration, Instant};

/// The weight of the newest measurement.
const NEWEST_WEIGHT: f64 = 0.2;

/// What a node counts as before it was measured.
const LATENCY_AT_FIRST: Duration = Duration::from_millis(100);

/// How much slower a node counts as that fails always.
const FAILURE_FACTOR: f64 = 20.0;

/// Failures in a row after which a node is left alone: one may be chance, two a restart.
const FAILURES_MAX: u32 = 3;

/// For how long a node is set aside at first, and at most; each time doubles it.
const DOWN_FOR: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(120));
const STALE_FOR: (Duration, Duration) = (Duration::from_secs(24), Duration::from_secs(300));
const LIED_FOR: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3_600));

/// Good conduct for this many times the last exclusion, and the next begins small again.
const FORGIVEN_AFTER: u32 = 4;

/// What a call to a node came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It answered, and what could be checked was right.
    Answered,
    /// It does not have what was asked for, or says that the question is wrong. Another may differ.
    Lacking,
    /// It did not answer, or not in the documented form.
    Failed,
    /// What it said contradicts a hash or a signature.
    Lied,
}

/// Why a node is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It failed several times in a row.
    Down,
    /// It is behind the chain as we have verified it.
    Stale,
    /// It said what does not verify.
    Lied,
    /// It serves another network.
    OtherNetwork,
}

/// How a node fares.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    latency_seconds: f64,
    failure_share: f64,
    failures_in_a_row: u32,
    aside: Option<Aside>,
    /// How often it was set aside without good conduct between.
    strikes: u32,
}

#[derive(Debug, Clone, Copy)]
struct Aside {
    reason: Reason,
    until: Instant,
    length: Duration,
}

impl Outcome {
    /// What a result says about the node that gave it.
    pub(crate) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Answered,
            Err(Error::Status { status, .. }) => match status {
                401 | 403 | 429 | 500.. => Self::Failed,
                _ => Self::Lacking,
            },
            Err(Error::Rpc { .. } | Error::Missing(_)) => Self::Lacking,
            Err(Error::Mismatch { .. } | Error::WrongNetwork { .. }) => Self::Lied,
            // A node of a future fork is not a liar because we cannot read it.
            Err(Error::Verify(error)) if error.fault() == Fault::PeerMisbehaved => Self::Lied,
            Err(Error::Verify(_)) => Self::Lacking,
            Err(_) => Self::Failed,
        }
    }
}

impl Reason {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Down, Self::Stale, Self::Lied, Self::OtherNetwork];

    /// Its word in metrics and reports.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Stale => "stale",
            Self::Lied => "lied",
            Self::OtherNetwork => "other_network",
        }
    }

    fn length(self, strikes: u32) -> Duration {
        let (first, longest) = match self {
            Self::Down => DOWN_FOR,
            Self::Stale => STALE_FOR,
            Self::Lied => LIED_FOR,
            Self::OtherNetwork => (LIED_FOR.1, LIED_FOR.1),
        };
        let doubled = 2u32.checked_pow(strikes).unwrap_or(u32::MAX);
        first.saturating_mul(doubled).min(longest)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            latency_seconds: LATENCY_AT_FIRST.as_secs_f64(),
            failure_share: 0.0,
            failures_in_a_row: 0,
            aside: None,
            strikes: 0,
        }
    }
}

impl Health {
    /// Takes in what a call came to; says why the node is now set aside, if it is by this.
    pub(crate) fn note(&mut self, outcome: Outcome, now: Instant) -> Option<Reason> {
        let failed = matches!(outcome, Outcome::Failed | Outcome::Lied);
        self.failure_share += NEWEST_WEIGHT * (f64::from(u8::from(failed)) - self.failure_share);
        if !failed {
            self.failures_in_a_row = 0;
            // Who answers is not down. What was told before stays told.
            if self.reason(now) == Some(Reason::Down) {
                self.aside = None;
            }
            return None;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        match outcome {
            Outcome::Lied => self.set_aside(Reason::Lied, now),
            _ if self.failures_in_a_row >= FAILURES_MAX => self.set_aside(Reason::Down, now),
            _ => None,
        }
    }

    /// Takes in how long an answer took, or how long there has been none.
    pub(crate) fn note_latency(&mut self, took: Duration) {
        self.latency_seconds += NEWEST_WEIGHT * (took.as_secs_f64() - self.latency_seconds);
    }

    /// Sets the node aside, unless it is for as much already. Says why if that is new.
    pub(crate) fn set_aside(&mut self, reason: Reason, now: Instant) -> Option<Reason> {
        if self.reason(now).is_some_and(|present| present >= reason) {
            return None;
        }
        if let Some(last) = self.aside {
            let forgiven_at = last.until.checked_add(last.length * FORGIVEN_AFTER);
            if forgiven_at.is_some_and(|at| at <= now) {
                self.strikes = 0;
            }
        }
        let length = reason.length(self.strikes);
        self.strikes = self.strikes.saturating_add(1);
        let until = now.checked_add(length).unwrap_or(now);
        self.aside = Some(Aside {
            reason,
            until,
            length,
        });
        self.failures_in_a_row = 0;
        Some(reason)
    }

    /// Takes the node back before its time: it is not behind any more.
    pub(crate) fn note_fresh(&mut self, now: Instant) {
        if self.reason(now) == Some(Reason::Stale) {
            self.aside = None;
        }
    }

    /// Why the node is set aside at the moment.
    pub(crate) fn reason(&self, now: Instant) -> Option<Reason> {
        let aside = self.aside.filter(|aside| now < aside.until)?;
        Some(aside.reason)
    }

    /// How long it stays aside.
    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        let until = self.aside.map(|aside| aside.until);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// The usual delay of a small answer.
    pub(crate) fn latency(&self) -> Duration {
        Duration::try_from_secs_f64(self.latency_seconds).unwrap_or(Duration::MAX)
    }

    /// The share of recent calls that failed, from 0 to 1.
    pub(crate) fn failure_share(&self) -> f64 {
        self.failure_share
    }

    /// Where the node stands among others: the lower the better, in steps of doubled delay, so that
    /// nodes that are about as good keep the order of the configuration.
    pub(crate) fn rank(&self) -> i32 {
        let cost = self.latency_seconds * 1_000.0 * (1.0 + FAILURE_FACTOR * self.failure_share);
        let rank = cost.max(1.0).log2().floor();
        // Comparing against whole steps avoids a narrowing cast; 2^40 ms are 34 years.
        (0..40)
            .rev()
            .find(|step| f64::from(*step) <= rank)
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn three_failures_in_a_row_are_down_and_an_answer_is_up() {
        let (mut health, now) = (Health::default(), monotonic());
        assert_eq!(health.note(Outcome::Failed, now), None);
        assert_eq!(health.note(Outcome::Failed, now), None);
        assert_eq!(health.note(Outcome::Lacking, now), None, "it answers");
        assert_eq!(health.note(Outcome::Failed, now), None);
        assert_eq!(health.note(Outcome::Failed, now), None);
        assert_eq!(health.note(Outcome::Failed, now), Some(Reason::Down));
        assert_eq!(health.reason(now + 4 * SECOND), Some(Reason::Down));
        assert_eq!(health.reason(now + 5 * SECOND), None);
        health.note(Outcome::Answered, now + SECOND);
        assert_eq!(health.reason(now + SECOND), None);
    }

    #[test]
    fn a_lie_counts_at_once_and_longer_each_time() {
        let (mut health, mut now) = (Health::default(), monotonic());
        for seconds in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
            assert_eq!(health.note(Outcome::Lied, now), Some(Reason::Lied));
            let remaining = health.remaining(now);
            assert_eq!(remaining, seconds * SECOND);
            // An answer between does not make it honest.
            health.note(Outcome::Answered, now);
            health.note_fresh(now);
            assert_eq!(health.reason(now), Some(Reason::Lied));
            now += remaining;
            assert_eq!(health.reason(now), None, "it gets another chance");
        }
        now += 4 * 3_600 * SECOND;
        health.note(Outcome::Lied, now);
        assert_eq!(health.remaining(now), 60 * SECOND, "forgiven");
    }

    #[test]
    fn what_is_worse_is_not_replaced_by_what_is_better() {
        let (mut health, now) = (Health::default(), monotonic());
        assert_eq!(health.set_aside(Reason::Stale, now), Some(Reason::Stale));
        assert_eq!(health.set_aside(Reason::Stale, now), None);
        assert_eq!(health.note(Outcome::Lied, now), Some(Reason::Lied));
        assert_eq!(health.set_aside(Reason::Stale, now), None);
        assert_eq!(health.reason(now), Some(Reason::Lied));
    }

    #[test]
    fn a_stale_node_returns_as_soon_as_it_is_fresh() {
        let (mut health, now) = (Health::default(), monotonic());
        health.set_aside(Reason::Stale, now);
        health.note(Outcome::Answered, now);
        assert_eq!(health.reason(now), Some(Reason::Stale));
        health.note_fresh(now);
        assert_eq!(health.reason(now), None);
    }

    #[test]
    fn the_fast_and_reliable_rank_first() {
        let now = monotonic();
        let (mut fast, mut slow, mut failing) =
            (Health::default(), Health::default(), Health::default());
        for _ in 0..20 {
            fast.note_latency(Duration::from_millis(20));
            slow.note_latency(Duration::from_millis(900));
            failing.note_latency(Duration::from_millis(20));
            failing.note(Outcome::Failed, now);
            failing.note(Outcome::Lacking, now);
        }
        assert!(fast.rank() < slow.rank());
        assert!(fast.rank() < failing.rank());
        let mut about_as_fast = fast.clone();
        about_as_fast.note_latency(Duration::from_millis(30));
        assert_eq!(fast.rank(), about_as_fast.rank());
    }

    #[test]
    fn results_say_what_a_node_did() {
        let of = |error: Error| Outcome::of::<()>(&Err(error));
        let status = |status| Error::Status {
            url: String::new(),
            status,
        };
        assert_eq!(of(status(404)), Outcome::Lacking);
        assert_eq!(of(status(429)), Outcome::Failed);
        assert_eq!(of(status(503)), Outcome::Failed);
        assert_eq!(of(Error::Missing("block")), Outcome::Lacking);
        assert_eq!(of(Error::malformed("block", "cut")), Outcome::Failed);
        let early = lampyris_verify::Error::Early {
            signature_slot: 2,
            current_slot: 1,
        };
        assert_eq!(of(early.into()), Outcome::Lacking);
        let signature = lampyris_verify::Error::Signature;
        assert_eq!(of(signature.into()), Outcome::Lied);
        assert_eq!(Outcome::of(&Ok(())), Outcome::Answered);
    }
}
