//! Ours with `libp2p-webrtc`, which knows version 1 only.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

#[path = "../../../../crate/webrtc/tests/common/mod.rs"]
mod common;
#[macro_use]
#[path = "../../../../crate/webrtc/tests/common/suite.rs"]
mod suite;

use common::{Node, keys, ours, ours_v1};
use libp2p_core::{Transport as _, muxing::StreamMuxerBox, transport::ListenerId};
use libp2p_webrtc::tokio::{Certificate, Transport};

mod stock_dials {
    use super::*;

    cases! { stock => ours;
        streams_carry_all_sizes_both_ways, a_half_closed_stream_is_answered,
        a_dropped_stream_breaks_at_the_other_side, the_listener_opens_streams_as_well,
    }

    /// No more than ours bears: the stock crate leaves a data channel open when its stream has ended.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_streams_at_once() {
        suite::exchanges_at_once(stock, ours, 8, 60).await;
    }
}

mod ours_dials {
    use super::*;

    cases! { ours_v1 => stock;
        streams_carry_all_sizes_both_ways, a_half_closed_stream_is_answered,
        a_dropped_stream_breaks_at_the_other_side, the_listener_opens_streams_as_well,
    }

    /// It drops what it has not taken beyond the tenth. More in all than a connection bears at a time, so that
    /// their numbers are used again.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_streams() {
        suite::exchanges_at_once(ours_v1, stock, 70, 8).await;
    }
}

fn stock() -> Node {
    let keys = keys();
    let id = keys.public().to_peer_id();
    let certificate = Certificate::generate(&mut rand::rng()).unwrap();
    let mut transport = Transport::new(keys, certificate)
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
        .boxed();
    // It dials from where it listens.
    let anywhere = "/ip4/127.0.0.1/udp/0/webrtc-direct".parse().unwrap();
    transport.listen_on(ListenerId::next(), anywhere).unwrap();
    Node { id, transport }
}
