//! Reading the archive at a start: every update is verified again, from the anchor on.

use super::{
    PERIODS_MAX, Shared,
    ledger::{Inner, walk},
    length,
};
use crate::Error;
use lampyris_verify::{containers::SyncCommittee, light_client::LightClientStore};
use std::sync::atomic::Ordering;

impl Shared {
    /// Reads and verifies what is on disk, or begins an archive where the chain stands.
    pub(super) fn open(&self) -> Result<(), Error> {
        let is_damaged = self.is_damaged.swap(false, Ordering::Relaxed);
        if self.lock().is_some() && !is_damaged {
            return Ok(());
        }
        let Some(store) = self.chain.store() else {
            return Ok(());
        };
        let network = self.chain.network();
        let found = self.shelf.anchor(network).unwrap_or_else(|error| {
            tracing::error!(%error, "the archive's anchor cannot be read");
            None
        });
        if let Some(anchor) = found {
            let inner = self.read_all(anchor);
            if self.agrees(&inner, &store) {
                tracing::info!(
                    first = inner.first,
                    next = inner.next,
                    "the archive is verified"
                );
                *self.lock() = Some(inner);
                return Ok(());
            }
            let aside = self.shelf.put_aside(self.chain.clock().unix_ms())?;
            tracing::error!(
                ?aside,
                "the archive contradicts the checkpoint: it was put aside"
            );
        }
        if let Err(error) = self.shelf.begin(&store, network) {
            self.note_storage_error(&error);
        }
        *self.lock() = Some(Inner::new(store, &self.chain));
        Ok(())
    }

    /// Follows the files from the anchor, as far as they verify.
    fn read_all(&self, anchor: LightClientStore) -> Inner {
        let mut inner = Inner::new(anchor, &self.chain);
        while inner.next.saturating_sub(inner.first) < PERIODS_MAX && self.pick_up(&mut inner) {
            // Without a successor, if only a damaged one, it may have been written before its period
            // was over.
            let successor = self.shelf.read(inner.next.saturating_add(1));
            if matches!(successor, Ok(None)) || !inner.seal(&self.chain) {
                break;
            }
        }
        inner
    }

    /// Takes the update of `next` from the disk, if there is one and it verifies.
    pub(super) fn pick_up(&self, inner: &mut Inner) -> bool {
        let period = inner.next;
        let read = self.shelf.read(period).and_then(|chunk| {
            let Some(chunk) = chunk else { return Ok(None) };
            let update = self.decode(&chunk)?;
            walk(&mut inner.walker.clone(), period, &update, &self.chain)?;
            Ok(Some((update, chunk)))
        });
        match read {
            Ok(Some((update, chunk))) => {
                self.kept.keep(period, chunk.clone(), chunk.len());
                inner.run(update, length(&chunk));
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::error!(%error, period, "an archived update is fetched again");
                false
            }
        }
    }

    /// Whether an archive has the committee that the chain has, as far as both know.
    fn agrees(&self, inner: &Inner, store: &LightClientStore) -> bool {
        let network = self.chain.network();
        let period = store.committee_period(network);
        let archived = if period.saturating_add(1) == inner.next {
            Some(inner.walker.current_sync_committee().hash_tree_root())
        } else if period == inner.next {
            let next = inner.walker.next_sync_committee();
            next.map(SyncCommittee::hash_tree_root)
        } else if period > inner.first && period < inner.next {
            let before = self.shelf.read(period - 1).ok().flatten();
            let before = before.and_then(|chunk| self.decode(&chunk).ok());
            before.and_then(|update| Some(update.next_sync_committee?.hash_tree_root()))
        } else if period == inner.first {
            Some(inner.meeting.committee)
        } else {
            None
        };
        let own = store.current_sync_committee().hash_tree_root();
        archived.is_none_or(|archived| archived == own)
    }
}
