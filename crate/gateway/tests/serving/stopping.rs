//! Limits that peers run into, and a gateway that is told to stop.

use crate::{
    client::{Client, config, dial},
    node::{Manner, Nodes},
    operator::operator,
    recordings::{FULU_CHECKPOINT, FULU_SIGNATURE_SLOT, clock, fulu},
};
use alloy_primitives::B256;
use lampyris_net::Protocol;
use lampyris_wire::{
    req_resp,
    state::{FailureCode, Request, Response},
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_much_is_told_so_and_others_are_served() {
    let nodes = Nodes::start(fulu()).await;
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    // Each costs 65 of the 300 that a peer has at once.
    let hash = B256::repeat_byte(7);
    let headers = Request::Headers { hash, count: 512 };
    let answers = (0..12).map(|_| client.state(headers.clone()));
    let answers = futures::future::join_all(answers).await;
    let is_limited = |answer: &&Response| {
        let limited = FailureCode::RateLimited;
        matches!(answer, Response::Failed { code, .. } if *code == limited)
    };
    let limited = answers.iter().filter(is_limited).count();
    assert!((6..=9).contains(&limited), "{limited} of 12");
    // Other classes have buckets of their own, and so have other peers.
    let request = req_resp::encode_request(&[]);
    let protocol = Protocol::LightClientOptimisticUpdate;
    let response = client.ask(protocol, request.clone()).await;
    assert!(req_resp::decode_chunks(&response, 8_192, 1).is_ok());
    let other = dial(&client.address, &[]).await;
    let response = other.ask(Protocol::State, headers.encode().unwrap()).await;
    let response = Response::decode(&response).unwrap();
    assert!(!is_limited(&&response), "{response:?}");
    // Ethereum's protocols have a code of their own for it.
    let mut refused = None;
    for _ in 0..300 {
        let response = client.ask(protocol, request.clone()).await;
        refused = req_resp::decode_chunks(&response, 8_192, 1).err();
        if refused.is_some() {
            break;
        }
    }
    let code = req_resp::code::RATE_LIMITED;
    let is_refused =
        matches!(refused, Some(lampyris_wire::Error::Refused { code: got, .. }) if got == code);
    assert!(is_refused, "{refused:?}");
    let (_, metrics) = operator(&client.gateway, "/metrics").await;
    let counted = metrics.lines().any(|line| {
        let count = line.strip_prefix("lampyris_requests_refused_total{limit=\"peer_rate\"} ");
        count.is_some_and(|count| count.parse::<usize>().unwrap() >= limited)
    });
    assert!(counted, "{metrics}");
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_no_more_connections_than_it_may() {
    let nodes = Nodes::start(fulu()).await;
    let mut config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    config.tabs_per_address_max = 2;
    let client = Client::start(config, vec![]).await;
    let _second = dial(&client.address, &[]).await;
    let mut third = dial(&client.address, &[]).await;
    let gone = tokio::time::timeout(Duration::from_secs(20), third.end()).await;
    assert!(gone.is_ok(), "the third is sent away");
    let (_, metrics) = operator(&client.gateway, "/metrics").await;
    assert!(
        metrics.contains("lampyris_connections_refused_total 1"),
        "{metrics}"
    );
    let finality = Protocol::LightClientFinalityUpdate;
    let response = client.ask(finality, req_resp::encode_request(&[])).await;
    assert!(
        req_resp::decode_chunks(&response, 8_192, 1).is_ok(),
        "the first stays"
    );
    client.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_finishes_what_was_begun_and_takes_nothing_new() {
    let nodes = Nodes::start(fulu()).await;
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    let hash = client.gateway.server().chain().recent_blocks()[0].hash;
    nodes.set_manner(Manner::Late(1_200));
    let begun = Request::Headers { hash, count: 1 };
    let new = Request::Headers { hash, count: 2 };
    let (peer, data, gateway) = client.into_parts();
    let ask = |request: &Request| {
        let (body, peer) = (request.encode().unwrap(), &peer);
        async move { Response::decode(&peer.ask(Protocol::State, body).await).unwrap() }
    };
    let (answer, refused, took) = tokio::join!(
        ask(&begun),
        async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            ask(&new).await
        },
        async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            let began = tokio::time::Instant::now();
            gateway.stop().await;
            began.elapsed()
        },
    );
    // The node does not have that block in full, and says so: an answer from beyond the stop.
    let Response::Failed { message, .. } = &answer else {
        panic!("{answer:?}");
    };
    assert!(!message.contains("shutting down"), "{message}");
    let Response::Failed { code, message } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(code, FailureCode::Unavailable);
    assert!(message.contains("shutting down"), "{message}");
    assert!(took > Duration::from_millis(700), "it waited: {took:?}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_has_a_deadline() {
    let nodes = Nodes::start(fulu()).await;
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    nodes.set_manner(Manner::Silent);
    let hash = B256::repeat_byte(1);
    let body = Request::Headers { hash, count: 1 }.encode().unwrap();
    let (peer, data, gateway) = client.into_parts();
    let (_, took) = tokio::join!(peer.try_ask(Protocol::State, body, 8_000), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let began = tokio::time::Instant::now();
        gateway.stop().await;
        began.elapsed()
    },);
    assert!(took < Duration::from_secs(8), "{took:?}");
    std::fs::remove_dir_all(data).unwrap();
}

/// The program itself, in front of `nodes`, and the address that it prints.
async fn program(nodes: &Nodes, data: &Path, listen: &str) -> (Child, String) {
    let fixed_clock = clock(FULU_SIGNATURE_SLOT).to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lampyris-gateway"))
        .args(["--network", "mainnet", "--checkpoint", FULU_CHECKPOINT])
        .args(["--beacon", &nodes.url, "--execution", &nodes.url])
        .args(["--listen", listen, "--metrics", "127.0.0.1:0"])
        .args(["--fixed-clock", &fixed_clock])
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let address = tokio::task::spawn_blocking(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        let mut addresses =
            lines.filter_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()));
        addresses.next()
    });
    (child, address.await.unwrap().unwrap())
}

async fn end(mut child: Child, signal: &str) -> (std::process::ExitStatus, Duration) {
    let began = tokio::time::Instant::now();
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
    let status = tokio::time::timeout(Duration::from_secs(15), status).await;
    (status.expect("it ends").unwrap(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_end_the_program_cleanly_and_its_address_stays() {
    let nodes = Nodes::start(fulu()).await;
    let data = config("", FULU_CHECKPOINT, 0).data;
    let (child, address) = program(&nodes, &data, "127.0.0.1:0").await;
    let mut peer = dial(&address, &[]).await;
    let (status, took) = end(child, "TERM").await;
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    let farewell = tokio::time::timeout(Duration::from_secs(20), peer.end()).await;
    assert!(farewell.is_ok(), "peers are told");
    let drafts = std::fs::read_dir(&data).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("draft")
    });
    assert_eq!(drafts.count(), 0);

    let port = address.split('/').nth(4).unwrap();
    let (child, again) = program(&nodes, &data, &format!("127.0.0.1:{port}")).await;
    assert_eq!(again, address);
    let (status, _) = end(child, "INT").await;
    assert!(status.success(), "{status}");
    std::fs::remove_dir_all(data).unwrap();
}
