//! A platform in virtual time, with peers that answer from recorded mainnet data.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    path::Path,
    rc::Rc,
    task::Waker,
};

use futures::{
    executor::{LocalPool, LocalSpawner},
    task::LocalSpawnExt,
};
use lampyris_client::{
    Address, BlockTag, Client, Code, Config, ConfigJson, Event, LocalFuture, NetEvent, Platform,
    RequestError, Verdict, event::Status,
};
use lampyris_verify::{
    config::{Fork, Network},
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate,
    },
};
use lampyris_wire::{
    Protocol,
    gossip::{TopicKind, compress, topic_name},
    req_resp::encode_chunk,
};
use serde_json::Value;

pub(crate) const CHECKPOINT: &str =
    "0x9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b";
/// Eight seconds into the slot in which the recorded head was signed.
pub(crate) const FIXED_CLOCK_MS: u64 = (1_606_824_023 + 14_018_020 * 12 + 8) * 1_000;
const START_MS: u64 = 1_700_000_000_000;

/// How a peer treats one kind of question.
#[derive(Clone, Debug)]
pub(crate) enum Lie {
    None,
    /// One byte of the content is changed.
    Flip(&'static str, usize),
    /// The answer ends early.
    Cut(&'static str),
    /// The answer is larger than the protocol allows.
    Oversized(&'static str),
    /// There is never an answer.
    Silent(&'static str),
}

impl Lie {
    /// Each way, for each kind.
    pub(crate) const ALL: [fn(usize) -> Self; 20] = [
        |byte| Self::Flip("bootstrap", byte),
        |byte| Self::Flip("updates", byte),
        |byte| Self::Flip("finality_update", byte),
        |byte| Self::Flip("optimistic_update", byte),
        |_| Self::Cut("bootstrap"),
        |_| Self::Cut("updates"),
        |_| Self::Cut("finality_update"),
        |_| Self::Cut("optimistic_update"),
        |_| Self::Oversized("bootstrap"),
        |_| Self::Oversized("updates"),
        |_| Self::Oversized("finality_update"),
        |_| Self::Oversized("optimistic_update"),
        |_| Self::Silent("bootstrap"),
        |_| Self::Silent("updates"),
        |_| Self::Silent("finality_update"),
        |_| Self::Silent("optimistic_update"),
        |byte| Self::Flip("digest bootstrap", byte),
        |byte| Self::Flip("digest updates", byte),
        |byte| Self::Flip("digest finality_update", byte),
        |byte| Self::Flip("digest optimistic_update", byte),
    ];

    fn answer(
        &self,
        kind: &str,
        digest: [u8; 4],
        ssz: &[u8],
    ) -> Option<Result<Vec<u8>, RequestError>> {
        let (mut digest, mut ssz) = (digest, ssz.to_vec());
        match self {
            Self::Flip(of, byte) if *of == kind => {
                let place = byte % ssz.len();
                ssz[place] ^= 1;
            }
            Self::Flip(of, byte) if of.strip_prefix("digest ") == Some(kind) => {
                digest[byte % 4] ^= 1;
            }
            Self::Cut(of) if *of == kind => {
                let mut bytes = encode_chunk(digest, &ssz);
                bytes.truncate(bytes.len() / 2);
                return Some(Ok(bytes));
            }
            Self::Oversized(of) if *of == kind => return Some(Err(RequestError::TooLarge)),
            Self::Silent(of) if *of == kind => return None,
            _ => {}
        }
        Some(Ok(encode_chunk(digest, &ssz)))
    }
}

/// The recorded objects as SSZ, by the names that [`Lie`] uses.
fn recorded() -> BTreeMap<&'static str, Vec<u8>> {
    let preset = Network::mainnet().preset;
    let fork = Fork::Fulu;
    let read = |name: &str| -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/vectors/nimbus-verified-proxy-mainnet-fulu");
        let text = fs::read_to_string(folder.join(name)).expect("the vector is there");
        let json: Value = serde_json::from_str(&text).expect("the vector is JSON");
        if json.is_array() {
            json[0]["data"].clone()
        } else {
            json["data"].clone()
        }
    };
    let bootstrap = LightClientBootstrap::from_json(&read("lc_bootstrap.json"), fork, &preset);
    let update = LightClientUpdate::from_json(&read("lc_updates.json"), fork, &preset);
    let finality = LightClientFinalityUpdate::from_json(&read("lc_finality.json"), fork, &preset);
    let optimistic =
        LightClientOptimisticUpdate::from_json(&read("lc_optimistic.json"), fork, &preset);
    BTreeMap::from([
        ("bootstrap", bootstrap.expect("valid").encode(fork)),
        ("updates", update.expect("valid").encode(fork)),
        ("finality_update", finality.expect("valid").encode(fork)),
        ("optimistic_update", optimistic.expect("valid").encode(fork)),
    ])
}

/// Moves an optimistic update one slot on, without signing it anew.
pub(crate) fn one_slot_later(ssz: &mut [u8]) {
    const SIGNATURE_SLOT: usize = 4 + 160;
    let header = u32::from_le_bytes(ssz[..4].try_into().expect("four bytes")) as usize;
    for place in [SIGNATURE_SLOT, header] {
        let slot = u64::from_le_bytes(ssz[place..place + 8].try_into().expect("eight bytes"));
        ssz[place..place + 8].copy_from_slice(&(slot + 1).to_le_bytes());
    }
}

#[derive(Default)]
struct Shared {
    now_ms: Cell<u64>,
    timers: RefCell<Vec<(u64, Waker)>>,
    peers: RefCell<BTreeMap<String, Lie>>,
    storage: RefCell<BTreeMap<String, Vec<u8>>>,
    verdicts: RefCell<Vec<Verdict>>,
    asked: RefCell<Vec<&'static str>>,
    objects: BTreeMap<&'static str, Vec<u8>>,
}

struct Virtual {
    shared: Rc<Shared>,
    spawner: LocalSpawner,
}

impl Virtual {
    fn wait(&self, ms: u64) -> LocalFuture<()> {
        let shared = Rc::clone(&self.shared);
        let due = shared.now_ms.get() + ms;
        Box::pin(std::future::poll_fn(move |context| {
            if shared.now_ms.get() >= due {
                return std::task::Poll::Ready(());
            }
            let timer = (due, context.waker().clone());
            shared.timers.borrow_mut().push(timer);
            std::task::Poll::Pending
        }))
    }
}

impl Platform for Virtual {
    fn unix_ms(&self) -> u64 {
        self.shared.now_ms.get()
    }
    fn fill_entropy(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
    fn sleep(&self, ms: u32) -> LocalFuture<()> {
        self.wait(u64::from(ms))
    }
    fn spawn(&self, task: LocalFuture<()>) {
        self.spawner.spawn_local(task).expect("the pool lives");
    }
    fn request(
        &self,
        peer: &str,
        protocol: Protocol,
        _body: Vec<u8>,
        timeout_ms: u32,
    ) -> LocalFuture<Result<Vec<u8>, RequestError>> {
        let kind = match protocol {
            Protocol::LightClientBootstrap => "bootstrap",
            Protocol::LightClientUpdatesByRange => "updates",
            Protocol::LightClientFinalityUpdate => "finality_update",
            Protocol::LightClientOptimisticUpdate => "optimistic_update",
            Protocol::State => "state",
        };
        self.shared.asked.borrow_mut().push(kind);
        let lie = self.shared.peers.borrow().get(peer).cloned();
        let network = Network::mainnet();
        let digest = network.compute_fork_digest(network.epoch_at_slot(14_018_019));
        let answer = lie.and_then(|lie| match self.shared.objects.get(kind) {
            Some(ssz) => lie.answer(kind, digest, ssz),
            None => Some(Err(RequestError::Unsupported)),
        });
        let wait = self.wait(if answer.is_some() {
            20
        } else {
            u64::from(timeout_ms)
        });
        Box::pin(async move {
            wait.await;
            answer.unwrap_or(Err(RequestError::Timeout))
        })
    }
    fn dial(&self, _: &str) {}
    fn disconnect(&self, _: &str, _: &str) {}
    fn subscribe(&self, _: &str) {}
    fn unsubscribe(&self, _: &str) {}
    fn report(&self, _: &[u8], _: &str, verdict: Verdict) {
        self.shared.verdicts.borrow_mut().push(verdict);
    }
    fn load(&self, key: &str) -> LocalFuture<Option<Vec<u8>>> {
        let record = self.shared.storage.borrow().get(key).cloned();
        Box::pin(async move { record })
    }
    fn keys(&self, prefix: &str) -> LocalFuture<Vec<String>> {
        let storage = self.shared.storage.borrow();
        let keys = storage
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect();
        Box::pin(async move { keys })
    }
    fn save(&self, key: &str, value: Option<Vec<u8>>) -> LocalFuture<bool> {
        let mut storage = self.shared.storage.borrow_mut();
        match value {
            Some(value) => storage.insert(key.into(), value),
            None => storage.remove(key),
        };
        Box::pin(async { true })
    }
    fn emit(&self, _: Event) {}
}

/// A client among peers.
pub(crate) struct World {
    shared: Rc<Shared>,
    pool: LocalPool,
    client: Client<Virtual>,
    chain_ms: u64,
}

impl World {
    pub(crate) fn new(chain_ms: u64) -> Self {
        Self::with_storage(chain_ms, BTreeMap::new())
    }

    /// A new client with what the old one stored.
    pub(crate) fn reload(&self) -> Self {
        Self::with_storage(self.chain_ms, self.shared.storage.borrow().clone())
    }

    fn with_storage(chain_ms: u64, storage: BTreeMap<String, Vec<u8>>) -> Self {
        let shared = Rc::new(Shared {
            storage: RefCell::new(storage),
            objects: recorded(),
            ..Shared::default()
        });
        shared.now_ms.set(START_MS);
        let pool = LocalPool::new();
        let json = serde_json::json!({
            "network": "mainnet", "checkpoint": CHECKPOINT, "fixedClockUnixMs": chain_ms as f64,
        });
        let json: ConfigJson = serde_json::from_value(json).expect("a valid configuration");
        let platform = Virtual {
            shared: Rc::clone(&shared),
            spawner: pool.spawner(),
        };
        let client = Client::new(Config::try_from(json).expect("valid"), platform);
        let starting = client.clone();
        let start = async move { starting.start().await };
        pool.spawner().spawn_local(start).expect("the pool lives");
        let mut world = Self {
            shared,
            pool,
            client,
            chain_ms,
        };
        world.pool.run_until_stalled();
        world
    }

    pub(crate) fn add_peer(&mut self, peer: &str, lie: Lie) {
        self.shared.peers.borrow_mut().insert(peer.into(), lie);
        self.client.handle(NetEvent::Connected {
            peer: peer.into(),
            address: "/memory/1".into(),
        });
    }

    /// Lets virtual time pass.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        let end = self.shared.now_ms.get() + ms;
        loop {
            self.pool.run_until_stalled();
            let next = self
                .shared
                .timers
                .borrow()
                .iter()
                .map(|timer| timer.0)
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.shared.now_ms.set(next.max(self.shared.now_ms.get()));
            let due: Vec<Waker> = {
                let mut timers = self.shared.timers.borrow_mut();
                let (due, later) = timers.drain(..).partition(|timer| timer.0 <= next);
                *timers = later;
                let due: Vec<(u64, Waker)> = due;
                due.into_iter().map(|timer| timer.1).collect()
            };
            due.into_iter().for_each(Waker::wake);
        }
        self.shared.now_ms.set(end);
    }

    pub(crate) fn status(&self) -> Status {
        self.client.status()
    }

    pub(crate) fn first_protocol(&self) -> Option<&'static str> {
        self.shared.asked.borrow().first().copied()
    }

    pub(crate) fn spoil_storage(&self) {
        for record in self.shared.storage.borrow_mut().values_mut() {
            record[0] ^= 0xff;
        }
    }

    /// With what code a balance is refused.
    pub(crate) fn balance_error(&mut self, tag: BlockTag) -> Code {
        let client = self.client.clone();
        let asked = async move { client.balance(Address::ZERO, tag).await };
        self.pool
            .run_until(asked)
            .expect_err("nothing can be proven here")
            .code
    }

    /// Hands a gossip message of the recorded kind to the client, changed by `change`.
    pub(crate) fn gossip(
        &mut self,
        peer: &str,
        kind: &str,
        change: impl Fn(&mut Vec<u8>),
    ) -> Option<Verdict> {
        let network = Network::mainnet();
        let digest = network.compute_fork_digest(network.epoch_at_slot(14_018_019));
        let mut ssz = self.shared.objects.get(kind)?.clone();
        change(&mut ssz);
        self.client.handle(NetEvent::Gossip {
            peer: peer.into(),
            message_id: vec![1],
            topic: topic_name(digest, TopicKind::OptimisticUpdate),
            data: compress(&ssz),
        });
        self.shared.verdicts.borrow().last().copied()
    }
}
