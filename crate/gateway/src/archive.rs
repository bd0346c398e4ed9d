//! The archive: one update for each sync-committee period since the operator's checkpoint, each
//! verified with the committee that the one before has brought.
//!
//! **Invariant: the update of a period that is over never changes.** While its period runs, it is
//! replaced by better ones ([`is_better_update`]). Every update is a file, written once and checked
//! when it is read; at a start all of them are verified again from the checkpoint on. What is
//! damaged is fetched again.

mod bootstraps;
mod ledger;
mod open;
mod past;
mod shelf;

pub(crate) use bootstraps::Bootstraps;

use crate::{
    Error,
    cache::Cache,
    chain::Chain,
    clock::monotonic,
    metrics::{CacheReport, Exposition, Metrics},
    upstream::{
        beacon::Beacon,
        pool::{Call, Pool},
    },
};
use alloy_primitives::Bytes;
use lampyris_verify::{containers::LightClientUpdate, light_client::is_better_update};
use lampyris_wire::{Protocol, req_resp};
use ledger::{Inner, walk};
use past::Past;
use shelf::Shelf;
use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

/// The specification's `MAX_REQUEST_LIGHT_CLIENT_UPDATES`.
pub(crate) const UPDATES_MAX: u64 = 128;

/// Periods that are kept on disk: twelve years of mainnet, 110 MB.
const PERIODS_MAX: u64 = 4_096;

/// Updates that are kept in memory, in bytes: a year of mainnet. Others are read from the disk.
const KEPT_BYTES_MAX: usize = 9 * 1024 * 1024;

/// How often a better update of the running period is looked for: each epoch, within these bounds.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(384));

/// The archive; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    chain: Arc<Chain>,
    beacons: Pool<Beacon>,
    metrics: Arc<Metrics>,
    shelf: Shelf,
    kept: Cache<u64, Bytes>,
    past: Past,
    inner: Mutex<Option<Inner>>,
    advancing: tokio::sync::Mutex<()>,
    looked_at: Mutex<Option<Instant>>,
    /// Whether a file was found damaged, so that all are to be read again.
    is_damaged: AtomicBool,
}

impl Archive {
    /// The archive in the data folder; nothing is read before [`Archive::advance`].
    pub(crate) fn new(
        chain: Arc<Chain>,
        beacons: Pool<Beacon>,
        metrics: Arc<Metrics>,
        data: &Path,
    ) -> Self {
        let shared = Shared {
            shelf: Shelf::new(data, chain.network()),
            past: Past::new(chain.clone(), beacons.clone()),
            chain,
            beacons,
            metrics,
            kept: Cache::new("updates", KEPT_BYTES_MAX),
            inner: Mutex::default(),
            advancing: tokio::sync::Mutex::default(),
            looked_at: Mutex::default(),
            is_damaged: AtomicBool::new(false),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Whether there is something to fetch: a period has begun, or an epoch since the last look.
    pub(crate) fn is_due(&self) -> bool {
        let shared = &self.shared;
        if shared.is_damaged.load(Ordering::Relaxed) {
            return true;
        }
        let is_behind = match &*shared.lock() {
            Some(inner) => inner.next < shared.present() || inner.running.is_none(),
            None => true,
        };
        let looked_at = *shared
            .looked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let network = self.shared.chain.network();
        let epoch_ms = network
            .preset
            .slots_per_epoch
            .saturating_mul(network.slot_duration_ms);
        let epoch = Duration::from_millis(epoch_ms).clamp(LOOK_EVERY.0, LOOK_EVERY.1);
        let pause = if is_behind { LOOK_EVERY.0 } else { epoch };
        looked_at.is_none_or(|at| at.elapsed() >= pause)
    }

    /// Reads the archive if that was not done yet, and fetches what is missing up to the present.
    pub(crate) async fn advance(&self) -> Result<(), Error> {
        let _advancing = self.shared.advancing.lock().await;
        let now = Some(monotonic());
        *self
            .shared
            .looked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = now;
        self.on_disk(Shared::open).await?;
        loop {
            let Some(next) = self.shared.lock().as_ref().map(|inner| inner.next) else {
                return Ok(());
            };
            let present = self.shared.present();
            if next > present {
                return Ok(());
            }
            let count = present
                .saturating_sub(next)
                .saturating_add(1)
                .min(UPDATES_MAX);
            let took = self.shared.beacons.ask(Call::Large, |beacon| async move {
                let updates = beacon.updates(next, count).await?;
                let took = self.on_disk(move |shared| shared.take(next, &updates));
                took.await?;
                // Nodes forget old updates; another one may have them.
                let reached = self.shared.lock().as_ref().map(|inner| inner.next);
                if reached == Some(next) && next < present {
                    return Err(Error::Missing("update"));
                }
                Ok(())
            });
            took.await?;
            let reached = self.shared.lock().as_ref().map(|inner| inner.next);
            if reached == Some(next) {
                return Ok(());
            }
        }
    }

    /// The best updates of `count` periods from `start` as chunks of a response, as far as there are
    /// any.
    pub(crate) async fn updates(&self, start: u64, count: u64) -> Result<Vec<Bytes>, Error> {
        let shared = &self.shared;
        let end = start
            .saturating_add(count.min(UPDATES_MAX))
            .min(shared.present().saturating_add(1));
        let known = shared
            .lock()
            .as_ref()
            .map(|inner| (inner.first, inner.meeting));
        let (first, meeting) = known.map_or((end, None), |(first, meeting)| (first, Some(meeting)));
        let mut chunks = Vec::new();
        if start < first.min(end) {
            let before = first.min(end);
            chunks = shared.past.updates(start, before, meeting).await?;
            if chunks.len() < usize::try_from(before - start).unwrap_or(usize::MAX) {
                return Ok(chunks);
            }
        }
        for period in start.max(first)..end {
            match self.chunk(period).await {
                Ok(Some(chunk)) => chunks.push(chunk),
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, period, "the archive is read and repaired anew");
                    shared.is_damaged.store(true, Ordering::Relaxed);
                    break;
                }
            }
        }
        Ok(chunks)
    }

    /// The update of a period that [`Archive::advance`] has brought.
    pub(crate) async fn update(&self, period: u64) -> Result<Option<LightClientUpdate>, Error> {
        match self.chunk(period).await? {
            Some(chunk) => self.shared.decode(&chunk).map(Some),
            None => Ok(None),
        }
    }

    /// What is in memory.
    pub(crate) fn cache_reports(&self) -> [CacheReport; 2] {
        [self.shared.kept.report(), self.shared.past.report()]
    }

    /// Writes what there is.
    pub(crate) fn write(&self, to: &mut Exposition) {
        let held = self.shared.lock().as_ref().map(|inner| {
            let periods = inner.next.saturating_sub(inner.first);
            (
                periods.saturating_add(u64::from(inner.running.is_some())),
                inner.bytes,
            )
        });
        let (periods, bytes) = held.unwrap_or_default();
        to.gauge(
            "lampyris_archive_periods",
            "Sync-committee periods whose update is on disk",
            periods,
        );
        to.gauge("lampyris_archive_bytes", "Bytes of updates on disk", bytes);
    }

    async fn chunk(&self, period: u64) -> Result<Option<Bytes>, Error> {
        let held = self.shared.lock().as_ref().is_some_and(|inner| {
            period < inner.next || (period == inner.next && inner.running.is_some())
        });
        if !held {
            return Ok(None);
        }
        if let Some(chunk) = self.shared.kept.find(&period) {
            return Ok(Some(chunk));
        }
        self.on_disk(move |shared| {
            let chunk = shared.shelf.read(period)?;
            let chunk = chunk.ok_or(Error::Missing("archived update"))?;
            shared.kept.keep(period, chunk.clone(), chunk.len());
            Ok(Some(chunk))
        })
        .await
    }

    /// Files and signatures take time that others need.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        let worked = spawn_blocking(move || work(&shared)).await;
        worked.unwrap_or(Err(Error::Missing("archive")))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Inner>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&self) -> u64 {
        let network = self.chain.network();
        network.sync_committee_period_at_slot(self.chain.current_slot())
    }

    /// Takes in what a node says are the best updates from the period `start` on. What does not
    /// verify is the error; what verified before it stays.
    fn take(&self, start: u64, updates: &[LightClientUpdate]) -> Result<(), Error> {
        // Only one advances at a time, and others go on reading meanwhile.
        let Some(mut inner) = self.lock().clone() else {
            return Ok(());
        };
        let taken = self.take_into(&mut inner, start, updates);
        *self.lock() = Some(inner);
        taken
    }

    fn take_into(
        &self,
        inner: &mut Inner,
        start: u64,
        updates: &[LightClientUpdate],
    ) -> Result<(), Error> {
        let present = self.present();
        for (period, update) in (start..).zip(updates) {
            if period < inner.next {
                continue;
            }
            if period > inner.next {
                break;
            }
            walk(&mut inner.walker.clone(), period, update, &self.chain)?;
            let network = self.chain.network();
            let running = inner.running.as_ref();
            if running.is_none_or(|running| is_better_update(update, running, network)) {
                self.keep(inner, update);
            }
            let has_room = inner.next.saturating_sub(inner.first) < PERIODS_MAX;
            if period < present && has_room && inner.seal(&self.chain) {
                // What an earlier run has written of the next period stays unless it is worse.
                self.pick_up(inner);
            }
        }
        // The node has nothing of a period that is over, but we do.
        if updates.is_empty() && inner.next < present {
            inner.seal(&self.chain);
        }
        Ok(())
    }

    fn keep(&self, inner: &mut Inner, update: &LightClientUpdate) {
        let slot = update.attested_header.beacon.slot;
        let ssz = update.encode(self.chain.network().fork_at_slot(slot));
        let chunk = self.chain.encode_chunk(slot, ssz);
        if let Err(error) = self.shelf.write(inner.next, &chunk) {
            self.note_storage_error(&error);
        }
        inner.run(update.clone(), length(&chunk));
        self.kept.keep(inner.next, chunk.clone(), chunk.len());
    }

    fn decode(&self, chunk: &Bytes) -> Result<LightClientUpdate, Error> {
        let protocol = Protocol::LightClientUpdatesByRange;
        let malformed = |reason: String| Error::malformed("archived update", reason);
        let chunks = req_resp::decode_chunks(chunk, protocol.chunk_bytes_max(), 1)
            .map_err(|error| malformed(error.to_string()))?;
        let chunk = chunks.into_iter().next();
        let chunk = chunk.ok_or_else(|| malformed("empty".into()))?;
        let network = self.chain.network();
        let (fork, _) = network
            .fork_by_digest(chunk.digest)
            .ok_or_else(|| malformed("of no fork".into()))?;
        Ok(LightClientUpdate::decode(
            &chunk.ssz,
            fork,
            &network.preset,
        )?)
    }

    fn note_storage_error(&self, error: &Error) {
        self.metrics.storage_errors.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "the archive cannot be written");
    }
}

fn length(chunk: &Bytes) -> u64 {
    u64::try_from(chunk.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
