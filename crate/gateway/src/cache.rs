//! A map that holds what was used last, within a bound of bytes.

use crate::metrics::CacheReport;
use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// What every entry costs beside its value.
const ENTRY_COST_BYTES: usize = 200;

/// A least-recently-used cache, shared between tasks.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    name: &'static str,
    bytes_max: usize,
    inner: Mutex<Inner<K, V>>,
    /// Keys that are being fetched, so that a thousand who ask for the same cost one question.
    fetching: Mutex<HashMap<K, Weak<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Keys by the moment of their last use.
    uses: BTreeMap<u64, K>,
    moment: u64,
    bytes: usize,
    hits: u64,
    misses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache of at most `bytes_max` bytes.
    pub(crate) fn new(name: &'static str, bytes_max: usize) -> Self {
        let inner = Inner {
            entries: HashMap::new(),
            uses: BTreeMap::new(),
            moment: 0,
            bytes: 0,
            hits: 0,
            misses: 0,
        };
        Self {
            name,
            bytes_max,
            inner: Mutex::new(inner),
            fetching: Mutex::default(),
        }
    }

    /// The value of a key, fetched if it is not here; those who want the same meanwhile wait for it.
    /// `fetch` says how many bytes the value has.
    pub(crate) async fn find_or_fetch<E>(
        &self,
        key: K,
        fetch: impl Future<Output = Result<(V, usize), E>>,
    ) -> Result<V, E> {
        if let Some(value) = self.find(&key) {
            return Ok(value);
        }
        let turn = self.turn(&key);
        let _turn = turn.lock().await;
        if let Some(value) = self.find(&key) {
            return Ok(value);
        }
        let (value, bytes) = fetch.await?;
        self.keep(key, value.clone(), bytes);
        Ok(value)
    }

    /// What the cache holds and was good for.
    pub(crate) fn report(&self) -> CacheReport {
        let inner = self.lock();
        CacheReport {
            name: self.name,
            bytes: u64::try_from(inner.bytes).unwrap_or(u64::MAX),
            hits: inner.hits,
            misses: inner.misses,
        }
    }

    fn turn(&self, key: &K) -> Arc<tokio::sync::Mutex<()>> {
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = fetching.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        // There are as many live turns as requests under way, and no others are kept.
        fetching.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        fetching.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key, which counts as its use.
    pub(crate) fn find<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let Some(entry) = inner.entries.get_mut(key) else {
            inner.misses += 1;
            return None;
        };
        inner.hits += 1;
        inner.moment += 1;
        if let Some(key) = inner.uses.remove(&entry.used) {
            inner.uses.insert(inner.moment, key);
        }
        entry.used = inner.moment;
        Some(entry.value.clone())
    }

    /// Keeps a value of `value_bytes` bytes; what was not used for the longest time goes.
    pub(crate) fn keep(&self, key: K, value: V, value_bytes: usize) {
        let bytes = value_bytes.saturating_add(ENTRY_COST_BYTES);
        if bytes > self.bytes_max {
            return;
        }
        let mut inner = self.lock();
        inner.remove(&key);
        while inner.bytes.saturating_add(bytes) > self.bytes_max {
            let Some((_, oldest)) = inner.uses.pop_first() else {
                break;
            };
            inner.remove(&oldest);
        }
        inner.moment += 1;
        let used = inner.moment;
        inner.uses.insert(used, key.clone());
        inner.entries.insert(key, Entry { value, bytes, used });
        inner.bytes += bytes;
    }
}

impl<K: Eq + Hash, V> Inner<K, V> {
    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.uses.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_stays_within_the_bound() {
        let cache = Cache::new("test", 3 * (ENTRY_COST_BYTES + 10));
        for key in 0..3 {
            cache.keep(key, key * 10, 10);
        }
        assert_eq!(cache.find(&0), Some(0));
        cache.keep(3, 30, 10);
        assert_eq!(
            [0, 1, 2, 3].map(|key| cache.find(&key)),
            [Some(0), None, Some(20), Some(30)]
        );

        cache.keep(0, 1, 10);
        assert_eq!(cache.find(&0), Some(1));
        cache.keep(9, 90, 10_000);
        assert_eq!(cache.find(&9), None, "too large to keep");
        let inner = cache.inner.lock().unwrap();
        assert_eq!((inner.entries.len(), inner.uses.len()), (3, 3));
        assert_eq!(inner.bytes, cache.bytes_max);
    }

    #[tokio::test]
    async fn a_thousand_who_want_the_same_cost_one_fetch() {
        let cache = Cache::new("test", 10_000);
        let fetches = std::sync::atomic::AtomicU32::new(0);
        let ask = |key: u8| {
            let fetches = &fetches;
            cache.find_or_fetch(key, async move {
                fetches.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tokio::task::yield_now().await;
                if key == 0 {
                    Err("missing")
                } else {
                    Ok((key, 1))
                }
            })
        };
        let found = futures::future::join_all((0..1_000).map(|_| ask(7))).await;
        assert!(found.iter().all(|value| *value == Ok(7)));
        assert_eq!(fetches.load(std::sync::atomic::Ordering::Relaxed), 1);
        // What failed is tried again, and leaves nothing behind.
        assert_eq!(
            (ask(0).await, ask(0).await),
            (Err("missing"), Err("missing"))
        );
        assert_eq!(fetches.load(std::sync::atomic::Ordering::Relaxed), 3);
        assert!(cache.fetching.lock().unwrap().len() <= 1);
        assert_eq!(cache.report().bytes, 1 + ENTRY_COST_BYTES as u64);
    }
}
