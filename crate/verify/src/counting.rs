//! Counts signature checks, so that tests can bound what an attacker makes a client compute.
//!
//! They are by far the most expensive step. Only with the feature `counting`; each thread has its own
//! count, so that tests side by side do not disturb each other.

extern crate std;

use core::cell::Cell;

std::thread_local! {
    static SIGNATURE_CHECKS: Cell<u64> = const { Cell::new(0) };
}

/// How many signatures this thread has read in order to check them, from the beginning.
#[must_use]
pub fn signature_checks() -> u64 {
    SIGNATURE_CHECKS.get()
}

pub(crate) fn count_signature_check() {
    SIGNATURE_CHECKS.set(SIGNATURE_CHECKS.get().saturating_add(1));
}
