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

/// What a tab serves to all peers, in KiB: a user's uplink has other uses. The burst is the longest answer.
pub(crate) const SERVED_KIBIBYTES: Rate = Rate {
    burst: 4_096,
    per_second: 256,
};

/// A token bucket.
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
        self.take_many(1)
    }

    /// Takes as many tokens, if they are there.
    pub(crate) fn take_many(&mut self, count: u32) -> bool {
        let elapsed = self.filled.elapsed();
        self.filled = Moment::now();
        self.take_after(elapsed, count)
    }

    fn take_after(&mut self, elapsed: Duration, count: u32) -> bool {
        let filled = self.tokens + elapsed.as_secs_f64() * f64::from(self.rate.per_second);
        self.tokens = filled.min(f64::from(self.rate.burst));
        if self.tokens < f64::from(count) {
            return false;
        }
        self.tokens -= f64::from(count);
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
            .filter(|_| bucket.take_after(Duration::ZERO, 1))
            .count();
        assert_eq!(burst, 128);
        let second = (0..1_000)
            .filter(|_| bucket.take_after(Duration::from_millis(1), 1))
            .count();
        assert!((31..=32).contains(&second), "{second}");
        assert!(bucket.take_after(Duration::from_secs(3_600), 1));
        assert!(bucket.tokens < 128.0);
    }
}
