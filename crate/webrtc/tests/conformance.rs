//! What every pair of implementations has to do, here ours with ours in both versions.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;
#[macro_use]
#[path = "common/suite.rs"]
mod suite;

use common::{ours, ours_v1};

suite! {
    version_2: ours => ours;
    version_1: ours_v1 => ours;
}
