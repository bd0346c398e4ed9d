//! Two swarms in one process: everything above the transport.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::time::Duration;

use common::{Peer, finality_topic, memory_dialler, memory_listener};
use lampyris_net::{Config, Event, Fault, Limits, RequestError, Transport, Verdict};
use lampyris_wire::{Protocol, frame, gossip, state};

#[tokio::test]
async fn peers_find_each_other_and_say_why_they_part() {
    let (mut listener, mut dialler) = connected().await;
    dialler.handle.disconnect(&listener.id(), "enough").unwrap();
    assert_eq!(dialler.disconnected().await, "enough");
    let reason = listener.disconnected().await;
    assert!(!reason.is_empty());
}

#[tokio::test]
async fn a_dial_that_fails_says_why() {
    let mut dialler = memory_dialler(false);
    let nobody = "/memory/987654321";
    dialler.handle.dial(nobody).unwrap();
    let Event::DialFailed { address, reason } = dialler.next().await else {
        panic!("a failure")
    };
    assert_eq!(address, nobody);
    assert!(!reason.is_empty());
    assert!(dialler.handle.dial("not an address").is_err());
    dialler.handle.dial("/ip4/127.0.0.1/tcp/1").unwrap();
    assert!(matches!(dialler.next().await, Event::DialFailed { .. }));
}

#[tokio::test]
async fn a_peer_is_not_dialled_twice() {
    let mut listener = memory_listener(&[]);
    let mut dialler = memory_dialler(false);
    let address = listener.address().await;
    dialler.handle.dial(&address).unwrap();
    dialler.handle.dial(&address).unwrap();
    assert!(matches!(dialler.next().await, Event::Connected { .. }));
    listener.until_connected(&dialler.id()).await;
    // Whoever dials a connected peer is told that it is connected.
    dialler.handle.dial(&address).unwrap();
    let told = dialler.next_but_records().await;
    assert!(matches!(told, Event::Connected { .. }), "{told:?}");
    let more = listener.next_but_records();
    let nothing = tokio::time::timeout(Duration::from_millis(500), more).await;
    assert!(nothing.is_err(), "{nothing:?}");
    // And whoever dials a peer that is being left gets a new connection.
    dialler.handle.disconnect(&listener.id(), "enough").unwrap();
    dialler.handle.dial(&address).unwrap();
    assert_eq!(dialler.disconnected().await, "enough");
    dialler.until_connected(&listener.id()).await;
}

#[tokio::test]
async fn each_protocol_carries_requests_and_answers() {
    let (mut listener, dialler) = connected().await;
    let peer = listener.id();
    listener.serve(|_, body| Some(body.into_iter().rev().collect()));
    for protocol in Protocol::ALL {
        for body in [vec![], vec![1, 2, 3], vec![7; 100]] {
            let answer = dialler
                .ask(&peer, protocol, body.clone(), 5_000)
                .await
                .unwrap();
            assert_eq!(answer, body.into_iter().rev().collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn large_bodies_pass_and_larger_ones_are_refused() {
    let (mut listener, dialler) = connected().await;
    let peer = listener.id();
    let maximum = frame::RESPONSE_BYTES_MAX;
    listener.serve(move |protocol, body| {
        let extra = usize::from(body.first() == Some(&1));
        Some(vec![5; protocol.response_bytes_max() + extra])
    });
    let body = vec![0; frame::REQUEST_BYTES_MAX];
    let answer = dialler
        .ask(&peer, Protocol::State, body, 20_000)
        .await
        .unwrap();
    assert_eq!(answer.len(), maximum);
    let body = vec![1; frame::REQUEST_BYTES_MAX + 1];
    let error = dialler
        .ask(&peer, Protocol::State, body, 5_000)
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.fault()), ("too_large", Fault::Misuse));

    // The server's own net replaces what is too large by a failure.
    let answer = dialler
        .ask(&peer, Protocol::State, vec![1], 5_000)
        .await
        .unwrap();
    assert!(matches!(
        state::Response::decode(&answer),
        Ok(state::Response::Failed { .. })
    ));
    let updates = Protocol::LightClientUpdatesByRange;
    let answer = dialler.ask(&peer, updates, vec![0], 20_000).await.unwrap();
    assert_eq!(answer.len(), updates.response_bytes_max());
    let answer = dialler.ask(&peer, updates, vec![1], 5_000).await.unwrap();
    assert!(answer.len() < 100);
}

#[tokio::test]
async fn a_silent_request_times_out_and_blocks_no_other() {
    let (mut listener, dialler) = connected().await;
    let peer = listener.id();
    listener.serve(|_, body| if body.is_empty() { None } else { Some(body) });
    for protocol in [Protocol::State, Protocol::LightClientBootstrap] {
        let silent = async { dialler.ask(&peer, protocol, vec![], 700).await };
        let quick = async {
            let mut answers = 0;
            for _ in 0..20 {
                dialler.ask(&peer, protocol, vec![9], 600).await.unwrap();
                answers += 1;
            }
            answers
        };
        let (silent, quick) = tokio::join!(silent, quick);
        assert_eq!(silent, Err(RequestError::Timeout { timeout_ms: 700 }));
        assert_eq!(quick, 20);
    }
}

#[tokio::test]
async fn a_hundred_requests_at_once_all_get_their_own_answer() {
    let (mut listener, dialler) = connected().await;
    let peer = listener.id();
    listener.serve(|_, body| Some([body, b" answered".to_vec()].concat()));
    let asked = (0..100_u8).map(|number| {
        let (dialler, peer) = (&dialler, &peer);
        async move {
            let answer = dialler
                .ask(peer, Protocol::State, vec![number], 10_000)
                .await
                .unwrap();
            assert_eq!(answer, [&[number], b" answered".as_slice()].concat());
        }
    });
    futures::future::join_all(asked).await;
    // Simultaneous streams are not lost either.
    let asked = (0..16).map(|_| dialler.ask(&peer, Protocol::LightClientBootstrap, vec![1], 9_000));
    for answer in futures::future::join_all(asked).await {
        assert_eq!(answer.unwrap(), b"\x01 answered");
    }
}

#[tokio::test]
async fn too_many_requests_are_refused_with_a_word() {
    let (mut listener, dialler) = connected().await;
    let peer = listener.id();
    listener.serve(|_, body| Some(body));
    let mut refused = 0;
    for _ in 0..250 {
        let answer = dialler
            .ask(&peer, Protocol::State, vec![1], 5_000)
            .await
            .unwrap();
        refused += u32::from(answer != [1]);
        if answer != [1] {
            let Ok(state::Response::Failed { code, .. }) = state::Response::decode(&answer) else {
                panic!("a failure");
            };
            assert_eq!(code, state::FailureCode::RateLimited);
        }
    }
    assert!(refused > 50, "{refused} of 250 were refused");
}

#[tokio::test]
async fn who_does_not_serve_is_unsupported_and_who_is_gone_is_disconnected() {
    let (listener, mut dialler) = connected().await;
    let asked = listener
        .ask(&dialler.id(), Protocol::LightClientBootstrap, vec![], 5_000)
        .await;
    assert_eq!(asked.unwrap_err().code(), "unsupported");
    let asked = listener
        .ask(&dialler.id(), Protocol::State, vec![], 5_000)
        .await;
    assert_eq!(asked.unwrap_err().code(), "unsupported");

    let peer = listener.id();
    let pending = dialler.handle.clone();
    let waiting = tokio::spawn({
        let peer = peer.clone();
        async move {
            pending
                .request(&peer, Protocol::State, vec![1], 9_000)
                .await
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(listener);
    // Whether the stream's end or the connection's is noticed first is chance.
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.fault(), Fault::Unavailable);
    assert!(!matches!(error, RequestError::Timeout { .. }), "{error}");
    dialler.disconnected().await;
    let asked = dialler.ask(&peer, Protocol::State, vec![1], 1_000).await;
    assert_eq!(asked, Err(RequestError::Disconnected));
}

#[tokio::test]
async fn gossip_is_forwarded_only_after_it_was_accepted() {
    // a publisher, one that validates, one behind it
    let topic = finality_topic();
    let mut middle = memory_listener(&[&topic]);
    let mut publisher = memory_dialler(true);
    let mut end = memory_dialler(false);
    publisher.handle.subscribe(&topic).unwrap();
    end.handle.subscribe(&topic).unwrap();
    publisher.connect(&mut middle).await;
    end.connect(&mut middle).await;
    for peer in [&mut publisher, &mut end] {
        peer.subscribed().await;
    }
    // The mesh between them forms with the next heartbeat.
    tokio::time::sleep(Duration::from_millis(1_500)).await;

    for (verdict, arrives) in [
        (Verdict::Ignore, false),
        (Verdict::Accept, true),
        (Verdict::Reject, false),
    ] {
        let data = gossip::compress(format!("{verdict:?}").as_bytes());
        publisher
            .handle
            .publish(&topic, data.clone())
            .await
            .unwrap();
        let (peer, message_id, received) = middle.gossip().await.expect("the message");
        assert_eq!(received, data);
        assert_eq!(message_id, gossip::message_id(&topic, &data));
        assert!(end.gossip().await.is_none(), "forwarded before the verdict");
        middle.handle.report(&message_id, &peer, verdict).unwrap();
        let forwarded = end.gossip().await.map(|(_, _, data)| data);
        assert_eq!(forwarded, arrives.then_some(data), "{verdict:?}");
    }
    // One invalid message is enough: what its sender says next is not even looked at.
    let data = gossip::compress(b"after a rejected message");
    publisher.handle.publish(&topic, data).await.unwrap();
    assert!(
        middle.gossip().await.is_none(),
        "the rejected sender is still heard"
    );
}

#[tokio::test]
async fn who_floods_with_gossip_is_cut_off() {
    let topic = finality_topic();
    let mut listener = memory_listener(&[&topic]);
    let mut flooder = memory_dialler(true);
    flooder.handle.subscribe(&topic).unwrap();
    flooder.connect(&mut listener).await;
    flooder.subscribed().await;
    for number in 0_u32..300 {
        let data = gossip::compress(&number.to_le_bytes());
        let _full = flooder.handle.publish(&topic, data).await;
        // Slower than the sender's own queues overflow.
        if number % 32 == 31 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let reason = listener.disconnected().await;
    assert!(reason.contains("floods"), "{reason}");
}

#[tokio::test]
async fn a_newcomer_hears_the_latest_message_within_a_second() {
    let topic = finality_topic();
    let mut gateway = memory_listener(&[&topic]);
    let mut first = memory_dialler(false);
    first.handle.subscribe(&topic).unwrap();
    first.connect(&mut gateway).await;
    gateway.subscribed().await;
    let data = gossip::compress(b"the latest update");
    gateway.handle.publish(&topic, data.clone()).await.unwrap();
    assert!(first.gossip().await.is_some());
    tokio::time::sleep(Duration::from_secs(1)).await;

    let mut newcomer = memory_dialler(false);
    newcomer.handle.subscribe(&topic).unwrap();
    newcomer.connect(&mut gateway).await;
    gateway.subscribed().await;
    gateway.handle.publish(&topic, data.clone()).await.unwrap();
    let (_, _, received) = newcomer.gossip().await.expect("the latest update");
    assert_eq!(received, data);
    assert!(
        first.gossip().await.is_none(),
        "who has seen it hears it once"
    );
}

#[tokio::test]
async fn beyond_the_limit_a_peer_is_turned_away_at_once() {
    let limits = Limits {
        inbound_max: 1,
        ..Limits::default()
    };
    let transport = Transport::Memory { listen: Some(77) };
    let mut listener = Peer::start(Config {
        transport,
        limits,
        serve: true,
        ..Config::default()
    });
    let mut first = memory_dialler(false);
    first.connect(&mut listener).await;
    let mut second = memory_dialler(false);
    second.handle.dial(&listener.address().await).unwrap();
    let turned_away = async {
        loop {
            match second.next().await {
                Event::DialFailed { .. } | Event::Disconnected { .. } => return,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(2), turned_away)
        .await
        .expect("at once");
    listener.serve(|_, body| Some(body));
    let answer = first
        .ask(&listener.id(), Protocol::State, vec![1], 5_000)
        .await;
    assert_eq!(answer, Ok(vec![1]));
}

async fn connected() -> (Peer, Peer) {
    let mut listener = memory_listener(&[]);
    let mut dialler = memory_dialler(false);
    dialler.connect(&mut listener).await;
    (listener, dialler)
}
