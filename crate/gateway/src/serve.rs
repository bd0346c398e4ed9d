//! Serves peers: takes what the swarm reports, answers requests, publishes updates.

mod light_client;
mod limits;
mod preimage;
mod state;
mod transaction_block;

use crate::{
    Error,
    archive::Archive,
    cache::Cache,
    chain::Chain,
    hook::{Hook, Reply, Request},
    metrics::Metrics,
    upstream::{block::CheckedHeader, execution::Execution},
};
use alloy_primitives::{Address, B256, Bytes};
use lampyris_wire::{
    Protocol,
    state::{FailureCode, Response},
};
use limits::Limits;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time::timeout};

/// Bounds of the caches, in bytes.
const CODES_BYTES_MAX: usize = 32 * 1024 * 1024;
const PROOFS_BYTES_MAX: usize = 64 * 1024 * 1024;
const HEADERS_BYTES_MAX: usize = 4 * 1024 * 1024;
const PREIMAGES_BYTES_MAX: usize = 8 * 1024 * 1024;
const TRANSACTION_BLOCKS_BYTES_MAX: usize = 64 * 1024 * 1024;
const SMALL_BYTES_MAX: usize = 256 * 1024;

/// How long an answer may take; the requester waits 10 to 30 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(25);

/// Everything that answering needs.
#[derive(Debug)]
pub struct Server {
    chain: Arc<Chain>,
    archive: Archive,
    execution: Execution,
    metrics: Arc<Metrics>,
    hook: Arc<dyn Hook>,
    limits: Limits,
    codes: Cache<B256, Bytes>,
    /// Proofs by the hash of their request, which names the block: tabs ask for the same ones.
    proofs: Cache<B256, Vec<Bytes>>,
    header_cache: Cache<B256, Arc<CheckedHeader>>,
    state_blocks: Cache<B256, state::StateBlock>,
    transaction_blocks: Cache<B256, Arc<transaction_block::TransactionBlock>>,
    preimages: Cache<B256, Bytes>,
    /// Up to which block a governor's events have been looked through, and when.
    scanned: Cache<Address, (u64, Instant)>,
    scanning: Mutex<()>,
}

impl Server {
    /// A server of `chain`.
    pub(crate) fn new(
        chain: Arc<Chain>,
        archive: Archive,
        execution: Execution,
        metrics: Arc<Metrics>,
        hook: Arc<dyn Hook>,
    ) -> Self {
        Self {
            chain,
            archive,
            execution,
            metrics,
            hook,
            limits: Limits::default(),
            codes: Cache::new(CODES_BYTES_MAX),
            proofs: Cache::new(PROOFS_BYTES_MAX),
            header_cache: Cache::new(HEADERS_BYTES_MAX),
            state_blocks: Cache::new(SMALL_BYTES_MAX),
            transaction_blocks: Cache::new(TRANSACTION_BLOCKS_BYTES_MAX),
            preimages: Cache::new(PREIMAGES_BYTES_MAX),
            scanned: Cache::new(SMALL_BYTES_MAX),
            scanning: Mutex::default(),
        }
    }

    /// The chain that is served.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The hook that stands between this server and its peers.
    pub(crate) fn hook(&self) -> &dyn Hook {
        &*self.hook
    }

    /// The honest answer to a request.
    pub async fn answer(&self, request: Request) -> Reply {
        match request {
            Request::Bootstrap(root) => self.bootstrap(root).await,
            Request::Updates { start, count } => self.updates(start, count).await,
            Request::Finality => self.finality(),
            Request::Optimistic => self.optimistic(),
            Request::State(request) => Reply::State(self.state(request).await),
        }
    }

    /// The bytes for a request as it came from `peer`; nothing when no answer is to be sent.
    pub(crate) async fn respond(
        &self,
        peer: &str,
        protocol: Protocol,
        body: &[u8],
    ) -> Option<Vec<u8>> {
        self.metrics
            .request_bytes
            .fetch_add(count(body.len()), Ordering::Relaxed);
        let request = match protocol {
            Protocol::State => lampyris_wire::state::Request::decode(body)
                .ok()
                .map(Request::State),
            protocol => light_client::decode(protocol, body),
        };
        let reply = self.reply(peer, protocol, request).await;
        self.metrics.count_request(label(protocol), outcome(&reply));
        let bytes = match reply {
            Reply::State(response) => encode_state(&response),
            reply => light_client::encode(reply),
        };
        let length = bytes.as_ref().map_or(0, Vec::len);
        self.metrics
            .response_bytes
            .fetch_add(count(length), Ordering::Relaxed);
        bytes
    }

    /// Forgets what peers that are long gone have spent.
    pub(crate) fn forget_idle_peers(&self) {
        self.limits.forget_idle(crate::clock::monotonic());
    }

    async fn reply(&self, peer: &str, protocol: Protocol, request: Option<Request>) -> Reply {
        let Some(request) = request else {
            return match protocol {
                Protocol::State => failed(FailureCode::InvalidRequest, "malformed request"),
                _ => light_client::invalid(),
            };
        };
        let cost = match &request {
            Request::State(request) => state::cost(request),
            Request::Updates { count, .. } => u32::try_from(*count / 8).unwrap_or(u32::MAX).max(1),
            _ => 1,
        };
        let Some(_permit) = self.limits.admit(peer, cost, crate::clock::monotonic()) else {
            return match protocol {
                Protocol::State => failed(FailureCode::RateLimited, "too many requests"),
                _ => light_client::rate_limited(),
            };
        };
        match timeout(ANSWER_TIMEOUT, self.hook.answer(request, self)).await {
            Ok(reply) => reply,
            Err(_) => match protocol {
                Protocol::State => failed(FailureCode::Unavailable, "the node is too slow"),
                _ => light_client::too_slow(),
            },
        }
    }
}

fn encode_state(response: &Response) -> Option<Vec<u8>> {
    response
        .encode()
        .or_else(|error| {
            tracing::warn!(%error, "a response exceeds the protocol's bounds");
            let (code, message) = (FailureCode::Unavailable, "too large to send".into());
            Response::Failed { code, message }.encode()
        })
        .ok()
}

fn failed(code: FailureCode, message: &str) -> Reply {
    Reply::State(Response::Failed {
        code,
        message: message.into(),
    })
}

/// What peers may know of an error: nothing of the nodes behind us.
fn public_message(error: &Error) -> String {
    match error {
        Error::Missing(what) => format!("{what} is not available"),
        Error::Mismatch { what, .. } => format!("the node's {what} is not the one asked for"),
        Error::Rpc { message, .. } => format!("the node refuses: {message}"),
        Error::Status { status: 404, .. } => "not available".into(),
        Error::Unreachable { .. } | Error::Status { .. } => "the node does not answer".into(),
        Error::TooLong { .. } | Error::Malformed { .. } | Error::Verify(_) => {
            "the node's answer is not valid".into()
        }
        _ => "not available".into(),
    }
}

fn label(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::LightClientBootstrap => "light_client_bootstrap",
        Protocol::LightClientUpdatesByRange => "light_client_updates_by_range",
        Protocol::LightClientFinalityUpdate => "light_client_finality_update",
        Protocol::LightClientOptimisticUpdate => "light_client_optimistic_update",
        Protocol::State => "state",
    }
}

fn outcome(reply: &Reply) -> &'static str {
    match reply {
        Reply::State(Response::Failed { code, .. }) => match code {
            FailureCode::Unavailable => "unavailable",
            FailureCode::InvalidRequest => "invalid_request",
            FailureCode::RateLimited => "rate_limited",
            FailureCode::Refused => "refused",
        },
        Reply::Error { code, .. } => match *code {
            lampyris_wire::req_resp::code::INVALID_REQUEST => "invalid_request",
            lampyris_wire::req_resp::code::RATE_LIMITED => "rate_limited",
            _ => "unavailable",
        },
        Reply::Silence => "silence",
        Reply::Objects(_) | Reply::Latest(_) | Reply::State(_) | Reply::Bytes(_) => "answered",
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
