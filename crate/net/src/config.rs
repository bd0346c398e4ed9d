//! What a swarm is started with.

use crate::key::Key;

/// What a swarm is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who we are. A gateway keeps its key so that its address is stable; a tab makes a new one.
    pub key: Key,
    /// How bytes travel.
    pub transport: Transport,
    /// Where to listen; natively only. Without it, natively, no WebRTC connection can be made either.
    pub listen: Option<Listen>,
    /// Under which addresses peers are told of us, in our own signed record: what a proxy or a router
    /// makes of those that we listen on. These, if there are none.
    pub announce: Vec<String>,
    /// What we call ourselves to peers.
    pub user_agent: String,
    /// Gossip topics to subscribe to at once; others follow by [`crate::Handle::subscribe`].
    pub topics: Vec<String>,
    /// Whether to answer requests. Then [`crate::Event::Inbound`] must be served.
    pub serve: bool,
    /// Whether the same message may be published again, for newcomers; do so once a second at most.
    /// For publishers. Who has seen it drops it.
    pub republish: bool,
    /// How many connections to keep.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            key: Key::generate(),
            transport: Transport::WebRtc,
            listen: None,
            announce: Vec::new(),
            user_agent: concat!("lampyris/", env!("CARGO_PKG_VERSION")).into(),
            topics: Vec::new(),
            serve: false,
            republish: false,
            limits: Limits::default(),
        }
    }
}

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// WebRTC: webrtc-direct between a tab and a gateway; and WebSocket between the same, by other
    /// addresses, where UDP is blocked.
    WebRtc,
    /// Inside the process, for tests: everything above the transport is the same.
    Memory {
        /// The port of the `/memory/port` address to listen on; 0 takes a free one.
        listen: Option<u64>,
    },
}

/// Where to listen.
#[derive(Clone, PartialEq, Eq)]
pub struct Listen {
    /// A UDP socket address such as `0.0.0.0:9100`; port 0 takes a free one.
    pub udp_addr: String,
    /// A TCP socket address for WebSocket, unencrypted below Noise: for a proxy that adds TLS, without
    /// which pages served by https do not connect.
    pub ws_addr: Option<String>,
    /// The certificate with its private key, see [`crate::generate_certificate_pem`]. Its hash is part
    /// of our address, so a listener keeps it.
    pub certificate_pem: String,
}

impl std::fmt::Debug for Listen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The PEM holds a private key.
        formatter
            .debug_struct("Listen")
            .field("udp_addr", &self.udp_addr)
            .field("ws_addr", &self.ws_addr)
            .finish_non_exhaustive()
    }
}

/// How many connections to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Peers that dialled us. Each costs about 0.1 MB of transport.
    pub inbound_max: u32,
    /// Of these, peers behind one network address; this machine's own are not counted. Some more may
    /// connect, so that whoever counts for itself can tell them why they have to go.
    pub inbound_per_address_max: u32,
    /// Peers that we dialled. A browser fails at about 500 WebRTC connections a page.
    pub outbound_max: u32,
    /// Tabs to be linked to by introductions, for a tab; twice as many are accepted. With none, which is
    /// for gateways, we only introduce others.
    pub tabs: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inbound_max: 256,
            inbound_per_address_max: 64,
            outbound_max: 16,
            tabs: 0,
        }
    }
}
