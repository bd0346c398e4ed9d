//! A flood of STUN on a real socket: each request is well-formed, names another handshake and is never
//! followed by one. Memory stays, who is connected does not notice, and newcomers come in afterwards.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;
#[path = "../../net/tests/common/memory.rs"]
mod memory;

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use common::ours;
use libp2p_core::{Multiaddr, multiaddr::Protocol};
use memory::memory_kb;
use str0m::ice::{StunMessage, TransId};

/// Requests of the flood.
const REQUESTS: u32 = 60_000;
/// Handshakes are pushed out by newer ones: 128 of them, and what the allocator keeps.
const GROWTH_KB_MAX: u64 = 30_000;

fn socket_of(address: &Multiaddr) -> SocketAddr {
    let mut parts = address.iter();
    match (parts.next(), parts.next()) {
        (Some(Protocol::Ip4(ip)), Some(Protocol::Udp(port))) => (ip, port).into(),
        other => panic!("{other:?}"),
    }
}

/// Sends requests as quickly as the system takes them, each with another name.
fn flood(to: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let password = "aB3+/aB3+/aB3+/aB3+/ab";
    let mut buffer = [0; 1_024];
    for number in 0..REQUESTS {
        let name = format!("libp2p+webrtc+v2/{password}{number}:ufrag{number}");
        let message = StunMessage::binding_request(&name, TransId::new(), true, 1, 1, true);
        let length = message
            .to_bytes(Some(password.as_bytes()), &mut buffer, |_, _| [0; 20])
            .unwrap();
        // What the system has no place for is lost, as on the way.
        let _lost = socket.send_to(&buffer[..length], to);
        if number % 64 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_stun_fills_nothing_and_disturbs_nobody() {
    let mut listening = ours();
    let address = listening.listen("/ip4/127.0.0.1/udp/0/webrtc-direct").await;
    let mut dialling = ours();
    let (dialled, accepted) = tokio::join!(dialling.dial(address.clone()), listening.accept());
    let dialled = dialled.unwrap();
    let echoing = accepted.echo();
    assert_eq!(dialled.exchange(b"before").await, b"before");

    let before = memory_kb();
    let target = socket_of(&address);
    let flooding = tokio::task::spawn_blocking(move || flood(target));
    let mut exchanges = 0;
    while !flooding.is_finished() {
        // The listener has to be driven for what is new to be looked at.
        let driven = tokio::time::timeout(Duration::from_millis(20), listening.accept());
        assert!(driven.await.is_err(), "a name alone is no connection");
        assert_eq!(dialled.exchange(b"during").await, b"during");
        exchanges += 1;
    }
    flooding.await.unwrap();
    assert!(exchanges > 5, "{exchanges}");
    let grown = memory_kb().saturating_sub(before);
    println!("{REQUESTS} requests, {exchanges} exchanges meanwhile, {grown} kB more");
    assert!(grown < GROWTH_KB_MAX, "{grown} kB more");

    // A moment later there are places for newcomers again.
    let newcomer = async {
        loop {
            let mut dialling = ours();
            let dial = dialling.dial(address.clone());
            let accept = tokio::time::timeout(Duration::from_secs(12), listening.accept());
            if let (Ok(dialled), Ok(accepted)) = tokio::join!(dial, accept) {
                let echoing = accepted.echo();
                assert_eq!(dialled.exchange(b"after").await, b"after");
                drop(dialled);
                return common::within(echoing).await.unwrap();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), newcomer)
        .await
        .expect("a newcomer after the flood");
    drop(dialled);
    common::within(echoing).await.unwrap();
}
