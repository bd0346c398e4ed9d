//! The one task that owns the swarm.

mod connection;
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
use lampyris_wire::Protocol;
use libp2p::{
    Multiaddr, PeerId, StreamProtocol,
    gossipsub::{self, MessageAcceptance, MessageId, TopicHash},
    swarm::{ConnectionId, Swarm as Libp2pSwarm, SwarmEvent, dial_opts::DialOpts},
};

use self::connection::Connection;
use crate::{
    behaviour::{Behaviour, BehaviourEvent},
    config::Config,
    error::{Error, RequestError, Result},
    event::{EVENTS_MAX, Event, Events, Verdict},
    executor,
    gossip::{self, Repetition},
    handle::{COMMANDS_MAX, Command, Handle, Listening, lock},
    requests::Answer,
    streams::{self, OpenError, Stream},
    transport,
};

/// How many events of the swarm itself wait for a place in the queue before it is polled no more.
const PENDING_EVENTS_MAX: usize = 64;
/// How many wishes of tasks wait for the swarm.
const NOTICES_MAX: usize = 256;
/// Steps without a pause before others get to run.
const BURST_MAX: u32 = 64;
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
        let mut driver = Driver {
            swarm: start(&config, repetition.clone())?,
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
            closing: None,
        };
        for topic in &config.topics {
            gossip::topic(topic)?;
            driver.subscribe(topic);
        }
        executor::spawn(driver.run());
        Ok((
            Handle::new(commands_sender, listening, config.key.id()),
            Events(events_receiver),
        ))
    }
}

fn start(config: &Config, repetition: Option<Repetition>) -> Result<Libp2pSwarm<Behaviour>> {
    let (transport, listen) = transport::build(config)?;
    #[cfg(not(target_arch = "wasm32"))]
    let swarm_config = libp2p::swarm::Config::with_tokio_executor();
    #[cfg(target_arch = "wasm32")]
    let swarm_config = libp2p::swarm::Config::with_wasm_executor();
    let behaviour = Behaviour::new(config, repetition)?;
    let mut swarm = Libp2pSwarm::new(transport, behaviour, config.key.id(), swarm_config);
    if let Some(address) = listen {
        swarm
            .listen_on(address.clone())
            .map_err(|error| Error::Listen {
                address: address.to_string(),
                reason: error.to_string(),
            })?;
    }
    Ok(swarm)
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
    listening: Listening,
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

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial { address } => self.dial(address),
            Command::Disconnect { peer, reason } => {
                for connection in self.peers.get(&peer).cloned().unwrap_or_default() {
                    self.close(connection, reason.clone());
                }
            }
            Command::Request {
                peer,
                protocol,
                body,
                answer,
            } => {
                self.request(peer, protocol, body, answer);
            }
            Command::Subscribe { topic } => self.subscribe(&topic),
            Command::Unsubscribe { topic } => {
                let topic = gossipsub::IdentTopic::new(topic);
                self.swarm.behaviour_mut().gossip.unsubscribe(&topic);
            }
            Command::Publish {
                topic,
                data,
                answer,
            } => {
                let published = self.publish(&TopicHash::from_raw(topic), data);
                let published = published.map_err(|error| Error::Publish {
                    reason: error.to_string(),
                });
                let _gone = answer.send(published);
            }
            Command::Report {
                message_id,
                peer,
                verdict,
            } => {
                let acceptance = match verdict {
                    Verdict::Accept => MessageAcceptance::Accept,
                    Verdict::Ignore => MessageAcceptance::Ignore,
                    Verdict::Reject => MessageAcceptance::Reject,
                };
                let id = MessageId::from(message_id);
                let gossip = &mut self.swarm.behaviour_mut().gossip;
                if !gossip.report_message_validation_result(&id, &peer, acceptance) {
                    tracing::debug!(%id, "a verdict came too late, the message is forgotten");
                }
            }
            Command::Close => {
                self.closing = Some(Delay::new(CLOSE_TIME));
                for connection in self.connections.keys().copied().collect::<Vec<_>>() {
                    self.close(connection, "we left".into());
                }
            }
        }
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Open {
                connection,
                protocol,
                answer,
            } => {
                let Some(record) = self.connections.get_mut(&connection) else {
                    let _gone = answer.send(Err(OpenError::Closed));
                    return;
                };
                let peer = record.peer;
                let is_used_up = record.count_stream();
                self.swarm
                    .behaviour_mut()
                    .streams
                    .open(peer, connection, protocol, answer);
                self.recycle_if(is_used_up, connection);
            }
            Notice::Close { connection, reason } => self.close(connection, reason),
        }
    }

    fn on_swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => self.on_gossip(event),
            SwarmEvent::Behaviour(BehaviourEvent::Streams(inbound)) => self.on_inbound(inbound),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                let address = self.dialling.remove(&connection_id);
                let address = address.unwrap_or_else(|| endpoint.get_remote_address().clone());
                self.on_connected(peer_id, connection_id, address, endpoint.is_dialer());
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                cause,
                ..
            } => {
                self.on_closed(peer_id, connection_id, cause.as_ref());
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                error,
                ..
            } => {
                if let Some(address) = self.dialling.remove(&connection_id) {
                    let reason = reason::dial_failed(&error);
                    self.emit(Event::DialFailed {
                        address: address.to_string(),
                        reason,
                    });
                }
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                let peer_id = *self.swarm.local_peer_id();
                let address = address.with_p2p(peer_id).unwrap_or_else(|address| address);
                lock(&self.listening).push(address.to_string());
                self.emit(Event::Listening {
                    address: address.to_string(),
                });
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                let expired = address.to_string();
                lock(&self.listening).retain(|address| !address.starts_with(&expired));
            }
            SwarmEvent::ListenerClosed { reason, .. } => {
                tracing::error!(?reason, "the listener closed");
            }
            SwarmEvent::IncomingConnectionError {
                send_back_addr,
                error,
                ..
            } => {
                tracing::debug!(%send_back_addr, %error, "an incoming connection failed");
            }
            event => tracing::trace!(?event, "swarm"),
        }
    }

    fn on_gossip(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            } => {
                self.emit(Event::Gossip {
                    peer: propagation_source.to_string(),
                    message_id: message_id.0,
                    topic: message.topic.into_string(),
                    data: message.data,
                });
            }
            gossipsub::Event::Subscribed { peer_id, topic } => {
                let topic = topic.into_string();
                self.emit(Event::Subscribed {
                    peer: peer_id.to_string(),
                    topic,
                });
            }
            event => tracing::debug!(?event, "gossip"),
        }
    }

    fn on_inbound(&mut self, inbound: streams::Inbound) {
        let streams::Inbound {
            connection,
            protocol,
            stream,
        } = inbound;
        if let Some(record) = self.connections.get_mut(&connection) {
            let is_used_up = record.count_stream();
            record.accept(&protocol, stream);
            self.recycle_if(is_used_up, connection);
        }
    }

    fn publish(
        &mut self,
        topic: &TopicHash,
        data: Vec<u8>,
    ) -> std::result::Result<(), gossipsub::PublishError> {
        self.published += 1;
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        match &self.repetition {
            Some(repetition) => repetition.publish(gossip, topic, data, self.published),
            None => gossip.publish(topic.clone(), data).map(|_| ()),
        }
    }

    fn subscribe(&mut self, topic: &str) {
        let topic = gossipsub::IdentTopic::new(topic);
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        if let Err(error) = gossip.subscribe(&topic) {
            tracing::error!(%error, "a topic that passed the filter was refused");
        }
        if let Err(error) = gossip.set_topic_params(topic, gossip::topic_score()) {
            tracing::error!(error, "a topic's score parameters were refused");
        }
    }

    fn dial(&mut self, address: Multiaddr) {
        let options = DialOpts::from(address.clone());
        let connection = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dialling.insert(connection, address);
            }
            Err(error) => {
                let reason = reason::dial_failed(&error);
                self.emit(Event::DialFailed {
                    address: address.to_string(),
                    reason,
                });
            }
        }
    }

    fn request(&mut self, peer: PeerId, protocol: Protocol, body: Vec<u8>, answer: Answer) {
        let newest = self
            .peers
            .get(&peer)
            .and_then(|connections| connections.last());
        match newest.and_then(|connection| self.connections.get_mut(connection)) {
            Some(connection) => connection.request(protocol, body, answer),
            None => {
                let _gone = answer.send(Err(RequestError::Disconnected));
            }
        }
    }

    fn on_connected(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        address: Multiaddr,
        is_dialler: bool,
    ) {
        let connections = self.peers.entry(peer).or_default();
        let older = connections.clone();
        connections.push(id);
        let notices = self.notices_sender.clone();
        let events = self.inbound_events.clone();
        let connection = Connection::start(id, peer, address.clone(), is_dialler, notices, events);
        self.connections.insert(id, connection);
        if older.is_empty() {
            self.emit(Event::Connected {
                peer: peer.to_string(),
                address: address.to_string(),
            });
        }
        for connection in older {
            self.close(
                connection,
                "replaced by a newer connection of the same peer".into(),
            );
        }
    }

    fn on_closed(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        cause: Option<&libp2p::swarm::ConnectionError>,
    ) {
        let record = self.connections.remove(&id);
        let connections = self.peers.entry(peer).or_default();
        connections.retain(|connection| *connection != id);
        if connections.is_empty() {
            self.peers.remove(&peer);
            let reason = record
                .as_ref()
                .and_then(|record| record.close_reason.clone());
            let reason = reason.unwrap_or_else(|| reason::closed(cause));
            self.emit(Event::Disconnected {
                peer: peer.to_string(),
                reason,
            });
        }
        if let Some(address) = record.and_then(|record| record.redial) {
            self.dial(address);
        }
    }

    /// Closes a connection; the first reason is the one that is told.
    fn close(&mut self, id: ConnectionId, reason: String) {
        if let Some(record) = self.connections.get_mut(&id) {
            record.close_reason.get_or_insert(reason);
            self.swarm.close_connection(id);
        }
    }

    /// Closes a connection whose streams are used up, and dials it again if it was us who did.
    fn recycle_if(&mut self, is_used_up: bool, id: ConnectionId) {
        if is_used_up {
            if let Some(record) = self.connections.get_mut(&id) {
                record.redial = record.dialled.clone();
            }
            self.close(id, "renewed after many streams".into());
        }
    }
}
