//! Two swarms over WebSocket on the loopback interface, beside WebRTC.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::time::Duration;

use common::{Peer, finality_topic, websocket_listener};
use lampyris_net::{Config, Event};
use lampyris_wire::{Protocol, frame, gossip};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_gossip_pass() {
    let topic = finality_topic();
    let (mut listener, _, address) = websocket_listener(&topic).await;
    let mut dialler = Peer::start(Config {
        topics: vec![topic.clone()],
        ..Config::default()
    });
    dialler.handle.dial(&address).unwrap();
    match dialler.next().await {
        Event::Connected {
            peer,
            address: shown,
            ..
        } => {
            assert_eq!(peer, listener.id());
            assert_eq!(shown, address);
        }
        event => panic!("{event:?}"),
    }
    listener.subscribed().await;
    let message = gossip::compress(b"over websocket");
    listener
        .handle
        .publish(&topic, message.clone())
        .await
        .unwrap();
    assert_eq!(dialler.gossip().await.unwrap().2, message);

    listener.serve(|_, body| Some(vec![7; body.len() * 16]));
    let body = vec![1; frame::REQUEST_BYTES_MAX];
    let answer = dialler
        .ask(&listener.id(), Protocol::State, body, 20_000)
        .await
        .unwrap();
    assert_eq!(answer.len(), frame::RESPONSE_BYTES_MAX);
    assert!(answer.iter().all(|byte| *byte == 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_of_a_peer_is_dialled_in_place_of_a_silent_one() {
    let (listener, webrtc, websocket) = websocket_listener(&finality_topic()).await;
    // A socket that never answers, with the certificate and the peer of one that would.
    let deaf = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port().to_string();
    let silent: Vec<&str> = webrtc.split('/').collect();
    let silent = webrtc.replacen(silent[4], &port, 1);
    let mut dialler = Peer::start(Config::default());
    dialler.handle.dial(&silent).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    dialler.handle.dial(&websocket).unwrap();
    match dialler.next().await {
        Event::DialFailed { address, reason } => {
            assert_eq!(address, silent);
            assert_eq!(reason, "given up");
        }
        event => panic!("{event:?}"),
    }
    match dialler.next().await {
        Event::Connected { peer, address, .. } => {
            assert_eq!(peer, listener.id());
            assert_eq!(address, websocket);
        }
        event => panic!("{event:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_peer_behind_the_address_is_refused() {
    let (_listener, _, websocket) = websocket_listener(&finality_topic()).await;
    let stranger = lampyris_net::generate_key().peer_id();
    let mut parts: Vec<&str> = websocket.split('/').collect();
    *parts.last_mut().unwrap() = &stranger;
    let mut dialler = Peer::start(Config::default());
    dialler.handle.dial(&parts.join("/")).unwrap();
    match dialler.next().await {
        Event::DialFailed { reason, .. } => assert!(reason.contains("another peer"), "{reason}"),
        event => panic!("{event:?}"),
    }
}
