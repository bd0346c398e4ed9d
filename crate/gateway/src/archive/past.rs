//! Updates of periods before the archive begins.
//!
//! Nothing that we trust vouches for them: a committee vouches for the next one, not for the one
//! before. They are checked against what the same node says around them, kept in memory only, and
//! each client checks them from the block that *it* trusts. Where they meet what we have verified,
//! they must agree with it.

use super::ledger::walk;
use crate::{
    Error,
    cache::Cache,
    chain::Chain,
    metrics::CacheReport,
    upstream::{
        beacon::Beacon,
        pool::{Call, Pool},
    },
};
use alloy_primitives::{B256, Bytes};
use lampyris_verify::light_client::{LightClientStore, initialize_light_client_store};
use std::sync::Arc;

/// Such updates that are kept, in bytes: 600 of mainnet, almost two years.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Updates of the past.
#[derive(Debug)]
pub(super) struct Past {
    chain: Arc<Chain>,
    beacons: Pool<Beacon>,
    kept: Cache<u64, Bytes>,
    /// One fetch at a time: the second finds what the first has kept.
    fetching: tokio::sync::Mutex<()>,
}

/// The committee of the first period that we have verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meeting {
    pub(super) period: u64,
    pub(super) committee: B256,
}

impl Past {
    pub(super) fn new(chain: Arc<Chain>, beacons: Pool<Beacon>) -> Self {
        Self {
            chain,
            beacons,
            kept: Cache::new("past_updates", KEPT_BYTES_MAX),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// The updates of the periods from `start` up to `end`, as far as there are any.
    pub(super) async fn updates(
        &self,
        start: u64,
        end: u64,
        meeting: Option<Meeting>,
    ) -> Result<Vec<Bytes>, Error> {
        let mut updates = self.kept(start, end);
        if is_whole(&updates, start, end) {
            return Ok(updates);
        }
        let _fetching = self.fetching.lock().await;
        updates = self.kept(start, end);
        if is_whole(&updates, start, end) {
            return Ok(updates);
        }
        let missing = start.saturating_add(u64::try_from(updates.len()).unwrap_or(u64::MAX));
        let fetched = self.beacons.ask(Call::Large, |beacon| async move {
            self.fetch(&beacon, missing, end, meeting).await
        });
        for (period, chunk) in (missing..end).zip(fetched.await?) {
            self.kept.keep(period, chunk.clone(), chunk.len());
            updates.push(chunk);
        }
        Ok(updates)
    }

    pub(super) fn report(&self) -> CacheReport {
        self.kept.report()
    }

    fn kept(&self, start: u64, end: u64) -> Vec<Bytes> {
        (start..end)
            .map_while(|period| self.kept.find(&period))
            .collect()
    }

    async fn fetch(
        &self,
        beacon: &Beacon,
        start: u64,
        end: u64,
        meeting: Option<Meeting>,
    ) -> Result<Vec<Bytes>, Error> {
        let mut walker = self.walker(beacon, start).await?;
        let updates = beacon.updates(start, end.saturating_sub(start)).await?;
        let mut chunks = Vec::new();
        for (period, update) in (start..end).zip(updates) {
            walk(&mut walker, period, &update, &self.chain)?;
            let next = update
                .next_sync_committee
                .as_ref()
                .map(|committee| committee.hash_tree_root());
            if let (Some(meeting), Some(next)) = (meeting, next)
                && meeting.period == period.saturating_add(1)
                && meeting.committee != next
            {
                return Err(Error::Mismatch {
                    what: "sync committee",
                    expected: meeting.committee,
                    got: next,
                });
            }
            let slot = update.attested_header.beacon.slot;
            let ssz = update.encode(self.chain.network().fork_at_slot(slot));
            chunks.push(self.chain.encode_chunk(slot, ssz));
        }
        if chunks.is_empty() {
            return Err(Error::Missing("update"));
        }
        Ok(chunks)
    }

    /// A store that can verify the update of `period`: it starts from the block that the update
    /// before has finalized.
    async fn walker(&self, beacon: &Beacon, period: u64) -> Result<LightClientStore, Error> {
        let before = period
            .checked_sub(1)
            .ok_or(Error::Missing("first sync committee"))?;
        let update = beacon.updates(before, 1).await?.into_iter().next();
        let update = update.ok_or(Error::Missing("update"))?;
        let root = update.finalized_header.beacon.hash_tree_root();
        let bootstrap = beacon.bootstrap(root).await?;
        let mut walker = initialize_light_client_store(root, &bootstrap, self.chain.network())?;
        walk(&mut walker, before, &update, &self.chain)?;
        Ok(walker)
    }
}

fn is_whole(updates: &[Bytes], start: u64, end: u64) -> bool {
    u64::try_from(updates.len()).is_ok_and(|count| count >= end.saturating_sub(start))
}
