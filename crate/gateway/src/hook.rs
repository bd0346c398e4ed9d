//! A place where tests put themselves between the gateway and its peers.

use crate::{chain::Latest, serve::Server};
use alloy_primitives::{B256, Bytes};
use futures::future::BoxFuture;
use lampyris_wire::{gossip::TopicKind, state};
use std::{fmt::Debug, sync::Arc};

/// A request of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The bootstrap of a block.
    Bootstrap(B256),
    /// Updates of periods.
    Updates {
        /// The first period.
        start: u64,
        /// How many.
        count: u64,
    },
    /// The latest finality update.
    Finality,
    /// The latest optimistic update.
    Optimistic,
    /// Something of the state protocol.
    State(state::Request),
}

/// What a peer gets.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Objects of a light-client protocol, each as the chunk of a response that it is on the wire.
    Chunks(Vec<Bytes>),
    /// The latest update of a kind.
    Latest(Arc<Latest>),
    /// A light-client protocol's error.
    Error {
        /// The specification's code.
        code: u8,
        /// In words.
        message: String,
    },
    /// An answer of the state protocol.
    State(state::Response),
    /// An answer of the state protocol as it is on the wire.
    EncodedState(Bytes),
    /// These bytes and no others.
    Bytes(Vec<u8>),
    /// Nothing, ever.
    Silence,
}

/// Stands between the gateway and its peers. The default lets everything pass.
pub trait Hook: Debug + Send + Sync {
    /// What to answer; `server` knows the honest answer to this request and to every other.
    fn answer<'a>(&'a self, request: Request, server: &'a Server) -> BoxFuture<'a, Reply> {
        Box::pin(server.answer(request))
    }

    /// What to publish: a gossip message's data, or nothing.
    fn publish(&self, _kind: TopicKind, update: &Arc<Latest>) -> Option<Vec<u8>> {
        Some(update.message.clone())
    }
}

/// No hook: what a real gateway runs with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Honest;

impl Hook for Honest {}
