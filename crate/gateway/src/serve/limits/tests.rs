use super::*;
use crate::clock::monotonic;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn address(last: u8) -> Option<Address> {
    Address::of(&format!("/ip4/192.0.2.{last}/udp/9/webrtc-direct"))
}

#[test]
fn tokens_are_spent_and_earned() {
    let (limits, start) = (Limits::new(64), monotonic());
    let state = |peer: &str, cost, now| {
        let admitted = limits.admit(peer, None, (Class::State, cost), now);
        admitted.map(drop)
    };
    assert_eq!(state("a", 299, start), Ok(()));
    assert_eq!(state("a", 2, start), Err(Limit::PeerRate));
    assert_eq!(state("b", 2, start), Ok(()), "each peer has its own");
    let chain = limits.admit("a", None, (Class::Chain, 1), start);
    assert!(chain.is_ok(), "and each class");
    assert_eq!(state("a", 41, start + SECOND), Ok(()));
    assert_eq!(state("a", 1_000_000, start + SECOND), Err(Limit::PeerRate));
    assert_eq!(state("a", 1_000_000, start + 9 * SECOND), Ok(()));
}

#[test]
fn bytes_are_charged_after_the_fact() {
    let (limits, start) = (Limits::new(4), monotonic());
    let ask = |peer, address, now| limits.admit(peer, address, (Class::Chain, 1), now);
    ask("a", address(1), start).unwrap().charge(30 << 20);
    assert_eq!(ask("a", None, start).unwrap_err(), Limit::PeerBytes);
    // The address has four quarters: the debt is also its own.
    assert_eq!(
        ask("b", address(1), start).unwrap_err(),
        Limit::AddressBytes
    );
    assert!(ask("b", address(2), start).is_ok());
    let later = start + 7 * SECOND;
    assert!(ask("a", address(1), later).is_ok());
}

#[test]
fn many_peers_at_one_address_share_one_account() {
    let (limits, now) = (Limits::new(16), monotonic());
    let admitted = (0..1_000)
        .filter(|peer| {
            let peer = peer.to_string();
            limits
                .admit(&peer, address(1), (Class::Texts, 32), now)
                .is_ok()
        })
        .count();
    assert_eq!(admitted, 8, "four times what one peer gets: 256 tokens");
    let refused = limits.admit("new", address(1), (Class::Texts, 1), now);
    assert_eq!(refused.unwrap_err(), Limit::AddressRate);
    assert!(
        limits
            .admit("new", address(2), (Class::Texts, 1), now)
            .is_ok()
    );
}

#[test]
fn what_is_refused_costs_nothing() {
    let (limits, now) = (Limits::new(1), monotonic());
    let texts = |peer: &str, cost| limits.admit(peer, address(1), (Class::Texts, cost), now);
    assert!(texts("a", 60).is_ok());
    assert_eq!(texts("b", 60).unwrap_err(), Limit::AddressRate);
    let (b, elsewhere) = ("b", address(2));
    assert!(limits.admit(b, elsewhere, (Class::Texts, 64), now).is_ok());
}

#[test]
fn requests_at_once_are_bounded() {
    let (limits, now) = (Limits::new(64), monotonic());
    let ask = |peer: &str| limits.admit(peer, None, (Class::State, 1), now);
    let mut permits: Vec<_> = (0..PEER_REQUESTS_MAX).map(|_| ask("a").unwrap()).collect();
    assert_eq!(ask("a").unwrap_err(), Limit::PeerRequests);
    permits.pop();
    permits.push(ask("a").unwrap());
    while permits.len() < usize::try_from(REQUESTS_MAX).unwrap() {
        permits.push(ask(&permits.len().to_string()).unwrap());
    }
    assert_eq!(ask("z").unwrap_err(), Limit::Busy);
    permits.clear();
    assert!(ask("z").is_ok());
}

#[test]
fn idle_accounts_are_forgotten_and_busy_ones_are_not() {
    let (limits, now) = (Limits::new(64), monotonic());
    drop(limits.admit("idle", address(1), (Class::State, 10), now));
    let _busy = limits.admit("busy", address(2), (Class::State, 1), now);
    limits.forget_idle(now);
    assert_eq!(limits.lock().peers.len(), 2);
    limits.forget_idle(now + 60 * SECOND);
    let inner = limits.lock();
    assert_eq!(inner.peers.keys().collect::<Vec<_>>(), ["busy"]);
    assert_eq!(inner.addresses.len(), 1);
}

#[test]
fn a_crowd_of_identities_does_not_grow_the_table() {
    let (limits, now) = (Limits::new(64), monotonic());
    for peer in 0..ACCOUNTS_MAX + 50 {
        drop(limits.admit(&peer.to_string(), None, (Class::Chain, 1), now));
    }
    assert_eq!(limits.lock().peers.len(), ACCOUNTS_MAX);
    let refused = limits.admit("honest", None, (Class::Chain, 1), now);
    assert_eq!(refused.unwrap_err(), Limit::Busy);
    let later = limits.admit("honest", None, (Class::Chain, 1), now + SECOND);
    assert!(later.is_ok(), "idle accounts make room");
}
