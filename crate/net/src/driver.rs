//! The one task that owns the swarm.

mod calls;
mod commands;
mod connection;
mod happenings;
mod introductions;
mod reason;

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    ops::ControlFlow,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::{
    FutureExt, StreamExt,
    channel::{mpsc, oneshot},
};
use futures_timer::Delay;
use libp2p::{
    Multiaddr, PeerId, StreamProtocol,
    swarm::{ConnectionId, Swarm as Libp2pSwarm},
};

use self::{connection::Connection, introductions::Introductions};
use crate::{
    behaviour::Behaviour,
    config::Config,
    error::{Error, Result},
    event::{EVENTS_MAX, Event, Events},
    executor,
    gossip::{self, Repetition},
    handle::{COMMANDS_MAX, Command, Handle, Listening, lock},
    introduce,
    records::{self, Table},
    relay,
    streams::{OpenError, Stream},
    transport,
};

/// How many events of the swarm itself wait for a place in the queue before it is polled no more.
const PENDING_EVENTS_MAX: usize = 64;
/// How many wishes of tasks wait for the swarm.
const NOTICES_MAX: usize = 256;
/// Steps without a pause before others get to run.
const BURST_MAX: u32 = 64;
/// How often the swarm is polled in any case. Gossipsub 0.50 starts a timer of its own anew when it has fired
/// and does not poll it: without us, a peer to whom nothing happens would have no more heartbeats.
const PULSE: std::time::Duration = std::time::Duration::from_secs(1);
/// How long closing all connections may take.
const CLOSE_TIME: std::time::Duration = std::time::Duration::from_secs(4);

/// What a connection's task wants of the swarm.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A stream.
    Open {
        connection: ConnectionId,
        protocol: StreamProtocol,
        answer: oneshot::Sender<std::result::Result<Stream, OpenError>>,
    },
    /// The end of the connection.
    Close {
        connection: ConnectionId,
        reason: String,
    },
    /// Something about introductions.
    Introduction(introduce::Notice),
    /// Something about calls through relays.
    Relay(relay::Notice),
}

/// Starts swarms.
#[derive(Debug)]
pub struct Swarm;

impl Swarm {
    /// Starts a swarm as a task of its own: natively on the current tokio runtime, in a browser on
    /// the page's event loop. It ends by [`Handle::close`] or when the events are dropped.
    #[allow(
        clippy::new_ret_no_self,
        reason = "a swarm is a task; what is kept are its two ends"
    )]
    pub fn new(config: Config) -> Result<(Handle, Events)> {
        if !executor::is_available() {
            return Err(Error::NoRuntime);
        }
        let (commands_sender, commands) = mpsc::channel(COMMANDS_MAX);
        let (events, events_receiver) = mpsc::channel(EVENTS_MAX);
        let (notices_sender, notices) = mpsc::channel(NOTICES_MAX);
        let listening = Listening::default();
        let repetition = config.republish.then(Repetition::default);
        let (mut swarm, inlet) = start(&config, repetition.clone(), notices_sender.clone())?;
        let records = Arc::new(Mutex::new(Table::new(config.key.pair().clone())));
        let announced = announced(&config)?;
        lock(&records).listen(&announced);
        for address in &announced {
            swarm.add_external_address(address.clone());
        }
        let mut driver = Driver {
            swarm,
            introductions: Introductions::new(config.limits.tabs, inlet),
            repetition,
            published: 0,
            commands,
            notices,
            notices_sender,
            inbound_events: Arc::new(Mutex::new(events.clone())),
            events,
            pending: VecDeque::new(),
            connections: HashMap::new(),
            peers: HashMap::new(),
            dialling: HashMap::new(),
            listening: listening.clone(),
            records: records.clone(),
            announces: !announced.is_empty(),
            pulse: Delay::new(PULSE),
            closing: None,
        };
        for topic in &config.topics {
            gossip::topic(topic)?;
            driver.subscribe(topic);
        }
        executor::spawn(driver.run());
        Ok((
            Handle::new(commands_sender, listening, records, config.key.id()),
            Events(events_receiver),
        ))
    }
}

/// The swarm, and what its transport is told of introductions.
fn start(
    config: &Config,
    repetition: Option<Repetition>,
    notices: mpsc::Sender<Notice>,
) -> Result<(Libp2pSwarm<Behaviour>, introduce::Inlet)> {
    let (transport, listen) = transport::build(config)?;
    let (transport, inlet) = introduce::join(transport, config, notices);
    #[cfg(not(target_arch = "wasm32"))]
    let swarm_config = libp2p::swarm::Config::with_tokio_executor();
    #[cfg(target_arch = "wasm32")]
    let swarm_config = libp2p::swarm::Config::with_wasm_executor();
    let behaviour = Behaviour::new(config, repetition)?;
    let mut swarm = Libp2pSwarm::new(transport, behaviour, config.key.id(), swarm_config);
    for address in listen {
        swarm
            .listen_on(address.clone())
            .map_err(|error| Error::Listen {
                address: address.to_string(),
                reason: reason::transport(&error),
            })?;
    }
    Ok((swarm, inlet))
}

fn announced(config: &Config) -> Result<Vec<Multiaddr>> {
    let parse = |text: &String| {
        text.parse()
            .map_err(|error: libp2p::multiaddr::Error| Error::Address {
                address: text.clone(),
                reason: error.to_string(),
            })
    };
    config.announce.iter().map(parse).collect()
}

/// Owns everything.
struct Driver {
    swarm: Libp2pSwarm<Behaviour>,
    repetition: Option<Repetition>,
    /// How many messages were published.
    published: u64,
    commands: mpsc::Receiver<Command>,
    notices: mpsc::Receiver<Notice>,
    notices_sender: mpsc::Sender<Notice>,
    events: mpsc::Sender<Event>,
    /// The same queue, for the tasks that serve requests.
    inbound_events: Arc<Mutex<mpsc::Sender<Event>>>,
    pending: VecDeque<Event>,
    connections: HashMap<ConnectionId, Connection>,
    /// The connections of each peer, the newest last.
    peers: HashMap<PeerId, Vec<ConnectionId>>,
    dialling: HashMap<ConnectionId, Multiaddr>,
    introductions: Introductions,
    listening: Listening,
    records: records::Shared,
    /// Whether our record holds what the configuration says, and not where we listen.
    announces: bool,
    pulse: Delay,
    closing: Option<Delay>,
}

impl Driver {
    async fn run(mut self) {
        let mut burst = 0;
        loop {
            let step = poll_fn(|context| {
                let step = self.poll(context);
                burst = if step.is_pending() { 0 } else { burst + 1 };
                step
            });
            if step.await.is_break() {
                return;
            }
            if burst >= BURST_MAX {
                burst = 0;
                executor::yield_now().await;
            }
        }
    }

    /// Makes one step of everything that can.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ControlFlow<()>> {
        let mut progress = false;
        while !self.pending.is_empty() {
            match self.events.poll_ready(context) {
                Poll::Ready(Ok(())) => {
                    // A failure here is noticed by `is_closed` below.
                    let _sent = self
                        .pending
                        .pop_front()
                        .map(|event| self.events.start_send(event));
                }
                Poll::Ready(Err(_)) => return Poll::Ready(ControlFlow::Break(())),
                Poll::Pending => break,
            }
        }
        let is_closed = match &mut self.closing {
            Some(delay) => self.connections.is_empty() || delay.poll_unpin(context).is_ready(),
            None => self.events.is_closed(),
        };
        if is_closed {
            return Poll::Ready(ControlFlow::Break(()));
        }
        if self.pulse.poll_unpin(context).is_ready() {
            self.pulse = Delay::new(PULSE);
            self.seek();
            progress = true;
        }
        if let Poll::Ready(Some(command)) = self.commands.poll_next_unpin(context) {
            self.on_command(command);
            progress = true;
        }
        if let Poll::Ready(Some(notice)) = self.notices.poll_next_unpin(context) {
            self.on_notice(notice);
            progress = true;
        }
        if self.pending.len() < PENDING_EVENTS_MAX
            && let Poll::Ready(Some(event)) = self.swarm.poll_next_unpin(context)
        {
            self.on_swarm_event(event);
            progress = true;
        }
        if progress {
            Poll::Ready(ControlFlow::Continue(()))
        } else {
            Poll::Pending
        }
    }

    fn emit(&mut self, event: Event) {
        self.pending.push_back(event);
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Open {
                connection,
                protocol,
                answer,
            } => {
                let Some(record) = self.connections.get(&connection) else {
                    let _gone = answer.send(Err(OpenError::Closed));
                    return;
                };
                let peer = record.peer;
                self.swarm
                    .behaviour_mut()
                    .streams
                    .open(peer, connection, protocol, answer);
            }
            Notice::Close { connection, reason } => self.close(connection, reason),
            Notice::Introduction(notice) => self.on_introduction(notice),
            Notice::Relay(notice) => self.on_relay(notice),
        }
    }

    /// Closes a connection; the first reason is the one that is told.
    fn close(&mut self, id: ConnectionId, reason: String) {
        if let Some(record) = self.connections.get_mut(&id) {
            record.close_reason.get_or_insert(reason);
            self.swarm.close_connection(id);
        }
    }
}
