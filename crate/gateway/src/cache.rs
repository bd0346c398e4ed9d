//! A map that holds what was used last, within a bound of bytes.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// What every entry costs beside its value.
const ENTRY_COST_BYTES: usize = 200;

/// A least-recently-used cache, shared between tasks.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    bytes_max: usize,
    inner: Mutex<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Keys by the moment of their last use.
    uses: BTreeMap<u64, K>,
    moment: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache of at most `bytes_max` bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let inner = Inner {
            entries: HashMap::new(),
            uses: BTreeMap::new(),
            moment: 0,
            bytes: 0,
        };
        Self {
            bytes_max,
            inner: Mutex::new(inner),
        }
    }

    /// The value of a key, which counts as its use.
    pub(crate) fn find<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *inner;
        let entry = inner.entries.get_mut(key)?;
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
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
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
        let cache = Cache::new(3 * (ENTRY_COST_BYTES + 10));
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
}
