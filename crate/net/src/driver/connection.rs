//! What is known of one connection, and its tasks.

use std::{
    future::Future,
    sync::{Arc, Mutex},
};

use futures::channel::{mpsc, oneshot};
use lampyris_wire::{
    HEARTBEAT_PROTOCOL, INTRODUCE_PROTOCOL, Protocol, RECORDS_PROTOCOL, relay::STOP_PROTOCOL,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol, swarm::ConnectionId};

use super::{Notice, calls::Reservation};
use crate::{
    clock::Moment,
    error::RequestError,
    event::{Event, PeerKind},
    executor,
    handle::lock,
    heartbeat, introduce,
    life::{Guard, Life},
    places::Places,
    rate::{self, Bucket},
    records::Acquaintance,
    relay,
    requests::{
        Answer, IN_FLIGHT_MAX, Opener, WAITING_MAX, inbound::Requester, once, state_client,
        state_server,
    },
    streams::{Activity, Stream},
};

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) peer: PeerId,
    pub(super) kind: PeerKind,
    pub(super) since: Moment,
    pub(super) address: Multiaddr,
    /// Whether we can be called through it.
    pub(super) reservation: Reservation,
    /// Offers that are carried to it.
    pub(super) carried: Places,
    /// The address to dial when it is closed.
    pub(super) redial: Option<Multiaddr>,
    pub(super) close_reason: Option<String>,
    /// Ends the tasks when the connection is closed.
    _guard: Guard,
    life: Life,
    opener: Opener,
    /// Takes the heartbeat's stream on the listening side.
    heartbeat: Option<oneshot::Sender<Stream>>,
    pings: Places,
    /// Answers, once, on the stream on which the dialler exchanges records.
    records: Option<Exchange>,
    asking: Places,
    state_requests: Option<mpsc::Sender<state_client::Request>>,
    requester: Requester,
    gossip: Bucket,
    introductions: (Bucket, Places),
    /// Ends the serving of an older state stream when a newer comes.
    state_server: Option<Guard>,
}

impl Connection {
    /// Begins the heartbeat of a new connection, and what is told on it at once.
    pub(super) fn start(
        id: ConnectionId,
        acquaintance: Acquaintance,
        (kind, is_dialler, address): (PeerKind, bool, Multiaddr),
        activity: Activity,
        notices: mpsc::Sender<Notice>,
        events: Arc<Mutex<mpsc::Sender<Event>>>,
    ) -> Self {
        let (guard, life) = Life::new();
        let peer = acquaintance.peer;
        let opener = Opener {
            connection: id,
            notices,
        };
        let mut heartbeat = None;
        if is_dialler {
            executor::spawn(life.clone().run(beat(opener.clone())));
        } else {
            let (sender, opened) = oneshot::channel();
            heartbeat = Some(sender);
            let opener = opener.clone();
            executor::spawn(life.clone().run(async {
                let reason = heartbeat::echo(opened, activity).await;
                opener.close(reason).await;
            }));
        }
        let mut records = Some(Exchange {
            acquaintance,
            opener: opener.clone(),
            events: events.clone(),
        });
        if is_dialler && let Some(exchange) = records.take() {
            executor::spawn(life.clone().run(exchange.ask()));
        }
        Self {
            peer,
            kind,
            since: Moment::now(),
            address,
            reservation: Reservation::default(),
            carried: Places::new(introduce::STREAMS_PER_PEER_MAX),
            redial: None,
            close_reason: None,
            _guard: guard,
            life,
            opener,
            heartbeat,
            pings: Places::new(heartbeat::PINGS_MAX),
            records,
            asking: Places::new(IN_FLIGHT_MAX),
            state_requests: None,
            requester: Requester::new(peer.to_string(), events),
            gossip: Bucket::new(rate::GOSSIP),
            introductions: (
                Bucket::new(rate::INTRODUCTIONS),
                Places::new(introduce::STREAMS_PER_PEER_MAX),
            ),
            state_server: None,
        }
    }

    /// Whether one more message of the peer is listened to.
    pub(super) fn may_gossip(&mut self) -> bool {
        self.gossip.take()
    }

    /// What opens streams on it.
    pub(super) fn opener(&self) -> Opener {
        self.opener.clone()
    }

    /// Runs a task that ends with the connection.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        executor::spawn(self.life.clone().run(task));
    }

    /// Takes a stream that the peer opened.
    pub(super) fn accept(&mut self, protocol: &StreamProtocol, stream: Stream) {
        if protocol.as_ref() == HEARTBEAT_PROTOCOL {
            // A second one is dropped.
            if let Some(heartbeat) = self.heartbeat.take() {
                let _ended = heartbeat.send(stream);
            }
            return;
        }
        if protocol.as_ref() == INTRODUCE_PROTOCOL {
            let (bucket, places) = &mut self.introductions;
            // Beyond, the stream is dropped, which resets it: no honest peer asks so much.
            if let Some(place) = bucket.take().then(|| places.take()).flatten() {
                self.spawn(introduce::serve(self.opener(), stream, place));
            }
            return;
        }
        if protocol.as_ref() == STOP_PROTOCOL {
            let (bucket, places) = &mut self.introductions;
            if let Some(place) = bucket.take().then(|| places.take()).flatten() {
                self.spawn(relay::serve(self.opener(), stream, place));
            }
            return;
        }
        if protocol.as_ref() == heartbeat::PING_PROTOCOL {
            // One more than needed is dropped, too.
            if let Some(place) = self.pings.take() {
                executor::spawn(self.life.clone().run(async move {
                    heartbeat::mirror(stream).await;
                    drop(place);
                }));
            }
            return;
        }
        if protocol.as_ref() == RECORDS_PROTOCOL {
            // A second one is dropped.
            if let Some(exchange) = self.records.take() {
                executor::spawn(self.life.clone().run(exchange.answer(stream)));
            }
            return;
        }
        let requester = self.requester.clone();
        match Protocol::from_name(protocol.as_ref()) {
            Some(Protocol::State) => {
                let (guard, newest) = Life::new();
                self.state_server = Some(guard);
                let serving = newest.run(state_server::serve(requester, stream));
                executor::spawn(self.life.clone().run(serving));
            }
            Some(protocol) => {
                executor::spawn(self.life.clone().run(requester.serve(protocol, stream)));
            }
            None => {}
        }
    }

    /// Asks the peer.
    pub(super) fn request(&mut self, protocol: Protocol, body: Vec<u8>, answer: Answer) {
        if protocol == Protocol::State {
            return self.request_state(state_client::Request { body, answer });
        }
        let Some(place) = self.asking.take() else {
            let reason = format!("{IN_FLIGHT_MAX} requests to this peer are on their way");
            let _gone = answer.send(Err(RequestError::unavailable(reason)));
            return;
        };
        let opener = self.opener.clone();
        executor::spawn(self.life.clone().run(async move {
            once::ask(opener, protocol, body, answer).await;
            drop(place);
        }));
    }

    fn request_state(&mut self, request: state_client::Request) {
        let requests = self.state_requests.get_or_insert_with(|| {
            let (sender, requests) = mpsc::channel(WAITING_MAX);
            let asking = state_client::run(self.opener.clone(), requests);
            executor::spawn(self.life.clone().run(asking));
            sender
        });
        if let Err(error) = requests.try_send(request) {
            let reason = format!("{WAITING_MAX} requests to this peer are waiting");
            let answer = error.into_inner().answer;
            let _gone = answer.send(Err(RequestError::unavailable(reason)));
        }
    }
}

/// The exchange of records on a connection. Who tells something false is a liar; who does not speak of
/// it at all is not.
#[derive(Debug)]
struct Exchange {
    acquaintance: Acquaintance,
    opener: Opener,
    events: Arc<Mutex<mpsc::Sender<Event>>>,
}

impl Exchange {
    async fn ask(mut self) {
        if let Ok(stream) = self.opener.open(RECORDS_PROTOCOL).await {
            let told = self.acquaintance.ask(stream).await;
            self.end(told).await;
        }
    }

    async fn answer(self, stream: Stream) {
        let told = self.acquaintance.answer(stream).await;
        self.end(told).await;
    }

    async fn end(self, told: Result<bool, String>) {
        match told {
            // A full queue only delays the news until the next.
            Ok(true) => drop(lock(&self.events).try_send(Event::Records)),
            Ok(false) => {}
            Err(reason) => {
                self.opener
                    .close(format!("the peer told us {reason}"))
                    .await
            }
        }
    }
}

async fn beat(mut opener: Opener) {
    let reason = match opener.open(HEARTBEAT_PROTOCOL).await {
        Ok(stream) => heartbeat::beat(stream).await,
        Err(error) => format!("no heartbeat: {error}"),
    };
    opener.close(reason).await;
}
