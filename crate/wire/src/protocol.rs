//! The request protocols and their limits.

use crate::{frame, req_resp};

/// Eight bytes there and back on a long-lived stream; two misses close the connection.
pub const HEARTBEAT_PROTOCOL: &str = "/lampyris/heartbeat/1";
/// A neighbour carries offers of connections; see [`crate::introduce`].
pub const INTRODUCE_PROTOCOL: &str = "/lampyris/introduce/1";

/// Signed records of where gateways are, both ways, once a connection.
pub const RECORDS_PROTOCOL: &str = "/lampyris/records/1";

/// A request protocol between peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Ethereum's `LightClientBootstrap` by block root.
    LightClientBootstrap,
    /// Ethereum's `LightClientUpdate`s, one for each sync-committee period.
    LightClientUpdatesByRange,
    /// Ethereum's latest `LightClientFinalityUpdate`.
    LightClientFinalityUpdate,
    /// Ethereum's latest `LightClientOptimisticUpdate`.
    LightClientOptimisticUpdate,
    /// Ours: proofs, code, headers and transactions; see [`crate::state`].
    State,
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 5] = [
        Self::LightClientBootstrap,
        Self::LightClientUpdatesByRange,
        Self::LightClientFinalityUpdate,
        Self::LightClientOptimisticUpdate,
        Self::State,
    ];

    /// The name under which it is negotiated.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LightClientBootstrap => {
                "/eth2/beacon_chain/req/light_client_bootstrap/1/ssz_snappy"
            }
            Self::LightClientUpdatesByRange => {
                "/eth2/beacon_chain/req/light_client_updates_by_range/1/ssz_snappy"
            }
            Self::LightClientFinalityUpdate => {
                "/eth2/beacon_chain/req/light_client_finality_update/1/ssz_snappy"
            }
            Self::LightClientOptimisticUpdate => {
                "/eth2/beacon_chain/req/light_client_optimistic_update/1/ssz_snappy"
            }
            Self::State => "/lampyris/state/1",
        }
    }

    /// The protocol of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// The largest request on the wire.
    #[must_use]
    pub const fn request_bytes_max(self) -> usize {
        match self {
            // A root, or two numbers, or nothing; with snappy's framing around it.
            Self::LightClientBootstrap
            | Self::LightClientUpdatesByRange
            | Self::LightClientFinalityUpdate
            | Self::LightClientOptimisticUpdate => 128,
            Self::State => frame::REQUEST_BYTES_MAX,
        }
    }

    /// The largest response on the wire; what is longer is cut off as misbehaviour.
    #[must_use]
    pub const fn response_bytes_max(self) -> usize {
        let chunk_bytes_max = req_resp::chunk_wire_bytes_max(self.chunk_bytes_max());
        match self {
            Self::LightClientUpdatesByRange => {
                chunk_bytes_max * req_resp::UPDATES_BY_RANGE_COUNT_MAX
            }
            Self::LightClientBootstrap
            | Self::LightClientFinalityUpdate
            | Self::LightClientOptimisticUpdate => chunk_bytes_max,
            Self::State => frame::RESPONSE_BYTES_MAX,
        }
    }

    /// The largest single object of a response, uncompressed.
    #[must_use]
    pub const fn chunk_bytes_max(self) -> usize {
        match self {
            // Mainnet's Fulu objects are 26 kB: a committee of 512 keys is 24 624 bytes.
            Self::LightClientBootstrap | Self::LightClientUpdatesByRange => 32 * 1024,
            // Two headers, branches and a signature: 2.2 kB on mainnet.
            Self::LightClientFinalityUpdate | Self::LightClientOptimisticUpdate => 8 * 1024,
            Self::State => frame::RESPONSE_BYTES_MAX,
        }
    }

    /// How many objects a response may have.
    #[must_use]
    pub const fn chunks_max(self) -> usize {
        match self {
            Self::LightClientUpdatesByRange => req_resp::UPDATES_BY_RANGE_COUNT_MAX,
            _ => 1,
        }
    }

    /// How long to wait for a whole response, unless the caller knows better.
    #[must_use]
    pub const fn timeout_ms(self) -> u32 {
        match self {
            // Some 27 kB at most; half of Ethereum's RESP_TIMEOUT, since a user is waiting.
            Self::LightClientBootstrap
            | Self::LightClientFinalityUpdate
            | Self::LightClientOptimisticUpdate => 5_000,
            // Half a megabyte through a slow uplink.
            Self::LightClientUpdatesByRange => 12_000,
            // A gateway may have to ask its node for a hundred proofs first.
            Self::State => 8_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_found_again() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_name(protocol.name()), Some(protocol));
        }
        assert_eq!(Protocol::from_name("/lampyris/state/2"), None);
    }

    #[test]
    fn bounds_hold_what_mainnet_sends() {
        assert!(Protocol::LightClientBootstrap.response_bytes_max() > 27_000);
        assert!(Protocol::LightClientUpdatesByRange.response_bytes_max() > 128 * 27_000);
        assert!(Protocol::LightClientFinalityUpdate.response_bytes_max() > 2_500);
        assert!(Protocol::LightClientUpdatesByRange.response_bytes_max() < 6_000_000);
    }
}
