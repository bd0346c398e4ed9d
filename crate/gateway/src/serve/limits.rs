//! How much a peer may ask: a token bucket and a number of requests at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// What a peer may spend at once: a page that opens asks for about fifty things.
const TOKENS_MAX: f64 = 300.0;
/// What a peer gets back every second.
const TOKENS_A_SECOND: f64 = 40.0;
/// Requests of one peer that are worked on at once.
const PEER_REQUESTS_MAX: usize = 16;
/// Requests of all peers that are worked on at once.
const REQUESTS_MAX: usize = 256;
/// Peers that are remembered; far above the number of connections.
const PEERS_MAX: usize = 4096;

/// The accounts of all peers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    peers: HashMap<String, Account>,
    requests: usize,
}

#[derive(Debug)]
struct Account {
    tokens: f64,
    at: Instant,
    requests: usize,
}

/// Leave to work on a request; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limits: Limits,
    peer: String,
}

impl Limits {
    /// Leave for one request of `peer` that costs `cost`, or none.
    pub(crate) fn admit(&self, peer: &str, cost: u32, now: Instant) -> Option<Permit> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *inner;
        if inner.requests >= REQUESTS_MAX
            || (inner.peers.len() >= PEERS_MAX && !inner.peers.contains_key(peer))
        {
            return None;
        }
        let fresh = Account {
            tokens: TOKENS_MAX,
            at: now,
            requests: 0,
        };
        let account = inner.peers.entry(peer.to_owned()).or_insert(fresh);
        let earned = now.saturating_duration_since(account.at).as_secs_f64() * TOKENS_A_SECOND;
        account.tokens = (account.tokens + earned).min(TOKENS_MAX);
        account.at = now;
        // What costs more than the bucket holds is let in when the bucket is full.
        let cost = f64::from(cost).min(TOKENS_MAX);
        if account.tokens < cost || account.requests >= PEER_REQUESTS_MAX {
            return None;
        }
        account.tokens -= cost;
        account.requests += 1;
        inner.requests += 1;
        Some(Permit {
            limits: self.clone(),
            peer: peer.to_owned(),
        })
    }

    /// Forgets accounts that are full again and have nothing under way.
    pub(crate) fn forget_idle(&self, now: Instant) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.peers.retain(|_, account| {
            let idle = now.saturating_duration_since(account.at).as_secs_f64();
            account.requests > 0 || account.tokens + idle * TOKENS_A_SECOND < TOKENS_MAX
        });
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut inner = self
            .limits
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        inner.requests = inner.requests.saturating_sub(1);
        if let Some(account) = inner.peers.get_mut(&self.peer) {
            account.requests = account.requests.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;
    use std::time::Duration;

    #[test]
    fn tokens_are_spent_and_earned() {
        let (limits, start) = (Limits::default(), monotonic());
        assert!(limits.admit("a", 299, start).is_some());
        assert!(limits.admit("a", 2, start).is_none());
        assert!(
            limits.admit("b", 2, start).is_some(),
            "each peer has its own account"
        );
        let later = start + Duration::from_secs(1);
        assert!(limits.admit("a", 41, later).is_some());
        assert!(limits.admit("a", 1_000_000, later).is_none());
        assert!(
            limits
                .admit("a", 1_000_000, later + Duration::from_secs(8))
                .is_some()
        );
    }

    #[test]
    fn requests_at_once_are_bounded() {
        let (limits, now) = (Limits::default(), monotonic());
        let mut permits: Vec<_> = (0..PEER_REQUESTS_MAX)
            .map(|_| limits.admit("a", 1, now).unwrap())
            .collect();
        assert!(limits.admit("a", 1, now).is_none());
        permits.pop();
        assert!(limits.admit("a", 1, now).is_some());
    }

    #[test]
    fn idle_accounts_are_forgotten_and_busy_ones_are_not() {
        let (limits, now) = (Limits::default(), monotonic());
        drop(limits.admit("idle", 10, now));
        let _busy = limits.admit("busy", 1, now);
        limits.forget_idle(now);
        assert_eq!(limits.inner.lock().unwrap().peers.len(), 2);
        limits.forget_idle(now + Duration::from_secs(60));
        let inner = limits.inner.lock().unwrap();
        assert_eq!(inner.peers.keys().collect::<Vec<_>>(), ["busy"]);
    }
}
