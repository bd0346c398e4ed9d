//! WebRTC in a tab: dials gateways, cannot listen.

use futures_timer::Delay;
use libp2p::{
    Multiaddr, Transport as _,
    core::{muxing::StreamMuxerBox, transport::timeout::TransportTimeout},
};
use libp2p_webrtc_websys as webrtc;

use super::{CONNECT_TIME, Connections, DIALLER_DELAY};
use crate::{
    config::Config,
    error::{Error, Result},
    muxer::Shim,
};

pub(super) fn build(config: &Config) -> Result<(Connections, Option<Multiaddr>)> {
    if config.listen.is_some() {
        return Err(Error::Config {
            reason: "a tab cannot listen".into(),
        });
    }
    let transport = webrtc::Transport::new(webrtc::Config::new(config.key.pair())).and_then(
        |(peer, muxer), _| async move {
            Delay::new(DIALLER_DELAY).await;
            Ok::<_, webrtc::Error>((peer, StreamMuxerBox::new(Shim::new(muxer))))
        },
    );
    Ok((TransportTimeout::new(transport, CONNECT_TIME).boxed(), None))
}
