//! Bootstraps that peers start from: verified, and kept as they are sent.

use super::ledger::expect_committee;
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
use lampyris_verify::light_client::initialize_light_client_store;
use std::sync::Arc;

/// Bootstraps that are kept, in bytes: 75 of mainnet.
const KEPT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bootstraps by block root.
#[derive(Debug)]
pub(crate) struct Bootstraps {
    chain: Arc<Chain>,
    beacons: Pool<Beacon>,
    kept: Cache<B256, Bytes>,
}

impl Bootstraps {
    /// Bootstraps that `beacons` have.
    pub(crate) fn new(chain: Arc<Chain>, beacons: Pool<Beacon>) -> Self {
        Self {
            chain,
            beacons,
            kept: Cache::new("bootstraps", KEPT_BYTES_MAX),
        }
    }

    /// The bootstrap of a block as a chunk of a response. Its header hashes to `root` and proves the
    /// committee.
    pub(crate) async fn find(&self, root: B256) -> Result<Bytes, Error> {
        let kept = self.kept.find_or_fetch(root, async {
            let asked = self.beacons.ask(Call::Small, |beacon| async move {
                let bootstrap = beacon.bootstrap(root).await?;
                let network = self.chain.network();
                let store = initialize_light_client_store(root, &bootstrap, network)?;
                if let Some(own) = self.chain.committee(store.committee_period(network)) {
                    expect_committee(&own, store.current_sync_committee())?;
                }
                Ok(bootstrap)
            });
            let bootstrap = asked.await?;
            let slot = bootstrap.header.beacon.slot;
            let ssz = bootstrap.encode(self.chain.network().fork_at_slot(slot));
            let chunk = self.chain.encode_chunk(slot, ssz);
            let bytes = chunk.len();
            Ok((chunk, bytes))
        });
        kept.await
    }

    /// What is kept.
    pub(crate) fn report(&self) -> CacheReport {
        self.kept.report()
    }
}
