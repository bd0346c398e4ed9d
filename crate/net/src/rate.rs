//! How much a peer may ask and say: token buckets.

use std::time::Duration;

use crate::clock::Moment;

pub(crate) use lampyris_wire::mesh::{GOSSIP_RATE as GOSSIP, Rate};

/// Requests: a page that lists proposals asks a hundred things at once; a tab that follows asks about
/// one thing a slot.
pub(crate) const REQUESTS: Rate = Rate {
    burst: 128,
    per_second: 32,
};

/// Questions about introductions: a tab asks some times when it comes, then every half minute at most.
pub(crate) const INTRODUCTIONS: Rate = Rate {
    burst: 32,
    per_second: 1,
};

/// A token bucket of one peer.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Moment,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            tokens: f64::from(rate.burst),
            filled: Moment::now(),
        }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self) -> bool {
        let elapsed = self.filled.elapsed();
        self.filled = Moment::now();
        self.take_after(elapsed)
    }

    fn take_after(&mut self, elapsed: Duration) -> bool {
        let filled = self.tokens + elapsed.as_secs_f64() * f64::from(self.rate.per_second);
        self.tokens = filled.min(f64::from(self.rate.burst));
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_sustained_rate() {
        let mut bucket = Bucket::new(REQUESTS);
        let burst = (0..1_000)
            .filter(|_| bucket.take_after(Duration::ZERO))
            .count();
        assert_eq!(burst, 128);
        let second = (0..1_000)
            .filter(|_| bucket.take_after(Duration::from_millis(1)))
            .count();
        assert!((31..=32).contains(&second), "{second}");
        assert!(bucket.take_after(Duration::from_secs(3_600)));
        assert!(bucket.tokens < 128.0);
    }
}
