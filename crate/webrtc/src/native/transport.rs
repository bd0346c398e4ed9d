//! The transport of a native peer.

use std::{
    collections::VecDeque,
    future::poll_fn,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use libp2p_core::{
    Endpoint, Multiaddr,
    multiaddr::Protocol,
    muxing::StreamMuxerBox,
    transport::{self, DialOpts, ListenerId, TransportError, TransportEvent},
};
use libp2p_identity::{Keypair, PeerId};
use libp2p_webrtc_utils::{Fingerprint, parse_webrtc_dial_addr};
use str0m::{
    Candidate, IceCreds, Rtc, RtcConfig,
    config::{CryptoProvider, Fingerprint as RtcFingerprint},
};
use tokio::net::UdpSocket;

use super::{
    certificate::Certificate,
    link::{CONNECTION_BUFFER_BYTES, Link},
    listener::{Event, Listener},
    patience::{before_streams, keep_silent},
    socket::{self, DATAGRAM_BYTES_MAX, Inlet, failed},
    table::{Arrival, Limits},
};
use crate::{
    channel::Closer,
    clock,
    error::{Error, Result},
    frame::FRAME_BYTES_MAX,
    muxer::Muxer,
    signal::Signal,
    upgrade::{Fingerprints, Role, authenticate},
    version::{Credentials, Version},
};

/// How long a handshake may take, on either side.
const HANDSHAKE_SECONDS: u64 = 10;

/// What a native peer is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who it is.
    pub keys: Keypair,
    /// What its address says of it.
    pub certificate: Certificate,
    /// The version that it dials with. It understands both.
    pub version: Version,
    /// What it bears as a listener.
    pub limits: Limits,
}

impl Config {
    /// With what is usual.
    #[must_use]
    pub fn new(keys: Keypair, certificate: Certificate) -> Self {
        Self {
            keys,
            certificate,
            version: Version::default(),
            limits: Limits::default(),
        }
    }
}

type Output = (PeerId, StreamMuxerBox);
type Upgrade = BoxFuture<'static, Result<Output>>;
type TransportEventOf = TransportEvent<Upgrade, Error>;

/// Listens on and dials `/ip4/…/udp/…/webrtc-direct`.
pub struct Transport {
    config: Config,
    crypto: Arc<CryptoProvider>,
    listeners: Vec<Listener>,
    events: VecDeque<TransportEventOf>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Transport")
            .field("config", &self.config)
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// Makes one. It needs a tokio runtime when it listens or dials.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            crypto: Arc::new(str0m::crypto::from_feature_flags()),
            listeners: Vec::new(),
            events: VecDeque::new(),
        }
    }

    fn rtc(&self) -> RtcConfig {
        RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.config.certificate.dtls().clone())
            .clear_codecs()
            .set_sctp_max_message_size(u32::try_from(FRAME_BYTES_MAX).unwrap_or(u32::MAX))
            .set_sctp_max_buffered_amount(CONNECTION_BUFFER_BYTES)
    }

    fn accept(&self, listener: &Listener, arrival: Arrival) -> Upgrade {
        let local = candidate_address(listener.address);
        let socket = Arc::clone(&listener.socket);
        let Credentials {
            listener: ours,
            dialler_ufrag,
            dialler_password,
            version,
        } = arrival.credentials;
        tracing::debug!(?version, source = %arrival.source, "somebody dials");
        // Whose certificate it is, Noise will tell.
        let mut rtc = self
            .rtc()
            .set_ice_lite(true)
            .set_fingerprint_verification(false)
            .set_local_ice_credentials(credentials(&ours, &ours))
            .build(clock::now());
        let prepared = prepare(
            &mut rtc,
            local,
            credentials(&dialler_ufrag, &dialler_password),
            Fingerprint::FF,
            Role::Listener,
        );
        let inlet = Inlet::Shared {
            datagrams: arrival.datagrams,
            place: arrival.place,
        };
        let config = self.config.clone();
        async move {
            prepared?;
            let role = Role::Listener;
            establish(rtc, socket, inlet, local, config, role, version).await
        }
        .boxed()
    }

    fn dial_to(&self, remote: SocketAddr, certificate: Fingerprint) -> Result<Upgrade> {
        let socket = socket::dial(remote)?;
        let local = socket.local_addr();
        let local = local.map_err(|error| failed("dialling", &error))?;
        let own = IceCreds::new();
        let invented = match self.config.version {
            Version::V1 => Credentials::of_v1(&own.pass),
            Version::V2 => Credentials::of_dialler(&own.ufrag, &own.pass),
        };
        let invented = invented.ok_or_else(|| Error::WebRtc {
            reason: "the invented credentials are not allowed".into(),
        })?;
        let mut rtc = self
            .rtc()
            .set_local_ice_credentials(credentials(
                &invented.dialler_ufrag,
                &invented.dialler_password,
            ))
            .build(clock::now());
        rtc.direct_api().set_ice_controlling(true);
        rtc.add_remote_candidate(candidate(remote)?);
        let theirs = credentials(&invented.listener, &invented.listener);
        prepare(&mut rtc, local, theirs, certificate, Role::Dialler)?;
        let inlet = Inlet::Own {
            remote,
            space: Box::new([0; DATAGRAM_BYTES_MAX]),
        };
        let config = self.config.clone();
        let (socket, role, version) = (Arc::new(socket), Role::Dialler, config.version);
        Ok(establish(rtc, socket, inlet, local, config, role, version).boxed())
    }

    fn address_of(&self, address: SocketAddr) -> Multiaddr {
        let hash = self.config.certificate.fingerprint().to_multihash();
        multiaddr(address).with(Protocol::Certhash(hash))
    }

    fn on_listener_event(&self, listener: &Listener, event: Event) -> TransportEventOf {
        let listener_id = listener.id;
        match event {
            Event::Address(address) => TransportEvent::NewAddress {
                listener_id,
                listen_addr: self.address_of(address),
            },
            Event::NoAddress(address) => TransportEvent::AddressExpired {
                listener_id,
                listen_addr: self.address_of(address),
            },
            Event::Arrival(arrival) => TransportEvent::Incoming {
                listener_id,
                local_addr: self.address_of(listener.address),
                send_back_addr: multiaddr(arrival.source),
                upgrade: self.accept(listener, arrival),
            },
            Event::Problem(error) => TransportEvent::ListenerError { listener_id, error },
        }
    }
}

impl transport::Transport for Transport {
    type Output = Output;
    type Error = Error;
    type ListenerUpgrade = Upgrade;
    type Dial = Upgrade;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: Multiaddr,
    ) -> std::result::Result<(), TransportError<Error>> {
        let socket_address =
            listen_address(&address).ok_or(TransportError::MultiaddrNotSupported(address))?;
        let listener =
            Listener::new(id, socket_address, self.config.limits).map_err(TransportError::Other)?;
        self.listeners.push(listener);
        Ok(())
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        let before = self.listeners.len();
        self.listeners.retain(|listener| listener.id != id);
        let is_removed = self.listeners.len() < before;
        if is_removed {
            self.events.push_back(TransportEvent::ListenerClosed {
                listener_id: id,
                reason: Ok(()),
            });
        }
        is_removed
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> std::result::Result<Upgrade, TransportError<Error>> {
        let target = parse_webrtc_dial_addr(&address)
            .filter(|(remote, _)| remote.port() != 0 && !remote.ip().is_unspecified());
        let (remote, certificate) = match (target, options.role) {
            (Some(target), Endpoint::Dialer) => target,
            _ => return Err(TransportError::MultiaddrNotSupported(address)),
        };
        self.dial_to(remote, certificate)
            .map_err(TransportError::Other)
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<TransportEventOf> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        let mut listeners = std::mem::take(&mut self.listeners);
        let event = listeners
            .iter_mut()
            .find_map(|listener| match listener.poll(context) {
                Poll::Ready(event) => Some(self.on_listener_event(listener, event)),
                Poll::Pending => None,
            });
        self.listeners = listeners;
        event.map_or(Poll::Pending, Poll::Ready)
    }
}

/// What both roles have in common.
fn prepare(
    rtc: &mut Rtc,
    local: SocketAddr,
    remote_credentials: IceCreds,
    certificate: Fingerprint,
    role: Role,
) -> Result<()> {
    rtc.add_local_candidate(candidate(local)?);
    let is_dialler = role == Role::Dialler;
    let mut api = rtc.direct_api();
    api.set_remote_ice_credentials(remote_credentials);
    api.set_remote_fingerprint(RtcFingerprint {
        hash_func: libp2p_webrtc_utils::SHA256.into(),
        bytes: certificate.to_multihash().digest().to_vec(),
    });
    api.start_dtls(is_dialler).map_err(|error| Error::WebRtc {
        reason: error.to_string(),
    })?;
    api.start_sctp(is_dialler);
    Ok(())
}

async fn establish(
    rtc: Rtc,
    socket: Arc<UdpSocket>,
    inlet: Inlet,
    local: SocketAddr,
    config: Config,
    role: Role,
    version: Version,
) -> Result<Output> {
    let handshake = async {
        let signal = Signal::default();
        let mut link = Link::new(rtc, socket, inlet, local, signal.clone());
        let channel = link.handshake_channel();
        let theirs = poll_fn(|context| link.poll_connected(context)).await?;
        let ours = config.certificate.fingerprint();
        let (dialler, listener) = match role {
            Role::Dialler => (ours, theirs),
            Role::Listener => (theirs, ours),
        };
        let mut muxer = Muxer::new(link, signal);
        let closer = match role {
            Role::Dialler => Closer::We,
            Role::Listener => Closer::They,
        };
        let stream = muxer.adopt(channel, closer);
        let certificates = Fingerprints { dialler, listener };
        if (role, version) == (Role::Listener, Version::V1) {
            keep_silent(&mut muxer).await?;
        }
        let (peer, mut muxer) =
            authenticate(muxer, stream, config.keys, role, certificates).await?;
        muxer.backend().established();
        if let Some(time) = before_streams(role, version) {
            muxer.be_patient(time);
        }
        Ok((peer, StreamMuxerBox::new(muxer)))
    };
    tokio::time::timeout(Duration::from_secs(HANDSHAKE_SECONDS), handshake)
        .await
        .unwrap_or(Err(Error::Timeout {
            seconds: HANDSHAKE_SECONDS,
        }))
}

fn credentials(ufrag: &str, password: &str) -> IceCreds {
    IceCreds {
        ufrag: ufrag.into(),
        pass: password.into(),
    }
}

fn candidate(address: SocketAddr) -> Result<Candidate> {
    Candidate::host(address, "udp").map_err(|error| Error::WebRtc {
        reason: error.to_string(),
    })
}

/// ICE wants to know an address of ours. It is never told to anybody, so that any will do for a listener
/// on all of them.
fn candidate_address(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn listen_address(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match (parts.next()?, parts.next()?, parts.next()) {
        (Protocol::Udp(port), Protocol::WebRTCDirect, None) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip())
        .with(Protocol::Udp(address.port()))
        .with(Protocol::WebRTCDirect)
}
