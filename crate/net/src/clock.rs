//! The one place that reads a clock.
//!
//! The swarm measures how long things take and nothing else; it has no notion of the chain's time.

use std::time::Duration;

use web_time::Instant;

/// A point in time from which an elapsed time is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(Instant);

impl Moment {
    /// Now.
    #[allow(
        clippy::disallowed_methods,
        reason = "durations of network operations are this crate's own business"
    )]
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// The time since then.
    pub(crate) fn elapsed(self) -> Duration {
        Self::now().0.saturating_duration_since(self.0)
    }
}
