//! WebRTC in a tab: dials gateways, cannot listen.

use lampyris_webrtc as webrtc;
use libp2p::{Multiaddr, Transport as _};

use super::Connections;
use crate::{
    config::Config,
    error::{Error, Result},
};

pub(super) fn build(config: &Config) -> Result<(Connections, Option<Multiaddr>)> {
    if config.listen.is_some() {
        return Err(Error::Config {
            reason: "a tab cannot listen".into(),
        });
    }
    let transport = webrtc::Transport::new(webrtc::Config::new(config.key.pair().clone()));
    Ok((transport.boxed(), None))
}
