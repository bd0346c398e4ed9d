//! How much a peer may ask, and all peers at one network address together: token buckets for each
//! class of request and for bytes, and a number of requests at once.
//!
//! Every table is bounded; what is full of idle accounts is emptied of them first.

use crate::serve::address::Address;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Requests of one peer that are worked on at once.
const PEER_REQUESTS_MAX: u32 = 16;
/// Requests of all peers that are worked on at once.
const REQUESTS_MAX: u32 = 512;
/// Peers and addresses that are remembered; above the number of connections.
const ACCOUNTS_MAX: usize = 8_192;

/// Tabs behind one address rarely do the same at once: together they get this share of what each of
/// them would get alone.
const ADDRESS_SHARE: f64 = 0.25;

/// Which bucket a request is paid from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Light-client objects: they come from memory.
    Chain,
    /// Proofs, code and headers: they may cost calls to a node.
    State,
    /// Transactions, sent or looked for.
    Transactions,
    /// Texts behind hashes, for which logs are searched.
    Texts,
}

/// What a bucket holds, and what flows in each second.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: f64,
    per_second: f64,
}

const fn rate(burst: f64, per_second: f64) -> Rate {
    Rate { burst, per_second }
}

/// One peer's rates, by class. A page that opens asks for about fifty things; a tab that follows the
/// chain asks for one or two a slot.
const RATES: [Rate; 4] = [
    rate(200.0, 10.0),
    rate(300.0, 40.0),
    rate(60.0, 6.0),
    rate(64.0, 2.0),
];
/// Response bytes of one peer: catching up with two years is 20 MB.
const BYTES: Rate = rate(24.0 * 1_048_576.0, 1_048_576.0);

/// Which limit refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The peer asks too often.
    PeerRate,
    /// The peer was sent too much.
    PeerBytes,
    /// The peer has too many questions open.
    PeerRequests,
    /// Peers at its address ask too often.
    AddressRate,
    /// Peers at its address were sent too much.
    AddressBytes,
    /// The gateway does all that it can.
    Busy,
}

/// The accounts of all peers and addresses.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    address_factor: f64,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    peers: HashMap<String, Account>,
    addresses: HashMap<Address, Account>,
    requests: u32,
}

#[derive(Debug)]
struct Account {
    classes: [Bucket; 4],
    bytes: Bucket,
    requests: u32,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Instant,
}

/// Leave to work on a request; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limits: Limits,
    peer: String,
    address: Option<Address>,
}

impl Class {
    const ALL: [Self; 4] = [Self::Chain, Self::State, Self::Transactions, Self::Texts];
}

impl Limit {
    /// Its word in metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::PeerRate => "peer_rate",
            Self::PeerBytes => "peer_bytes",
            Self::PeerRequests => "peer_requests",
            Self::AddressRate => "address_rate",
            Self::AddressBytes => "address_bytes",
            Self::Busy => "busy",
        }
    }
}

impl Limits {
    /// Limits under which `tabs_per_address` tabs behind one address get along.
    pub(crate) fn new(tabs_per_address: u32) -> Self {
        Self {
            address_factor: (f64::from(tabs_per_address) * ADDRESS_SHARE).max(1.0),
            inner: Arc::default(),
        }
    }

    /// Leave for one request that costs `cost`, or the limit that refuses it.
    pub(crate) fn admit(
        &self,
        peer: &str,
        address: Option<Address>,
        (class, cost): (Class, u32),
        now: Instant,
    ) -> Result<Permit, Limit> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        if inner.requests >= REQUESTS_MAX {
            return Err(Limit::Busy);
        }
        let account = account(&mut inner.peers, peer.to_owned(), 1.0, now).ok_or(Limit::Busy)?;
        account
            .check(class, cost, now)
            .map_err(|empty| match empty {
                Empty::Requests => Limit::PeerRate,
                Empty::Bytes => Limit::PeerBytes,
            })?;
        if account.requests >= PEER_REQUESTS_MAX {
            return Err(Limit::PeerRequests);
        }
        if let Some(address) = address {
            let factor = self.address_factor;
            let shared =
                self::account(&mut inner.addresses, address, factor, now).ok_or(Limit::Busy)?;
            shared
                .check(class, cost, now)
                .map_err(|empty| match empty {
                    Empty::Requests => Limit::AddressRate,
                    Empty::Bytes => Limit::AddressBytes,
                })?;
            shared.spend(class, cost);
            shared.requests += 1;
        }
        account.spend(class, cost);
        account.requests += 1;
        inner.requests += 1;
        Ok(Permit {
            limits: self.clone(),
            peer: peer.to_owned(),
            address,
        })
    }

    /// Forgets accounts that are full again and have nothing under way.
    pub(crate) fn forget_idle(&self, now: Instant) {
        let mut inner = self.lock();
        inner.peers.retain(|_, account| !account.is_idle(now));
        inner.addresses.retain(|_, account| !account.is_idle(now));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Charges what is sent. It may be more than there is: then the next request waits.
    pub(crate) fn charge(&self, bytes: usize) {
        let bytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
        let mut inner = self.limits.lock();
        if let Some(account) = inner.peers.get_mut(&self.peer) {
            account.bytes.tokens -= bytes;
        }
        let address = self.address.as_ref();
        if let Some(account) = address.and_then(|address| inner.addresses.get_mut(address)) {
            account.bytes.tokens -= bytes;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut inner = self.limits.lock();
        inner.requests = inner.requests.saturating_sub(1);
        if let Some(account) = inner.peers.get_mut(&self.peer) {
            account.requests = account.requests.saturating_sub(1);
        }
        let address = self.address.as_ref();
        if let Some(account) = address.and_then(|address| inner.addresses.get_mut(address)) {
            account.requests = account.requests.saturating_sub(1);
        }
    }
}

/// The account of a key; none when the table is full of accounts that are in use.
fn account<K: Eq + Hash>(
    accounts: &mut HashMap<K, Account>,
    key: K,
    factor: f64,
    now: Instant,
) -> Option<&mut Account> {
    if accounts.len() >= ACCOUNTS_MAX && !accounts.contains_key(&key) {
        accounts.retain(|_, account| !account.is_idle(now));
        if accounts.len() >= ACCOUNTS_MAX {
            return None;
        }
    }
    Some(
        accounts
            .entry(key)
            .or_insert_with(|| Account::new(factor, now)),
    )
}

/// What there is nothing left of.
enum Empty {
    Requests,
    Bytes,
}

impl Account {
    fn new(factor: f64, now: Instant) -> Self {
        Self {
            classes: RATES.map(|rate| Bucket::new(rate, factor, now)),
            bytes: Bucket::new(BYTES, factor, now),
            requests: 0,
        }
    }

    fn check(&mut self, class: Class, cost: u32, now: Instant) -> Result<(), Empty> {
        self.bytes.fill(now);
        if self.bytes.tokens <= 0.0 {
            return Err(Empty::Bytes);
        }
        let bucket = self.bucket(class);
        bucket.fill(now);
        if bucket.tokens < bucket.price(cost) {
            return Err(Empty::Requests);
        }
        Ok(())
    }

    fn spend(&mut self, class: Class, cost: u32) {
        let bucket = self.bucket(class);
        bucket.tokens -= bucket.price(cost);
    }

    fn bucket(&mut self, class: Class) -> &mut Bucket {
        let [chain, state, transactions, texts] = &mut self.classes;
        match class {
            Class::Chain => chain,
            Class::State => state,
            Class::Transactions => transactions,
            Class::Texts => texts,
        }
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        for class in Class::ALL {
            self.bucket(class).fill(now);
        }
        self.bytes.fill(now);
        self.requests == 0 && self.bytes.is_full() && self.classes.iter().all(Bucket::is_full)
    }
}

impl Bucket {
    fn new(rate: Rate, factor: f64, now: Instant) -> Self {
        let rate = self::rate(rate.burst * factor, rate.per_second * factor);
        Self {
            rate,
            tokens: rate.burst,
            at: now,
        }
    }

    fn fill(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + seconds * self.rate.per_second).min(self.rate.burst);
        self.at = now;
    }

    /// What costs more than the bucket holds is let in when the bucket is full.
    fn price(&self, cost: u32) -> f64 {
        f64::from(cost).min(self.rate.burst)
    }

    fn is_full(&self) -> bool {
        self.tokens >= self.rate.burst
    }
}

#[cfg(test)]
mod tests;
