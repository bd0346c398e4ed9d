//! Tabs are introduced to each other: by a gateway, and by a tab when no gateway is left.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use common::{Peer, finality_topic, memory_listener};
use lampyris_net::{Config, Event, Key, Limits, PeerKind, Transport, Verdict};
use lampyris_wire::gossip;

fn tab(wanted: u32) -> Peer {
    tab_of(wanted, &finality_topic())
}

fn tab_of(wanted: u32, topic: &str) -> Peer {
    Peer::start(Config {
        transport: Transport::Memory { listen: None },
        topics: vec![topic.into()],
        limits: Limits {
            tabs: wanted,
            ..Limits::default()
        },
        ..Config::default()
    })
}

/// The next connection to a tab: who, and who introduced them. When both seek each other, one of the
/// dials fails.
async fn introduced(peer: &mut Peer) -> (String, String) {
    loop {
        if let Event::Connected {
            peer,
            address,
            kind: PeerKind::Tab,
        } = peer.next().await
        {
            let via = address.split('/').nth(2).unwrap().to_owned();
            assert_eq!(address, format!("/p2p/{via}/webrtc/p2p/{peer}"));
            return (peer, via);
        }
    }
}

/// The next message: who handed it over, its id and its data.
async fn heard(peer: &mut Peer) -> (String, Vec<u8>, Vec<u8>) {
    loop {
        if let Event::Gossip {
            peer,
            message_id,
            data,
            ..
        } = peer.next().await
        {
            return (peer, message_id, data);
        }
    }
}

/// Why dialling a peer through another fails.
async fn refusal(dialler: &mut Peer, via: &str, peer: &str) -> String {
    let address = format!("/p2p/{via}/webrtc/p2p/{peer}");
    dialler.handle.dial(&address).unwrap();
    loop {
        match dialler.next().await {
            Event::DialFailed {
                address: failed,
                reason,
            } if failed == address => return reason,
            Event::Connected { peer: got, .. } if got == peer => panic!("connected"),
            _ => {}
        }
    }
}

async fn until_gone(peer: &mut Peer, gone: &str) {
    loop {
        if let Event::Disconnected { peer, .. } = peer.next().await
            && peer == gone
        {
            return;
        }
    }
}

#[tokio::test]
async fn tabs_outlive_their_gateway_and_introduce_each_other() {
    let mut gateway = memory_listener(&[]);
    let (mut first, mut second, mut third) = (tab(1), tab(1), tab(1));
    first.connect(&mut gateway).await;
    second.connect(&mut gateway).await;
    // By themselves: one of them seeks, and each hears of the other.
    assert_eq!(introduced(&mut first).await, (second.id(), gateway.id()));
    assert_eq!(introduced(&mut second).await, (first.id(), gateway.id()));
    third.connect(&mut gateway).await;
    let (neighbour, via) = introduced(&mut third).await;
    assert_eq!(via, gateway.id());
    let (mut middle, mut end) = if neighbour == first.id() {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(introduced(&mut middle).await, (third.id(), gateway.id()));

    let gone = gateway.id();
    gateway.handle.close().unwrap();
    for peer in [&mut middle, &mut end, &mut third] {
        until_gone(peer, &gone).await;
    }
    // Gossip passes along the links that are left.
    let data = gossip::compress(b"news");
    let topic = finality_topic();
    while end.handle.publish(&topic, data.clone()).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let (from, id, received) = heard(&mut middle).await;
    assert_eq!((from, &received), (end.id(), &data));
    middle
        .handle
        .report(&id, &end.id(), Verdict::Accept)
        .unwrap();
    let (from, _, received) = heard(&mut third).await;
    assert_eq!((from, received), (middle.id(), data));

    // And a tab introduces the two others.
    let address = format!("/p2p/{}/webrtc/p2p/{}", middle.id(), end.id());
    third.handle.dial(&address).unwrap();
    assert_eq!(introduced(&mut third).await, (end.id(), middle.id()));
    assert_eq!(introduced(&mut end).await, (third.id(), middle.id()));
}

#[tokio::test]
async fn whoever_cannot_or_does_not_want_says_so() {
    let mut gateway = memory_listener(&[]);
    let (mut willing, mut unwilling) = (tab(1), tab(0));
    willing.connect(&mut gateway).await;
    unwilling.connect(&mut gateway).await;
    let via = gateway.id();
    let stranger = tab(0).id();
    let reason = refusal(&mut willing, &via, &stranger).await;
    assert!(reason.contains("does not know the peer"), "{reason}");
    let reason = refusal(&mut willing, &via, &unwilling.id()).await;
    assert!(reason.contains("does not want"), "{reason}");
    let reason = refusal(&mut willing, &stranger, &unwilling.id()).await;
    assert!(reason.contains("does not know the peer"), "{reason}");
}

#[tokio::test]
async fn a_peer_that_was_sent_away_is_not_taken_back_at_once() {
    let mut gateway = memory_listener(&[]);
    let (mut one, mut other) = (tab(1), tab(1));
    one.connect(&mut gateway).await;
    other.connect(&mut gateway).await;
    introduced(&mut one).await;
    introduced(&mut other).await;
    one.handle.disconnect(&other.id(), "it lied").unwrap();
    until_gone(&mut other, &one.id()).await;
    let reason = refusal(&mut other, &gateway.id(), &one.id()).await;
    assert!(reason.contains("does not want"), "{reason}");
}

#[tokio::test]
async fn who_asks_too_often_is_not_heard() {
    let mut gateway = memory_listener(&[]);
    let mut flooder = tab(0);
    flooder.connect(&mut gateway).await;
    let (via, stranger) = (gateway.id(), tab(0).id());
    let mut answered = 0;
    for _ in 0..60 {
        let reason = refusal(&mut flooder, &via, &stranger).await;
        answered += usize::from(reason.contains("does not know the peer"));
    }
    assert!((32..60).contains(&answered), "{answered}");
}

/// Tabs that are linked only to tabs of other topics would have no gossip without their gateway.
#[tokio::test]
async fn a_tab_looks_until_it_has_somebody_who_takes_part_in_its_topic() {
    let other_topic = gossip::topic_name([5, 6, 7, 8], gossip::TopicKind::FinalityUpdate);
    let mut gateway = memory_listener(&[]);
    let mut one = tab(1);
    one.connect(&mut gateway).await;
    // All that it accepts: there is no room for one who comes later.
    let mut strangers = [tab_of(1, &other_topic), tab_of(1, &other_topic)];
    for stranger in &mut strangers {
        stranger.connect(&mut gateway).await;
        let address = format!("/p2p/{}/webrtc/p2p/{}", gateway.id(), stranger.id());
        one.handle.dial(&address).unwrap();
        while introduced(&mut one).await.0 != stranger.id() {}
    }
    let mut other = tab(1);
    other.connect(&mut gateway).await;
    while introduced(&mut other).await.0 != one.id() {}
    let data = gossip::compress(b"news");
    let topic = finality_topic();
    while other.handle.publish(&topic, data.clone()).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(heard(&mut one).await.2, data);
}

/// Strangers of whom a tab is full would keep out a newcomer that takes part, if the tab itself misses nobody.
#[tokio::test]
async fn strangers_make_room_for_who_comes() {
    let other_topic = gossip::topic_name([5, 6, 7, 8], gossip::TopicKind::FinalityUpdate);
    let mut gateway = memory_listener(&[]);
    let mut one = tab(1);
    one.connect(&mut gateway).await;
    let address = format!("/p2p/{}/webrtc/p2p/{}", gateway.id(), one.id());
    let (mut friend, mut stranger) = (tab(0), tab_of(0, &other_topic));
    for each in [&mut friend, &mut stranger] {
        each.connect(&mut gateway).await;
        each.handle.dial(&address).unwrap();
        while introduced(&mut one).await.0 != each.id() {}
    }
    let mut newcomer = tab(0);
    newcomer.connect(&mut gateway).await;
    // It is not known at once what the stranger takes part in.
    for _ in 0..20 {
        newcomer.handle.dial(&address).unwrap();
        loop {
            match newcomer.next().await {
                Event::Connected { peer, .. } if peer == one.id() => {
                    stranger.disconnected().await;
                    return;
                }
                Event::DialFailed { .. } => break,
                _ => {}
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("there is no room for the newcomer");
}

/// A browser may break a link that its other end believes in for some ten seconds more.
#[tokio::test]
async fn who_lost_its_link_is_taken_back_before_the_other_side_has_noticed() {
    let mut gateway = memory_listener(&[]);
    let key = Key::generate();
    let same_peer = |tabs| {
        Peer::start(Config {
            key: key.clone(),
            transport: Transport::Memory { listen: None },
            limits: Limits {
                tabs,
                ..Limits::default()
            },
            ..Config::default()
        })
    };
    let (mut before, mut other) = (same_peer(1), tab(1));
    before.connect(&mut gateway).await;
    other.connect(&mut gateway).await;
    assert_eq!(introduced(&mut other).await.0, before.id());
    let mut after = same_peer(0);
    let via = gateway.id();
    after.handle.dial(&gateway.address().await).unwrap();
    after.until_connected(&via).await;
    // Two that seek each other at once must not replace each other's links.
    let reason = refusal(&mut after, &via, &other.id()).await;
    assert!(reason.contains("does not want"), "{reason}");
    tokio::time::sleep(std::time::Duration::from_secs(21)).await;
    let address = format!("/p2p/{via}/webrtc/p2p/{}", other.id());
    after.handle.dial(&address).unwrap();
    assert_eq!(introduced(&mut after).await, (other.id(), via));
}
