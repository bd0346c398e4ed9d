//! WebRTC and WebSocket in a tab: it dials gateways, and cannot listen.

use lampyris_webrtc as webrtc;
use libp2p::{Multiaddr, Transport as _};

use super::{Connections, either, secured::secured, websocket};
use crate::{
    config::Config,
    error::{Error, Result},
};

pub(super) fn build(config: &Config) -> Result<(Connections, Vec<Multiaddr>)> {
    if config.listen.is_some() {
        return Err(Error::Config {
            reason: "a tab cannot listen".into(),
        });
    }
    let webrtc = webrtc::Transport::new(webrtc::Config::new(config.key.pair().clone()));
    let websocket = secured(websocket::Transport, config)?;
    Ok((either(webrtc.boxed(), websocket), Vec::new()))
}
