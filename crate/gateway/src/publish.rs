//! Gossip: publishes every newer verified update, tells newcomers the latest, and checks what peers
//! publish before it is forwarded.

use crate::{
    Error,
    chain::{Chain, Latest, Rank},
    clock::monotonic,
    metrics::Metrics,
    serve::Server,
};
use lampyris_net::{Handle, Verdict};
use lampyris_verify::{
    Fault,
    containers::{LightClientFinalityUpdate, LightClientOptimisticUpdate},
    light_client::gossip::due_unix_ms,
};
use lampyris_wire::gossip::{self, TopicKind};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::sleep_until};

/// How often the same update is published again for newcomers, at most.
const REPUBLISH_EVERY: Duration = Duration::from_millis(1_050);

/// How often it is checked whether a fork changed the topics.
const TOPICS_EVERY: Duration = Duration::from_secs(5);

/// Epochs around the present whose topics are subscribed to, so that a fork interrupts nothing.
const EPOCHS_AROUND: u64 = 1;

/// The publisher.
#[derive(Debug)]
pub(crate) struct Publisher {
    server: Arc<Server>,
    handle: Handle,
    metrics: Arc<Metrics>,
    finality: Published,
    optimistic: Published,
    topics: Vec<String>,
}

#[derive(Debug, Default)]
struct Published {
    rank: Option<Rank>,
    at: Option<Instant>,
    wanted_at: Option<Instant>,
}

impl Publisher {
    pub(crate) fn new(server: Arc<Server>, handle: Handle, metrics: Arc<Metrics>) -> Self {
        Self {
            server,
            handle,
            metrics,
            finality: Published::default(),
            optimistic: Published::default(),
            topics: Vec::new(),
        }
    }

    /// Publishes for ever. `newcomers` brings the topics that peers have just subscribed to.
    pub(crate) async fn run(mut self, mut newcomers: mpsc::Receiver<String>) {
        let mut finality = self.server.chain().finality();
        let mut optimistic = self.server.chain().optimistic();
        let mut topics = tokio::time::interval(TOPICS_EVERY);
        // What is known already is news to the world.
        finality.mark_changed();
        optimistic.mark_changed();
        loop {
            let wanted_at = [self.finality.wanted_at, self.optimistic.wanted_at];
            let wake_at = wanted_at.into_iter().flatten().min();
            let wake = async move {
                match wake_at {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Ok(()) = finality.changed() => self.on_news(TopicKind::FinalityUpdate).await,
                Ok(()) = optimistic.changed() => self.on_news(TopicKind::OptimisticUpdate).await,
                topic = newcomers.recv() => match topic {
                    Some(topic) => self.on_newcomer(&topic),
                    None => return,
                },
                _ = topics.tick() => self.follow_topics(),
                () = wake => self.republish().await,
            }
        }
    }

    async fn on_news(&mut self, kind: TopicKind) {
        let Some(latest) = self.latest(kind) else {
            return;
        };
        if !latest
            .rank
            .is_news_after(self.published(kind).rank.as_ref())
        {
            return;
        }
        self.published(kind).rank = Some(latest.rank);
        self.publish(kind, &latest).await;
    }

    fn on_newcomer(&mut self, topic: &str) {
        let Ok((_, kind)) = gossip::parse_topic(topic) else {
            return;
        };
        let published = self.published(kind);
        let now = monotonic();
        let earliest = published.at.map_or(now, |at| at + REPUBLISH_EVERY);
        published.wanted_at.get_or_insert(earliest.max(now));
    }

    async fn republish(&mut self) {
        let now = monotonic();
        for kind in [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate] {
            let published = self.published(kind);
            if published.wanted_at.is_none_or(|at| at > now) {
                continue;
            }
            published.wanted_at = None;
            if let Some(latest) = self.latest(kind) {
                self.publish(kind, &latest).await;
            }
        }
    }

    async fn publish(&mut self, kind: TopicKind, latest: &Arc<Latest>) {
        if let Some(wait) = early(self.server.chain(), latest.signature_slot) {
            // Peers would ignore it, and not hear it again.
            self.published(kind).wanted_at = Some(monotonic() + wait);
            return;
        }
        let Some(data) = self.server.hook().publish(kind, latest) else {
            return;
        };
        let topic = gossip::topic_name(latest.encoded.digest, kind);
        let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
        match self.handle.publish(&topic, data).await {
            Ok(()) => {
                self.published(kind).at = Some(monotonic());
                self.metrics.count_published(label(kind), bytes);
            }
            // Nobody listens, or everybody has it.
            Err(error) => tracing::debug!(%error, topic, "not published"),
        }
    }

    fn follow_topics(&mut self) {
        let wanted = topics(self.server.chain());
        for topic in wanted.iter().filter(|topic| !self.topics.contains(topic)) {
            if let Err(error) = self.handle.subscribe(topic) {
                tracing::warn!(%error, topic, "cannot subscribe");
            }
        }
        for topic in self.topics.iter().filter(|topic| !wanted.contains(topic)) {
            if let Err(error) = self.handle.unsubscribe(topic) {
                tracing::debug!(%error, topic, "cannot unsubscribe");
            }
        }
        self.topics = wanted;
    }

    fn latest(&self, kind: TopicKind) -> Option<Arc<Latest>> {
        let chain = self.server.chain();
        match kind {
            TopicKind::FinalityUpdate => chain.finality().borrow().clone(),
            TopicKind::OptimisticUpdate => chain.optimistic().borrow().clone(),
        }
    }

    fn published(&mut self, kind: TopicKind) -> &mut Published {
        match kind {
            TopicKind::FinalityUpdate => &mut self.finality,
            TopicKind::OptimisticUpdate => &mut self.optimistic,
        }
    }
}

/// How long an update has to wait until it may be published; not where time stands still.
fn early(chain: &Chain, signature_slot: u64) -> Option<Duration> {
    if chain.clock().is_fixed() {
        return None;
    }
    let due = due_unix_ms(signature_slot, chain.network());
    let wait = due.saturating_sub(chain.clock().unix_ms());
    (wait > 0).then(|| Duration::from_millis(wait))
}

fn label(kind: TopicKind) -> &'static str {
    match kind {
        TopicKind::FinalityUpdate => "finality_update",
        TopicKind::OptimisticUpdate => "optimistic_update",
    }
}

/// The topics of the present, and of forks just around it.
pub(crate) fn topics(chain: &Chain) -> Vec<String> {
    let network = chain.network();
    let epoch = network.epoch_at_slot(chain.current_slot());
    let mut topics = Vec::new();
    for epoch in epoch.saturating_sub(EPOCHS_AROUND)..=epoch.saturating_add(EPOCHS_AROUND) {
        let digest = network.compute_fork_digest(epoch);
        for kind in [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate] {
            let topic = gossip::topic_name(digest, kind);
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
    }
    topics
}

/// What a gossiped message is worth, by the rules of [`lampyris_verify::light_client::gossip`]: what
/// would move no header is ignored, and not verified; what moves one is taken into the chain.
pub(crate) fn judge(chain: &Chain, topic: &str, data: &[u8]) -> Verdict {
    match take(chain, topic, data) {
        Ok(true) => Verdict::Accept,
        Ok(false) => Verdict::Ignore,
        Err(error) if error.fault() == Fault::PeerMisbehaved => Verdict::Reject,
        Err(_) => Verdict::Ignore,
    }
}

fn take(chain: &Chain, topic: &str, data: &[u8]) -> Result<bool, Error> {
    let malformed = |error: lampyris_wire::Error| Error::malformed("gossip", error);
    let (digest, kind) = gossip::parse_topic(topic).map_err(malformed)?;
    let network = chain.network();
    let (fork, _) = network
        .fork_by_digest(digest)
        .ok_or(Error::Missing("fork"))?;
    let ssz = gossip::decompress(data, gossip::MESSAGE_BYTES_MAX).map_err(malformed)?;
    let preset = &network.preset;
    match kind {
        TopicKind::FinalityUpdate => {
            let update = LightClientFinalityUpdate::decode(&ssz, fork, preset)?;
            Ok(chain.is_news(kind, &update.clone().into()) && chain.take_finality(&update)?)
        }
        TopicKind::OptimisticUpdate => {
            let update = LightClientOptimisticUpdate::decode(&ssz, fork, preset)?;
            Ok(chain.is_news(kind, &update.clone().into()) && chain.take_optimistic(&update)?)
        }
    }
}
