//! Follows the chain: catches up, then takes updates as the best consensus node announces them, and
//! asks for them once a slot when it does not. Another node takes over when that one fails, lags or
//! lies.

use crate::{
    Error,
    archive::Archive,
    chain::Chain,
    clock::monotonic,
    keep::Keep,
    upstream::{
        beacon::{Beacon, EventStream, News},
        health::Outcome,
        pool::{Call, Pool},
    },
};
use alloy_primitives::B256;
use lampyris_verify::{containers::LightClientFinalityUpdate, light_client::LightClientStore};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// The first pause after a failure, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(20);

/// How often updates are asked for at least; a slot of mainnet.
const POLL_MAX: Duration = Duration::from_secs(12);

/// Periods that are followed before the nodes are given a rest; the archive has no more.
const PERIODS_MAX: usize = 4_096;

/// The follower of a chain.
#[derive(Debug)]
pub(crate) struct Follower {
    chain: Arc<Chain>,
    beacons: Pool<Beacon>,
    archive: Archive,
    checkpoint: Option<B256>,
    keep: Keep,
    kept_slot: u64,
}

/// The event stream of one node.
#[derive(Debug)]
struct Source {
    index: usize,
    stream: EventStream,
}

impl Follower {
    /// A follower that starts from `checkpoint`, from what `keep` has, or from the node's word.
    pub(crate) fn new(
        chain: Arc<Chain>,
        beacons: Pool<Beacon>,
        archive: Archive,
        checkpoint: Option<B256>,
        keep: Keep,
    ) -> Self {
        Self {
            chain,
            beacons,
            archive,
            checkpoint,
            keep,
            kept_slot: 0,
        }
    }

    /// Follows for ever.
    pub(crate) async fn run(mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            let began = monotonic();
            let error = self.follow().await;
            tracing::warn!(%error, "following stopped; trying again");
            // What worked for a while has earned a fresh start.
            pause = if began.elapsed() > PAUSE_MAX {
                PAUSE_MIN
            } else {
                (pause * 2).min(PAUSE_MAX)
            };
            sleep(pause.min(self.poll_interval() * 2)).await;
        }
    }

    /// Brings the chain up to date once.
    pub(crate) async fn synchronize(&mut self) -> Result<(), Error> {
        if self.chain.progress().is_none()
            && let Some(store) = self.kept_store()
        {
            self.kept_slot = store.finalized_header().beacon.slot;
            tracing::info!(slot = self.kept_slot, "going on from the kept chain state");
            self.chain.restore(store);
        }
        if self.chain.progress().is_none() {
            self.start().await?;
        }
        self.catch_up().await
    }

    async fn follow(&mut self) -> Error {
        if let Err(error) = self.synchronize().await {
            return error;
        }
        let mut source: Option<Source> = None;
        let mut retry_at = monotonic();
        loop {
            // Where there is a better one, a node that is set aside is not listened to any longer.
            let best = self.beacons.best();
            source = source
                .filter(|source| source.index == best || !self.beacons.is_aside(source.index));
            if source.is_none() && !self.chain.clock().is_fixed() && monotonic() >= retry_at {
                source = self.open_events(&mut retry_at).await;
            }
            let result = match &mut source {
                Some(source) => timeout(self.poll_interval() * 2, source.stream.next()).await,
                None => timeout(self.poll_interval(), std::future::pending()).await,
            };
            let outcome = match result {
                Ok(Ok(news)) => {
                    let taken = self.take(news).await;
                    if let (Some(source), Err(error)) = (&source, &taken) {
                        self.beacons
                            .note(source.index, Outcome::of(&taken), Some(error));
                    }
                    taken.or_else(|error| refused("announced update", error))
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the event stream broke off; asking once a slot");
                    if let Some(Source { index, .. }) = source.take() {
                        let failed: Result<(), Error> = Err(error);
                        self.beacons
                            .note(index, Outcome::of(&failed), failed.as_ref().err());
                    }
                    self.catch_up().await.map(|()| false)
                }
                Err(_silence) => self.catch_up().await.map(|()| false),
            };
            if let Err(error) = outcome {
                return error;
            }
            self.keep();
        }
    }

    async fn open_events(&self, retry_at: &mut Instant) -> Option<Source> {
        let index = self.beacons.best();
        let beacon = self.beacons.node(index)?;
        match timeout(POLL_MAX, beacon.events()).await {
            Ok(Ok(stream)) => return Some(Source { index, stream }),
            Ok(Err(error)) => tracing::debug!(%error, "no event stream"),
            Err(_) => tracing::debug!("no event stream in time"),
        }
        *retry_at = monotonic() + POLL_MAX;
        None
    }

    /// Starts from the checkpoint, or from the block that the best node says is finalized.
    async fn start(&mut self) -> Result<(), Error> {
        let (chain, checkpoint) = (&self.chain, self.checkpoint);
        let started = self.beacons.ask(Call::Small, |beacon| async move {
            let root = match checkpoint {
                Some(root) => root,
                None => {
                    let update: LightClientFinalityUpdate = beacon.finality_update().await?;
                    update.finalized_header.beacon.hash_tree_root()
                }
            };
            let bootstrap = beacon.bootstrap(root).await?;
            chain.bootstrap(root, &bootstrap)?;
            Ok((root, bootstrap.header.beacon.slot))
        });
        let (root, slot) = started.await?;
        if checkpoint.is_none() {
            tracing::warn!(%root, "no checkpoint given: a node was believed which block is finalized");
        }
        let network = self.chain.network();
        if !network.is_within_weak_subjectivity(slot, self.chain.current_slot()) {
            tracing::warn!(
                slot,
                "the checkpoint is older than is safe; choose a newer one"
            );
        }
        tracing::info!(%root, slot, "started from a trusted block");
        Ok(())
    }

    fn kept_store(&self) -> Option<LightClientStore> {
        let network = self.chain.network();
        let store = match self.keep.load(network, self.checkpoint) {
            Ok(store) => store?,
            Err(error) => {
                tracing::warn!(%error, "the kept chain state is not used");
                return None;
            }
        };
        let slot = store.finalized_header().beacon.slot;
        if network.is_within_weak_subjectivity(slot, self.chain.current_slot()) {
            return Some(store);
        }
        tracing::warn!(slot, "the kept chain state is too old and is not used");
        None
    }

    async fn catch_up(&mut self) -> Result<(), Error> {
        self.follow_periods().await?;
        let chain = &self.chain;
        let finality = self.beacons.ask(Call::Small, |beacon| async move {
            not_ahead(chain.take_finality(&beacon.finality_update().await?))
        });
        finality
            .await
            .or_else(|error| refused("finality update", error))?;
        let optimistic = self.beacons.ask(Call::Small, |beacon| async move {
            not_ahead(chain.take_optimistic(&beacon.optimistic_update().await?))
        });
        optimistic
            .await
            .or_else(|error| refused("optimistic update", error))?;
        self.keep();
        Ok(())
    }

    /// Takes the updates of the periods up to the present.
    async fn follow_periods(&self) -> Result<(), Error> {
        let network = self.chain.network();
        let present = network.sync_committee_period_at_slot(self.chain.current_slot());
        for _ in 0..PERIODS_MAX {
            let Some(period) = self.chain.committee_period() else {
                break;
            };
            let knows_next = self.chain.knows_next_committee();
            if period >= present && knows_next {
                break;
            }
            // The archive begins with a store's own period, or after it.
            if self.archive.is_due() {
                self.archive.advance().await?;
            }
            let wanted = period.saturating_add(u64::from(knows_next));
            let Some(update) = self.archive.update(wanted).await? else {
                break;
            };
            match self.chain.take_update(&update) {
                // The best update of a period may be older than what we have finalized in it.
                Err(Error::Verify(lampyris_verify::Error::Irrelevant { .. })) => {}
                taken => taken?,
            }
            let now = (
                self.chain.committee_period(),
                self.chain.knows_next_committee(),
            );
            if now == (Some(period), knows_next) {
                break;
            }
        }
        Ok(())
    }

    async fn take(&mut self, news: News) -> Result<bool, Error> {
        let result = match &news {
            News::Finality(update) => self.chain.take_finality(update),
            News::Optimistic(update) => self.chain.take_optimistic(update),
        };
        if let Err(Error::Verify(lampyris_verify::Error::Period { .. })) = &result {
            // A committee is missing: what came is asked for again once that is known.
            if let Err(error) = self.catch_up().await {
                tracing::warn!(%error, "the committee of an announced update is missing");
            }
            return Ok(false);
        }
        result
    }

    fn keep(&mut self) {
        let Some(store) = self.chain.store() else {
            return;
        };
        let slot = store.finalized_header().beacon.slot;
        if slot <= self.kept_slot {
            return;
        }
        match self
            .keep
            .save(self.chain.network(), self.checkpoint, &store)
        {
            Ok(()) => self.kept_slot = slot,
            Err(error) => tracing::warn!(%error, "the chain state could not be kept"),
        }
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.chain.network().slot_duration_ms).min(POLL_MAX)
    }
}

/// Whether an update was taken. One that our store is not ready for is not wrong.
fn not_ahead(taken: Result<bool, Error>) -> Result<bool, Error> {
    match taken {
        Err(Error::Verify(lampyris_verify::Error::Period { .. })) => Ok(false),
        taken => taken,
    }
}

/// An update that does not verify is not served, and is no reason to stop following; nodes that do
/// not answer are.
fn refused(what: &str, error: Error) -> Result<bool, Error> {
    match error {
        Error::Verify(error) => {
            tracing::warn!(%error, "{what} of a beacon node not accepted");
            Ok(false)
        }
        // Until the first finality or signature there is nothing to serve.
        Error::Status { status: 404, .. } => Ok(false),
        error => Err(error),
    }
}
