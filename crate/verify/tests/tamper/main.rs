//! For each verifier a valid object, changed in every way that its encoding offers: none is accepted,
//! but for exceptions that are listed here and say the same as the valid object.
//!
//! Changes are generated over the whole object (`object.rs`). An exception must be accepted, and
//! give the same result; anything else must be refused: so the set of exceptions is exact. The count
//! of cases is always printed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod blocks;
mod fixtures;
mod json;
mod light_client;
mod object;
mod past;
mod state;
mod tally;

use lampyris_vectors::files::Files;
use tally::Tally;

fn main() {
    let files = Files::ours();
    let mut tally = Tally::default();
    light_client::bootstraps(&files, &mut tally);
    light_client::updates(&files, &mut tally);
    light_client::finality_update(&files, &mut tally);
    light_client::optimistic_update(&files, &mut tally);
    light_client::gloas_header(&files, &mut tally);
    json::every_leaf(&files, &mut tally);
    state::account(&files, &mut tally);
    state::storage(&files, &mut tally);
    state::absent(&mut tally);
    state::code(&files, &mut tally);
    past::ancestor(&mut tally);
    past::beacon_root(&mut tally);
    blocks::header(&files, &mut tally);
    blocks::header_chain(&files, &mut tally);
    blocks::transaction(&files, &mut tally);
    blocks::receipt(&files, &mut tally);
    blocks::body(&files, &mut tally);
    blocks::requests(&mut tally);
    blocks::receipts(&files, &mut tally);
    blocks::complete_logs(&files, &mut tally);
    tally.finish();
}
