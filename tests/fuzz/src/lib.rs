//! Fuzz targets: each decoder and each verifier, with an oracle that says what it may accept.
//!
//! A target takes any bytes and must neither panic nor accept what isn't true. Decoders: what is
//! decoded has that one encoding. Verifiers run against a true object, and whatever they accept has
//! to say the same as that object. `npm run fuzz` mutates the seeds, which come from the vectors, by
//! coverage; the tests run each target over its seeds, over simple mutations of them, and over all
//! that was ever found (`findings/`).

#![allow(
    clippy::unwrap_used,
    reason = "a target that cannot begin has no result"
)]

mod items;
mod targets;

use lampyris_vectors::files::Files;

pub use targets::TARGETS;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it attacks.
    pub what: &'static str,
    /// Takes any input; panics if something is wrong with what it attacks.
    pub run: fn(&[u8]),
    /// Inputs to begin with: always the same.
    pub seeds: fn(&Files) -> Vec<Vec<u8>>,
}

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
