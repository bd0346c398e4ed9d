//! An Ethereum node pair that answers as mainnet did: recorded answers, JSON or SSZ, and the faults
//! that a test asks for.

#![allow(dead_code, reason = "each test uses its part")]

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::StreamExt;
use lampyris_verify::{
    config::{Fork, Network},
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate,
    },
};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::broadcast};

/// What the node answers with.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) fork: Fork,
    pub(crate) checkpoint: String,
    pub(crate) period: u64,
    /// In SSZ, or JSON only.
    pub(crate) ssz: bool,
    pub(crate) bootstrap: Value,
    pub(crate) update: Value,
    pub(crate) finality: Value,
    pub(crate) optimistic: Value,
    pub(crate) blocks: Vec<Value>,
    pub(crate) receipts: Vec<(String, Value)>,
    pub(crate) proofs: Vec<(String, String, Value)>,
    pub(crate) logs: Vec<Value>,
}

/// How every question is answered, whatever it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should be.
    #[default]
    Good,
    /// Never.
    Silent,
    /// With a failure.
    Dead,
    /// With a page for people.
    Garbage,
    /// Without an end.
    Endless,
    /// A byte now and then.
    Dripping,
    /// After this many milliseconds.
    Late(u64),
}

/// What goes wrong on purpose.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// How it answers at all.
    pub(crate) manner: Manner,
    /// The latest update is an older one.
    pub(crate) stale: bool,
    /// The node is of another network.
    pub(crate) other_network: bool,
    /// Proofs, headers and updates have a wrong byte.
    pub(crate) corrupt: bool,
    /// Nothing was finalized or signed yet.
    pub(crate) quiet: bool,
}

/// A running node pair.
#[derive(Debug, Clone)]
pub(crate) struct Nodes {
    pub(crate) url: String,
    faults: Arc<Mutex<Faults>>,
    events: broadcast::Sender<String>,
    calls: Arc<AtomicU64>,
}

#[derive(Debug, Clone)]
struct Shared {
    recording: Arc<Recording>,
    faults: Arc<Mutex<Faults>>,
    events: broadcast::Sender<String>,
    calls: Arc<AtomicU64>,
}

/// Reads a recorded answer, without the JSON-RPC around it.
pub(crate) fn vector(path: &str) -> Value {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let text = std::fs::read_to_string(root.join(path)).expect("the vectors are in the repository");
    let value: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    value.get("result").cloned().unwrap_or(value)
}

impl Nodes {
    /// Starts a node pair on a free port.
    pub(crate) async fn start(recording: Recording) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let faults = Arc::new(Mutex::new(Faults::default()));
        let (events, _) = broadcast::channel(16);
        let shared = Shared {
            recording: Arc::new(recording),
            faults: faults.clone(),
            events: events.clone(),
            calls: Arc::default(),
        };
        let calls = shared.calls.clone();
        let light_client = "/eth/v1/beacon/light_client";
        let router = Router::new()
            .route("/eth/v1/beacon/genesis", get(genesis))
            .route(
                &format!("{light_client}/bootstrap/{{root}}"),
                get(bootstrap),
            )
            .route(&format!("{light_client}/updates"), get(updates))
            .route(&format!("{light_client}/finality_update"), get(finality))
            .route(
                &format!("{light_client}/optimistic_update"),
                get(optimistic),
            )
            .route("/eth/v1/events", get(event_stream))
            .route("/", post(rpc))
            .layer(from_fn_with_state(shared.clone(), behave))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            faults,
            events,
            calls,
        }
    }

    /// How many questions came so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Behaves like this from now on.
    pub(crate) fn set_manner(&self, manner: Manner) {
        self.faults.lock().unwrap().manner = manner;
    }

    /// Sends an event to everyone who listens, as soon as somebody does.
    pub(crate) async fn announce(&self, topic: &str, data: &Value) {
        let event = format!("event: {topic}\ndata: {data}\n\n");
        while self.events.send(event.clone()).is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn set(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }
}

async fn behave(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    shared.calls.fetch_add(1, Ordering::Relaxed);
    let manner = shared.faults.lock().unwrap().manner;
    let stream = |piece: &'static [u8], pause_ms| {
        let pause = Duration::from_millis(pause_ms);
        let pieces = futures::stream::repeat(piece).then(move |piece| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::convert::Infallible>(piece)
        });
        let body = Body::from_stream(pieces);
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    };
    match manner {
        Manner::Good => next.run(request).await,
        Manner::Silent => std::future::pending().await,
        Manner::Dead => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Manner::Garbage => "<html>Too many requests</html>".into_response(),
        Manner::Endless => stream(&[b' '; 65_536], 0),
        Manner::Dripping => stream(b" ", 50),
        Manner::Late(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
    }
}

async fn genesis(State(Shared { faults, .. }): State<Shared>) -> Json<Value> {
    let mainnet = Network::mainnet();
    let mut root = mainnet.genesis_validators_root;
    root[0] ^= u8::from(faults.lock().unwrap().other_network);
    Json(json!({ "data": {
        "genesis_time": mainnet.genesis_time.to_string(),
        "genesis_validators_root": root,
        "genesis_fork_version": "0x00000000",
    } }))
}

async fn bootstrap(
    State(Shared { recording, .. }): State<Shared>,
    Path(root): Path<String>,
    headers: HeaderMap,
) -> Response {
    if root != recording.checkpoint {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (fork, preset) = (recording.fork, Network::mainnet().preset);
    object(&recording, &headers, &recording.bootstrap, |data| {
        LightClientBootstrap::from_json(data, fork, &preset)
            .unwrap()
            .encode(fork)
    })
}

async fn finality(
    State(Shared {
        recording, faults, ..
    }): State<Shared>,
    headers: HeaderMap,
) -> Response {
    if faults.lock().unwrap().quiet {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (fork, preset) = (recording.fork, Network::mainnet().preset);
    object(&recording, &headers, &recording.finality, |data| {
        LightClientFinalityUpdate::from_json(data, fork, &preset)
            .unwrap()
            .encode(fork)
    })
}

async fn optimistic(
    State(Shared {
        recording, faults, ..
    }): State<Shared>,
    headers: HeaderMap,
) -> Response {
    if faults.lock().unwrap().quiet {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (fork, preset) = (recording.fork, Network::mainnet().preset);
    let stale = faults.lock().unwrap().stale;
    let latest = if stale {
        &recording.update
    } else {
        &recording.optimistic
    };
    object(&recording, &headers, latest, |data| {
        LightClientOptimisticUpdate::from_json(data, fork, &preset)
            .unwrap()
            .encode(fork)
    })
}

async fn event_stream(State(Shared { events, .. }): State<Shared>) -> Response {
    let pieces = futures::stream::unfold(events.subscribe(), |mut receiver| async move {
        let piece = receiver.recv().await.ok()?;
        Some((Ok::<_, std::convert::Infallible>(piece), receiver))
    });
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .body(Body::from_stream(pieces))
        .unwrap()
}

async fn updates(
    State(Shared {
        recording, faults, ..
    }): State<Shared>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    headers: HeaderMap,
) -> Response {
    let wanted = format!("start_period={}&", recording.period);
    if !query.unwrap_or_default().starts_with(&wanted) {
        return Json(json!([])).into_response();
    }
    let mut update = recording.update.clone();
    if faults.lock().unwrap().corrupt {
        let branch = &mut update["data"]["finality_branch"];
        branch[0] = branch[1].clone();
    }
    if !wants_ssz(&recording, &headers) {
        return Json(json!([update])).into_response();
    }
    let network = Network::mainnet();
    let update =
        LightClientUpdate::from_json(&update["data"], recording.fork, &network.preset).unwrap();
    let epoch = network.epoch_at_slot(update.attested_header.beacon.slot);
    let ssz = update.encode(recording.fork);
    let mut body = (ssz.len() as u64 + 4).to_le_bytes().to_vec();
    body.extend(network.compute_fork_digest(epoch));
    body.extend(ssz);
    octets(&recording, body)
}

fn object(
    recording: &Recording,
    headers: &HeaderMap,
    answer: &Value,
    encode: impl Fn(&Value) -> Vec<u8>,
) -> Response {
    if wants_ssz(recording, headers) {
        return octets(recording, encode(&answer["data"]));
    }
    Json(answer.clone()).into_response()
}

fn wants_ssz(recording: &Recording, headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    recording.ssz && accept.is_some_and(|accept| accept.contains("octet-stream"))
}

fn octets(recording: &Recording, body: Vec<u8>) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header("eth-consensus-version", recording.fork.name())
        .body(Body::from(body))
        .unwrap()
}

async fn rpc(
    State(Shared {
        recording, faults, ..
    }): State<Shared>,
    Json(call): Json<Value>,
) -> Json<Value> {
    let corrupt = faults.lock().unwrap().corrupt;
    let parameter = |index: usize| {
        call["params"][index]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let block = |key: &str, value: &str| {
        recording
            .blocks
            .iter()
            .find(|block| block[key] == value)
            .cloned()
    };
    let result = match call["method"].as_str().unwrap_or_default() {
        "eth_chainId" => Ok(json!("0x1")),
        "eth_blockNumber" => Ok(json!("0x17a2d23")),
        "eth_getBlockByHash" => Ok(block("hash", &parameter(0)).map_or(Value::Null, |block| {
            let mut block = as_asked(block, call["params"][1] == true);
            if corrupt {
                block["gasUsed"] = json!("0x1");
            }
            block
        })),
        "eth_getBlockByNumber" => Ok(block("number", &parameter(0)).map_or(Value::Null, |block| {
            as_asked(block, call["params"][1] == true)
        })),
        "eth_getTransactionByHash" => Ok(transaction(&recording, &parameter(0))),
        "eth_getBlockReceipts" => {
            let found = recording
                .receipts
                .iter()
                .find(|(number, _)| *number == parameter(0));
            // By hash some nodes answer null, and so does this one.
            Ok(found.map_or(Value::Null, |(_, receipts)| receipts.clone()))
        }
        "eth_getProof" => {
            let found = recording.proofs.iter().find(|(address, number, _)| {
                *address == parameter(0).to_lowercase() && *number == parameter(2)
            });
            found
                .map(|(_, _, proof)| proof.clone())
                .ok_or((-32000, "missing trie node"))
                .map(|mut proof| {
                    if corrupt {
                        proof["accountProof"][0] = proof["accountProof"][1].clone();
                    }
                    proof
                })
        }
        "eth_getLogs" => Ok(json!(recording.logs)),
        "eth_sendRawTransaction" => Err((-32000, "nonce too low")),
        _ => Err((-32601, "the method does not exist")),
    };
    Json(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }),
        Err((code, message)) => json!({
            "jsonrpc": "2.0", "id": call["id"], "error": { "code": code, "message": message },
        }),
    })
}

fn as_asked(mut block: Value, full: bool) -> Value {
    if !full {
        let transactions = block["transactions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let hashes = transactions
            .iter()
            .map(|transaction| transaction["hash"].clone());
        block["transactions"] = Value::Array(hashes.collect());
    }
    block
}

fn transaction(recording: &Recording, hash: &str) -> Value {
    let transactions = recording
        .blocks
        .iter()
        .flat_map(|block| block["transactions"].as_array());
    let found = transactions
        .flatten()
        .find(|transaction| transaction["hash"] == hash);
    found.cloned().unwrap_or(Value::Null)
}
