//! Chain time: the system's clock, or an instant at which a replay stands still.

use lampyris_verify::config::Network;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How far ahead of ours another clock may be, in milliseconds
/// (`MAXIMUM_GOSSIP_CLOCK_DISPARITY` of the consensus specification).
const CLOCK_DISPARITY_MS_MAX: u64 = 500;

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    fixed_unix_ms: Option<u64>,
}

impl Clock {
    /// A clock that follows the system, or stands still at `fixed_unix_ms`.
    pub fn new(fixed_unix_ms: Option<u64>) -> Self {
        Self { fixed_unix_ms }
    }

    /// Whether chain time stands still.
    pub fn is_fixed(self) -> bool {
        self.fixed_unix_ms.is_some()
    }

    /// Chain time in milliseconds since 1970.
    pub fn unix_ms(self) -> u64 {
        self.fixed_unix_ms.unwrap_or_else(system_unix_ms)
    }

    /// The slot that the chain is in, as far as a peer with a slightly faster clock may say.
    pub fn slot(self, network: &Network) -> u64 {
        network.slot_at_unix_ms(self.unix_ms().saturating_add(CLOCK_DISPARITY_MS_MAX))
    }
}

/// A monotonic instant for measuring and pacing; never standing still.
#[allow(
    clippy::disallowed_methods,
    reason = "the gateway is where time enters natively"
)]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the gateway is where time enters natively"
)]
fn system_unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
