//! A peer that asks a gateway over WebRTC, as a tab does.

#![allow(dead_code, reason = "each test uses its part")]

use lampyris_gateway::{Config, Gateway, Honest, Hook};
use lampyris_net::{Event, Events, Handle, RequestError, Swarm};
use lampyris_verify::config::{Fork, Network};
use lampyris_wire::{
    Protocol, req_resp,
    state::{Request, Response},
};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Longer than the transport gives a connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// A configuration for tests: mainnet at a fixed clock, free ports, a folder of its own.
pub(crate) fn config(url: &str, checkpoint: &str, fixed_clock_unix_ms: u64) -> Config {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = format!("lampyris-gateway-{}-{count}", std::process::id());
    Config {
        network: Network::mainnet(),
        beacons: vec![url.into()],
        executions: vec![url.into()],
        listen: "127.0.0.1:0".parse().unwrap(),
        listen_websocket: None,
        announce: Vec::new(),
        data: std::env::temp_dir().join(folder),
        metrics: "127.0.0.1:0".parse().unwrap(),
        connections_max: 64,
        tabs_per_address_max: 64,
        checkpoint: Some(checkpoint.parse().unwrap()),
        fixed_clock_unix_ms: Some(fixed_clock_unix_ms),
    }
}

/// A gateway, and a peer that is connected to it.
pub(crate) struct Client {
    pub(crate) gateway: Gateway,
    pub(crate) address: String,
    peer: Peer,
    data: PathBuf,
}

/// A peer that is connected to a gateway.
pub(crate) struct Peer {
    handle: Handle,
    events: Events,
    gateway: String,
}

/// A new peer that is connected to `address`.
pub(crate) async fn dial(address: &str, topics: &[String]) -> Peer {
    let (handle, mut events) = Swarm::new(lampyris_net::Config {
        topics: topics.to_vec(),
        ..Default::default()
    })
    .unwrap();
    handle.dial(address).unwrap();
    let connected = async {
        loop {
            match events.next().await.expect("a swarm that lives") {
                Event::Connected { peer, .. } => return peer,
                Event::DialFailed { reason, .. } => panic!("no connection to {address}: {reason}"),
                _ => {}
            }
        }
    };
    let connected = tokio::time::timeout(PATIENCE, connected).await;
    Peer {
        gateway: connected.expect("an answer in time"),
        handle,
        events,
    }
}

impl Client {
    pub(crate) async fn start(config: Config, topics: Vec<String>) -> Self {
        Self::start_with(config, topics, Arc::new(Honest)).await
    }

    pub(crate) async fn start_with(
        config: Config,
        topics: Vec<String>,
        hook: Arc<dyn Hook>,
    ) -> Self {
        let data = config.data.clone();
        let mut gateway = Gateway::start(config, hook).await.unwrap();
        let address = gateway.next_address().await.unwrap();
        let peer = dial(&address, &topics).await;
        Self {
            gateway,
            address,
            peer,
            data,
        }
    }

    /// The peer, the folder and the gateway, to be ended one by one.
    pub(crate) fn into_parts(self) -> (Peer, PathBuf, Gateway) {
        (self.peer, self.data, self.gateway)
    }

    /// Objects of a light-client protocol, each with its fork.
    pub(crate) async fn objects(
        &self,
        network: &Network,
        protocol: Protocol,
        ssz: &[u8],
    ) -> Vec<(Fork, Vec<u8>)> {
        let response = self.ask(protocol, req_resp::encode_request(ssz)).await;
        let (bytes_max, chunks_max) = (protocol.chunk_bytes_max(), protocol.chunks_max());
        let chunks = req_resp::decode_chunks(&response, bytes_max, chunks_max).unwrap();
        let fork = |digest| network.fork_by_digest(digest).expect("a digest of ours").0;
        chunks
            .into_iter()
            .map(|chunk| (fork(chunk.digest), chunk.ssz))
            .collect()
    }

    /// Why a light-client request is refused.
    pub(crate) async fn refusal(&self, protocol: Protocol, ssz: &[u8]) -> lampyris_wire::Error {
        let response = self.ask(protocol, req_resp::encode_request(ssz)).await;
        let (bytes_max, chunks_max) = (protocol.chunk_bytes_max(), protocol.chunks_max());
        req_resp::decode_chunks(&response, bytes_max, chunks_max).unwrap_err()
    }

    pub(crate) async fn state(&self, request: Request) -> Response {
        let body = request.encode().unwrap();
        Response::decode(&self.ask(Protocol::State, body).await).unwrap()
    }

    /// The next gossip: its topic and data.
    pub(crate) async fn gossip(&mut self, patience: Duration) -> Option<(String, Vec<u8>)> {
        let next = async {
            loop {
                if let Event::Gossip { topic, data, .. } = self.peer.events.next().await? {
                    return Some((topic, data));
                }
            }
        };
        tokio::time::timeout(patience, next).await.ok().flatten()
    }

    pub(crate) async fn stop(self) {
        self.gateway.stop().await;
        std::fs::remove_dir_all(self.data).unwrap();
    }

    pub(crate) async fn ask(&self, protocol: Protocol, body: Vec<u8>) -> Vec<u8> {
        self.try_ask(protocol, body, protocol.timeout_ms())
            .await
            .unwrap()
    }

    pub(crate) async fn try_ask(
        &self,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> Result<Vec<u8>, RequestError> {
        self.peer.try_ask(protocol, body, timeout_ms).await
    }
}

impl Peer {
    pub(crate) async fn ask(&self, protocol: Protocol, body: Vec<u8>) -> Vec<u8> {
        let answer = self.try_ask(protocol, body, protocol.timeout_ms());
        answer.await.unwrap()
    }

    pub(crate) async fn try_ask(
        &self,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> Result<Vec<u8>, RequestError> {
        let answer = self
            .handle
            .request(&self.gateway, protocol, body, timeout_ms);
        answer.await
    }

    /// Waits until the connection has ended.
    pub(crate) async fn end(&mut self) {
        while !matches!(
            self.events.next().await,
            Some(Event::Disconnected { .. }) | None
        ) {}
    }
}
