//! One tab.

use alloy_primitives::{Address, B256};
use lampyris_net::{Config, Event, Events, Handle, Protocol, Swarm, Verdict};
use lampyris_verify::{
    config::{Fork, Network},
    containers::{LightClientBootstrap, LightClientOptimisticUpdate},
};
use lampyris_wire::{
    gossip::{self, TopicKind},
    req_resp,
    state::{AccountQuery, Request, Response},
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, interval_at, timeout},
};

/// How long one attempt to connect may take.
const DIAL_PATIENCE: Duration = Duration::from_secs(20);

/// Periods that are asked for at the start, as the page does.
const PERIODS: u64 = 128;

/// What all tabs share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) network: Network,
    pub(crate) connected: AtomicUsize,
    checkpoint: B256,
    account: Address,
    /// The newest block that came by gossip: one tab decodes for all, since nobody measures them.
    head: Mutex<(u64, B256)>,
    messages: AtomicU64,
    balances: AtomicU64,
    failures: AtomicU64,
    disconnects: AtomicU64,
}

/// A tab.
#[derive(Debug)]
pub(crate) struct Tab {
    number: usize,
    address: String,
    topics: Vec<String>,
    shared: Arc<Shared>,
}

impl Shared {
    pub(crate) fn new(network: Network, checkpoint: B256, account: Address) -> Self {
        Self {
            network,
            connected: AtomicUsize::new(0),
            checkpoint,
            account,
            head: Mutex::default(),
            messages: AtomicU64::new(0),
            balances: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            disconnects: AtomicU64::new(0),
        }
    }

    /// Messages, balances, failures, disconnects.
    pub(crate) fn counts(&self) -> [u64; 4] {
        [
            &self.messages,
            &self.balances,
            &self.failures,
            &self.disconnects,
        ]
        .map(|counter| counter.load(Ordering::Relaxed))
    }

    fn fork(&self, digest: [u8; 4]) -> Option<Fork> {
        self.network.fork_by_digest(digest).map(|(fork, _)| fork)
    }

    fn note_head(&self, ssz: &[u8], fork: Fork) {
        let Ok(update) = LightClientOptimisticUpdate::decode(ssz, fork, &self.network.preset)
        else {
            return;
        };
        let header = &update.attested_header;
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(execution) = &header.execution
            && header.beacon.slot > head.0
        {
            *head = (header.beacon.slot, execution.block_hash);
        }
    }

    fn head(&self) -> B256 {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl Tab {
    pub(crate) fn new(
        number: usize,
        address: String,
        topics: Vec<String>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            number,
            address,
            topics,
            shared,
        }
    }

    /// Lives for ever: connects, and connects again when it is dropped.
    pub(crate) async fn run(self, connecting: Arc<Semaphore>, balance_every: Duration) {
        loop {
            let connected = {
                let _place = connecting.acquire().await;
                let connected = self.connect().await;
                if let Some((handle, _, peer)) = &connected {
                    self.start(handle, peer).await;
                }
                connected
            };
            if let Some((handle, events, peer)) = connected {
                self.shared.connected.fetch_add(1, Ordering::Relaxed);
                self.follow(handle, events, &peer, balance_every).await;
                self.shared.connected.fetch_sub(1, Ordering::Relaxed);
                self.shared.disconnects.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn connect(&self) -> Option<(Handle, Events, String)> {
        let config = Config {
            topics: self.topics.clone(),
            ..Config::default()
        };
        let (handle, mut events) = Swarm::new(config).ok()?;
        handle.dial(&self.address).ok()?;
        let connected = async {
            loop {
                match events.next().await? {
                    Event::Connected { peer, .. } => return Some(peer),
                    Event::DialFailed { .. } => return None,
                    _ => {}
                }
            }
        };
        let peer = timeout(DIAL_PATIENCE, connected).await.ok()??;
        Some((handle, events, peer))
    }

    /// What a tab asks first.
    async fn start(&self, handle: &Handle, peer: &str) {
        let root = self.shared.checkpoint;
        let bootstrap = self
            .objects(
                handle,
                peer,
                Protocol::LightClientBootstrap,
                root.as_slice(),
            )
            .await;
        let preset = &self.shared.network.preset;
        let decoded = bootstrap
            .first()
            .and_then(|(fork, ssz)| LightClientBootstrap::decode(ssz, *fork, preset).ok());
        if let Some(bootstrap) = decoded {
            let slot = bootstrap.header.beacon.slot;
            let period = self.shared.network.sync_committee_period_at_slot(slot);
            let range = [period.to_le_bytes(), PERIODS.to_le_bytes()].concat();
            self.objects(handle, peer, Protocol::LightClientUpdatesByRange, &range)
                .await;
        }
        self.objects(handle, peer, Protocol::LightClientFinalityUpdate, &[])
            .await;
        let head = self
            .objects(handle, peer, Protocol::LightClientOptimisticUpdate, &[])
            .await;
        if let Some((fork, ssz)) = head.first() {
            self.shared.note_head(ssz, *fork);
        }
        self.ask_balance(handle, peer).await;
    }

    async fn follow(&self, handle: Handle, mut events: Events, peer: &str, every: Duration) {
        // Tabs were opened at different moments.
        let number = u32::try_from(self.number).unwrap_or(0);
        let first = every.mul_f64(f64::from(number % 97) / 97.0);
        let mut balances = interval_at(Instant::now() + first, every);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::Gossip { peer, message_id, topic, data }) => {
                        self.shared.messages.fetch_add(1, Ordering::Relaxed);
                        if self.number == 0 {
                            self.note_message(&topic, &data);
                        }
                        let _ended = handle.report(&message_id, &peer, Verdict::Accept);
                    }
                    Some(Event::Disconnected { .. }) | None => return,
                    Some(_) => {}
                },
                _ = balances.tick() => self.ask_balance(&handle, peer).await,
            }
        }
    }

    fn note_message(&self, topic: &str, data: &[u8]) {
        if let Ok((digest, TopicKind::OptimisticUpdate)) = gossip::parse_topic(topic)
            && let Some(fork) = self.shared.fork(digest)
            && let Ok(ssz) = gossip::decompress(data, gossip::MESSAGE_BYTES_MAX)
        {
            self.shared.note_head(&ssz, fork);
        }
    }

    /// The balances of an account that has some and of one that differs from tab to tab, so that the
    /// gateway cannot answer from memory.
    async fn ask_balance(&self, handle: &Handle, peer: &str) {
        let mut own = self.shared.account.into_array();
        for (byte, number) in own.iter_mut().zip(self.number.to_le_bytes()) {
            *byte ^= number;
        }
        let query = |address| AccountQuery {
            address,
            slots: vec![],
        };
        let request = Request::StateProof {
            block_hash: self.shared.head(),
            accounts: vec![query(self.shared.account), query(own.into())],
        };
        let Ok(body) = request.encode() else { return };
        let answer = handle
            .request(peer, Protocol::State, body, Protocol::State.timeout_ms())
            .await;
        let decoded = answer.ok().and_then(|bytes| Response::decode(&bytes).ok());
        match decoded {
            Some(Response::StateProof { .. }) => &self.shared.balances,
            _ => &self.shared.failures,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    async fn objects(
        &self,
        handle: &Handle,
        peer: &str,
        protocol: Protocol,
        ssz: &[u8],
    ) -> Vec<(Fork, Vec<u8>)> {
        let body = req_resp::encode_request(ssz);
        let answer = handle
            .request(peer, protocol, body, protocol.timeout_ms())
            .await;
        let chunks = answer.ok().and_then(|bytes| {
            let (bytes_max, chunks_max) = (protocol.chunk_bytes_max(), protocol.chunks_max());
            req_resp::decode_chunks(&bytes, bytes_max, chunks_max).ok()
        });
        if chunks.is_none() {
            self.shared.failures.fetch_add(1, Ordering::Relaxed);
        }
        let chunks = chunks.unwrap_or_default().into_iter();
        chunks
            .filter_map(|chunk| Some((self.shared.fork(chunk.digest)?, chunk.ssz)))
            .collect()
    }
}
