//! Serves peers: takes what the swarm reports, answers requests, publishes updates.

pub(crate) mod address;
mod light_client;
pub(crate) mod limits;
mod preimage;
mod state;
mod transaction_block;

use crate::{
    Error,
    archive::{Archive, Bootstraps},
    cache::Cache,
    chain::Chain,
    clock::monotonic,
    hook::{Hook, Reply, Request},
    metrics::{Answered, CacheReport, Metrics},
    upstream::{Upstreams, block::CheckedHeader},
};
use address::Address as PeerAddress;
use alloy_primitives::{Address, B256, Bytes};
use lampyris_wire::{
    Protocol, req_resp,
    state::{self as wire, FailureCode, Response},
};
use limits::{Class, Limit, Limits};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time::timeout};

/// Bounds of the caches, in bytes.
const CODES_BYTES_MAX: usize = 32 * 1024 * 1024;
const ANSWERS_BYTES_MAX: usize = 64 * 1024 * 1024;
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
    bootstraps: Bootstraps,
    upstreams: Upstreams,
    metrics: Arc<Metrics>,
    hook: Arc<dyn Hook>,
    limits: Limits,
    stopping: AtomicBool,
    /// Code by its hash, as it is sent.
    codes: Cache<B256, Bytes>,
    /// Proofs, of state by the hash of their request, which names the block, and of transactions by
    /// block and transaction: tabs ask for the same ones. As they are sent.
    answers: Cache<B256, Bytes>,
    header_cache: Cache<B256, Arc<CheckedHeader>>,
    state_blocks: Cache<B256, state::StateBlock>,
    transaction_blocks: Cache<B256, Arc<transaction_block::TransactionBlock>>,
    preimages: Cache<B256, Bytes>,
    /// Up to which block a governor's events have been looked through, and when.
    scanned: Cache<Address, (u64, Instant)>,
    scanning: Mutex<()>,
}

/// Why a request is not worked on.
#[derive(Debug, Clone, Copy)]
enum Why {
    Malformed,
    Limit(Limit),
    Slow,
    Stopping,
}

impl Server {
    /// A server of `chain`.
    pub(crate) fn new(
        chain: Arc<Chain>,
        archive: Archive,
        upstreams: Upstreams,
        metrics: Arc<Metrics>,
        hook: Arc<dyn Hook>,
        limits: Limits,
    ) -> Self {
        Self {
            bootstraps: Bootstraps::new(chain.clone(), upstreams.beacons.clone()),
            chain,
            archive,
            upstreams,
            metrics,
            hook,
            limits,
            stopping: AtomicBool::new(false),
            codes: Cache::new("codes", CODES_BYTES_MAX),
            answers: Cache::new("answers", ANSWERS_BYTES_MAX),
            header_cache: Cache::new("headers", HEADERS_BYTES_MAX),
            state_blocks: Cache::new("state_blocks", SMALL_BYTES_MAX),
            transaction_blocks: Cache::new("transaction_blocks", TRANSACTION_BLOCKS_BYTES_MAX),
            preimages: Cache::new("preimages", PREIMAGES_BYTES_MAX),
            scanned: Cache::new("scans", SMALL_BYTES_MAX),
            scanning: Mutex::default(),
        }
    }

    /// The chain that is served.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The archive that is served.
    pub(crate) fn archive(&self) -> &Archive {
        &self.archive
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
            Request::State(request) => self.state(request).await,
        }
    }

    /// Refuses what is asked from now on.
    pub(crate) fn refuse_new(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether new requests are refused.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The bytes for a request as it came from `peer`; nothing when no answer is to be sent.
    pub(crate) async fn respond(
        &self,
        peer: &str,
        address: Option<PeerAddress>,
        protocol: Protocol,
        body: &[u8],
    ) -> Option<Vec<u8>> {
        let began = monotonic();
        self.metrics.in_flight.fetch_add(1, Ordering::Relaxed);
        let request = match protocol {
            Protocol::State => wire::Request::decode(body).ok().map(Request::State),
            protocol => light_client::decode(protocol, body),
        };
        let kind = request.as_ref().map_or("malformed", kind);
        let cost = request.as_ref().map_or((Class::Chain, 1), cost);
        let admitted = if self.is_stopping() {
            Err(Why::Stopping)
        } else {
            let admitted = self.limits.admit(peer, address, cost, began);
            admitted.map_err(Why::Limit)
        };
        let reply = match (&admitted, request) {
            (Ok(_), Some(request)) => {
                let answer = timeout(ANSWER_TIMEOUT, self.hook.answer(request, self));
                let answer = answer.await;
                answer.unwrap_or_else(|_| refusal(protocol, Why::Slow))
            }
            (Ok(_), None) => refusal(protocol, Why::Malformed),
            (Err(why), _) => self.refuse(protocol, *why),
        };
        let outcome = outcome(&reply);
        let bytes = match reply {
            Reply::State(response) => encode_state(&response),
            Reply::EncodedState(bytes) => Some(bytes.to_vec()),
            reply => light_client::encode(reply),
        };
        let length = bytes.as_ref().map_or(0, Vec::len);
        if let Ok(permit) = admitted {
            permit.charge(length);
        }
        self.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.metrics.count_request(Answered {
            kind,
            outcome,
            request_bytes: count(body.len()),
            response_bytes: count(length),
            took: began.elapsed(),
        });
        bytes
    }

    /// Forgets what peers that are long gone have spent.
    pub(crate) fn forget_idle_peers(&self) {
        self.limits.forget_idle(monotonic());
    }

    /// What the caches hold.
    pub(crate) fn caches(&self) -> Vec<CacheReport> {
        let mut caches = vec![
            self.codes.report(),
            self.answers.report(),
            self.header_cache.report(),
            self.state_blocks.report(),
            self.transaction_blocks.report(),
            self.preimages.report(),
            self.scanned.report(),
            self.bootstraps.report(),
        ];
        caches.extend(self.archive.cache_reports());
        caches
    }

    fn refuse(&self, protocol: Protocol, why: Why) -> Reply {
        if let Why::Limit(limit) = why {
            self.metrics.count_refusal(limit.label());
        }
        refusal(protocol, why)
    }
}

/// How a refusal is said in a protocol.
fn refusal(protocol: Protocol, why: Why) -> Reply {
    let message = match why {
        Why::Malformed => "malformed request",
        Why::Limit(Limit::Busy) => "the gateway is busy",
        Why::Limit(Limit::PeerBytes | Limit::AddressBytes) => "too much was sent already",
        Why::Limit(_) => "too many requests",
        Why::Slow => "the node is too slow",
        Why::Stopping => "the gateway is shutting down",
    };
    let (state_code, code) = match why {
        Why::Malformed => (FailureCode::InvalidRequest, req_resp::code::INVALID_REQUEST),
        Why::Limit(Limit::Busy) | Why::Slow | Why::Stopping => (
            FailureCode::Unavailable,
            req_resp::code::RESOURCE_UNAVAILABLE,
        ),
        Why::Limit(_) => (FailureCode::RateLimited, req_resp::code::RATE_LIMITED),
    };
    let message = message.into();
    match protocol {
        Protocol::State => {
            let code = state_code;
            Reply::State(Response::Failed { code, message })
        }
        _ => Reply::Error { code, message },
    }
}

/// What a request costs, and from which bucket.
fn cost(request: &Request) -> (Class, u32) {
    match request {
        Request::State(request) => state::cost(request),
        Request::Updates { count, .. } => {
            let cost = u32::try_from(*count / 8).unwrap_or(u32::MAX);
            (Class::Chain, cost.max(1))
        }
        Request::Bootstrap(_) | Request::Finality | Request::Optimistic => (Class::Chain, 1),
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

/// The word for a request in metrics.
fn kind(request: &Request) -> &'static str {
    match request {
        Request::Bootstrap(_) => "bootstrap",
        Request::Updates { .. } => "updates",
        Request::Finality => "finality_update",
        Request::Optimistic => "optimistic_update",
        Request::State(request) => match request {
            wire::Request::StateProof { .. } => "state_proof",
            wire::Request::Code { .. } => "code",
            wire::Request::Headers { .. } => "headers",
            wire::Request::SendTransaction { .. } => "send_transaction",
            wire::Request::Transaction { .. } => "transaction",
            wire::Request::Preimage { .. } => "preimage",
        },
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
            req_resp::code::INVALID_REQUEST => "invalid_request",
            req_resp::code::RATE_LIMITED => "rate_limited",
            _ => "unavailable",
        },
        Reply::Silence => "silence",
        Reply::Chunks(_)
        | Reply::Latest(_)
        | Reply::State(_)
        | Reply::EncodedState(_)
        | Reply::Bytes(_) => "answered",
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
