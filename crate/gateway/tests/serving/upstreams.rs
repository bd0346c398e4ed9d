//! Nodes that lie, stall, die, lag or talk nonsense: another one takes over, and peers hardly notice.

use crate::{
    client::{Client, config},
    node::{Faults, Manner, Nodes, vector},
    operator::operator,
    recordings::{
        DENEB, DENEB_CHECKPOINT, DENEB_SIGNATURE_SLOT, FULU, FULU_CHECKPOINT, FULU_SIGNATURE_SLOT,
        clock, deneb, fulu,
    },
};
use alloy_primitives::{B256, U256, keccak256};
use lampyris_gateway::{Gateway, Honest};
use lampyris_wire::state::{AccountQuery, Request, Response};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A client of a gateway in front of two nodes, the first of them preferred.
async fn start(first: &Nodes, second: &Nodes) -> Client {
    let mut config = config(&first.url, DENEB_CHECKPOINT, clock(DENEB_SIGNATURE_SLOT));
    config.beacons.push(second.url.clone());
    config.executions.push(second.url.clone());
    Client::start(config, vec![]).await
}

/// A proof that was not asked for before: with the same slot `times` times.
fn proof(client: &Client, times: usize) -> Request {
    let recorded = vector(&format!("{DENEB}/EthGetProof.json"));
    let slot = recorded["storageProof"][0]["key"].as_str().unwrap();
    let slot = B256::from(slot.parse::<U256>().unwrap());
    let blocks = client.gateway.server().chain().recent_blocks();
    let block = blocks.iter().find(|block| block.number == 20_360_596);
    Request::StateProof {
        block_hash: block.expect("the finalized block").hash,
        accounts: vec![AccountQuery {
            address: serde_json::from_value(recorded["address"].clone()).unwrap(),
            slots: vec![slot; times],
        }],
    }
}

async fn expect_proof(client: &Client, times: usize) {
    let response = client.state(proof(client, times)).await;
    let is_proof = matches!(response, Response::StateProof { .. });
    assert!(is_proof, "{times}: {response:?}");
}

/// The states of the nodes of a role, as `/health` has them.
async fn states(gateway: &Gateway, role: &str) -> Vec<String> {
    let (_, body) = operator(gateway, "/health").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let nodes = body["upstreams"].as_array().unwrap().iter();
    nodes
        .filter(|node| node["role"] == role)
        .map(|node| node["state"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_liar_is_set_aside_and_nobody_hears_its_lie() {
    let (liar, honest) = (Nodes::start(deneb()).await, Nodes::start(deneb()).await);
    liar.set(Faults {
        corrupt: true,
        ..Default::default()
    });
    let client = start(&liar, &honest).await;
    expect_proof(&client, 1).await;
    assert_eq!(states(&client.gateway, "beacon").await, ["lied", "up"]);
    let (status, body) = operator(&client.gateway, "/health").await;
    assert_eq!(status, 200, "{body}");
    let calls = liar.calls();
    for times in 2..8 {
        expect_proof(&client, times).await;
    }
    assert!(liar.calls() - calls <= 2, "only looked at");
    let (_, metrics) = operator(&client.gateway, "/metrics").await;
    let of = |name: &str| {
        let node = format!("{name}{{role=\"beacon\",upstream=\"{}\"", liar.url);
        let lines = metrics.lines().filter(move |line| line.starts_with(&node));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(of("lampyris_upstream_up")[0].ends_with(" 0"), "{metrics}");
    let asides = of("lampyris_upstream_asides_total");
    let lied = asides
        .iter()
        .find(|line| line.contains("\"lied\""))
        .unwrap();
    assert!(lied.ends_with(" 1"), "{lied}");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lying_execution_node_is_told_by_a_hash() {
    let (liar, honest) = (Nodes::start(fulu()).await, Nodes::start(fulu()).await);
    let mut config = config(&liar.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    config.executions.push(honest.url.clone());
    let client = Client::start(config, vec![]).await;
    liar.set(Faults {
        corrupt: true,
        ..Default::default()
    });
    let block = vector(&format!("{FULU}/block_0x17a2d23.json"));
    let hash: B256 = serde_json::from_value(block["hash"].clone()).unwrap();
    let response = client.state(Request::Headers { hash, count: 1 }).await;
    let Response::Headers { rlp } = response else {
        panic!("{response:?}");
    };
    assert_eq!(keccak256(&rlp[0]), hash);
    assert_eq!(states(&client.gateway, "execution").await, ["lied", "up"]);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_on_another_branch_is_no_liar() {
    // The recorded nodes have no block at that height, and proofs that do not fit.
    let (other, right) = (Nodes::start(deneb()).await, Nodes::start(deneb()).await);
    let client = start(&other, &right).await;
    other.set(Faults {
        corrupt: true,
        ..Default::default()
    });
    for times in 1..4 {
        expect_proof(&client, times).await;
    }
    assert_eq!(states(&client.gateway, "execution").await, ["up", "up"]);
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_are_answered_while_a_node_dies_under_load() {
    let (first, second) = (Nodes::start(deneb()).await, Nodes::start(deneb()).await);
    let client = start(&first, &second).await;
    let ask = |times: usize| {
        let client = &client;
        async move {
            tokio::time::sleep(Duration::from_millis(10 * u64::try_from(times).unwrap())).await;
            expect_proof(client, times).await;
        }
    };
    let asked = (1..60).map(ask).collect::<Vec<_>>();
    let kill = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        first.set_manner(Manner::Dead);
    };
    tokio::join!(futures::future::join_all(asked), kill);
    assert!(first.calls() > 10, "it was asked while it lived");
    assert_eq!(states(&client.gateway, "execution").await, ["down", "up"]);
    let (_, metrics) = operator(&client.gateway, "/metrics").await;
    let failovers = "lampyris_upstream_failovers_total{role=\"execution\"} ";
    let failovers = metrics
        .lines()
        .find_map(|line| line.strip_prefix(failovers));
    assert!(failovers.unwrap().parse::<u64>().unwrap() >= 3);

    // Back again, it is taken back: here because the other one dies.
    first.set_manner(Manner::Good);
    second.set_manner(Manner::Dead);
    expect_proof(&client, 70).await;
    expect_proof(&client, 71).await;
    let recovered = states(&client.gateway, "execution").await;
    assert_eq!(recovered.first().map(String::as_str), Some("up"));
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_node_does_costs_a_moment_only() {
    let manners = [
        Manner::Silent,
        Manner::Dripping,
        Manner::Endless,
        Manner::Garbage,
    ];
    let one = |manner| async move {
        let (first, second) = (Nodes::start(deneb()).await, Nodes::start(deneb()).await);
        let client = start(&first, &second).await;
        first.set_manner(manner);
        let began = now();
        expect_proof(&client, 1).await;
        let took = began.elapsed();
        assert!(took < Duration::from_secs(6), "{manner:?}: {took:?}");
        client.stop().await;
    };
    futures::future::join_all(manners.map(one)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_starts_although_its_first_nodes_are_dead_or_lie() {
    for faults in [
        Faults {
            manner: Manner::Dead,
            ..Default::default()
        },
        Faults {
            corrupt: true,
            ..Default::default()
        },
        Faults {
            other_network: true,
            ..Default::default()
        },
    ] {
        let (first, second) = (Nodes::start(fulu()).await, Nodes::start(fulu()).await);
        first.set(faults);
        let mut config = config(&first.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
        config.beacons.push(second.url.clone());
        config.executions.push(second.url.clone());
        let data = config.data.clone();
        let gateway = Gateway::start(config, Arc::new(Honest)).await.unwrap();
        let progress = gateway.server().chain().progress().unwrap();
        assert_eq!(progress.head_slot, 14_018_019, "{faults:?}");
        gateway.stop().await;
        std::fs::remove_dir_all(data).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_node_is_set_aside_and_returns_when_it_is_fresh() {
    let (stale, fresh) = (Nodes::start(fulu()).await, Nodes::start(fulu()).await);
    let faults = Faults {
        stale: true,
        ..Default::default()
    };
    stale.set(faults);
    let mut config = config(&stale.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    config.beacons.push(fresh.url.clone());
    let data = config.data.clone();
    let gateway = Gateway::start(config, Arc::new(Honest)).await.unwrap();
    within_seconds(10, || async {
        states(&gateway, "beacon").await == ["stale", "up"]
    })
    .await;
    // The head is the newest that any of them knows.
    let progress = gateway.server().chain().progress().unwrap();
    assert_eq!(progress.head_slot, 14_018_019);
    stale.set(Faults::default());
    within_seconds(30, || async {
        states(&gateway, "beacon").await == ["up", "up"]
    })
    .await;
    gateway.stop().await;
    std::fs::remove_dir_all(data).unwrap();
}

async fn within_seconds<F: Future<Output = bool>>(seconds: u64, mut holds: impl FnMut() -> F) {
    let deadline = now() + Duration::from_secs(seconds);
    while !holds().await {
        assert!(now() < deadline, "not within {seconds} s");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[allow(clippy::disallowed_methods, reason = "a test measures")]
fn now() -> Instant {
    Instant::now()
}
