//! The liar: stands between an honest gateway and its peers.

use crate::{
    alter::{self, Change, Part},
    history::History,
};
use alloy_primitives::B256;
use futures::future::BoxFuture;
use lampyris_gateway::{Hook, Latest, Reply, Request, Server};
use lampyris_wire::{
    gossip::TopicKind,
    state::{self, Response},
};
use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What to lie about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing.
    #[default]
    None,
    /// The bootstrap of a block.
    Bootstrap,
    /// Updates of periods.
    Update,
    /// The latest finality update.
    Finality,
    /// The latest optimistic update.
    Optimistic,
    /// Proofs of accounts, with or without storage.
    AccountProof,
    /// Proofs that include storage.
    StorageProof,
    /// Code.
    Code,
    /// Headers.
    Header,
    /// Transactions with their receipts.
    Receipt,
    /// What is published.
    Gossip,
}

/// How to lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// One byte is wrong.
    #[default]
    Flip,
    /// It is true, but of another time.
    Stale,
    /// Half of it is missing.
    Cut,
    /// It is longer than the protocol allows.
    Oversized,
    /// It never comes.
    Silent,
}

/// A lie to be told.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lie {
    /// What to lie about.
    pub kind: Kind,
    /// How.
    #[serde(default)]
    pub how: How,
    /// Chooses the byte that is flipped.
    #[serde(default)]
    pub seed: u64,
}

/// The liar.
#[derive(Debug, Default)]
pub struct Liar {
    lie: Mutex<Lie>,
    told: AtomicU64,
    history: Arc<History>,
    late: Duration,
}

impl Liar {
    /// One whose answers are late by this time, so that others are asked first.
    #[must_use]
    pub fn late(late: Duration) -> Self {
        Self {
            late,
            ..Self::default()
        }
    }

    /// Tells this lie from now on.
    pub fn order(&self, lie: Lie) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie;
        self.told.store(0, Ordering::Relaxed);
    }

    /// Whether the liar can tell this lie yet: for an answer of another time there must have been one.
    pub fn is_able(&self, lie: Lie) -> bool {
        lie.how != How::Stale || self.history.suffices_for(lie.kind)
    }

    /// The lie, and how often it was told since it was ordered.
    pub fn report(&self) -> serde_json::Value {
        let Lie { kind, how, seed } = self.lie();
        let told = self.told.load(Ordering::Relaxed);
        serde_json::json!({ "kind": kind, "how": how, "seed": seed, "told": told })
    }

    /// Remembers what `server` follows, for answers that are stale.
    pub fn watch(&self, server: &Arc<Server>) {
        self.history.watch(server.clone());
    }

    fn lie(&self) -> Lie {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn lie_about(&self, request: Request, lie: Lie, server: &Server) -> Reply {
        self.told.fetch_add(1, Ordering::Relaxed);
        let part = if lie.kind == Kind::StorageProof {
            Part::Last
        } else {
            Part::First
        };
        let change = match lie.how {
            How::Flip => Change::Flip { seed: lie.seed },
            How::Cut => Change::Cut,
            How::Oversized => Change::Oversize,
            How::Silent => return Reply::Silence,
            How::Stale => return self.stale(request, server).await,
        };
        alter::reply(server.answer(request).await, change, part)
    }

    /// A true answer to another question, or of another time.
    async fn stale(&self, request: Request, server: &Server) -> Reply {
        match request {
            Request::Bootstrap(root) => {
                let other = self.history.other_root(root).unwrap_or(root);
                server.answer(Request::Bootstrap(other)).await
            }
            Request::Updates { start, count } => {
                let start = start.checked_sub(1).unwrap_or(1);
                server.answer(Request::Updates { start, count }).await
            }
            Request::Finality => {
                let honest = server.answer(Request::Finality).await;
                self.stale_update(TopicKind::FinalityUpdate, honest)
            }
            Request::Optimistic => {
                let honest = server.answer(Request::Optimistic).await;
                self.stale_update(TopicKind::OptimisticUpdate, honest)
            }
            Request::State(request) => self.stale_state(request, server).await,
        }
    }

    fn stale_update(&self, kind: TopicKind, honest: Reply) -> Reply {
        match &honest {
            Reply::Latest(latest) => self
                .history
                .older(kind, latest)
                .map_or(honest, Reply::Latest),
            _ => honest,
        }
    }

    async fn stale_state(&self, request: state::Request, server: &Server) -> Reply {
        let request = match request {
            state::Request::StateProof {
                block_hash,
                accounts,
            } => {
                let block_hash = older_block(server, block_hash);
                state::Request::StateProof {
                    block_hash,
                    accounts,
                }
            }
            state::Request::Headers { hash, count } => state::Request::Headers {
                hash: older_block(server, hash),
                count,
            },
            other => other,
        };
        let honest = server.answer(Request::State(request)).await;
        match alter::decoded(honest) {
            Reply::State(code @ Response::Code { .. }) => {
                let empty = Response::Code {
                    code: Default::default(),
                };
                Reply::State(self.history.other_code(&code).unwrap_or(empty))
            }
            Reply::State(Response::Transaction(proof)) => {
                let other = match self.history.other_transaction(&proof) {
                    Some(other) => other,
                    None => of_older_block(server, proof).await,
                };
                Reply::State(Response::Transaction(other))
            }
            honest => honest,
        }
    }
}

impl Hook for Liar {
    fn answer<'a>(&'a self, request: Request, server: &'a Server) -> BoxFuture<'a, Reply> {
        let lie = self.lie();
        Box::pin(async move {
            if !self.late.is_zero() {
                tokio::time::sleep(self.late).await;
            }
            if concerns(lie.kind, &request) {
                self.lie_about(request, lie, server).await
            } else {
                server.answer(request).await
            }
        })
    }

    fn publish(&self, kind: TopicKind, update: &Arc<Latest>) -> Option<Vec<u8>> {
        let honest = || lampyris_wire::gossip::compress(&update.encoded.ssz);
        let lie = self.lie();
        if lie.kind != Kind::Gossip {
            return Some(honest());
        }
        let turn = self.told.fetch_add(1, Ordering::Relaxed);
        match lie.how {
            How::Flip => Some(alter::message(update, Change::Flip { seed: lie.seed })),
            How::Cut => Some(alter::message(update, Change::Cut)),
            How::Oversized => Some(alter::message(update, Change::Oversize)),
            How::Silent => None,
            How::Stale => {
                let stale = self.history.stale(kind, update, turn);
                let stale = stale.as_ref().unwrap_or(update);
                Some(lampyris_wire::gossip::compress(&stale.encoded.ssz))
            }
        }
    }
}

fn concerns(kind: Kind, request: &Request) -> bool {
    match (kind, request) {
        (Kind::Bootstrap, Request::Bootstrap(_))
        | (Kind::Update, Request::Updates { .. })
        | (Kind::Finality, Request::Finality)
        | (Kind::Optimistic, Request::Optimistic) => true,
        (kind, Request::State(request)) => match request {
            state::Request::StateProof { accounts, .. } => {
                kind == Kind::AccountProof
                    || (kind == Kind::StorageProof
                        && accounts.iter().any(|query| !query.slots.is_empty()))
            }
            state::Request::Code { .. } => kind == Kind::Code,
            state::Request::Headers { .. } => kind == Kind::Header,
            state::Request::Transaction { .. } => kind == Kind::Receipt,
            state::Request::SendTransaction { .. } | state::Request::Preimage { .. } => false,
        },
        _ => false,
    }
}

/// The oldest recent block, if it is another one.
fn older_block(server: &Server, hash: B256) -> B256 {
    let blocks = server.chain().recent_blocks();
    let older = blocks
        .iter()
        .min_by_key(|block| block.number)
        .map(|block| block.hash);
    older.unwrap_or(hash)
}

/// The same proof, said to be of an older block.
async fn of_older_block(
    server: &Server,
    mut proof: state::TransactionProof,
) -> state::TransactionProof {
    let hash = older_block(server, proof.block_hash);
    let request = state::Request::Headers { hash, count: 1 };
    if let Reply::State(Response::Headers { rlp }) = server.answer(Request::State(request)).await
        && let Some(header) = rlp.into_iter().next()
    {
        proof.block_hash = hash;
        proof.header_rlp = header;
    }
    proof
}
