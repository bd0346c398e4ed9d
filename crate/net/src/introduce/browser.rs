//! A tab's connections to other tabs: WebRTC, see [`lampyris_webrtc::offer`].

use std::io;

use lampyris_webrtc as webrtc;

use super::Servers;
use crate::config::Config;

/// The side that begins.
#[derive(Debug)]
pub(super) struct Offerer(webrtc::Offerer);
/// The side that was asked.
#[derive(Debug)]
pub(super) struct Answerer(webrtc::Answerer);

pub(super) async fn offer(config: &Config, servers: &Servers) -> io::Result<(Vec<u8>, Offerer)> {
    let offered = webrtc::offer(config.key.pair().clone(), servers.urls()).await;
    let (offer, offerer) = offered.map_err(io::Error::other)?;
    Ok((offer, Offerer(offerer)))
}

pub(super) async fn answer(
    config: &Config,
    servers: &Servers,
    offer: Vec<u8>,
) -> io::Result<(Vec<u8>, Answerer)> {
    let keys = config.key.pair().clone();
    let answered = webrtc::answer(keys, servers.urls(), offer).await;
    let (answer, answerer) = answered.map_err(io::Error::other)?;
    Ok((answer, Answerer(answerer)))
}

impl Offerer {
    pub(super) async fn connect(self, answer: Vec<u8>) -> io::Result<webrtc::Introduced> {
        self.0.connect(answer).await.map_err(io::Error::other)
    }
}

impl Answerer {
    pub(super) async fn connect(self) -> io::Result<webrtc::Introduced> {
        self.0.connect().await.map_err(io::Error::other)
    }
}
