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
use http::Operator;
use identity::Identity;
use keep::Keep;
use metrics::Metrics;
use publish::Publisher;
use serve::{Server as Serve, limits::Limits};
use std::{fmt::Display, io::Write, net::SocketAddr, sync::Arc, time::Duration};
use swarm::{Crowd, SwarmLoop};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use upstream::{Upstreams, watch::Watch};

/// How long a start waits for the nodes; after that it serves what it has, and goes on trying.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// How long a stop may take in all.
const STOP_PATIENCE: Duration = Duration::from_secs(8);

/// How often it is checked whether the archive has something to fetch.
const ARCHIVE_EVERY: Duration = Duration::from_secs(2);

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
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Starts a gateway; `hook` stands between it and its peers.
    pub async fn start(config: Config, hook: Arc<dyn Hook>) -> Result<Self, Error> {
        let identity = Identity::load(&config.data)?;
        let metrics = Arc::new(Metrics::default());
        let (beacons, executions) = (&config.beacons, &config.executions);
        let upstreams = Upstreams::new(beacons, executions, &config.network, &metrics)?;
        let clock = Clock::new(config.fixed_clock_unix_ms);
        let chain = Arc::new(Chain::new(config.network.clone(), clock));
        let beacons = upstreams.beacons.clone();
        let archive = Archive::new(
            chain.clone(),
            beacons.clone(),
            metrics.clone(),
            &config.data,
        );
        let server = Arc::new(Serve::new(
            chain.clone(),
            archive.clone(),
            upstreams.clone(),
            metrics.clone(),
            hook,
            Limits::new(config.tabs_per_address_max),
        ));
        let operator = Operator {
            server: server.clone(),
            upstreams: upstreams.clone(),
            metrics: metrics.clone(),
        };
        let (metrics_address, operator) = http::serve(config.metrics, operator).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(operator);

        let keep = Keep::new(&config.data);
        let mut follower = Follower::new(
            chain.clone(),
            beacons,
            archive.clone(),
            config.checkpoint,
            keep,
        );
        let watcher = Watch::new(chain, upstreams);
        expect_nodes(&mut follower, &watcher).await?;

        let (handle, events) = listen(&config, identity, server.chain())?;
        let (newcomers, newcomers_receiver) = mpsc::channel(NEWCOMERS_MAX);
        let (addresses_sender, addresses) = mpsc::channel(ADDRESSES_MAX);
        let (stop, stopped) = watch::channel(false);
        let publisher = Publisher::new(server.clone(), handle.clone(), metrics.clone());
        tasks.spawn(follower.run());
        tasks.spawn(watcher.run());
        tasks.spawn(advance(archive));
        tasks.spawn(publisher.run(newcomers_receiver));
        let swarm = SwarmLoop {
            events,
            handle,
            server: server.clone(),
            metrics,
            newcomers,
            addresses: addresses_sender,
            tabs_per_address_max: config.tabs_per_address_max,
            crowd: Crowd::default(),
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

    /// Runs until SIGINT or SIGTERM comes, and prints the addresses meanwhile. A second signal ends
    /// the wait for answers that are being worked on.
    pub async fn run_until_stopped(mut self) -> Result<(), Error> {
        let mut interrupt = handler(SignalKind::interrupt())?;
        let mut terminate = handler(SignalKind::terminate())?;
        announce("health and metrics on http://", self.metrics_address);
        loop {
            tokio::select! {
                Some(address) = self.addresses.recv() => announce("listening on ", address),
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
            }
        }
        tracing::info!("shutting down");
        tokio::select! {
            () = self.stop() => tracing::info!("stopped"),
            _ = interrupt.recv() => tracing::warn!("stopped at once"),
            _ = terminate.recv() => tracing::warn!("stopped at once"),
        }
        Ok(())
    }

    /// Takes nothing new, finishes what is being answered within a few seconds, says farewell to the
    /// peers and ends. What is on disk is whole at any moment.
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

/// Starts the swarm.
fn listen(
    config: &Config,
    identity: Identity,
    chain: &Chain,
) -> Result<(lampyris_net::Handle, lampyris_net::Events), Error> {
    lampyris_net::Swarm::new(lampyris_net::Config {
        key: identity.key,
        listen: Some(lampyris_net::Listen {
            udp_addr: config.listen.to_string(),
            ws_addr: config.listen_websocket.map(|address| address.to_string()),
            certificate_pem: identity.certificate_pem,
        }),
        announce: config.announce.clone(),
        user_agent: concat!("lampyris-gateway/", env!("CARGO_PKG_VERSION")).into(),
        topics: publish::topics(chain),
        serve: true,
        republish: true,
        limits: lampyris_net::Limits {
            inbound_max: config.connections_max,
            inbound_per_address_max: config.tabs_per_address_max,
            ..Default::default()
        },
        ..Default::default()
    })
    .map_err(|error| Error::Listen {
        address: config.listen.to_string(),
        reason: error.to_string(),
    })
}

/// Waits for the nodes, but not for ever. Only nodes of another network are an error.
async fn expect_nodes(follower: &mut Follower, watch: &Watch) -> Result<(), Error> {
    let ready = async {
        watch.check_networks().await?;
        if let Err(error) = follower.synchronize().await {
            tracing::warn!(%error, "the consensus nodes do not serve yet");
        }
        Ok(())
    };
    timeout(START_PATIENCE, ready).await.unwrap_or_else(|_| {
        tracing::warn!("the nodes are slow; going on without them for now");
        Ok(())
    })
}

/// Keeps the archive at the present.
async fn advance(archive: Archive) {
    loop {
        sleep(ARCHIVE_EVERY).await;
        if archive.is_due()
            && let Err(error) = archive.advance().await
        {
            tracing::warn!(%error, "the archive waits for updates");
        }
    }
}

fn announce(what: &str, address: impl Display) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{what}{address}").and_then(|()| out.flush());
}
