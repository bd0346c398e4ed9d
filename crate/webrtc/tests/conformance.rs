//! What every pair of implementations has to do, here ours with ours in both versions.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;
#[macro_use]
#[path = "common/suite.rs"]
mod suite;

use common::{ours, ours_v1};

mod version_2 {
    use super::*;

    cases! { ours => ours;
        streams_carry_all_sizes_both_ways, a_half_closed_stream_is_answered,
        a_dropped_stream_breaks_at_the_other_side, many_streams_at_once,
        the_listener_opens_streams_as_well,
    }
}

mod version_1 {
    use super::*;

    cases! { ours_v1 => ours;
        streams_carry_all_sizes_both_ways, a_half_closed_stream_is_answered,
        a_dropped_stream_breaks_at_the_other_side, many_streams_at_once,
        the_listener_opens_streams_as_well,
    }
}
