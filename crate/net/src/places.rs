//! Counting what runs at a time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A bounded number of places.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    maximum: usize,
}

/// A taken place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Places {
    pub(crate) fn new(maximum: usize) -> Self {
        Self {
            taken: Arc::default(),
            maximum,
        }
    }

    /// Takes a place, if there is one.
    pub(crate) fn take(&self) -> Option<Place> {
        let place = Place(self.taken.clone());
        (self.taken.fetch_add(1, Ordering::Relaxed) < self.maximum).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let places = Places::new(3);
        let taken: Vec<_> = (0..9).map_while(|_| places.take()).collect();
        assert_eq!(taken.len(), 3);
        assert!(places.take().is_none());
        drop(taken);
        assert!(places.take().is_some());
    }
}
