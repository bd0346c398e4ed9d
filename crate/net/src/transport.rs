//! How bytes travel: WebRTC, or memory in tests.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod native;

use libp2p::{
    Multiaddr, PeerId,
    core::{muxing::StreamMuxerBox, transport::Boxed},
};

use crate::{config::Config, error::Result};

#[cfg(not(target_arch = "wasm32"))]
pub use native::generate_certificate_pem;

/// How long the dialler keeps quiet on a new connection. The stock native half listens for streams only
/// after it has sent the handshake's last message; on a busy machine a stream that comes at once is
/// lost. The listener waits for that stream before it begins itself.
const DIALLER_DELAY: std::time::Duration = std::time::Duration::from_millis(100);
/// How long connecting may take in all: nobody waits longer for a gateway.
const CONNECT_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// A transport that gives authenticated, multiplexed connections.
pub(crate) type Connections = Boxed<(PeerId, StreamMuxerBox)>;

/// Makes the transport, and says where to listen.
pub(crate) fn build(config: &Config) -> Result<(Connections, Option<Multiaddr>)> {
    #[cfg(target_arch = "wasm32")]
    return browser::build(config);
    #[cfg(not(target_arch = "wasm32"))]
    match config.transport {
        crate::config::Transport::WebRtc => native::build(config),
        crate::config::Transport::Memory { listen } => memory::build(config, listen),
    }
}
