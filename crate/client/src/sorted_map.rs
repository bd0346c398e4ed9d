//! A map for the client's small tables: pairs in one sorted vector.
//!
//! Every table here is bounded to some hundred entries. The standard library's trees and hash
//! tables are no faster at that size, and take seven times the code for each type that they hold:
//! they were a tenth of the worker's wasm.

/// Values by key, in the order of the keys.
#[derive(Clone, Debug)]
pub(crate) struct SortedMap<K, V> {
    pairs: Vec<(K, V)>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { pairs: Vec::new() }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let index = self.place(key).ok()?;
        self.pairs.get(index).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let index = self.place(key).ok()?;
        self.pairs.get_mut(index).map(|(_, value)| value)
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Puts a value in the place of the one that is there, if any.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(index) => self.pairs[index].1 = value,
            Err(index) => self.pairs.insert(index, (key, value)),
        }
    }

    /// The value of a key, made first if there is none.
    pub(crate) fn get_or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let index = self.place(&key).unwrap_or_else(|index| {
            self.pairs.insert(index, (key, value()));
            index
        });
        &mut self.pairs[index].1
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let index = self.place(key).ok()?;
        Some(self.pairs.remove(index).1)
    }

    /// Takes the value of the lowest key out.
    pub(crate) fn pop_first(&mut self) -> Option<V> {
        let first = !self.pairs.is_empty();
        first.then(|| self.pairs.remove(0).1)
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.pairs.iter()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.pairs.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.pairs.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.pairs.iter_mut().map(|(_, value)| value)
    }

    /// Where a key is, or where it would have to be put.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.pairs
            .binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.insert(key, value);
        }
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::SortedMap;

    /// Any sequence of operations gives what the standard library's map gives.
    #[test]
    fn behaves_like_a_btree_map() {
        let mut map = SortedMap::default();
        let mut model = BTreeMap::new();
        let mut random = 1_u32;
        for step in 0..5_000_u32 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (random >> 16) % 37;
            match (random >> 8) % 5 {
                0 => assert_eq!(map.remove(&key), model.remove(&key)),
                1 => {
                    *map.get_or_insert_with(key, || step) += 1;
                    *model.entry(key).or_insert(step) += 1;
                }
                2 => {
                    if let Some(value) = map.get_mut(&key) {
                        *value += 7;
                    }
                    if let Some(value) = model.get_mut(&key) {
                        *value += 7;
                    }
                }
                3 if model.len() > 30 => {
                    let first = model.pop_first().map(|(_, value)| value);
                    assert_eq!(map.pop_first(), first);
                }
                _ => {
                    map.insert(key, step);
                    model.insert(key, step);
                }
            }
            assert_eq!(map.get(&key), model.get(&key));
            assert_eq!(map.contains_key(&key), model.contains_key(&key));
            assert_eq!(map.len(), model.len());
            assert!(map.iter().map(|(key, value)| (key, value)).eq(&model));
            assert!(map.keys().eq(model.keys()) && map.values().eq(model.values()));
        }
    }
}
