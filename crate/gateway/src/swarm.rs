//! The loop between the swarm and the server.

use crate::{metrics::Metrics, publish, serve::Server};
use lampyris_net::{Event, Events, Handle, Responder};
use lampyris_wire::Protocol;
use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{interval, sleep},
};

/// Answers that are worked on at once, refusals included; what comes beyond is dropped.
const TASKS_MAX: usize = 1024;

/// How long a peer that gets no answer is kept waiting: longer than it waits.
const SILENCE: Duration = Duration::from_secs(120);

/// How often spent accounts are looked through.
const FORGET_EVERY: Duration = Duration::from_secs(30);

/// How long peers have to hear that we leave.
const FAREWELL: Duration = Duration::from_millis(300);

/// What the loop needs.
#[derive(Debug)]
pub(crate) struct SwarmLoop {
    pub(crate) events: Events,
    pub(crate) handle: Handle,
    pub(crate) server: Arc<Server>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) newcomers: mpsc::Sender<String>,
    pub(crate) addresses: mpsc::Sender<String>,
}

impl SwarmLoop {
    /// Serves until `stop` says so, or the swarm ends.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut peers = HashSet::new();
        let mut tasks = JoinSet::new();
        let mut forget = interval(FORGET_EVERY);
        loop {
            tokio::select! {
                event = self.events.next() => match event {
                    Some(event) => self.on_event(event, &mut peers, &mut tasks),
                    None => return,
                },
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                _ = forget.tick() => self.server.forget_idle_peers(),
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        for peer in peers {
            let _gone = self
                .handle
                .disconnect(&peer, "the gateway is shutting down");
        }
        sleep(FAREWELL).await;
    }

    fn on_event(&self, event: Event, peers: &mut HashSet<String>, tasks: &mut JoinSet<()>) {
        match event {
            Event::Connected { peer, address } => {
                tracing::info!(peer, address, "connected");
                peers.insert(peer);
                self.metrics
                    .peers
                    .store(peers.len() as u64, Ordering::Relaxed);
            }
            Event::Disconnected { peer, reason } => {
                tracing::info!(peer, reason, "disconnected");
                peers.remove(&peer);
                self.metrics
                    .peers
                    .store(peers.len() as u64, Ordering::Relaxed);
            }
            Event::DialFailed { address, reason } => {
                tracing::warn!(address, reason, "cannot connect");
            }
            Event::Listening { address } => {
                tracing::info!(address, "listening");
                let _nobody = self.addresses.try_send(address);
            }
            Event::Subscribed { topic, .. } => {
                // A full queue means that the latest will be published anyway.
                let _full = self.newcomers.try_send(topic);
            }
            Event::Gossip {
                peer,
                message_id,
                topic,
                data,
            } => {
                self.metrics.gossip_received.fetch_add(1, Ordering::Relaxed);
                let verdict = publish::judge(self.server.chain(), &topic, &data);
                let _ended = self.handle.report(&message_id, &peer, verdict);
            }
            Event::Inbound {
                peer,
                protocol,
                body,
                responder,
            } => {
                if tasks.len() < TASKS_MAX {
                    tasks.spawn(respond(
                        self.server.clone(),
                        peer,
                        protocol,
                        body,
                        responder,
                    ));
                }
            }
        }
    }
}

async fn respond(
    server: Arc<Server>,
    peer: String,
    protocol: Protocol,
    body: Vec<u8>,
    responder: Responder,
) {
    match server.respond(&peer, protocol, &body).await {
        Some(response) => responder.reply(response),
        None => sleep(SILENCE).await,
    }
}
