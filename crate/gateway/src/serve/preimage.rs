//! Texts behind hashes: a proposal's description, which the chain keeps only in an event.

use super::Server;
use crate::{
    Error,
    clock::monotonic,
    hook::Reply,
    upstream::{pool::Call, proposal},
};
use alloy_primitives::{Address, B256, Bytes};
use lampyris_verify::keccak256;
use lampyris_wire::state::Response;
use std::time::Duration;

/// Blocks of a range of logs, for nodes that refuse the whole chain at once.
const LOG_RANGE: u64 = 10_000;

/// Such ranges that are looked through, newest first: two months of mainnet.
const LOG_RANGES_MAX: u64 = 50;

/// Blocks at the head that are looked through again, since they may have been replaced.
const LOG_REORG: u64 = 64;

/// How long a scan counts: texts that were found fall out of the cache.
const SCANNED_FOR: Duration = Duration::from_secs(600);

/// The longest text behind a hash.
const PREIMAGE_BYTES_MAX: usize = lampyris_wire::state::MAX_PREIMAGE_BYTES;

impl Server {
    /// The bytes whose keccak is `hash`, from the events of `governor`.
    pub(super) async fn preimage(&self, hash: B256, governor: Address) -> Result<Reply, Error> {
        if let Some(bytes) = self.preimages.find(&hash) {
            return Ok(Reply::State(Response::Preimage { bytes }));
        }
        let _scanning = self.scanning.lock().await;
        if self.preimages.find(&hash).is_none() {
            self.scan_proposals(governor, hash).await?;
        }
        let bytes = self.preimages.find(&hash).ok_or(Error::Missing("text"))?;
        Ok(Reply::State(Response::Preimage { bytes }))
    }

    /// Looks through a governor's events, the newest first, until `wanted` is found or nothing is
    /// left that was not seen before.
    async fn scan_proposals(&self, governor: Address, wanted: B256) -> Result<(), Error> {
        let height = self.height().await?;
        let seen = self.scanned.find(&governor);
        let seen = seen.filter(|(_, at)| at.elapsed() < SCANNED_FOR);
        let start = seen.map_or(0, |(seen, _)| seen.saturating_sub(LOG_REORG));
        if self.scan_range(governor, start, height).await.is_err() {
            let mut to = height;
            for _ in 0..LOG_RANGES_MAX {
                let from = to.saturating_sub(LOG_RANGE - 1).max(start);
                self.scan_range(governor, from, to).await?;
                if from <= start || self.preimages.find(&wanted).is_some() {
                    break;
                }
                to = from.saturating_sub(1);
            }
        }
        if self.preimages.find(&wanted).is_none() {
            let scanned = (height, monotonic());
            self.scanned.keep(governor, scanned, size_of_val(&scanned));
        }
        Ok(())
    }

    async fn scan_range(&self, governor: Address, from: u64, to: u64) -> Result<(), Error> {
        let executions = &self.upstreams.executions;
        let logs = executions.ask(Call::Large, |execution| async move {
            execution.proposals(governor, from, to).await
        });
        let logs = logs.await?;
        for text in logs.iter().filter_map(proposal::description) {
            if text.len() <= PREIMAGE_BYTES_MAX {
                let bytes = Bytes::copy_from_slice(text);
                self.preimages.keep(keccak256(text), bytes, text.len());
            }
        }
        Ok(())
    }
}
