//! Attacks on gossip, in memory: one test each.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use common::{Over, attacks};

#[tokio::test]
async fn a_flood_of_invalid_gossip_is_looked_at_for_a_moment() {
    attacks::a_flood_of_invalid_gossip_is_looked_at_for_a_moment(Over::Memory).await;
}

#[tokio::test]
async fn a_flood_of_announcements_is_followed_a_little() {
    attacks::a_flood_of_announcements_is_followed_a_little(Over::Memory).await;
}

#[tokio::test]
async fn a_flood_of_grafts_is_the_end_of_a_peer() {
    attacks::a_flood_of_grafts_is_the_end_of_a_peer(Over::Memory).await;
}

#[tokio::test]
async fn frames_that_are_too_large_break_their_stream_only() {
    attacks::frames_that_are_too_large_break_their_stream_only(Over::Memory).await;
}

#[tokio::test]
async fn who_reads_nothing_holds_nobody_up() {
    attacks::who_reads_nothing_holds_nobody_up(Over::Memory).await;
}

#[tokio::test]
async fn sybils_that_withhold_do_not_keep_a_message_from_anybody() {
    attacks::sybils_that_withhold_do_not_keep_a_message_from_anybody(Over::Memory).await;
}

#[tokio::test]
async fn who_announces_and_withholds_only_delays_a_message() {
    attacks::who_announces_and_withholds_only_delays_a_message(Over::Memory).await;
}
