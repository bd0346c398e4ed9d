//! What runs on each connection.

use std::time::Duration;

use lampyris_wire::{
    HEARTBEAT_PROTOCOL, INTRODUCE_PROTOCOL, Protocol, RECORDS_PROTOCOL, relay::STOP_PROTOCOL,
};
use libp2p::{
    StreamProtocol, connection_limits, connection_limits::ConnectionLimits, identify,
    swarm::NetworkBehaviour,
};
#[cfg(not(target_arch = "wasm32"))]
use libp2p::{relay, swarm::behaviour::toggle::Toggle};

use crate::{
    config::{Config, Limits},
    error::Result,
    gossip::{self, Repetition},
    heartbeat::PING_PROTOCOL,
    streams,
};

/// A peer that redials before its old connection is given up has two for a while.
const CONNECTIONS_PER_PEER_MAX: u32 = 2;
/// Handshakes that we began, at a time.
const OUTBOUND_HANDSHAKES_MAX: u32 = 64;
/// Handshakes that others began, at a time. The transports bound theirs to a half of this, and tell those
/// who mean it from those who keep silent; beyond this one, whoever comes is refused, which must not be
/// what a flood brings about.
const INBOUND_HANDSHAKES_MAX: u32 = 512;
/// The name of the network, for the identify protocol.
const IDENTIFY_PROTOCOL: &str = "/lampyris/1";

/// The swarm's behaviours.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    limits: connection_limits::Behaviour,
    pub(crate) gossip: gossip::Gossip,
    identify: identify::Behaviour,
    /// A gateway's.
    #[cfg(not(target_arch = "wasm32"))]
    relay: Toggle<relay::Behaviour>,
    pub(crate) streams: streams::Behaviour,
}

impl Behaviour {
    pub(crate) fn new(config: &Config, repetition: Option<Repetition>) -> Result<Self> {
        let identify = identify::Config::new(IDENTIFY_PROTOCOL.into(), config.key.pair().public())
            .with_agent_version(config.user_agent.clone())
            .with_interval(Duration::from_secs(3_600))
            .with_cache_size(0);
        let is_tab = config.limits.tabs > 0;
        let served = if config.serve {
            Protocol::ALL.as_slice()
        } else {
            &[]
        };
        let protocols = served
            .iter()
            .map(|protocol| protocol.name())
            .chain([
                HEARTBEAT_PROTOCOL,
                INTRODUCE_PROTOCOL,
                PING_PROTOCOL,
                RECORDS_PROTOCOL,
            ])
            // Calls come to those whom nobody can dial.
            .chain(is_tab.then_some(STOP_PROTOCOL))
            .map(StreamProtocol::new);
        Ok(Self {
            limits: connection_limits::Behaviour::new(limits(config.limits)),
            gossip: gossip::behaviour(repetition)?,
            identify: identify::Behaviour::new(identify),
            #[cfg(not(target_arch = "wasm32"))]
            relay: Toggle::from(
                (!is_tab).then(|| crate::relay::behaviour(config.key.id(), config.limits)),
            ),
            streams: streams::Behaviour::new(protocols),
        })
    }
}

fn limits(limits: Limits) -> ConnectionLimits {
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(INBOUND_HANDSHAKES_MAX))
        .with_max_pending_outgoing(Some(OUTBOUND_HANDSHAKES_MAX))
        .with_max_established_incoming(Some(limits.inbound_max))
        .with_max_established_outgoing(Some(limits.outbound_max))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX))
}
