//! The one place that reads a clock.

pub(crate) use web_time::Instant;

/// Now.
#[allow(
    clippy::disallowed_methods,
    reason = "timeouts of a transport are its own business"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
