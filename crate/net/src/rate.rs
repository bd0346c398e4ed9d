//! How many requests a peer may make: a token bucket.

use std::time::Duration;

use crate::clock::Moment;

/// A page that lists proposals asks a hundred things at once.
const BURST: u32 = 128;
/// Afterwards, sustained. A following tab asks about one thing a slot.
const PER_SECOND: u32 = 32;

/// A token bucket of one peer.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: Moment,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new() -> Self {
        Self {
            tokens: f64::from(BURST),
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
        let filled = self.tokens + elapsed.as_secs_f64() * f64::from(PER_SECOND);
        self.tokens = filled.min(f64::from(BURST));
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
        let mut bucket = Bucket::new();
        let burst = (0..1_000)
            .filter(|_| bucket.take_after(Duration::ZERO))
            .count();
        assert_eq!(burst, 128);
        let second = (0..1_000)
            .filter(|_| bucket.take_after(Duration::from_millis(1)))
            .count();
        assert!((31..=32).contains(&second), "{second}");
        assert!(bucket.take_after(Duration::from_secs(3_600)));
        assert!(bucket.tokens < f64::from(BURST));
    }
}
