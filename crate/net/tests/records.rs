//! Records of gateways among swarms, in memory.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use common::{Peer, memory_dialler, memory_listener};
use lampyris_net::{Config, Event, Transport};

/// Waits for news of gateways, until the peer is among them.
async fn until_told_of(peer: &mut Peer, expected: &str) {
    while !peer.handle.records().iter().any(|it| it.peer == expected) {
        while !matches!(peer.next().await, Event::Records) {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_one_gateway_is_told_of_the_others_and_can_dial_them() {
    let (mut one, mut other) = (memory_listener(&[]), memory_listener(&[]));
    let mut teller = memory_dialler(false);
    teller.connect(&mut other).await;
    until_told_of(&mut teller, &other.id()).await;
    teller.connect(&mut one).await;
    until_told_of(&mut one, &other.id()).await;

    let mut newcomer = memory_dialler(false);
    newcomer.connect(&mut one).await;
    until_told_of(&mut newcomer, &other.id()).await;
    let records = newcomer.handle.records();
    let record = records.iter().find(|it| it.peer == other.id()).unwrap();
    newcomer.handle.dial(&record.addresses[0]).unwrap();
    newcomer.until_connected(&other.id()).await;

    // After a restart, what was kept is enough.
    let mut restarted = memory_dialler(false);
    let mut tampered = record.envelope.clone();
    *tampered.last_mut().unwrap() ^= 1;
    assert!(!restarted.handle.remember(&tampered));
    assert!(restarted.handle.remember(&record.envelope));
    assert!(!restarted.handle.remember(&record.envelope), "known");
    let remembered = restarted.handle.records().remove(0);
    restarted.handle.dial(&remembered.addresses[0]).unwrap();
    restarted.until_connected(&other.id()).await;
    restarted.handle.forget(&other.id()).unwrap();
    assert!(restarted.handle.records().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_is_told_of_by_the_addresses_that_it_announces() {
    let announced = "/dns4/gateway.example/tcp/443/wss";
    let mut gateway = Peer::start(Config {
        transport: Transport::Memory { listen: Some(7) },
        announce: vec![announced.into()],
        ..Config::default()
    });
    let mut tab = memory_dialler(false);
    tab.connect(&mut gateway).await;
    until_told_of(&mut tab, &gateway.id()).await;
    let expected = format!("{announced}/p2p/{}", gateway.id());
    assert_eq!(tab.handle.records()[0].addresses, [expected]);

    let unusable = lampyris_net::Swarm::new(Config {
        announce: vec!["gateway.example".into()],
        ..Config::default()
    });
    assert!(
        unusable
            .unwrap_err()
            .to_string()
            .contains("gateway.example")
    );
}
