//! The transport of a tab.

use std::{
    future::Future,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::{self, Either};
use futures_timer::Delay;
use libp2p_core::{
    Endpoint, Multiaddr,
    muxing::StreamMuxerBox,
    transport::{self, DialOpts, ListenerId, TransportError, TransportEvent},
};
use libp2p_identity::{Keypair, PeerId};
use libp2p_webrtc_utils::{Fingerprint, parse_webrtc_dial_addr, sdp::random_ufrag};
use send_wrapper::SendWrapper;

use super::link::Link;
use crate::{
    channel::Closer,
    error::{Error, Result},
    muxer::Muxer,
    sdp::{self, Offer},
    signal::Signal,
    upgrade::{Fingerprints, Role, authenticate},
    version::{Credentials, Version},
};

/// How long a handshake may take.
const HANDSHAKE_SECONDS: u64 = 10;

/// What a tab is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who it is.
    pub keys: Keypair,
    /// The version that it dials with.
    pub version: Version,
}

impl Config {
    /// With what is usual.
    #[must_use]
    pub fn new(keys: Keypair) -> Self {
        Self {
            keys,
            version: Version::default(),
        }
    }
}

type Output = (PeerId, StreamMuxerBox);
type Dial = Pin<Box<dyn Future<Output = Result<Output>> + Send>>;

/// Dials `/ip4/…/udp/…/webrtc-direct/certhash/…`.
#[derive(Debug)]
pub struct Transport {
    config: Config,
}

impl Transport {
    /// Makes one.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self { config }
    }
}

impl transport::Transport for Transport {
    type Output = Output;
    type Error = Error;
    type ListenerUpgrade = Dial;
    type Dial = Dial;

    fn listen_on(
        &mut self,
        _: ListenerId,
        address: Multiaddr,
    ) -> std::result::Result<(), TransportError<Error>> {
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        false
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> std::result::Result<Dial, TransportError<Error>> {
        let target = parse_webrtc_dial_addr(&address)
            .filter(|(remote, _)| remote.port() != 0 && !remote.ip().is_unspecified());
        match (target, options.role) {
            (Some((remote, certificate)), Endpoint::Dialer) => {
                let dial = connect(self.config.clone(), remote, certificate);
                Ok(Box::pin(SendWrapper::new(dial)))
            }
            _ => Err(TransportError::MultiaddrNotSupported(address)),
        }
    }

    fn poll(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Poll::Pending
    }
}

async fn connect(config: Config, remote: SocketAddr, certificate: Fingerprint) -> Result<Output> {
    let handshake = pin!(handshake(config, remote, certificate));
    let limit = Delay::new(Duration::from_secs(HANDSHAKE_SECONDS));
    match future::select(handshake, limit).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(Error::Timeout {
            seconds: HANDSHAKE_SECONDS,
        }),
    }
}

async fn handshake(config: Config, remote: SocketAddr, certificate: Fingerprint) -> Result<Output> {
    let signal = Signal::default();
    let link = Link::new(signal.clone(), &[])?;
    // Before the offer, which would be empty without it.
    let channel = link.handshake_channel()?;
    let connection = link.connection();
    let offer = connection.offer().await?;
    let munged = match config.version {
        Version::V1 => sdp::with_credentials(&offer, &random_ufrag()),
        Version::V2 => offer,
    };
    connection.set_offer(&munged).await?;
    let local = connection.local_sdp()?;
    let offer = Offer::parse(&local).ok_or_else(|| unusable("it lacks credentials"))?;
    let credentials = match config.version {
        Version::V1 => Credentials::from_username(offer.ufrag, offer.ufrag),
        Version::V2 => Credentials::of_dialler(offer.ufrag, offer.password),
    };
    let credentials = credentials.ok_or_else(|| unusable("its credentials are not allowed"))?;
    let answer = sdp::answer(remote, certificate, &credentials.listener);
    connection.set_answer(&answer).await?;
    let certificates = Fingerprints {
        dialler: offer.fingerprint,
        listener: certificate,
    };
    let mut muxer = Muxer::new(link, signal);
    let stream = muxer.adopt(channel, Closer::We);
    let (peer, muxer) =
        authenticate(muxer, stream, config.keys, Role::Dialler, certificates).await?;
    Ok((peer, StreamMuxerBox::new(muxer)))
}

fn unusable(reason: &str) -> Error {
    Error::Platform {
        action: "reading the offer",
        reason: reason.into(),
    }
}
