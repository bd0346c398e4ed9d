//! Commanding a swarm.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    channel::{mpsc, oneshot},
    future::{self, Either},
};
use futures_timer::Delay;
use lampyris_wire::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::{
    error::{Error, RequestError, Result},
    event::Verdict,
    gossip,
    records::{Record, Scope, Shared},
    requests::{self, Answer},
};

/// How many commands wait for the swarm.
pub(crate) const COMMANDS_MAX: usize = 512;

/// What a swarm is told.
#[derive(Debug)]
pub(crate) enum Command {
    Dial {
        address: Multiaddr,
    },
    Disconnect {
        peer: PeerId,
        reason: String,
    },
    Request {
        peer: PeerId,
        protocol: Protocol,
        body: Vec<u8>,
        answer: Answer,
    },
    Subscribe {
        topic: String,
    },
    Unsubscribe {
        topic: String,
    },
    Publish {
        topic: String,
        data: Vec<u8>,
        answer: oneshot::Sender<Result<()>>,
    },
    Report {
        message_id: Vec<u8>,
        peer: PeerId,
        verdict: Verdict,
    },
    Close,
}

/// Commands a swarm; clones command the same one.
#[derive(Clone, Debug)]
pub struct Handle {
    // One sender for all clones: each sender of its own would add a place to the queue.
    commands: Arc<Mutex<mpsc::Sender<Command>>>,
    listening: Listening,
    records: Shared,
    peer_id: PeerId,
}

/// The addresses at which we can be dialled.
pub(crate) type Listening = Arc<Mutex<Vec<String>>>;

impl Handle {
    pub(crate) fn new(
        commands: mpsc::Sender<Command>,
        listening: Listening,
        records: Shared,
        peer_id: PeerId,
    ) -> Self {
        Self {
            commands: Arc::new(Mutex::new(commands)),
            listening,
            records,
            peer_id,
        }
    }

    /// Who we are.
    #[must_use]
    pub fn peer_id(&self) -> String {
        self.peer_id.to_string()
    }

    /// The addresses at which we can be dialled, with certificate hash and peer id.
    #[must_use]
    pub fn listen_addresses(&self) -> Vec<String> {
        lock(&self.listening).clone()
    }

    /// Where gateways say that they are, as far as peers have told us.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        lock(&self.records).records()
    }

    /// Takes a record that [`Handle::records`] gave before; says whether it was genuine and new.
    #[must_use]
    pub fn remember(&self, envelope: &[u8]) -> bool {
        // What we keep ourselves was told by who might know.
        let taken = lock(&self.records).insert(envelope, None, Scope::Machine);
        taken.unwrap_or(false)
    }

    /// Forgets where a peer is, and tells nobody of it.
    pub fn forget(&self, peer: &str) -> Result<()> {
        lock(&self.records).forget(&parse_peer(peer)?);
        Ok(())
    }

    /// Connects to a peer. An event tells how it went.
    pub fn dial(&self, address: &str) -> Result<()> {
        let parsed = address
            .parse()
            .map_err(|error: libp2p::multiaddr::Error| Error::Address {
                address: address.into(),
                reason: error.to_string(),
            })?;
        self.command(Command::Dial { address: parsed })
    }

    /// Closes the connection to a peer; `reason` is what [`crate::Event::Disconnected`] then says.
    pub fn disconnect(&self, peer: &str, reason: &str) -> Result<()> {
        self.command(Command::Disconnect {
            peer: parse_peer(peer)?,
            reason: reason.into(),
        })
    }

    /// Asks a connected peer. Dropping the future gives the request up.
    pub async fn request(
        &self,
        peer: &str,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> std::result::Result<Vec<u8>, RequestError> {
        requests::check_request(protocol, &body)?;
        let peer = parse_peer(peer).map_err(not_taken)?;
        let (answer, answered) = oneshot::channel();
        self.command(Command::Request {
            peer,
            protocol,
            body,
            answer,
        })
        .map_err(not_taken)?;
        let timeout = Delay::new(Duration::from_millis(timeout_ms.into()));
        match future::select(answered, timeout).await {
            Either::Left((Ok(response), _)) => response,
            Either::Left((Err(_), _)) => Err(RequestError::Disconnected),
            Either::Right(((), _)) => Err(RequestError::Timeout { timeout_ms }),
        }
    }

    /// Takes part in a topic's gossip.
    pub fn subscribe(&self, topic: &str) -> Result<()> {
        gossip::topic(topic)?;
        self.command(Command::Subscribe {
            topic: topic.into(),
        })
    }

    /// Takes part no more.
    pub fn unsubscribe(&self, topic: &str) -> Result<()> {
        gossip::topic(topic)?;
        self.command(Command::Unsubscribe {
            topic: topic.into(),
        })
    }

    /// Publishes a message to all peers that want its topic; it fails when there is none.
    pub async fn publish(&self, topic: &str, data: Vec<u8>) -> Result<()> {
        gossip::topic(topic)?;
        let (answer, published) = oneshot::channel();
        self.command(Command::Publish {
            topic: topic.into(),
            data,
            answer,
        })?;
        published.await.unwrap_or(Err(Error::Closed))
    }

    /// Says what a gossip message turned out to be, within ten seconds of its event. Only what is
    /// accepted is forwarded.
    pub fn report(&self, message_id: &[u8], peer: &str, verdict: Verdict) -> Result<()> {
        let peer = parse_peer(peer)?;
        self.command(Command::Report {
            message_id: message_id.into(),
            peer,
            verdict,
        })
    }

    /// Closes all connections and ends the swarm.
    pub fn close(&self) -> Result<()> {
        self.command(Command::Close)
    }

    fn command(&self, command: Command) -> Result<()> {
        lock(&self.commands).try_send(command).map_err(|error| {
            if error.is_full() {
                Error::Busy {
                    maximum: COMMANDS_MAX,
                }
            } else {
                Error::Closed
            }
        })
    }
}

fn parse_peer(peer: &str) -> Result<PeerId> {
    peer.parse().map_err(|_| Error::PeerId { got: peer.into() })
}

fn not_taken(error: Error) -> RequestError {
    match error {
        Error::Closed => RequestError::Disconnected,
        error => RequestError::Failed {
            reason: error.to_string(),
            fault: error.fault(),
        },
    }
}

/// Locks; nobody panics while holding these locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
