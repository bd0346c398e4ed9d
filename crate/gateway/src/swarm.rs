//! The loop between the swarm and the server.

use crate::{
    metrics::Metrics,
    publish,
    serve::{Server, address::Address},
};
use lampyris_net::{Event, Events, Handle, Responder, Verdict};
use lampyris_wire::Protocol;
use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, interval, sleep, sleep_until},
};

/// Answers that are worked on at once, refusals included; what comes beyond is dropped.
const TASKS_MAX: usize = 1024;

/// How long a peer that gets no answer is kept waiting: longer than it waits.
const SILENCE: Duration = Duration::from_secs(120);

/// How often spent accounts are looked through.
const FORGET_EVERY: Duration = Duration::from_secs(30);

/// How long answers that are being worked on have when the gateway stops.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);

/// How long the last answers have to get onto the wire, and peers to hear that we leave.
pub(crate) const FAREWELL: Duration = Duration::from_millis(300);

/// What the loop needs.
#[derive(Debug)]
pub(crate) struct SwarmLoop {
    pub(crate) events: Events,
    pub(crate) handle: Handle,
    pub(crate) server: Arc<Server>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) newcomers: mpsc::Sender<String>,
    pub(crate) addresses: mpsc::Sender<String>,
    pub(crate) tabs_per_address_max: u32,
    pub(crate) crowd: Crowd,
}

/// Who is connected, and from where. It is as large as the swarm lets it be.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    peers: HashMap<String, Option<Address>>,
    addresses: HashMap<Address, u32>,
}

impl SwarmLoop {
    /// Serves until `stop` says so, or the swarm ends. Then it finishes what it has begun, takes
    /// nothing new, and says farewell.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let mut forget = interval(FORGET_EVERY);
        let mut drained_at: Option<Instant> = None;
        loop {
            let deadline = async {
                match drained_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = self.events.next() => match event {
                    Some(event) => self.on_event(event, &mut tasks),
                    None => return,
                },
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                _ = forget.tick() => self.server.forget_idle_peers(),
                _ = stop.wait_for(|stop| *stop), if drained_at.is_none() => {
                    self.server.refuse_new();
                    drained_at = Some(Instant::now() + DRAIN);
                }
                () = deadline => {
                    tracing::warn!(left = tasks.len(), "stopping without all answers");
                    break;
                }
            }
            if drained_at.is_some() && tasks.is_empty() {
                break;
            }
        }
        sleep(FAREWELL).await;
        for peer in self.crowd.peers.keys() {
            let _gone = self.handle.disconnect(peer, "the gateway is shutting down");
        }
        sleep(FAREWELL).await;
    }

    fn on_event(&mut self, event: Event, tasks: &mut JoinSet<()>) {
        match event {
            Event::Connected { peer, address, .. } => self.on_connected(peer, &address),
            Event::Disconnected { peer, reason } => {
                tracing::debug!(peer, reason, "disconnected");
                self.crowd.remove(&peer);
                self.count_peers();
            }
            Event::DialFailed { address, reason } => {
                tracing::warn!(address, reason, "cannot connect");
            }
            Event::Listening { address } => {
                tracing::info!(address, "listening");
                let _nobody = self.addresses.try_send(address);
            }
            Event::Records => {}
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
                let verdict = publish::judge(self.server.chain(), &topic, &data);
                let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
                self.metrics.count_received(label(verdict), bytes);
                let _ended = self.handle.report(&message_id, &peer, verdict);
            }
            Event::Inbound {
                peer,
                protocol,
                body,
                responder,
            } => {
                if tasks.len() >= TASKS_MAX {
                    self.metrics.count_refusal("tasks");
                    return;
                }
                let address = self.crowd.address(&peer);
                let server = self.server.clone();
                tasks.spawn(respond(server, peer, address, protocol, body, responder));
            }
        }
    }

    fn on_connected(&mut self, peer: String, address: &str) {
        tracing::debug!(peer, address, "connected");
        self.metrics.connections.fetch_add(1, Ordering::Relaxed);
        let neighbours = self.crowd.insert(peer.clone(), Address::of(address));
        self.count_peers();
        if self.server.is_stopping() {
            let _gone = self
                .handle
                .disconnect(&peer, "the gateway is shutting down");
        } else if neighbours > self.tabs_per_address_max {
            self.metrics
                .connections_refused
                .fetch_add(1, Ordering::Relaxed);
            let reason = "too many connections from this network address";
            let _gone = self.handle.disconnect(&peer, reason);
        }
    }

    fn count_peers(&self) {
        let peers = u64::try_from(self.crowd.peers.len()).unwrap_or(u64::MAX);
        self.metrics.peers.store(peers, Ordering::Relaxed);
    }
}

impl Crowd {
    /// Adds a peer; says how many are at its address now.
    fn insert(&mut self, peer: String, address: Option<Address>) -> u32 {
        self.remove(&peer);
        self.peers.insert(peer, address);
        let Some(address) = address else { return 0 };
        let count = self.addresses.entry(address).or_default();
        *count = count.saturating_add(1);
        *count
    }

    fn remove(&mut self, peer: &str) {
        let Some(Some(address)) = self.peers.remove(peer) else {
            return;
        };
        if let Some(count) = self.addresses.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.addresses.remove(&address);
            }
        }
    }

    fn address(&self, peer: &str) -> Option<Address> {
        self.peers.get(peer).copied().flatten()
    }
}

async fn respond(
    server: Arc<Server>,
    peer: String,
    address: Option<Address>,
    protocol: Protocol,
    body: Vec<u8>,
    responder: Responder,
) {
    match server.respond(&peer, address, protocol, &body).await {
        Some(response) => responder.reply(response),
        None => sleep(SILENCE).await,
    }
}

fn label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accepted",
        Verdict::Ignore => "ignored",
        Verdict::Reject => "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_counted_while_they_are_here() {
        let mut crowd = Crowd::default();
        let here = Address::of("/ip4/192.0.2.1/udp/1/webrtc-direct");
        assert_eq!(crowd.insert("a".into(), here), 1);
        assert_eq!(crowd.insert("b".into(), here), 2);
        assert_eq!(crowd.insert("a".into(), here), 2, "the same peer again");
        assert_eq!(crowd.insert("c".into(), None), 0);
        crowd.remove("nobody");
        crowd.remove("b");
        assert_eq!(crowd.address("a"), here);
        crowd.remove("a");
        assert!(crowd.addresses.is_empty());
        assert_eq!(crowd.insert("d".into(), here), 1);
    }
}
