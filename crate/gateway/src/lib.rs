//! The gateway: a native peer in front of any Ethereum node pair.
//!
//! It follows the chain through a consensus node's Beacon API and an execution node's JSON-RPC,
//! verifies what it gets with [`lampyris_verify`], and serves it to browser tabs over WebRTC.
//!
//! What it trusts: its operator's configuration and, unless a checkpoint is given, its consensus
//! node's word on which block is finalized at the first start. Peers trust it with nothing.
//!
//! **Invariant: nothing is served that was not checked**: light-client objects by signature or root,
//! proofs against the state root, headers, code and transactions by hash. A faulty node behind the
//! gateway makes it fail to answer, not lie.
//!
//! **Invariant: everything is bounded**: answers of nodes in bytes and time, requests of peers by a
//! token bucket and in number, caches in bytes, queues in length.
//!
//! ```no_run
//! # async fn example() -> Result<(), lampyris_gateway::Error> {
//! use clap::Parser;
//! use lampyris_gateway::{Arguments, Honest, run};
//!
//! let config = Arguments::parse().into_config()?;
//! run(config, std::sync::Arc::new(Honest)).await
//! # }
//! ```

mod archive;
mod cache;
mod chain;
mod clock;
mod config;
mod error;
mod files;
mod follow;
mod hook;
mod http;
mod identity;
mod keep;
mod metrics;
mod publish;
mod serve;
mod swarm;
mod upstream;

pub use chain::{Chain, Encoded, Latest, Rank};
pub use clock::Clock;
pub use config::{Arguments, Config};
pub use error::Error;
pub use hook::{Honest, Hook, Reply, Request};
pub use metrics::Progress;
pub use serve::Server;

use archive::Archive;
use follow::Follower;
use identity::Identity;
use keep::Keep;
use metrics::Metrics;
use publish::Publisher;
use serve::Server as Serve;
use std::{io::Write, net::SocketAddr, sync::Arc, time::Duration};
use swarm::SwarmLoop;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};
use upstream::{beacon::Beacon, execution::Execution, http::Node};

/// How long a start waits for the nodes; after that it serves what it has, and goes on trying.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// How long a stop may take.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// Peers that subscribed and wait for the latest update.
const NEWCOMERS_MAX: usize = 64;

/// Addresses that are listened on.
const ADDRESSES_MAX: usize = 64;

/// A gateway that runs.
#[derive(Debug)]
pub struct Gateway {
    addresses: mpsc::Receiver<String>,
    metrics_address: SocketAddr,
    server: Arc<Serve>,
    stop: watch::Sender<bool>,
    swarm: tokio::task::JoinHandle<()>,
    tasks: JoinSet<Option<Error>>,
}

impl Gateway {
    /// Starts a gateway; `hook` stands between it and its peers.
    pub async fn start(config: Config, hook: Arc<dyn Hook>) -> Result<Self, Error> {
        let identity = Identity::load(&config.data)?;
        let metrics = Arc::new(Metrics::default());
        let beacon = Node::new(&config.beacon, "beacon", metrics.clone())?;
        let beacon = Beacon::new(beacon, Arc::new(config.network.clone()));
        let execution = Node::new(&config.execution, "execution", metrics.clone())?;
        let execution = Execution::new(execution);
        let clock = Clock::new(config.fixed_clock_unix_ms);
        let chain = Arc::new(Chain::new(config.network.clone(), clock));

        let keep = Keep::new(&config.data);
        let mut follower = Follower::new(chain.clone(), beacon.clone(), config.checkpoint, keep);
        let (metrics_address, operator) =
            http::serve(config.metrics, chain.clone(), metrics.clone()).await?;
        expect_nodes(&mut follower, &execution, config.network.chain_id).await?;

        let archive = Archive::new(chain.clone(), beacon);
        let server = Serve::new(chain.clone(), archive, execution, metrics.clone(), hook);
        let server = Arc::new(server);
        let (handle, events) = lampyris_net::Swarm::new(lampyris_net::Config {
            key: identity.key,
            listen: Some(lampyris_net::Listen {
                udp_addr: config.listen.to_string(),
                certificate_pem: identity.certificate_pem,
            }),
            user_agent: concat!("lampyris-gateway/", env!("CARGO_PKG_VERSION")).into(),
            topics: publish::topics(&chain),
            serve: true,
            republish: true,
            ..Default::default()
        })
        .map_err(|error| Error::Listen {
            address: config.listen.to_string(),
            reason: error.to_string(),
        })?;

        let (newcomers, newcomers_receiver) = mpsc::channel(NEWCOMERS_MAX);
        let (addresses_sender, addresses) = mpsc::channel(ADDRESSES_MAX);
        let (stop, stopped) = watch::channel(false);
        let publisher = Publisher::new(server.clone(), handle.clone(), metrics.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { Some(follower.run().await) });
        tasks.spawn(async move {
            publisher.run(newcomers_receiver).await;
            None
        });
        tasks.spawn(async move {
            operator.await;
            None
        });
        let swarm = SwarmLoop {
            events,
            handle,
            server: server.clone(),
            metrics,
            newcomers,
            addresses: addresses_sender,
        };
        let swarm = tokio::spawn(swarm.run(stopped));
        Ok(Self {
            addresses,
            metrics_address,
            server,
            stop,
            swarm,
            tasks,
        })
    }

    /// The next address that peers can dial; none when the gateway has ended.
    pub async fn next_address(&mut self) -> Option<String> {
        self.addresses.recv().await
    }

    /// Where `/health` and `/metrics` are.
    pub fn metrics_address(&self) -> SocketAddr {
        self.metrics_address
    }

    /// What is served.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Runs until SIGINT or SIGTERM comes, and prints the addresses meanwhile.
    pub async fn run_until_stopped(mut self) -> Result<(), Error> {
        let mut interrupt = handler(SignalKind::interrupt())?;
        let mut terminate = handler(SignalKind::terminate())?;
        tracing::info!("health and metrics on http://{}", self.metrics_address);
        loop {
            tokio::select! {
                Some(address) = self.addresses.recv() => announce(&address),
                Some(ended) = self.tasks.join_next() => {
                    if let Ok(Some(error)) = ended {
                        self.stop().await;
                        return Err(error);
                    }
                }
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
            }
        }
        tracing::info!("shutting down");
        self.stop().await;
        Ok(())
    }

    /// Says farewell to the peers and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let _late = timeout(STOP_PATIENCE, &mut self.swarm).await;
        self.tasks.shutdown().await;
    }
}

/// Runs a gateway until it is told to stop by SIGINT or SIGTERM, and prints its addresses.
pub async fn run(config: Config, hook: Arc<dyn Hook>) -> Result<(), Error> {
    Gateway::start(config, hook)
        .await?
        .run_until_stopped()
        .await
}

fn handler(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::Configuration(format!("no signal handler: {error}")))
}

/// Waits for the nodes, but not for ever. Only nodes of another network are an error.
async fn expect_nodes(
    follower: &mut Follower,
    execution: &Execution,
    chain_id: u64,
) -> Result<(), Error> {
    let both = async {
        let (followed, checked) =
            tokio::join!(follower.synchronize(), execution.check_chain_id(chain_id));
        for (node, result) in [("consensus", followed), ("execution", checked)] {
            match result {
                Err(error @ Error::WrongNetwork { .. }) => return Err(error),
                Err(error) => tracing::warn!(%error, "the {node} node does not serve yet"),
                Ok(()) => {}
            }
        }
        Ok(())
    };
    match timeout(START_PATIENCE, both).await {
        Ok(result) => result,
        Err(_) => {
            tracing::warn!("the nodes are slow; going on without them for now");
            Ok(())
        }
    }
}

fn announce(address: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "listening on {address}").and_then(|()| out.flush());
}
