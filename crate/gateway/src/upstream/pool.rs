//! Several nodes of one kind: which of them is asked, and who is asked next when that one fails.
//!
//! A question carries its own check: what is wrong counts against the node that said it, and the
//! next one is asked. Nodes that are set aside are asked only when there is nobody else, since what
//! they say is checked anyway.

use super::health::{Health, Outcome, Reason};
use crate::{Error, clock::monotonic};
use futures::{StreamExt, future::Either, stream::FuturesUnordered};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Nodes that are asked the same at most: the third time is no chance any more.
const ATTEMPTS_MAX: usize = 3;

/// A second node is asked when the first has been silent for this many times its usual delay, within
/// these bounds.
const HEDGE_FACTOR: u32 = 4;
const HEDGE_AFTER: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// The same for large questions, whose second answer may cost megabytes.
const LARGE_HEDGE_AFTER: Duration = Duration::from_secs(5);

/// Second questions that a question earns, and how many may be saved: when all nodes are slow,
/// asking twice makes them slower.
const HEDGES_PER_CALL: f64 = 0.1;
const HEDGES_MAX: f64 = 10.0;

/// What kind of question it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// Small and harmless to ask twice: another node is asked when the first is slow.
    Small,
    /// Its answer may be megabytes: another node is asked when the first fails, or after seconds.
    Large,
    /// It has an effect: the first node that says anything has decided.
    Send,
}

/// Nodes of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Pool<N> {
    role: &'static str,
    members: Arc<[Member<N>]>,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct Member<N> {
    node: N,
    label: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    health: Health,
    /// What it was set aside for last, in words.
    complaint: String,
    asides: BTreeMap<Reason, u64>,
}

#[derive(Debug, Default)]
struct Counters {
    failovers: AtomicU64,
    hedges: AtomicU64,
    credit: Mutex<f64>,
}

/// What is known of one node.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Its kind.
    pub(crate) role: &'static str,
    /// Its address, without secrets.
    pub(crate) label: String,
    /// Why it is set aside, and for how much longer.
    pub(crate) aside: Option<(Reason, Duration)>,
    /// What it was set aside for last.
    pub(crate) complaint: String,
    /// How often it was set aside, by reason.
    pub(crate) asides: BTreeMap<Reason, u64>,
    /// The usual delay of a small answer.
    pub(crate) latency: Duration,
    /// The share of recent calls that failed.
    pub(crate) failure_share: f64,
}

impl<N: Clone> Pool<N> {
    /// These nodes, each with its label, in the order in which they are preferred.
    pub(crate) fn new(role: &'static str, nodes: impl IntoIterator<Item = (String, N)>) -> Self {
        let members = nodes.into_iter().map(|(label, node)| Member {
            node,
            label,
            state: Mutex::default(),
        });
        Self {
            role,
            members: members.collect(),
            counters: Arc::default(),
        }
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The node at an index below [`Pool::len`].
    pub(crate) fn node(&self, index: usize) -> Option<N> {
        self.members.get(index).map(|member| member.node.clone())
    }

    /// The index of the node that would be asked first.
    pub(crate) fn best(&self) -> usize {
        self.order(monotonic()).first().copied().unwrap_or_default()
    }

    /// Whether a node is set aside.
    pub(crate) fn is_aside(&self, index: usize) -> bool {
        let member = self.members.get(index);
        member.is_some_and(|member| lock(&member.state).health.reason(monotonic()).is_some())
    }

    /// Asks the best node, and others when it fails or is slow. `work` asks *and checks*.
    pub(crate) async fn ask<T, W, F>(&self, call: Call, work: W) -> Result<T, Error>
    where
        W: Fn(N) -> F,
        F: Future<Output = Result<T, Error>>,
    {
        self.earn_hedge();
        let order = self.order(monotonic());
        let mut others = order.into_iter().take(ATTEMPTS_MAX);
        let mut asked = FuturesUnordered::new();
        let begin = |index: usize| {
            let began = monotonic();
            let answer = self.node(index).map(&work);
            async move {
                let result = match answer {
                    Some(answer) => answer.await,
                    None => Err(Error::Missing("node")),
                };
                (index, began, result)
            }
        };
        let mut newest = others.next().unwrap_or_default();
        asked.push(begin(newest));
        let mut failure: Option<Error> = None;
        loop {
            let patience = match call {
                Call::Large => LARGE_HEDGE_AFTER,
                Call::Small | Call::Send => self.patience(newest),
            };
            let is_hedged = call != Call::Send && others.len() > 0 && asked.len() == 1;
            let hedge = if is_hedged {
                Either::Left(sleep(patience))
            } else {
                Either::Right(std::future::pending())
            };
            tokio::select! {
                biased;
                Some((index, began, result)) = asked.next() => {
                    let outcome = Outcome::of(&result);
                    if call == Call::Small && outcome == Outcome::Answered {
                        self.note_latency(index, began.elapsed());
                    }
                    self.note(index, outcome, result.as_ref().err());
                    match result {
                        Ok(answer) => return Ok(answer),
                        Err(error) => failure = Some(worse_of(failure, error, outcome)),
                    }
                    if call == Call::Send && outcome == Outcome::Lacking {
                        break;
                    }
                    match others.next() {
                        Some(next) => {
                            if outcome != Outcome::Lacking {
                                self.counters.failovers.fetch_add(1, Ordering::Relaxed);
                            }
                            newest = next;
                            asked.push(begin(next));
                        }
                        None if asked.is_empty() => break,
                        None => {}
                    }
                }
                () = hedge => {
                    if call == Call::Small {
                        // Silence is a measurement too, if only a lower bound.
                        self.note_latency(newest, patience);
                    }
                    if self.spend_hedge() && let Some(next) = others.next() {
                        newest = next;
                        asked.push(begin(next));
                    }
                }
            }
        }
        Err(failure.unwrap_or(Error::Missing("node")))
    }

    /// Takes in what a node did outside of [`Pool::ask`].
    pub(crate) fn note(&self, index: usize, outcome: Outcome, error: Option<&Error>) {
        let Some(member) = self.members.get(index) else {
            return;
        };
        let mut state = lock(&member.state);
        let aside = state.health.note(outcome, monotonic());
        state.complain(self.role, &member.label, aside, || {
            error.map_or_else(String::new, ToString::to_string)
        });
    }

    /// Takes in how long a small answer of a node took.
    pub(crate) fn note_latency(&self, index: usize, took: Duration) {
        if let Some(member) = self.members.get(index) {
            lock(&member.state).health.note_latency(took);
        }
    }

    /// Takes in whether a node is at the chain's head; `complaint` says why not.
    pub(crate) fn note_freshness(&self, index: usize, complaint: Option<String>) {
        let Some(member) = self.members.get(index) else {
            return;
        };
        let mut state = lock(&member.state);
        match complaint {
            None => state.health.note_fresh(monotonic()),
            Some(complaint) => {
                let aside = state.health.set_aside(Reason::Stale, monotonic());
                state.complain(self.role, &member.label, aside, || complaint);
            }
        }
    }

    /// Sets a node aside that serves another network.
    pub(crate) fn note_other_network(&self, index: usize, error: &Error) {
        if let Some(member) = self.members.get(index) {
            let mut state = lock(&member.state);
            let aside = state.health.set_aside(Reason::OtherNetwork, monotonic());
            state.complain(self.role, &member.label, aside, || error.to_string());
        }
    }

    /// What is known of each node.
    pub(crate) fn reports(&self) -> Vec<Report> {
        let now = monotonic();
        let report = |member: &Member<N>| {
            let state = lock(&member.state);
            let reason = state.health.reason(now);
            Report {
                role: self.role,
                label: member.label.clone(),
                aside: reason.map(|reason| (reason, state.health.remaining(now))),
                complaint: state.complaint.clone(),
                asides: state.asides.clone(),
                latency: state.health.latency(),
                failure_share: state.health.failure_share(),
            }
        };
        self.members.iter().map(report).collect()
    }

    /// Questions that went to another node because one failed, and because one was slow.
    pub(crate) fn failovers_and_hedges(&self) -> (u64, u64) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (load(&self.counters.failovers), load(&self.counters.hedges))
    }

    /// All nodes, the best first; those that are set aside last, the least bad first.
    fn order(&self, now: Instant) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.members.len()).collect();
        order.sort_by_cached_key(|index| {
            let health = self.members.get(*index);
            let health = health.map(|member| lock(&member.state).health.clone());
            let health = health.unwrap_or_default();
            (health.reason(now), health.rank())
        });
        order
    }

    fn patience(&self, index: usize) -> Duration {
        let latency = self.members.get(index);
        let latency = latency.map(|member| lock(&member.state).health.latency());
        let patience = latency.unwrap_or_default().saturating_mul(HEDGE_FACTOR);
        patience.clamp(HEDGE_AFTER.0, HEDGE_AFTER.1)
    }

    fn earn_hedge(&self) {
        let mut credit = lock(&self.counters.credit);
        *credit = (*credit + HEDGES_PER_CALL).min(HEDGES_MAX);
    }

    fn spend_hedge(&self) -> bool {
        let mut credit = lock(&self.counters.credit);
        // The first question of all may be asked twice too.
        let may = *credit >= HEDGES_PER_CALL;
        if may {
            *credit -= 1.0;
            self.counters.hedges.fetch_add(1, Ordering::Relaxed);
        }
        may
    }
}

impl State {
    fn complain(
        &mut self,
        role: &str,
        label: &str,
        aside: Option<Reason>,
        complaint: impl FnOnce() -> String,
    ) {
        let Some(reason) = aside else { return };
        self.complaint = complaint();
        *self.asides.entry(reason).or_default() += 1;
        let seconds = self.health.remaining(monotonic()).as_secs();
        tracing::warn!(
            role,
            upstream = label,
            reason = reason.label(),
            seconds,
            complaint = self.complaint,
            "a node is set aside"
        );
    }
}

/// Of two failures, the one that says more: a node's answer more than a node's silence.
fn worse_of(failure: Option<Error>, error: Error, outcome: Outcome) -> Error {
    match failure {
        Some(failure) if outcome != Outcome::Lacking => failure,
        _ => error,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
