//! Two swarms over real WebRTC on the loopback interface.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::time::Duration;

use common::{Peer, finality_topic};
use lampyris_net::{Config, Key, Listen, generate_certificate_pem, generate_key};
use lampyris_wire::{Protocol, frame, gossip};

fn config(key: Key, certificate_pem: String) -> Config {
    let listen = Some(Listen {
        ws_addr: None,
        udp_addr: "127.0.0.1:0".into(),
        certificate_pem,
    });
    Config {
        key,
        listen,
        ..Config::default()
    }
}

fn peer(serve: bool, topics: &[&str]) -> Peer {
    let config = config(generate_key(), generate_certificate_pem().unwrap());
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    Peer::start(Config {
        serve,
        topics,
        republish: serve,
        ..config
    })
}

/// A new dialler that is connected to a listener.
async fn connected_to(listener: &mut Peer, topics: &[&str]) -> Peer {
    let address = listener.address().await;
    let mut dialler = peer(false, topics);
    dialler.handle.dial(&address).unwrap();
    dialler.until_connected(&listener.id()).await;
    dialler
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_and_certificate_give_the_same_address() {
    let (key, pem) = (generate_key(), generate_certificate_pem().unwrap());
    let mut first = Peer::start(config(key.clone(), pem.clone()));
    let first_address = first.address().await;
    let id = first.id();
    drop(first);
    let stored = Key::from_bytes(&key.to_bytes()).unwrap();
    let port = first_address.split('/').nth(4).unwrap().to_owned();
    let listen = Listen {
        ws_addr: None,
        udp_addr: format!("127.0.0.1:{port}"),
        certificate_pem: pem,
    };
    // The socket of the first is closed by its task, a little later.
    let mut again = loop {
        let config = Config {
            key: stored.clone(),
            listen: Some(listen.clone()),
            ..Config::default()
        };
        match lampyris_net::Swarm::new(config) {
            Ok(swarm) => break Peer::from(swarm),
            Err(error) => assert!(error.to_string().contains("in use"), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(again.address().await, first_address);
    assert!(
        first_address.contains("/webrtc-direct/certhash/"),
        "{first_address}"
    );
    assert!(
        first_address.ends_with(&format!("/p2p/{id}")),
        "{first_address}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_pass_in_all_sizes() {
    let mut listener = peer(true, &[]);
    let dialler = connected_to(&mut listener, &[]).await;
    let id = listener.id();
    listener.serve(|protocol, body| {
        let large = body.first() == Some(&1);
        Some(if large {
            vec![5; protocol.response_bytes_max()]
        } else {
            body
        })
    });
    for protocol in Protocol::ALL {
        for body in [vec![], vec![9; 100]] {
            let answer = dialler
                .ask(&id, protocol, body.clone(), 5_000)
                .await
                .unwrap();
            assert_eq!(answer, body);
        }
    }
    let mut body = vec![9; frame::REQUEST_BYTES_MAX];
    let answer = dialler
        .ask(&id, Protocol::State, body.clone(), 20_000)
        .await
        .unwrap();
    assert_eq!(answer, body);
    body[0] = 1;
    let answer = dialler
        .ask(&id, Protocol::State, body, 60_000)
        .await
        .unwrap();
    assert_eq!(answer.len(), frame::RESPONSE_BYTES_MAX);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gossip_arrives_within_a_second_of_connecting() {
    let topic = finality_topic();
    let mut listener = peer(true, &[&topic]);
    let mut dialler = connected_to(&mut listener, &[&topic]).await;
    let data = gossip::compress(b"update");
    let publish = async {
        listener.subscribed().await;
        listener.handle.publish(&topic, data.clone()).await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(1), publish)
        .await
        .expect("a subscription within a second");
    let (_, message_id, received) = dialler.gossip().await.expect("gossip");
    assert_eq!(received, data);
    assert_eq!(message_id, gossip::message_id(&topic, &data));
}
