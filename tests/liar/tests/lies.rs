//! Every lie is told as ordered, and no lie verifies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../crate/gateway/tests/serving/client.rs"]
mod client;
#[path = "../../../crate/gateway/tests/serving/node.rs"]
mod node;
#[path = "../../../crate/gateway/tests/serving/recordings.rs"]
mod recordings;

use alloy_primitives::{Address, B256};
use client::{Client, config};
use lampyris_liar::{How, Kind, Liar, Lie};
use lampyris_net::Protocol;
use lampyris_verify::{
    Error,
    config::Network,
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate,
    },
    execution::Header,
    light_client::{
        LightClientStore, initialize_light_client_store, process_light_client_finality_update,
        process_light_client_optimistic_update, process_light_client_update,
    },
    trie::{NodeSet, lookup},
};
use lampyris_wire::{
    gossip, req_resp,
    state::{AccountQuery, Request, Response},
};
use node::{Nodes, vector};
use recordings::{
    DENEB, DENEB_CHECKPOINT, DENEB_SIGNATURE_SLOT, FULU, FULU_CHECKPOINT, FULU_SIGNATURE_SLOT,
    clock, deneb, fulu,
};
use std::{sync::Arc, time::Duration};

/// Flips that are tried of each kind.
const SEEDS: u64 = 25;

/// Verifies an answer.
type Check = Box<dyn Fn(&[u8]) -> Result<(), String>>;

/// A request, its answer's check, and the lie that concerns it.
struct Case {
    kind: Kind,
    protocol: Protocol,
    body: Vec<u8>,
    check: Check,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_lie_about_the_chain_verifies() {
    let nodes = Nodes::start(fulu()).await;
    let liar = Arc::new(Liar::default());
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start_with(config, vec![], liar.clone()).await;
    let store = bootstrap_store(&client, FULU_CHECKPOINT).await;
    let range = [1711u64.to_le_bytes(), 1u64.to_le_bytes()].concat();
    let root: B256 = FULU_CHECKPOINT.parse().unwrap();
    let mut cases = vec![
        object(
            Kind::Bootstrap,
            Protocol::LightClientBootstrap,
            root.as_slice(),
            None,
        ),
        object(
            Kind::Update,
            Protocol::LightClientUpdatesByRange,
            &range,
            Some(store.clone()),
        ),
        object(
            Kind::Finality,
            Protocol::LightClientFinalityUpdate,
            &[],
            Some(store.clone()),
        ),
        object(
            Kind::Optimistic,
            Protocol::LightClientOptimisticUpdate,
            &[],
            Some(store),
        ),
    ];
    cases.extend([header(), receipt()]);
    for case in &cases {
        tell_all(&client, &liar, case).await;
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_lie_about_accounts_verifies() {
    let nodes = Nodes::start(deneb()).await;
    let liar = Arc::new(Liar::default());
    let config = config(&nodes.url, DENEB_CHECKPOINT, clock(DENEB_SIGNATURE_SLOT));
    let client = Client::start_with(config, vec![], liar.clone()).await;
    let store = bootstrap_store(&client, DENEB_CHECKPOINT).await;
    for kind in [Kind::AccountProof, Kind::StorageProof] {
        tell_all(&client, &liar, &proof(kind, &store)).await;
    }
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gossip_is_altered_or_withheld() {
    let nodes = Nodes::start(fulu()).await;
    let network = Network::mainnet();
    let digest = network.compute_fork_digest(network.epoch_at_slot(FULU_SIGNATURE_SLOT));
    let topic = gossip::topic_name(digest, gossip::TopicKind::OptimisticUpdate);
    for (how, comes) in [(How::Flip, true), (How::Cut, true), (How::Silent, false)] {
        let liar = Arc::new(Liar::default());
        liar.order(Lie {
            kind: Kind::Gossip,
            how,
            seed: 5,
        });
        let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
        let mut client = Client::start_with(config, vec![topic.clone()], liar).await;
        let honest = client
            .ask(Protocol::LightClientOptimisticUpdate, vec![])
            .await;
        let honest = req_resp::decode_chunks(&honest, 8 * 1024, 1).unwrap();
        let message = client.gossip(Duration::from_millis(1_500)).await;
        assert_eq!(message.is_some(), comes, "{how:?}");
        if let Some((_, data)) = message {
            let ssz = gossip::decompress(&data, gossip::MESSAGE_BYTES_MAX).unwrap();
            assert_ne!(ssz, honest[0].ssz);
        }
        client.stop().await;
    }
}

#[test]
fn who_knows_no_past_cannot_be_stale() {
    let liar = Liar::default();
    for kind in [
        Kind::Bootstrap,
        Kind::Finality,
        Kind::Optimistic,
        Kind::Gossip,
    ] {
        for (how, able) in [(How::Stale, false), (How::Flip, true)] {
            assert_eq!(
                liar.is_able(Lie { kind, how, seed: 0 }),
                able,
                "{kind:?}, {how:?}"
            );
        }
    }
}

async fn tell_all(client: &Client, liar: &Liar, case: &Case) {
    let kind = case.kind;
    let ask = |timeout_ms| client.try_ask(case.protocol, case.body.clone(), timeout_ms);
    liar.order(Lie::default());
    (case.check)(&ask(5_000).await.unwrap()).expect("the truth verifies");
    for seed in 0..SEEDS {
        liar.order(Lie {
            kind,
            how: How::Flip,
            seed,
        });
        let answer = ask(5_000).await.unwrap();
        assert!(
            (case.check)(&answer).is_err(),
            "{kind:?}, flipped by {seed}, is accepted"
        );
        assert_eq!(liar.report()["told"], 1);
    }
    for how in [How::Cut, How::Oversized] {
        liar.order(Lie { kind, how, seed: 0 });
        let answer = ask(5_000).await.unwrap();
        assert!(
            (case.check)(&answer).is_err(),
            "{kind:?}, {how:?}, is accepted"
        );
    }
    liar.order(Lie {
        kind,
        how: How::Silent,
        seed: 0,
    });
    let error = ask(700).await.unwrap_err();
    assert_eq!(error.code(), "timeout", "{kind:?}");
    liar.order(Lie::default());
}

async fn bootstrap_store(client: &Client, checkpoint: &str) -> LightClientStore {
    let root: B256 = checkpoint.parse().unwrap();
    let network = Network::mainnet();
    let protocol = Protocol::LightClientBootstrap;
    let objects = client.objects(&network, protocol, root.as_slice()).await;
    let (fork, ssz) = &objects[0];
    let bootstrap = LightClientBootstrap::decode(ssz, *fork, &network.preset).unwrap();
    initialize_light_client_store(root, &bootstrap, &network).unwrap()
}

fn object(kind: Kind, protocol: Protocol, ssz: &[u8], store: Option<LightClientStore>) -> Case {
    let check = move |answer: &[u8]| {
        let chunks =
            req_resp::decode_chunks(answer, protocol.chunk_bytes_max(), protocol.chunks_max());
        let chunks = chunks.map_err(|error| error.to_string())?;
        let chunk = chunks.first().ok_or("no object")?;
        verify(protocol, chunk, store.clone()).map_err(|error| error.to_string())
    };
    let body = req_resp::encode_request(ssz);
    Case {
        kind,
        protocol,
        body,
        check: Box::new(check),
    }
}

fn verify(
    protocol: Protocol,
    chunk: &req_resp::Chunk,
    store: Option<LightClientStore>,
) -> Result<(), Error> {
    let (network, slot) = (Network::mainnet(), FULU_SIGNATURE_SLOT);
    let (fork, _) = network.fork_by_digest(chunk.digest).unwrap();
    let (ssz, preset) = (&chunk.ssz, &network.preset);
    let Some(mut store) = store else {
        let root = FULU_CHECKPOINT.parse().unwrap();
        let bootstrap = LightClientBootstrap::decode(ssz, fork, preset)?;
        return initialize_light_client_store(root, &bootstrap, &network).map(|_| ());
    };
    match protocol {
        Protocol::LightClientFinalityUpdate => {
            let update = LightClientFinalityUpdate::decode(ssz, fork, preset)?;
            process_light_client_finality_update(&mut store, &update, slot, &network)
        }
        Protocol::LightClientOptimisticUpdate => {
            let update = LightClientOptimisticUpdate::decode(ssz, fork, preset)?;
            process_light_client_optimistic_update(&mut store, &update, slot, &network)
        }
        _ => {
            let update = LightClientUpdate::decode(ssz, fork, preset)?;
            process_light_client_update(&mut store, &update, slot, &network)
        }
    }
}

fn header() -> Case {
    let hash = vector(&format!("{FULU}/block_0x17a2d23.json"))["hash"].clone();
    let hash: B256 = serde_json::from_value(hash).unwrap();
    state_case(
        Kind::Header,
        Request::Headers { hash, count: 1 },
        move |response| match response {
            Response::Headers { rlp } => {
                let header = Header::decode_rlp(&rlp[0]).map_err(|error| error.to_string())?;
                if header.hash() == hash {
                    Ok(())
                } else {
                    Err("another header".into())
                }
            }
            other => Err(format!("{other:?}")),
        },
    )
}

fn receipt() -> Case {
    let block = vector("trin-mainnet-blocks-receipts/block-19433902.json");
    let hash: B256 = serde_json::from_value(block["transactions"][3]["hash"].clone()).unwrap();
    state_case(
        Kind::Receipt,
        Request::Transaction { hash },
        |response| match response {
            Response::Transaction(proof) => {
                let header =
                    Header::decode_rlp(&proof.header_rlp).map_err(|error| error.to_string())?;
                let nodes = NodeSet::new(proof.receipt_nodes).map_err(|error| error.to_string())?;
                let key = alloy_rlp::encode(proof.index);
                let found = lookup(header.receipts_root, &key, &nodes);
                found
                    .map_err(|error| error.to_string())?
                    .map(|_| ())
                    .ok_or("absent".into())
            }
            other => Err(format!("{other:?}")),
        },
    )
}

fn proof(kind: Kind, store: &LightClientStore) -> Case {
    let recorded = vector(&format!("{DENEB}/EthGetProof.json"));
    let address: Address = serde_json::from_value(recorded["address"].clone()).unwrap();
    let slot: B256 = recorded["storageProof"][0]["key"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let block = store.finalized().unwrap();
    let accounts = vec![AccountQuery {
        address,
        slots: vec![slot],
    }];
    let request = Request::StateProof {
        block_hash: block.value().hash,
        accounts,
    };
    state_case(kind, request, move |response| match response {
        Response::StateProof { nodes } => {
            let nodes = NodeSet::new(nodes).map_err(|error| error.to_string())?;
            let account = block
                .account(&nodes, address)
                .map_err(|error| error.to_string())?;
            account
                .storage(&nodes, slot)
                .map(|_| ())
                .map_err(|error| error.to_string())
        }
        other => Err(format!("{other:?}")),
    })
}

fn state_case(
    kind: Kind,
    request: Request,
    check: impl Fn(Response) -> Result<(), String> + 'static,
) -> Case {
    let check =
        move |answer: &[u8]| check(Response::decode(answer).map_err(|error| error.to_string())?);
    let body = request.encode().unwrap();
    Case {
        kind,
        protocol: Protocol::State,
        body,
        check: Box::new(check),
    }
}
