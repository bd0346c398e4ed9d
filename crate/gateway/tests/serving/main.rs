//! A gateway in front of recorded nodes, asked by a peer over WebRTC. Every answer is verified as a
//! tab would.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod devnet;
mod node;
mod operator;
mod recordings;
mod stopping;
mod upstreams;

use alloy_primitives::{Address, B256, U256, keccak256};
use client::{Client, config};
use lampyris_gateway::{Error, Gateway, Honest};
use lampyris_net::Protocol;
use lampyris_verify::{
    config::{Fork, Network},
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate,
    },
    execution::{Header, Receipt},
    light_client::{
        LightClientStore, initialize_light_client_store, process_light_client_finality_update,
        process_light_client_optimistic_update, process_light_client_update,
    },
    trie::{NodeSet, lookup},
};
use lampyris_wire::{
    gossip,
    state::{AccountQuery, FailureCode, Request, Response},
};
use node::{Faults, Nodes, vector};
use recordings::{
    DENEB, DENEB_CHECKPOINT, DENEB_SIGNATURE_SLOT, FULU, FULU_CHECKPOINT, FULU_SIGNATURE_SLOT,
    GOVERNOR, clock, deneb, fulu,
};
use std::{sync::Arc, time::Duration};

/// Follows mainnet with nothing but what the gateway serves.
async fn follow(client: &Client, checkpoint: &str, slot: u64) -> LightClientStore {
    follow_on(client, checkpoint, &Network::mainnet(), slot).await
}

async fn follow_on(
    client: &Client,
    checkpoint: &str,
    network: &Network,
    slot: u64,
) -> LightClientStore {
    let preset = &network.preset;
    let root: B256 = checkpoint.parse().unwrap();
    let bootstrap = Protocol::LightClientBootstrap;
    let objects = client.objects(network, bootstrap, root.as_slice()).await;
    let bootstrap = LightClientBootstrap::decode(&objects[0].1, objects[0].0, preset).unwrap();
    let mut store = initialize_light_client_store(root, &bootstrap, network).unwrap();

    let period = store.committee_period(network);
    let range = [period.to_le_bytes(), 5u64.to_le_bytes()].concat();
    let updates = client
        .objects(network, Protocol::LightClientUpdatesByRange, &range)
        .await;
    let periods = network.sync_committee_period_at_slot(slot) - period + 1;
    // A period that has just begun has no update yet.
    let is_young = slot % network.preset.slots_per_period() < 16;
    let got = updates.len() as u64;
    assert!(
        got == periods || (is_young && got + 1 == periods),
        "{got} of {periods}"
    );
    for (fork, ssz) in updates {
        let update = LightClientUpdate::decode(&ssz, fork, preset).unwrap();
        process_light_client_update(&mut store, &update, slot, network).unwrap();
    }
    let objects = client
        .objects(network, Protocol::LightClientFinalityUpdate, &[])
        .await;
    let update = LightClientFinalityUpdate::decode(&objects[0].1, objects[0].0, preset).unwrap();
    process_light_client_finality_update(&mut store, &update, slot, network).unwrap();

    let objects = client
        .objects(network, Protocol::LightClientOptimisticUpdate, &[])
        .await;
    let update = LightClientOptimisticUpdate::decode(&objects[0].1, objects[0].0, preset).unwrap();
    process_light_client_optimistic_update(&mut store, &update, slot, network).unwrap();
    store
}

/// Finds a transaction, verifies it and its receipt, and says where it stands in its block.
async fn prove_transaction(client: &Client, hash: B256) -> u64 {
    let Response::Transaction(proof) = client.state(Request::Transaction { hash }).await else {
        panic!("no transaction");
    };
    let header = Header::decode_rlp(&proof.header_rlp).unwrap();
    assert_eq!(header.hash(), proof.block_hash);
    let key = alloy_rlp::encode(proof.index);
    let nodes = NodeSet::new(proof.transaction_nodes).unwrap();
    let raw = lookup(header.transactions_root, &key, &nodes)
        .unwrap()
        .unwrap();
    assert_eq!(keccak256(raw), hash);
    let nodes = NodeSet::new(proof.receipt_nodes).unwrap();
    let receipt = lookup(header.receipts_root, &key, &nodes).unwrap().unwrap();
    Receipt::decode(&receipt).unwrap();
    proof.index
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mainnet_of_fulu_is_served_verifiably() {
    let nodes = Nodes::start(fulu()).await;
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    let store = follow(&client, FULU_CHECKPOINT, FULU_SIGNATURE_SLOT).await;
    assert_eq!(store.optimistic_header().beacon.slot, 14_018_019);
    assert_eq!(store.finalized_header().beacon.slot, 14_017_952);

    let finalized = store.finalized().unwrap();
    let hash = finalized.value().hash;
    let Response::Headers { rlp } = client.state(Request::Headers { hash, count: 3 }).await else {
        panic!("no headers");
    };
    let header = finalized.header(&rlp[0]).unwrap();
    assert_eq!(header.value().number, 24_784_163);
    transaction_is_proven(&client).await;
    texts_are_found(&client).await;
    failures_have_reasons(&client).await;
    client.stop().await;
}

async fn transaction_is_proven(client: &Client) {
    let block = vector("trin-mainnet-blocks-receipts/block-19433902.json");
    let transactions = block["transactions"].as_array().unwrap();
    for wanted in [0, 127, 128, transactions.len() - 1] {
        let hash: B256 = serde_json::from_value(transactions[wanted]["hash"].clone()).unwrap();
        assert_eq!(prove_transaction(client, hash).await, wanted as u64);
    }
}

async fn texts_are_found(client: &Client) {
    let hint: Address = GOVERNOR.parse().unwrap();
    let hash = keccak256("Pay the gardener");
    let response = client.state(Request::Preimage { hash, hint }).await;
    assert_eq!(
        response,
        Response::Preimage {
            bytes: "Pay the gardener".into()
        }
    );
    let hash = keccak256("Pay nobody");
    expect_failure(
        client,
        Request::Preimage { hash, hint },
        FailureCode::Unavailable,
    )
    .await;
}

async fn failures_have_reasons(client: &Client) {
    let raw = vec![0x02, 0xc1, 0x80].into();
    let request = Request::SendTransaction { raw };
    let message = expect_failure(client, request, FailureCode::Refused).await;
    assert_eq!(message, "nonce too low");
    let request = Request::SendTransaction {
        raw: vec![1, 2, 3].into(),
    };
    expect_failure(client, request, FailureCode::InvalidRequest).await;
    let hash = B256::repeat_byte(7);
    expect_failure(
        client,
        Request::Transaction { hash },
        FailureCode::Unavailable,
    )
    .await;
    let request = Request::StateProof {
        block_hash: hash,
        accounts: vec![],
    };
    expect_failure(client, request, FailureCode::Unavailable).await;

    let refused = client
        .refusal(Protocol::LightClientBootstrap, hash.as_slice())
        .await;
    assert!(
        matches!(refused, lampyris_wire::Error::Refused { code: 3, .. }),
        "{refused}"
    );
    let refused = client
        .refusal(Protocol::LightClientBootstrap, &[1; 31])
        .await;
    assert!(
        matches!(refused, lampyris_wire::Error::Refused { code: 1, .. }),
        "{refused}"
    );
}

async fn expect_failure(client: &Client, request: Request, expected: FailureCode) -> String {
    match client.state(request.clone()).await {
        Response::Failed { code, message } if code == expected => message,
        other => panic!("{request:?} was answered with {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_hears_the_latest_within_a_second() {
    let nodes = Nodes::start(fulu()).await;
    let network = Network::mainnet();
    let digest = network.compute_fork_digest(network.epoch_at_slot(FULU_SIGNATURE_SLOT));
    let kinds = [
        gossip::TopicKind::FinalityUpdate,
        gossip::TopicKind::OptimisticUpdate,
    ];
    let topics = kinds.map(|kind| gossip::topic_name(digest, kind)).to_vec();
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let mut client = Client::start(config, topics).await;
    let first = client
        .gossip(Duration::from_secs(1))
        .await
        .expect("gossip within a second");
    let second = client
        .gossip(Duration::from_secs(2))
        .await
        .expect("the other kind too");
    let mut slots = Vec::new();
    for (topic, data) in [first, second] {
        let ssz = gossip::decompress(&data, gossip::MESSAGE_BYTES_MAX).unwrap();
        let preset = &network.preset;
        slots.push(match gossip::parse_topic(&topic).unwrap().1 {
            gossip::TopicKind::FinalityUpdate => {
                let update = LightClientFinalityUpdate::decode(&ssz, Fork::Fulu, preset).unwrap();
                update.finalized_header.beacon.slot
            }
            gossip::TopicKind::OptimisticUpdate => {
                let update = LightClientOptimisticUpdate::decode(&ssz, Fork::Fulu, preset).unwrap();
                update.attested_header.beacon.slot
            }
        });
    }
    slots.sort_unstable();
    assert_eq!(slots, [14_017_952, 14_018_019]);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_of_mainnet_are_proven() {
    let nodes = Nodes::start(deneb()).await;
    let config = config(&nodes.url, DENEB_CHECKPOINT, clock(DENEB_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    let store = follow(&client, DENEB_CHECKPOINT, DENEB_SIGNATURE_SLOT).await;
    let finalized = store.finalized().unwrap();
    assert_eq!(finalized.value().number, 20_360_596);

    let recorded = vector(&format!("{DENEB}/EthGetProof.json"));
    let address: Address = serde_json::from_value(recorded["address"].clone()).unwrap();
    let slot = recorded["storageProof"][0]["key"].as_str().unwrap();
    let slot = B256::from(slot.parse::<U256>().unwrap());
    let accounts = vec![AccountQuery {
        address,
        slots: vec![slot],
    }];
    let request = Request::StateProof {
        block_hash: finalized.value().hash,
        accounts,
    };
    let Response::StateProof { nodes: proof } = client.state(request.clone()).await else {
        panic!("no proof");
    };
    let proof = NodeSet::new(proof).unwrap();
    let account = finalized.account(&proof, address).unwrap();
    assert_eq!(account.value().nonce, 0x54835);
    let value = recorded["storageProof"][0]["value"].as_str().unwrap();
    let got = account.storage(&proof, slot).unwrap();
    assert_eq!(*got.value(), value.parse::<U256>().unwrap());

    nodes.set(Faults {
        corrupt: true,
        ..Default::default()
    });
    // What is known is served from memory; what is asked for now does not verify.
    let again = client.state(request).await;
    assert!(matches!(again, Response::StateProof { .. }), "{again:?}");
    let accounts = vec![AccountQuery {
        address,
        slots: vec![],
    }];
    let request = Request::StateProof {
        block_hash: finalized.value().hash,
        accounts,
    };
    expect_failure(&client, request, FailureCode::Unavailable).await;
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_verify_is_not_served() {
    let nodes = Nodes::start(fulu()).await;
    nodes.set(Faults {
        corrupt: true,
        ..Default::default()
    });
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    let root: B256 = FULU_CHECKPOINT.parse().unwrap();
    let network = Network::mainnet();
    client
        .objects(&network, Protocol::LightClientBootstrap, root.as_slice())
        .await;
    let range = [1711u64.to_le_bytes(), 1u64.to_le_bytes()].concat();
    let refused = client
        .refusal(Protocol::LightClientUpdatesByRange, &range)
        .await;
    assert!(
        matches!(refused, lampyris_wire::Error::Refused { .. }),
        "{refused}"
    );
    let hash = vector(&format!("{FULU}/block_0x17a2d23.json"))["hash"].clone();
    let hash: B256 = serde_json::from_value(hash).unwrap();
    let request = Request::Headers { hash, count: 1 };
    expect_failure(&client, request, FailureCode::Unavailable).await;
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_another_network_is_refused() {
    let nodes = Nodes::start(fulu()).await;
    nodes.set(Faults {
        other_network: true,
        ..Default::default()
    });
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let data = config.data.clone();
    let error = Gateway::start(config, Arc::new(Honest)).await.err();
    assert!(
        matches!(error, Some(Error::WrongNetwork { .. })),
        "{error:?}"
    );
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_address_and_chain() {
    let nodes = Nodes::start(fulu()).await;
    let mut config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let mut first = Gateway::start(config.clone(), Arc::new(Honest))
        .await
        .unwrap();
    let address = first.next_address().await.unwrap();
    let slot = first.server().chain().progress().unwrap().finalized_slot;
    first.stop().await;

    // The node is gone, so the chain can only come from the file.
    config.beacons = vec!["http://127.0.0.1:9".into()];
    config.listen = format!("127.0.0.1:{}", address.split('/').nth(4).unwrap())
        .parse()
        .unwrap();
    let data = config.data.clone();
    let mut second = Gateway::start(config, Arc::new(Honest)).await.unwrap();
    assert_eq!(second.next_address().await.unwrap(), address);
    assert_eq!(
        second.server().chain().progress().unwrap().finalized_slot,
        slot
    );
    second.stop().await;
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announced_updates_are_followed() {
    let nodes = Nodes::start(fulu()).await;
    nodes.set(Faults {
        quiet: true,
        ..Default::default()
    });
    let mut config = config(&nodes.url, FULU_CHECKPOINT, 0);
    config.fixed_clock_unix_ms = None;
    let data = config.data.clone();
    let gateway = Gateway::start(config, Arc::new(Honest)).await.unwrap();
    let chain = gateway.server().chain();
    assert_eq!(chain.progress().unwrap().head_slot, 14_017_856);
    let mut optimistic = chain.optimistic();
    let mut finality = chain.finality();
    let within = Duration::from_secs(5);

    let update = vector(&format!("{FULU}/lc_optimistic.json"));
    nodes
        .announce("light_client_optimistic_update", &update)
        .await;
    let news = tokio::time::timeout(within, optimistic.wait_for(Option::is_some)).await;
    drop(news.expect("the optimistic update"));
    assert_eq!(chain.progress().unwrap().head_slot, 14_018_019);
    assert_eq!(chain.progress().unwrap().finalized_slot, 14_017_856);

    let update = vector(&format!("{FULU}/lc_finality.json"));
    nodes
        .announce("light_client_finality_update", &update)
        .await;
    let news = tokio::time::timeout(within, finality.wait_for(Option::is_some)).await;
    drop(news.expect("the finality update"));
    assert_eq!(chain.progress().unwrap().finalized_slot, 14_017_952);
    gateway.stop().await;
    std::fs::remove_dir_all(data).unwrap();
}
