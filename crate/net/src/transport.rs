//! How bytes travel: WebRTC, WebSocket where UDP is blocked, or memory in tests.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod newcomers;
mod secured;
#[cfg(target_arch = "wasm32")]
mod websocket;

use futures::future::Either;
use libp2p::{
    Multiaddr, PeerId, Transport as _,
    core::{muxing::StreamMuxerBox, transport::Boxed},
};

use crate::{config::Config, error::Result};

#[cfg(not(target_arch = "wasm32"))]
pub use native::generate_certificate_pem;
#[cfg(not(target_arch = "wasm32"))]
pub use newcomers::newcomers_refused;

/// A transport that gives authenticated, multiplexed connections.
pub(crate) type Connections = Boxed<(PeerId, StreamMuxerBox)>;

/// Makes the transport, and says where to listen.
pub(crate) fn build(config: &Config) -> Result<(Connections, Vec<Multiaddr>)> {
    #[cfg(target_arch = "wasm32")]
    return browser::build(config);
    #[cfg(not(target_arch = "wasm32"))]
    match config.transport {
        crate::config::Transport::WebRtc => native::build(config),
        crate::config::Transport::Memory { listen } => memory::build(config, listen),
    }
}

/// Two transports as one; an address decides which.
fn either(first: Connections, second: Connections) -> Connections {
    first
        .or_transport(second)
        .map(|connection, _| match connection {
            Either::Left(connection) | Either::Right(connection) => connection,
        })
        .boxed()
}
