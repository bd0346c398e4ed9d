//! Follows the chain: catches up, then takes updates as the consensus node announces them, and asks
//! for them once a slot when it does not.

use crate::{
    Error,
    archive::UPDATES_MAX,
    chain::Chain,
    clock::monotonic,
    keep::Keep,
    upstream::beacon::{Beacon, EventStream, News},
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

/// Rounds of catching up before the node is given a rest.
const CATCH_UP_ROUNDS_MAX: usize = 64;

/// The follower of a chain.
#[derive(Debug)]
pub(crate) struct Follower {
    chain: Arc<Chain>,
    beacon: Beacon,
    checkpoint: Option<B256>,
    keep: Keep,
    kept_slot: u64,
}

impl Follower {
    /// A follower that starts from `checkpoint`, from what `keep` has, or from the node's word.
    pub(crate) fn new(
        chain: Arc<Chain>,
        beacon: Beacon,
        checkpoint: Option<B256>,
        keep: Keep,
    ) -> Self {
        Self {
            chain,
            beacon,
            checkpoint,
            keep,
            kept_slot: 0,
        }
    }

    /// Follows for ever; ends only when the node turns out to be of another network.
    pub(crate) async fn run(mut self) -> Error {
        let mut pause = PAUSE_MIN;
        loop {
            let began = monotonic();
            match self.follow().await {
                error @ Error::WrongNetwork { .. } => return error,
                error => tracing::warn!(%error, "following stopped; trying again"),
            }
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
        self.beacon.check_network().await?;
        if self.chain.progress().is_none() {
            self.start().await?;
        }
        self.catch_up().await
    }

    async fn follow(&mut self) -> Error {
        if let Err(error) = self.synchronize().await {
            return error;
        }
        let mut events: Option<EventStream> = None;
        let mut retry_at = monotonic();
        loop {
            if events.is_none() && !self.chain.clock().is_fixed() && monotonic() >= retry_at {
                events = self.open_events(&mut retry_at).await;
            }
            let result = match &mut events {
                Some(stream) => timeout(self.poll_interval() * 2, stream.next()).await,
                None => timeout(self.poll_interval(), std::future::pending()).await,
            };
            let outcome = match result {
                Ok(Ok(news)) => self.take(news).await,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the event stream broke off; asking once a slot");
                    events = None;
                    self.catch_up().await
                }
                Err(_silence) => self.catch_up().await,
            };
            if let Err(error) = outcome {
                return error;
            }
            self.keep();
        }
    }

    async fn open_events(&self, retry_at: &mut Instant) -> Option<EventStream> {
        match timeout(POLL_MAX, self.beacon.events()).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => tracing::debug!(%error, "no event stream"),
            Err(_) => tracing::debug!("no event stream in time"),
        }
        *retry_at = monotonic() + POLL_MAX;
        None
    }

    /// Starts from the checkpoint, or from the block that the node says is finalized.
    async fn start(&mut self) -> Result<(), Error> {
        let root = match self.checkpoint {
            Some(root) => root,
            None => {
                let update: LightClientFinalityUpdate = self.beacon.finality_update().await?;
                let root = update.finalized_header.beacon.hash_tree_root();
                tracing::info!(%root, "no checkpoint given: starting from the node's finalized block");
                root
            }
        };
        let bootstrap = self.beacon.bootstrap(root).await?;
        self.chain.bootstrap(root, &bootstrap)?;
        let slot = bootstrap.header.beacon.slot;
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
        let network = self.chain.network();
        for _ in 0..CATCH_UP_ROUNDS_MAX {
            let target = network.sync_committee_period_at_slot(self.chain.current_slot());
            let Some(period) = self.chain.committee_period() else {
                break;
            };
            if period >= target && self.chain.knows_next_committee() {
                break;
            }
            let count = target
                .saturating_sub(period)
                .saturating_add(1)
                .min(UPDATES_MAX);
            let updates = self.beacon.updates(period, count).await?;
            for update in &updates {
                match self.chain.take_update(update) {
                    // The best update of a period may be older than what we have finalized in it.
                    Err(Error::Verify(lampyris_verify::Error::Irrelevant { .. })) => {}
                    result => result?,
                }
            }
            if self.chain.committee_period() == Some(period) {
                break;
            }
        }
        let finality = self.beacon.finality_update().await;
        self.accept(
            "finality update",
            finality.and_then(|update| self.chain.take_finality(&update)),
        )?;
        let optimistic = self.beacon.optimistic_update().await;
        let taken = optimistic.and_then(|update| self.chain.take_optimistic(&update));
        self.accept("optimistic update", taken)?;
        self.keep();
        Ok(())
    }

    async fn take(&mut self, news: News) -> Result<(), Error> {
        let result = match &news {
            News::Finality(update) => self.chain.take_finality(update),
            News::Optimistic(update) => self.chain.take_optimistic(update),
        };
        if let Err(Error::Verify(lampyris_verify::Error::Period { .. })) = &result {
            // A committee is missing: what came is asked for again once that is known.
            return self.catch_up().await;
        }
        self.accept("announced update", result)
    }

    /// An update that does not verify is not served, and is no reason to stop following; a node that
    /// does not answer is.
    fn accept(&self, what: &str, result: Result<bool, Error>) -> Result<(), Error> {
        match result {
            Ok(_) => Ok(()),
            Err(Error::Verify(error)) => {
                tracing::warn!(%error, "{what} of the beacon node not accepted");
                Ok(())
            }
            // Until the first finality or signature there is nothing to serve.
            Err(Error::Status { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
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
