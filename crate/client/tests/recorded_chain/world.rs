//! A platform in virtual time, with peers that answer from recorded mainnet data.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    task::Waker,
};

use futures::{
    executor::{LocalPool, LocalSpawner},
    task::LocalSpawnExt,
};
use lampyris_client::{
    Address, BlockTag, Client, Code, Config, Event, LocalFuture, NetEvent, PeerKind, Platform,
    RequestError, Verdict, event::Status,
};
use lampyris_verify::config::Network;
use lampyris_wire::{
    Protocol,
    gossip::{TopicKind, compress, topic_name},
    req_resp::decode_request,
};

use crate::recording::{Lie, Recording};

const START_MS: u64 = 1_700_000_000_000;
/// How long a peer takes to answer.
pub(crate) const ANSWER_MS: u64 = 20;

#[derive(Default)]
struct Shared {
    now_ms: Cell<u64>,
    timers: RefCell<Vec<(u64, Waker)>>,
    peers: RefCell<BTreeMap<String, Lie>>,
    storage: RefCell<BTreeMap<String, Vec<u8>>>,
    verdicts: RefCell<Vec<Verdict>>,
    /// Who was asked what, by the number of the answer, and which answer was handed over last.
    answers: RefCell<Vec<(String, &'static str)>>,
    last_answer: Cell<u32>,
    kept: RefCell<Vec<u32>>,
    asked: RefCell<Vec<&'static str>>,
    /// Where the questions for updates began, and of how many periods they were.
    asked_updates: RefCell<Vec<(u64, u64)>>,
    /// The periods that the page was told of while catching up.
    progress: RefCell<Vec<f64>>,
    recording: Recording,
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
        body: Vec<u8>,
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
        let range = (kind == "updates").then(|| range(&body));
        self.shared.asked_updates.borrow_mut().extend(range);
        let lie = self.shared.peers.borrow().get(peer).cloned();
        let recording = &self.shared.recording;
        let answer = lie.and_then(|lie| recording.answer(&lie, kind, range.unwrap_or_default()));
        let wait = self.wait(if answer.is_some() {
            ANSWER_MS
        } else {
            u64::from(timeout_ms)
        });
        let mut answers = self.shared.answers.borrow_mut();
        let number = u32::try_from(answers.len()).expect("a few");
        answers.push((peer.into(), kind));
        let shared = Rc::clone(&self.shared);
        Box::pin(async move {
            wait.await;
            shared.last_answer.set(number);
            answer.unwrap_or(Err(RequestError::Timeout))
        })
    }
    fn last_answer(&self) -> u32 {
        self.shared.last_answer.get()
    }
    fn keep(&self, answer: u32) {
        self.shared.kept.borrow_mut().push(answer);
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
    fn emit(&self, event: Event) {
        let Event::Status(Status {
            progress: Some(progress),
            ..
        }) = event
        else {
            return;
        };
        let period = progress.period;
        let mut told = self.shared.progress.borrow_mut();
        if told.last() != Some(&period) {
            told.push(period);
        }
    }
}

/// Start and count of a question for updates.
fn range(body: &[u8]) -> (u64, u64) {
    let request = decode_request(body, 16).expect("a request");
    let word = |at: usize| u64::from_le_bytes(request[at..at + 8].try_into().expect("8 bytes"));
    (word(0), word(8))
}

/// A client among peers.
pub(crate) struct World {
    shared: Rc<Shared>,
    pool: LocalPool,
    client: Client<Virtual>,
    chain_ms: u64,
}

impl World {
    /// At the head of the recorded chain.
    pub(crate) fn new(chain_ms: u64) -> Self {
        Self::with_storage(chain_ms, BTreeMap::new(), Recording::head())
    }

    /// Periods behind the head.
    pub(crate) fn behind(chain_ms: u64) -> Self {
        Self::with_storage(chain_ms, BTreeMap::new(), Recording::periods())
    }

    /// A new client with what the old one stored.
    pub(crate) fn reload(&self) -> Self {
        let storage = self.shared.storage.borrow().clone();
        Self::with_storage(self.chain_ms, storage, self.shared.recording.clone())
    }

    fn with_storage(
        chain_ms: u64,
        storage: BTreeMap<String, Vec<u8>>,
        recording: Recording,
    ) -> Self {
        let checkpoint = recording.checkpoint;
        let shared = Rc::new(Shared {
            storage: RefCell::new(storage),
            recording,
            ..Shared::default()
        });
        shared.now_ms.set(START_MS);
        let pool = LocalPool::new();
        let config = Config {
            network: Network::mainnet(),
            checkpoint: checkpoint.parse().expect("a root"),
            gateways: Vec::new(),
            tokens: Vec::new(),
            governors: Vec::new(),
            fixed_clock_unix_ms: Some(chain_ms),
        };
        config.validate().expect("a valid configuration");
        let platform = Virtual {
            shared: Rc::clone(&shared),
            spawner: pool.spawner(),
        };
        let client = Client::new(config, platform);
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
            kind: PeerKind::Gateway,
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

    /// The kinds of all questions, in order.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        self.shared.asked.borrow().clone()
    }

    pub(crate) fn asked_updates(&self) -> Vec<(u64, u64)> {
        self.shared.asked_updates.borrow().clone()
    }

    /// The kinds of a peer's answers that may be served to others, in order.
    pub(crate) fn kept(&self, peer: &str) -> Vec<&'static str> {
        let (answers, kept) = (self.shared.answers.borrow(), self.shared.kept.borrow());
        let of_kept = kept.iter().map(|number| &answers[*number as usize]);
        of_kept
            .filter(|(of, _)| of == peer)
            .map(|(_, kind)| *kind)
            .collect()
    }

    pub(crate) fn progress(&self) -> Vec<f64> {
        self.shared.progress.borrow().clone()
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
        let (digest, mut ssz) = self.shared.recording.object(kind)?;
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
