//! The gateway's half: libp2p's own relay, for signalling and nothing larger.

use std::{num::NonZeroU32, time::Duration};

use libp2p::{PeerId, relay};

use crate::config::Limits;

/// Circuits at a time. Each has two buffers of 8 KiB.
const CIRCUITS_MAX: usize = 64;
/// Of these, those of one caller when it asks for another one. Who is called bounds that for itself.
const CIRCUITS_PER_CALLER_MAX: usize = 3;
/// What a circuit carries, both ways together: signalling takes some 10 KiB with all handshakes.
const CIRCUIT_BYTES_MAX: u64 = 64 * 1_024;
/// How long it may last: who is not connected by then will not be.
const CIRCUIT_TIME: Duration = Duration::from_secs(30);
/// How long a reservation lasts, unless it is renewed.
const RESERVATION_TIME: Duration = Duration::from_secs(3_600);
/// A peer reserves once for each of its connections, and then every twenty minutes; and calls some others.
const PEER_RATE: (NonZeroU32, Duration) = rate(16, 30);
/// A school has one address.
const ADDRESS_RATE: (NonZeroU32, Duration) = rate(256, 1);

/// Lets peers call those of ours that reserved a place. It begins when we have an address that others know.
pub(crate) fn behaviour(own: PeerId, limits: Limits) -> relay::Behaviour {
    let config = relay::Config {
        max_reservations: usize::try_from(limits.inbound_max).unwrap_or(usize::MAX),
        // One for each connection, of which there are two while one replaces the other.
        max_reservations_per_peer: 2,
        reservation_duration: RESERVATION_TIME,
        reservation_rate_limiters: Vec::new(),
        max_circuits: CIRCUITS_MAX,
        max_circuits_per_peer: CIRCUITS_PER_CALLER_MAX,
        max_circuit_duration: CIRCUIT_TIME,
        max_circuit_bytes: CIRCUIT_BYTES_MAX,
        circuit_src_rate_limiters: Vec::new(),
    };
    let config = config
        .reservation_rate_per_peer(PEER_RATE.0, PEER_RATE.1)
        .reservation_rate_per_ip(ADDRESS_RATE.0, ADDRESS_RATE.1)
        .circuit_src_per_peer(PEER_RATE.0, PEER_RATE.1)
        .circuit_src_per_ip(ADDRESS_RATE.0, ADDRESS_RATE.1);
    relay::Behaviour::new(own, config)
}

/// A burst, and the seconds after which there is one more.
const fn rate(burst: u32, seconds: u64) -> (NonZeroU32, Duration) {
    let burst = match NonZeroU32::new(burst) {
        Some(burst) => burst,
        None => NonZeroU32::MIN,
    };
    (burst, Duration::from_secs(seconds))
}
