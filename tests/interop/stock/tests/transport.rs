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

suite! {
    ours_dials: ours_v1 => stock;
    stock_dials: stock => ours;
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
