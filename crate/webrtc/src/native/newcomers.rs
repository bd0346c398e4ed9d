//! How fast strangers may begin connections: a token bucket for all, and one for each address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use crate::clock::Instant;

/// A burst, and what may follow each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// From then on.
    pub per_second: u32,
}

/// Addresses that are remembered. A flood of invented ones costs no more than this.
pub(crate) const ADDRESSES_MAX: usize = 4_096;

/// Counts newcomers.
#[derive(Debug)]
pub(crate) struct Newcomers {
    all: Bucket,
    each_rate: Rate,
    each: HashMap<IpAddr, Bucket>,
}

impl Newcomers {
    pub(crate) fn new(all: Rate, each: Rate, now: Instant) -> Self {
        Self {
            all: Bucket::new(all, now),
            each_rate: each,
            each: HashMap::new(),
        }
    }

    /// Whether one more may come from this address. What one address has too many of does not count for
    /// all, so that it cannot shut others out.
    pub(crate) fn admit(&mut self, address: IpAddr, now: Instant) -> bool {
        self.admit_from(address, now) && self.all.take(now)
    }

    fn admit_from(&mut self, address: IpAddr, now: Instant) -> bool {
        // Whoever is on this machine has better ways to harm it.
        if address.is_loopback() {
            return true;
        }
        let network = network(address);
        if self.each.len() >= ADDRESSES_MAX && !self.each.contains_key(&network) {
            self.each.retain(|_, bucket| !bucket.is_full(now));
            if self.each.len() >= ADDRESSES_MAX {
                return true;
            }
        }
        let rate = self.each_rate;
        self.each
            .entry(network)
            .or_insert_with(|| Bucket::new(rate, now))
            .take(now)
    }
}

/// One customer's addresses: with IPv6 that is a /64.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            tokens: f64::from(rate.burst),
            filled: now,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let has_one = self.tokens >= 1.0;
        if has_one {
            self.tokens -= 1.0;
        }
        has_one
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens >= f64::from(self.rate.burst)
    }

    fn fill(&mut self, now: Instant) {
        let elapsed: Duration = now.saturating_duration_since(self.filled);
        self.filled = now;
        let tokens = self.tokens + elapsed.as_secs_f64() * f64::from(self.rate.per_second);
        self.tokens = tokens.min(f64::from(self.rate.burst));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const ALL: Rate = Rate {
        burst: 50,
        per_second: 10,
    };
    const EACH: Rate = Rate {
        burst: 5,
        per_second: 1,
    };

    fn address(number: u32) -> IpAddr {
        IpAddr::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    #[test]
    fn one_address_has_its_share_and_leaves_the_others_theirs() {
        let now = clock::now();
        let mut newcomers = Newcomers::new(ALL, EACH, now);
        let admitted = |newcomers: &mut Newcomers, number, now| {
            (0..1_000)
                .filter(|_| newcomers.admit(address(number), now))
                .count()
        };
        assert_eq!(admitted(&mut newcomers, 1, now), 5);
        assert_eq!(admitted(&mut newcomers, 2, now), 5);
        let later = now + Duration::from_secs(3);
        assert_eq!(admitted(&mut newcomers, 1, later), 3);
        assert_eq!(
            (3..100)
                .map(|number| admitted(&mut newcomers, number, later))
                .sum::<usize>(),
            47
        );
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory() {
        let now = clock::now();
        let mut newcomers = Newcomers::new(ALL, EACH, now);
        let admitted = (0..20_000)
            .filter(|number| newcomers.admit(address(*number), now))
            .count();
        assert_eq!(admitted, 50);
        assert_eq!(newcomers.each.len(), ADDRESSES_MAX);
        // When the flood is over they are forgotten.
        let later = now + Duration::from_secs(10);
        assert!(newcomers.admit(address(200_000), later));
        assert_eq!(newcomers.each.len(), 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let now = clock::now();
        let mut newcomers = Newcomers::new(ALL, EACH, now);
        let admitted = (0..100_u16)
            .map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]))
            .filter(|address| newcomers.admit(*address, now))
            .count();
        assert_eq!(admitted, 5);
    }
}
