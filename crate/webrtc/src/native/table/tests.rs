use std::net::Ipv4Addr;

use str0m::ice::{StunMessage, TransId};

use super::*;
use crate::clock;

const PASSWORD: &str = "aB3+/aB3+/aB3+/aB3+/ab";

fn source(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(203, 0, 113, host), port))
}

fn username(number: u32) -> String {
    format!("libp2p+webrtc+v2/{PASSWORD}{number}:ufrag{number}")
}

/// A STUN request as a dialler sends it.
fn request(username: &str, source: SocketAddr) -> Datagram {
    let mut buffer = [0; 1_024];
    let message = StunMessage::binding_request(username, TransId::new(), true, 1, 1, true);
    let length = message
        .to_bytes(Some(PASSWORD.as_bytes()), &mut buffer, |_, _| [0; 20])
        .unwrap();
    Datagram {
        source,
        bytes: Bytes::copy_from_slice(&buffer[..length]),
    }
}

fn other(source: SocketAddr) -> Datagram {
    Datagram {
        source,
        bytes: Bytes::from_static(&[22, 254, 253]),
    }
}

fn received(arrival: &mut Arrival) -> usize {
    std::iter::from_fn(|| arrival.datagrams.try_recv().ok()).count()
}

fn table(limits: Limits) -> (Arc<Mutex<Table>>, Instant) {
    let now = clock::now();
    (Table::new(limits, now), now)
}

#[test]
fn datagrams_find_their_connection_until_it_is_gone() {
    let (table, now) = table(Limits::default());
    let (here, there) = (source(1, 1), source(2, 2));
    let mut first = Table::route(&table, request(&username(1), here), now).unwrap();
    let mut second = Table::route(&table, request(&username(2), there), now).unwrap();
    assert_eq!(first.credentials.dialler_ufrag, "ufrag1");
    for (address, count) in [(here, 3), (there, 5)] {
        for _ in 0..count {
            assert!(Table::route(&table, other(address), now).is_none());
        }
    }
    assert!(Table::route(&table, request(&username(1), here), now).is_none());
    assert_eq!((received(&mut first), received(&mut second)), (5, 6));
    drop(first);
    assert!(Table::route(&table, other(here), now).is_none());
    drop(second);
    let table = lock(&table);
    assert!(table.connections.is_empty() && table.addresses.is_empty());
}

#[test]
fn a_connection_is_heard_from_few_addresses() {
    let (table, now) = table(Limits::default());
    let mut arrival = Table::route(&table, request(&username(1), source(1, 1)), now).unwrap();
    for port in 2..20 {
        assert!(Table::route(&table, request(&username(1), source(1, port)), now).is_none());
        assert!(Table::route(&table, other(source(1, port)), now).is_none());
    }
    assert_eq!(
        received(&mut arrival),
        1 + 2 * (ADDRESSES_PER_CONNECTION_MAX - 1)
    );
    drop(arrival);
    assert!(lock(&table).addresses.is_empty());
}

#[test]
fn a_forged_request_does_not_take_a_living_connections_address() {
    let (table, now) = table(Limits::default());
    let victim = source(1, 1);
    let mut arrival = Table::route(&table, request(&username(1), victim), now).unwrap();
    assert!(Table::route(&table, request(&username(2), victim), now).is_none());
    assert!(Table::route(&table, other(victim), now).is_none());
    assert_eq!(received(&mut arrival), 2);
    // A dialler that was started again on its port has to wait until the old connection is dead.
    let later = now + ADDRESS_REST;
    let mut again = Table::route(&table, request(&username(2), victim), later).unwrap();
    assert!(Table::route(&table, other(victim), later).is_none());
    assert_eq!((received(&mut arrival), received(&mut again)), (0, 2));
    // The old one's end does not concern the new one.
    drop(arrival);
    assert!(Table::route(&table, other(victim), later).is_none());
    assert_eq!(received(&mut again), 1);
}

#[test]
fn a_flood_of_handshakes_pushes_out_the_oldest_and_nobody_who_is_done() {
    let limits = Limits {
        handshakes: 8,
        connections_per_address: 1_000,
        newcomers_per_address: Rate {
            burst: 1_000,
            per_second: 1,
        },
        ..Limits::default()
    };
    let (table, now) = table(limits);
    let mut done = Table::route(&table, request(&username(0), source(1, 1)), now).unwrap();
    done.place.established();
    let mut flood: Vec<Arrival> = (1..=200)
        .map(|number| {
            let at = now + Duration::from_millis(u64::from(number));
            let port = 1_000 + u16::try_from(number).unwrap();
            Table::route(&table, request(&username(number), source(2, port)), at).unwrap()
        })
        .collect();
    assert_eq!(lock(&table).connections.len(), 9);
    let alive = |arrival: &mut Arrival| {
        while arrival.datagrams.try_recv().is_ok() {}
        matches!(arrival.datagrams.try_recv(), Err(error) if !error.is_closed())
    };
    assert!(alive(&mut done));
    let living: Vec<usize> = (0..200).filter(|index| alive(&mut flood[*index])).collect();
    assert_eq!(living, (192..200).collect::<Vec<_>>());
}

#[test]
fn connections_are_limited_in_all_and_for_each_address() {
    let limits = Limits {
        connections: 6,
        connections_per_address: 4,
        ..Limits::default()
    };
    let (table, now) = table(limits);
    let arrivals: Vec<Arrival> = (0..20)
        .filter_map(|number| {
            let host = u8::from(number >= 10);
            let port = u16::try_from(number).unwrap();
            Table::route(&table, request(&username(number), source(host, port)), now)
        })
        .collect();
    assert_eq!(arrivals.len(), 6);
    drop(arrivals);
    assert!(Table::route(&table, request(&username(1), source(9, 9)), now).is_some());
}

#[test]
fn what_is_no_dialler_is_nobody() {
    let (table, now) = table(Limits::default());
    let nobody = [
        "libp2p+webrtc+v3/aB3+/aB3+/aB3+/aB3+/ab:ufrag".to_owned(),
        format!("{PASSWORD}:{PASSWORD}"),
        format!("libp2p+webrtc+v2/{PASSWORD}:uf\nrag"),
        format!("libp2p+webrtc+v2/{PASSWORD}"),
    ];
    for name in nobody {
        assert!(
            Table::route(&table, request(&name, source(1, 1)), now).is_none(),
            "{name}"
        );
    }
    let good = request(&username(1), source(1, 1));
    for length in 0..good.bytes.len() {
        let datagram = Datagram {
            source: source(1, 1),
            bytes: good.bytes.slice(..length),
        };
        assert!(Table::route(&table, datagram, now).is_none());
    }
    assert!(lock(&table).connections.is_empty() && lock(&table).addresses.is_empty());
}

#[test]
fn no_datagram_makes_it_panic() {
    let (table, now) = table(Limits::default());
    let good = request(&username(1), source(1, 1)).bytes;
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    for _ in 0..10_000 {
        let mut bytes = good.to_vec();
        for _ in 0..=random() % 4 {
            let index = usize::try_from(random()).unwrap() % bytes.len();
            bytes[index] = random().to_le_bytes()[0];
        }
        bytes.truncate(bytes.len() - usize::try_from(random() % 3).unwrap() * 4);
        let datagram = Datagram {
            source: source(1, 1),
            bytes: bytes.into(),
        };
        drop(Table::route(&table, datagram, now));
    }
}
