//! Updates and bootstraps of the past, verified before they are served, and kept.

use crate::{
    Error,
    cache::Cache,
    chain::{Chain, Encoded},
    clock::monotonic,
    upstream::beacon::Beacon,
};
use alloy_primitives::B256;
use lampyris_verify::{
    containers::{LightClientUpdate, SyncCommittee},
    light_client::{LightClientStore, initialize_light_client_store, process_light_client_update},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The specification's `MAX_REQUEST_LIGHT_CLIENT_UPDATES`.
pub(crate) const UPDATES_MAX: u64 = 128;

/// Updates of past periods that are kept: four years of mainnet, 37 MB.
const KEPT_UPDATES_MAX: usize = 1_400;

/// Bootstraps that are kept, in bytes: 75 of mainnet.
const KEPT_BOOTSTRAPS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Walkers that are kept, 75 kB each on mainnet.
const WALKERS_MAX: usize = 64;

/// How long the best update of a period that is not over counts as the best.
const UNFINISHED_FOR: Duration = Duration::from_secs(6);

/// Verified objects of the past.
#[derive(Debug)]
pub(crate) struct Archive {
    chain: Arc<Chain>,
    beacon: Beacon,
    bootstraps: Cache<B256, Arc<Encoded>>,
    inner: Mutex<Inner>,
    /// One fetch of updates at a time: the second finds what the first has kept.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Inner {
    updates: BTreeMap<u64, Kept>,
    /// Stores that stand where the update of a period follows.
    walkers: BTreeMap<u64, LightClientStore>,
}

#[derive(Debug, Clone)]
struct Kept {
    update: Arc<Encoded>,
    /// Until when it is taken from here; forever when its period is over.
    until: Option<Instant>,
}

impl Archive {
    /// An empty archive.
    pub(crate) fn new(chain: Arc<Chain>, beacon: Beacon) -> Self {
        Self {
            chain,
            beacon,
            bootstraps: Cache::new(KEPT_BOOTSTRAPS_BYTES_MAX),
            inner: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// The bootstrap of a block, whose header hashes to `root` and proves the committee.
    pub(crate) async fn bootstrap(&self, root: B256) -> Result<Arc<Encoded>, Error> {
        if let Some(bootstrap) = self.bootstraps.find(&root) {
            return Ok(bootstrap);
        }
        let bootstrap = self.beacon.bootstrap(root).await?;
        let network = self.chain.network();
        let store = initialize_light_client_store(root, &bootstrap, network)?;
        let period = store.committee_period(network);
        if let Some(own) = self.chain.committee(period) {
            expect_committee(&own, store.current_sync_committee())?;
        }
        self.keep_walker(period, store);
        let slot = bootstrap.header.beacon.slot;
        let encoded = self
            .chain
            .encode(slot, bootstrap.encode(network.fork_at_slot(slot)));
        let encoded = Arc::new(encoded);
        self.bootstraps
            .keep(root, encoded.clone(), encoded.ssz.len());
        Ok(encoded)
    }

    /// The best updates of `count` periods from `start`, as far as there are any.
    pub(crate) async fn updates(&self, start: u64, count: u64) -> Result<Vec<Arc<Encoded>>, Error> {
        let last = self
            .chain
            .network()
            .sync_committee_period_at_slot(self.chain.current_slot());
        let end = start
            .saturating_add(count.min(UPDATES_MAX))
            .min(last.saturating_add(1));
        let is_complete = |updates: &[Arc<Encoded>]| {
            u64::try_from(updates.len()).is_ok_and(|kept| kept >= end.saturating_sub(start))
        };
        let kept = self.kept(start, end);
        if is_complete(&kept) {
            return Ok(kept);
        }
        let _fetching = self.fetching.lock().await;
        let mut updates = self.kept(start, end);
        if is_complete(&updates) {
            return Ok(updates);
        }
        let missing = start.saturating_add(u64::try_from(updates.len()).unwrap_or(u64::MAX));
        let mut walker = self.walker(missing).await?;
        let fetched = self
            .beacon
            .updates(missing, end.saturating_sub(missing))
            .await?;
        for (period, update) in (missing..end).zip(fetched) {
            self.walk(&mut walker, period, &update)?;
            updates.push(self.keep(period, last, &update));
            if walker.next_sync_committee().is_none() {
                break;
            }
            self.keep_walker(period.saturating_add(1), walker.clone());
        }
        Ok(updates)
    }

    /// The updates from `start` that are kept without a gap.
    fn kept(&self, start: u64, end: u64) -> Vec<Arc<Encoded>> {
        let now = monotonic();
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (start..end)
            .map_while(|period| inner.updates.get(&period))
            .take_while(|kept| kept.until.is_none_or(|until| now < until))
            .map(|kept| kept.update.clone())
            .collect()
    }

    fn keep(&self, period: u64, last: u64, update: &LightClientUpdate) -> Arc<Encoded> {
        let slot = update.attested_header.beacon.slot;
        let ssz = update.encode(self.chain.network().fork_at_slot(slot));
        let update = Arc::new(self.chain.encode(slot, ssz));
        let until = (period >= last).then(|| monotonic() + UNFINISHED_FOR);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.updates.insert(
            period,
            Kept {
                update: update.clone(),
                until,
            },
        );
        while inner.updates.len() > KEPT_UPDATES_MAX {
            inner.updates.pop_first();
        }
        update
    }

    /// A store that can verify the update of `period`: one that came by, or one that starts from the
    /// block that the update before has finalized. The latter is as good as what the node says; a
    /// client that starts from a true block finds out, and it is our node that lied.
    async fn walker(&self, period: u64) -> Result<LightClientStore, Error> {
        if let Some(walker) = self.kept_walker(period) {
            return Ok(walker);
        }
        let before = period
            .checked_sub(1)
            .ok_or(Error::Missing("first sync committee"))?;
        let update = self.beacon.updates(before, 1).await?.into_iter().next();
        let update = update.ok_or(Error::Missing("update"))?;
        let root = update.finalized_header.beacon.hash_tree_root();
        let bootstrap = self.beacon.bootstrap(root).await?;
        let network = self.chain.network();
        let mut walker = initialize_light_client_store(root, &bootstrap, network)?;
        self.walk(&mut walker, before, &update)?;
        Ok(walker)
    }

    /// Verifies the update of a period and follows it.
    fn walk(
        &self,
        walker: &mut LightClientStore,
        period: u64,
        update: &LightClientUpdate,
    ) -> Result<(), Error> {
        let network = self.chain.network();
        let attested_slot = update.attested_header.beacon.slot;
        if network.sync_committee_period_at_slot(attested_slot) != period {
            return Err(Error::malformed(
                "updates",
                format!("not of period {period}"),
            ));
        }
        process_light_client_update(walker, update, self.chain.current_slot(), network)?;
        let own = self.chain.committee(period.saturating_add(1));
        match (own, &update.next_sync_committee) {
            (Some(own), Some(next)) => expect_committee(&own, next),
            (None, Some(_)) => Ok(()),
            (_, None) => Err(Error::malformed("updates", "no next sync committee")),
        }
    }

    fn kept_walker(&self, period: u64) -> Option<LightClientStore> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.walkers.get(&period).cloned()
    }

    fn keep_walker(&self, period: u64, walker: LightClientStore) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.walkers.insert(period, walker);
        while inner.walkers.len() > WALKERS_MAX {
            inner.walkers.pop_first();
        }
    }
}

fn expect_committee(own: &SyncCommittee, got: &SyncCommittee) -> Result<(), Error> {
    if own == got {
        return Ok(());
    }
    Err(Error::Mismatch {
        what: "sync committee",
        expected: own.hash_tree_root(),
        got: got.hash_tree_root(),
    })
}
