//! WebRTC and WebSocket in a tab: it dials gateways, and cannot listen.

use lampyris_webrtc as webrtc;
use libp2p::{Multiaddr, Transport as _, websocket_websys};

use super::{Connections, either, secured::secured};
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
    let websocket = secured(websocket_websys::Transport::default(), config)?;
    Ok((either(webrtc.boxed(), websocket), Vec::new()))
}
