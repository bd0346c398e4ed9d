use std::net::Ipv4Addr;

use str0m::ice::TransId;

use super::*;
use crate::clock;

/// Bytes of one step at most.
const STEP_BYTES: usize = 4;
const STEPS_MAX: usize = 1_024;

const LIMITS: Limits = Limits {
    connections: 8,
    connections_per_address: 4,
    handshakes: 3,
    newcomers: Rate {
        burst: 32,
        per_second: 100,
    },
    newcomers_per_address: Rate {
        burst: 16,
        per_second: 4,
    },
};

/// What a listener's socket brings, the input itself among it: the table keeps its bounds, its two halves
/// agree, and nothing is left of connections that are gone.
pub fn fuzz_datagrams(input: &[u8]) {
    let mut now = clock::now();
    let table = Table::new(LIMITS, now);
    let mut arrivals: Vec<Arrival> = Vec::new();
    for step in input.chunks_exact(STEP_BYTES).take(STEPS_MAX) {
        let &[action, host, port, number] = step else {
            continue;
        };
        let source = SocketAddr::from((Ipv4Addr::new(203, 0, 113, host % 8), 1 + u16::from(port)));
        match action % 6 {
            0 | 1 => arrivals.extend(Table::route(&table, request(number, source), now)),
            2 => {
                let bytes = Bytes::copy_from_slice(input);
                arrivals.extend(Table::route(&table, Datagram { source, bytes }, now));
            }
            3 if !arrivals.is_empty() => {
                drop(arrivals.swap_remove(usize::from(number) % arrivals.len()));
            }
            4 if !arrivals.is_empty() => {
                let index = usize::from(number) % arrivals.len();
                arrivals[index].place.established();
            }
            _ => now += Duration::from_millis(u64::from(number) * 16),
        }
        assert_sound(&lock(&table));
    }
    drop(arrivals);
    let table = lock(&table);
    assert!(table.connections.is_empty() && table.addresses.is_empty());
}

/// A STUN request as a dialler sends it.
fn request(number: u8, source: SocketAddr) -> Datagram {
    let username = format!("libp2p+webrtc+v2/aB3+/aB3+/aB3+/aB3+/ab{number}:ufrag{number}");
    let message = StunMessage::binding_request(&username, TransId::new(), true, 1, 1, true);
    let mut buffer = [0; 1_024];
    let length = message.to_bytes(None, &mut buffer, |_, _| [0; 20]);
    let bytes = Bytes::copy_from_slice(&buffer[..length.expect("room for a request")]);
    Datagram { source, bytes }
}

fn assert_sound(table: &Table) {
    assert!(table.connections.len() <= LIMITS.connections);
    let handshakes = table.connections.values();
    let handshakes = handshakes.filter(|entry| entry.handshake.is_some()).count();
    assert!(handshakes <= LIMITS.handshakes);
    let known: usize = table
        .connections
        .values()
        .map(|entry| entry.addresses.len())
        .sum();
    assert_eq!(known, table.addresses.len());
    for (username, entry) in &table.connections {
        assert!(entry.addresses.len() <= ADDRESSES_PER_CONNECTION_MAX);
        for address in &entry.addresses {
            assert_eq!(
                table.addresses.get(address).map(|owner| &owner.username),
                Some(username)
            );
        }
    }
}
