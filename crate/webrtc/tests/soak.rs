//! Nothing stays behind: many connections one after the other, and many streams on one. The short form
//! runs always, the long one by `cargo test --release -p lampyris-webrtc --test soak -- --ignored --nocapture`.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;
#[path = "../../net/tests/common/memory.rs"]
mod memory;

use std::time::Instant;

use common::{Node, Pair, ours};
use libp2p_core::Multiaddr;
use memory::memory_kb;

/// What may be left over: the allocator keeps some of what it got back.
const GROWTH_KB_MAX: u64 = 6_000;

/// Does it in ten parts, prints the curve, and says by how much the last eight grew.
async fn curve(name: &str, times: usize, mut work: impl AsyncFnMut(usize)) -> u64 {
    let mut measured = vec![memory_kb()];
    let started = Instant::now();
    for number in 0..times {
        work(number).await;
        if (number + 1) % (times / 10) == 0 {
            measured.push(memory_kb());
        }
    }
    println!(
        "{times} {name} in {:?}; kB: {measured:?}",
        started.elapsed()
    );
    measured[10].saturating_sub(measured[2])
}

async fn cycle(listening: &mut Node, address: &Multiaddr) {
    let mut dialling = ours();
    let (dialled, accepted) = tokio::join!(dialling.dial(address.clone()), listening.accept());
    let dialled = dialled.unwrap();
    let ended = accepted.echo();
    assert_eq!(dialled.exchange(b"request").await, b"request");
    drop(dialled);
    common::within(ended).await.unwrap();
}

async fn cycles(times: usize) {
    let mut listening = ours();
    let address = listening.listen("/ip4/127.0.0.1/udp/0/webrtc-direct").await;
    let grown = curve(
        "cycles of connecting, asking and closing",
        times,
        async |_| {
            cycle(&mut listening, &address).await;
        },
    );
    let grown = grown.await;
    assert!(grown < GROWTH_KB_MAX, "{grown} kB more");
}

async fn requests(times: usize) {
    let pair = Pair::connect(ours, ours).await;
    pair.listener.echo();
    let grown = curve("requests on one connection", times, async |number| {
        let request = number.to_le_bytes();
        assert_eq!(pair.dialler.exchange(&request).await, request);
    });
    let grown = grown.await;
    assert!(grown < GROWTH_KB_MAX, "{grown} kB more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_cycles_and_a_thousand_requests() {
    cycles(100).await;
    requests(1_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes"]
async fn two_thousand_cycles_and_ten_thousand_requests() {
    cycles(2_000).await;
    requests(10_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a figure for the documentation"]
async fn what_an_open_connection_costs() {
    const CONNECTIONS: u64 = 100;
    let mut listening = ours();
    let address = listening.listen("/ip4/127.0.0.1/udp/0/webrtc-direct").await;
    cycle(&mut listening, &address).await;
    let before = memory_kb();
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut dialling = ours();
        let (dialled, accepted) = tokio::join!(dialling.dial(address.clone()), listening.accept());
        accepted.echo();
        let dialled = dialled.unwrap();
        assert_eq!(dialled.exchange(b"request").await, b"request");
        open.push((dialling, dialled));
    }
    let each = memory_kb().saturating_sub(before) / CONNECTIONS;
    println!("{each} kB for both sides of an open connection");
}
