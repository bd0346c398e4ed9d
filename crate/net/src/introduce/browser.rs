//! A tab's connections to other tabs: WebRTC, see [`lampyris_webrtc::offer`].

use std::{
    io,
    task::{Context, Poll, ready},
};

use futures::FutureExt;
use lampyris_webrtc as webrtc;
use libp2p::core::muxing::StreamMuxerBox;

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

/// The side that was called by another implementation.
pub(crate) struct Signalled {
    signalled: webrtc::Signalled,
    connected: webrtc::Pending<()>,
}

/// Answers the SDP of a stranger's offer with our own.
pub(crate) async fn answer_sdp(
    _: &Config,
    servers: &Servers,
    offer: String,
) -> io::Result<(String, Signalled)> {
    let answered = webrtc::answer_sdp(servers.urls(), offer).await;
    let (answer, signalled) = answered.map_err(io::Error::other)?;
    let connected = signalled.connected();
    let signalled = Signalled {
        signalled,
        connected,
    };
    Ok((answer, signalled))
}

impl Signalled {
    /// Takes an address that the caller found.
    pub(crate) fn add_candidate(&mut self, json: &str) {
        self.signalled.add_candidate(json);
    }

    /// Waits until the two are connected; once.
    pub(crate) fn poll_connected(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let connected = ready!(self.connected.poll_unpin(context));
        Poll::Ready(connected.map_err(io::Error::other))
    }

    /// The connection.
    pub(crate) fn into_muxer(self) -> io::Result<StreamMuxerBox> {
        Ok(self.signalled.into_muxer())
    }
}
