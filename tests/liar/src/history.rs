//! What was true a while ago, for answers that are stale.

use crate::liar::Kind;
use alloy_primitives::B256;
use futures::future::select;
use lampyris_gateway::{Latest, Server};
use lampyris_wire::{
    gossip::TopicKind,
    state::{Response, TransactionProof},
};
use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

/// How much of each kind is remembered.
const KEPT_MAX: usize = 64;

/// So many slots behind the newest, an update is certainly stale to any peer.
const STALE_SLOTS: u64 = 16;

/// The past.
#[derive(Debug, Default)]
pub(crate) struct History {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    finality: VecDeque<Arc<Latest>>,
    optimistic: VecDeque<Arc<Latest>>,
    roots: VecDeque<B256>,
    codes: VecDeque<Response>,
    transactions: VecDeque<TransactionProof>,
}

impl History {
    /// Remembers what the gateway follows, in the background.
    pub(crate) fn watch(self: &Arc<Self>, server: Arc<Server>) {
        let history = self.clone();
        tokio::spawn(async move {
            let mut finality = server.chain().finality();
            let mut optimistic = server.chain().optimistic();
            finality.mark_changed();
            optimistic.mark_changed();
            loop {
                let (first, second) = (pin!(finality.changed()), pin!(optimistic.changed()));
                select(first, second).await;
                history.note(&server);
            }
        });
    }

    /// An update of a kind that is older than `latest`, the oldest there is.
    pub(crate) fn older(&self, kind: TopicKind, latest: &Latest) -> Option<Arc<Latest>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let list = match kind {
            TopicKind::FinalityUpdate => &inner.finality,
            TopicKind::OptimisticUpdate => &inner.optimistic,
        };
        let older = list
            .iter()
            .find(|update| update.rank.attested_slot < latest.rank.attested_slot);
        older.cloned()
    }

    /// Another stale update of a kind each turn: peers do not look twice at the same message, and the
    /// first may come before they know what is stale.
    pub(crate) fn stale(&self, kind: TopicKind, latest: &Latest, turn: u64) -> Option<Arc<Latest>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let list = match kind {
            TopicKind::FinalityUpdate => &inner.finality,
            TopicKind::OptimisticUpdate => &inner.optimistic,
        };
        let stale: Vec<_> = list
            .iter()
            .filter(|update| {
                update.rank.attested_slot.saturating_add(STALE_SLOTS) < latest.rank.attested_slot
            })
            .collect();
        let index = usize::try_from(turn).unwrap_or_default() % stale.len().max(1);
        stale.get(index).map(|update| Arc::clone(update))
    }

    /// Whether enough is remembered for a stale answer of this kind that differs from a true one.
    pub(crate) fn suffices_for(&self, kind: Kind) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match kind {
            Kind::Bootstrap => inner.roots.len() > 1,
            Kind::Finality => spans(&inner.finality),
            Kind::Optimistic | Kind::Gossip => spans(&inner.optimistic),
            _ => true,
        }
    }

    /// A finalized block's root other than `root`.
    pub(crate) fn other_root(&self, root: B256) -> Option<B256> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.roots.iter().copied().find(|other| *other != root)
    }

    /// The code of another contract.
    pub(crate) fn other_code(&self, honest: &Response) -> Option<Response> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let other = inner.codes.iter().find(|code| *code != honest).cloned();
        remember(&mut inner.codes, honest.clone());
        other
    }

    /// The proof of another transaction.
    pub(crate) fn other_transaction(&self, honest: &TransactionProof) -> Option<TransactionProof> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let other = inner
            .transactions
            .iter()
            .find(|other| *other != honest)
            .cloned();
        remember(&mut inner.transactions, honest.clone());
        other
    }

    fn note(&self, server: &Server) {
        let chain = server.chain();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(latest) = &*chain.finality().borrow() {
            remember(&mut inner.finality, latest.clone());
        }
        if let Some(latest) = &*chain.optimistic().borrow() {
            remember(&mut inner.optimistic, latest.clone());
        }
        if let Some(store) = chain.store() {
            remember(
                &mut inner.roots,
                store.finalized_header().beacon.hash_tree_root(),
            );
        }
    }
}

/// Whether the oldest is stale when the newest is known.
fn spans(list: &VecDeque<Arc<Latest>>) -> bool {
    let slot = |update: &Arc<Latest>| update.rank.attested_slot;
    let ends = list.front().map(slot).zip(list.back().map(slot));
    ends.is_some_and(|(oldest, newest)| oldest.saturating_add(STALE_SLOTS) < newest)
}

/// Adds what is new; what came first stays, since it is the stalest.
fn remember<T: PartialEq>(list: &mut VecDeque<T>, item: T) {
    if list.contains(&item) {
        return;
    }
    if list.len() >= KEPT_MAX {
        list.remove(1);
    }
    list.push_back(item);
}
