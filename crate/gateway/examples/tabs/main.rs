//! Many tabs in one process, for measuring a gateway: native peers over the real transport that do
//! what a tab does. `npm run gateway-load` starts it beside a gateway and reads what it prints.
//!
//! Each connects, subscribes to the chain's topics, asks for a bootstrap, the updates since, and the
//! latest heads, and then follows by gossip and asks for a balance a minute. Some of them go through
//! a relay that counts datagrams, which is what a gateway's operator pays for.

mod relay;
mod tab;

use clap::Parser;
use lampyris_verify::config::{Network, NetworkJson};
use lampyris_wire::gossip::{TopicKind, topic_name};
use relay::Relay;
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tab::{Shared, Tab};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

/// Tabs that connect at once: a handshake keeps a core busy for milliseconds.
const CONNECTING_MAX: usize = 12;

/// When no other tab has come for this long, what is there is measured.
const CONNECT_PATIENCE: Duration = Duration::from_secs(40);

/// The pause before what is measured: the last to come have asked what they ask at the start.
const SETTLE: Duration = Duration::from_secs(5);

/// The command line.
#[derive(Debug, Clone, Parser)]
#[command(about = "Many tabs in one process, for measuring a gateway.")]
struct Options {
    /// The gateway's address.
    #[arg(long)]
    gateway: String,
    /// A file that describes the network.
    #[arg(long)]
    network: PathBuf,
    /// The block root that tabs start from.
    #[arg(long)]
    checkpoint: alloy_primitives::B256,
    /// Whose balance is asked for; each tab asks for a neighbour of this address too.
    #[arg(long)]
    account: alloy_primitives::Address,
    /// How many tabs.
    #[arg(long)]
    tabs: usize,
    /// How many of them go through a relay that counts.
    #[arg(long, default_value_t = 8)]
    sample: usize,
    /// How long is measured once all are connected.
    #[arg(long)]
    seconds: u64,
    /// The pause between two balance requests of a tab.
    #[arg(long, default_value_t = 60)]
    balance_every: u64,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let description: NetworkJson =
        serde_json::from_str(&std::fs::read_to_string(&options.network)?)?;
    let network = Network::from_json(&description)?;
    let shared = Arc::new(Shared::new(network, options.checkpoint, options.account));
    let began = now();
    let connecting = Arc::new(Semaphore::new(CONNECTING_MAX));
    let topics = topics(&shared.network);
    let (mut tabs, mut relays) = (JoinSet::new(), Vec::new());
    for number in 0..options.tabs {
        let mut address = options.gateway.clone();
        if number < options.sample {
            let relay = Relay::start(&address).await?;
            address = relay.address(&address);
            relays.push(relay);
        }
        let (shared, topics, connecting) = (shared.clone(), topics.clone(), connecting.clone());
        let every = Duration::from_secs(options.balance_every);
        tabs.spawn(async move {
            let tab = Tab::new(number, address, topics, shared);
            tab.run(connecting, every).await;
        });
    }
    let connected = || shared.connected.load(Ordering::Relaxed);
    let (mut most, mut grew) = (0, now());
    while most < options.tabs && grew.elapsed() < CONNECT_PATIENCE {
        if connected() > most {
            (most, grew) = (connected(), now());
        }
        sleep(Duration::from_millis(500)).await;
    }
    let connect_seconds = grew.duration_since(began).as_secs_f64();
    sleep(SETTLE).await;
    let before = shared.counts();
    let relayed: Vec<_> = relays.iter().map(Relay::counts).collect();
    print(json!({
        "event": "measuring",
        "connected": connected(),
        "connectSeconds": connect_seconds,
        "startBytesPerTab": mean(&relayed),
    }));
    sleep(Duration::from_secs(options.seconds)).await;
    let after = shared.counts();
    let steady = relays
        .iter()
        .zip(&relayed)
        .map(|(relay, before)| relay.counts() - *before);
    let steady: Vec<_> = steady.collect();
    let [messages, balances, failures, disconnects] = [0, 1, 2, 3].map(|at| after[at] - before[at]);
    print(json!({
        "event": "measured",
        "connected": connected(),
        "seconds": options.seconds,
        "gossipMessages": messages,
        "balances": balances,
        "failures": failures,
        "disconnects": disconnects,
        "bytesPerTab": mean(&steady),
    }));
    Ok(())
}

/// The topics of the present.
fn topics(network: &Network) -> Vec<String> {
    let slot = lampyris_gateway::Clock::new(None).slot(network);
    let digest = network.compute_fork_digest(network.epoch_at_slot(slot));
    [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate]
        .map(|kind| topic_name(digest, kind))
        .to_vec()
}

/// Bytes and datagrams of a tab, on average, to and from it.
fn mean(counts: &[relay::Counts]) -> serde_json::Value {
    let tabs = u64::try_from(counts.len().max(1)).unwrap_or(1);
    let sum = |value: fn(&relay::Counts) -> u64| counts.iter().map(value).sum::<u64>() / tabs;
    json!({
        "sampled": counts.len(),
        "down": sum(|counts| counts.down_bytes),
        "up": sum(|counts| counts.up_bytes),
        "downDatagrams": sum(|counts| counts.down_datagrams),
        "upDatagrams": sum(|counts| counts.up_datagrams),
    })
}

fn print(line: serde_json::Value) {
    println!("{line}");
}

#[allow(
    clippy::disallowed_methods,
    reason = "a program that measures is where time enters"
)]
fn now() -> Instant {
    Instant::now()
}
