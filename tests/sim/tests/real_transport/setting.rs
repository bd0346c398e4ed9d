//! The chain that all follow, its clock, and its objects as gossip carries them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use lampyris_client::{B256, Config};
use lampyris_sim::chain::{Chain, FORK};
use lampyris_verify::{
    containers::{LightClientFinalityUpdate, LightClientOptimisticUpdate},
    light_client::gossip::due_unix_ms,
};
use lampyris_wire::gossip::{self, TopicKind};

/// Long enough that what is awaited within a slot comes in it, or never: until then nobody loses
/// patience with gossip and asks instead. Short enough that all slots of the test together end before
/// a liar's ban does.
const SLOT_MS: u64 = 120_000;
/// The block that everybody trusts.
pub(crate) const CHECKPOINT_SLOT: u64 = 2 * 64 + 1;
/// Where a period's best update is found.
pub(crate) const UPDATE_OFFSET: u64 = 8;
/// How long a test waits for what must come; a slow machine is slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const PULSE: Duration = Duration::from_millis(20);

/// What everybody shares.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) chain: Chain,
    /// The newest head that there is.
    newest: AtomicU64,
    started: Instant,
    /// The clock when the test began, with all that it was put forward since.
    began_ms: AtomicU64,
}

impl Setting {
    /// At the instant at which a head comes out.
    pub(crate) fn new(slot: u64) -> Self {
        let setting = Self {
            chain: Chain::new(SLOT_MS),
            newest: AtomicU64::default(),
            started: Instant::now(),
            began_ms: AtomicU64::default(),
        };
        setting.enter(slot);
        setting
    }

    pub(crate) fn unix_ms(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap();
        self.began_ms.load(Ordering::SeqCst) + elapsed
    }

    /// Puts the clock forward to the instant at which a head comes out; it goes on from there, as the
    /// client's pauses and bans want it.
    pub(crate) fn enter(&self, slot: u64) {
        let pause = due_unix_ms(slot + 1, &self.chain.network).checked_sub(self.unix_ms());
        let pause = pause.expect("the slot before took no longer than a slot");
        self.began_ms.fetch_add(pause, Ordering::SeqCst);
        self.newest.store(slot, Ordering::SeqCst);
    }

    pub(crate) fn newest(&self) -> u64 {
        self.newest.load(Ordering::SeqCst)
    }

    /// Whether a head is on the chain, and out.
    pub(crate) fn is_true(&self, slot: u64, block_hash: B256) -> bool {
        slot <= self.newest() && block_hash == self.chain.block_hash(slot)
    }

    /// What a tab is started with.
    pub(crate) fn config(&self, gateways: Vec<String>) -> Config {
        let checkpoint = self.chain.bootstrap(CHECKPOINT_SLOT).header.beacon;
        Config {
            network: self.chain.network.clone(),
            checkpoint: checkpoint.hash_tree_root(),
            gateways,
            tokens: Vec::new(),
            governors: Vec::new(),
            fixed_clock_unix_ms: None,
        }
    }

    pub(crate) fn digest(&self) -> [u8; 4] {
        self.chain.network.compute_fork_digest(0)
    }

    pub(crate) fn topic(&self, kind: TopicKind) -> String {
        gossip::topic_name(self.digest(), kind)
    }

    pub(crate) fn topics(&self) -> Vec<String> {
        let kinds = [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate];
        kinds.map(|kind| self.topic(kind)).to_vec()
    }

    /// Compressed bytes as a message, whatever they are.
    pub(crate) fn raw(&self, data: Vec<u8>) -> Message {
        Message::new(self.topic(TopicKind::OptimisticUpdate), data)
    }

    pub(crate) fn head(&self, update: &LightClientOptimisticUpdate) -> Message {
        self.raw(gossip::compress(&update.encode(FORK)))
    }

    pub(crate) fn finality(&self, update: &LightClientFinalityUpdate) -> Message {
        let topic = self.topic(TopicKind::FinalityUpdate);
        Message::new(topic, gossip::compress(&update.encode(FORK)))
    }
}

/// A message of gossip.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) data: Vec<u8>,
    pub(crate) id: Vec<u8>,
}

impl Message {
    fn new(topic: String, data: Vec<u8>) -> Self {
        let id = gossip::message_id(&topic, &data).to_vec();
        Self { topic, data, id }
    }
}

/// Waits until something is so; fails when that takes too long.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    eventually_while(what, condition, async || {}).await;
}

/// Does something again and again until something is so; fails when that takes too long.
pub(crate) async fn eventually_while(
    what: &str,
    condition: impl Fn() -> bool,
    mut work: impl AsyncFnMut(),
) {
    let waiting = async {
        while !condition() {
            work().await;
            tokio::time::sleep(PULSE).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "never: {what}");
}
