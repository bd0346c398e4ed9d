//! The same attacks on real WebRTC, all at once and twice, in a process whose memory is watched: the
//! second round needs what the first one took.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use common::{Over, attacks, memory::memory_kb};

/// What a round may add: eight listeners under attack, and their attackers, are in this process.
const FIRST_GROWTH_KB_MAX: u64 = 120_000;
/// What the same attacks may add when they come again: over eight rounds it went up and down by 13 MB.
const SECOND_GROWTH_KB_MAX: u64 = 40_000;

async fn all_attacks() {
    let over = Over::WebRtc;
    tokio::join!(
        attacks::a_flood_of_invalid_gossip_is_looked_at_for_a_moment(over),
        attacks::a_flood_of_announcements_is_followed_a_little(over),
        attacks::a_flood_of_grafts_is_the_end_of_a_peer(over),
        attacks::frames_that_are_too_large_break_their_stream_only(over),
        attacks::who_reads_nothing_holds_nobody_up(over),
        attacks::sybils_that_withhold_do_not_keep_a_message_from_anybody(over),
        attacks::who_announces_and_withholds_only_delays_a_message(over),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_over_webrtc_leave_memory_as_it_was() {
    let before = memory_kb();
    all_attacks().await;
    let first = memory_kb();
    all_attacks().await;
    let second = memory_kb();
    println!("memory: {before} kB, after all attacks {first} kB, after all again {second} kB");
    assert!(first < before + FIRST_GROWTH_KB_MAX);
    assert!(second < first + SECOND_GROWTH_KB_MAX);
}
