//! Our swarm, as a gateway has it, between two stock native peers: what libp2p's peers expect of each
//! other.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::time::Duration;

use futures::StreamExt;
use lampyris_net::{Config, Event, Events, Handle, Listen, Verdict, generate_certificate_pem};
use lampyris_wire::gossip;
use libp2p::{
    Multiaddr, Swarm, SwarmBuilder, Transport as _,
    core::muxing::StreamMuxerBox,
    gossipsub::{self, IdentTopic, MessageAuthenticity, MessageId, ValidationMode},
    identify,
    identity::Keypair,
    ping,
    swarm::{NetworkBehaviour, SwarmEvent},
};
use libp2p_webrtc::tokio::{Certificate, Transport};

/// Longer than anything that works takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// A peer without our heartbeat is given up by then, unless its pings are signs of life.
const LONGER_THAN_SILENCE: Duration = Duration::from_secs(28);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_peers_identify_ping_gossip_through_ours_and_stay() {
    let mut meeting = Meeting::begin().await;
    meeting
        .until("both are acquainted", |meeting| {
            let known = meeting.subscribed == meeting.stock.len();
            known && meeting.stock.iter().all(Stock::is_acquainted)
        })
        .await;
    for stock in &meeting.stock {
        let agent = stock.agent.as_ref().unwrap();
        assert!(agent.starts_with("lampyris/"), "{agent}");
    }
    meeting.gossip("at first").await;
    let stays = async {
        loop {
            meeting.step().await;
        }
    };
    let _elapsed = tokio::time::timeout(LONGER_THAN_SILENCE, stays).await;
    meeting.gossip("in the end").await;
}

/// Ours with two that dialled it. The end of a connection is a panic.
struct Meeting {
    topic: String,
    ours: Handle,
    events: Events,
    stock: [Stock; 2],
    subscribed: usize,
    heard: Vec<Vec<u8>>,
}

impl Meeting {
    async fn begin() -> Self {
        let topic = gossip::topic_name([1, 2, 3, 4], gossip::TopicKind::FinalityUpdate);
        let (ours, mut events) = lampyris_net::Swarm::new(Config {
            listen: Some(Listen {
                udp_addr: "127.0.0.1:0".into(),
                ws_addr: None,
                certificate_pem: generate_certificate_pem().unwrap(),
            }),
            topics: vec![topic.clone()],
            serve: true,
            ..Config::default()
        })
        .unwrap();
        let address = loop {
            if let Some(Event::Listening { address }) = events.next().await {
                break address.parse::<Multiaddr>().unwrap();
            }
        };
        let stock = [
            Stock::dial(&topic, &address).await,
            Stock::dial(&topic, &address).await,
        ];
        Self {
            topic,
            ours,
            events,
            stock,
            subscribed: 0,
            heard: Vec::new(),
        }
    }

    /// Each says something, and all others hear it: what one stock peer says, the other one through us.
    async fn gossip(&mut self, when: &str) {
        let [ours, left, right] = ["ours", "left", "right"]
            .map(|who| gossip::compress(format!("{who} {when}").as_bytes()));
        let sent = self.ours.publish(&self.topic, ours.clone());
        sent.await.unwrap();
        self.stock[0].publish(&left);
        self.stock[1].publish(&right);
        self.until(when, |meeting| {
            let [at_left, at_right] = meeting.stock.each_ref().map(|stock| &stock.heard);
            [&left, &right].iter().all(|it| meeting.heard.contains(it))
                && [&ours, &right].iter().all(|it| at_left.contains(it))
                && [&ours, &left].iter().all(|it| at_right.contains(it))
        })
        .await;
    }

    async fn until(&mut self, what: &str, is_true: impl Fn(&Self) -> bool) {
        let steps = async {
            while !is_true(self) {
                self.step().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, steps).await;
        assert!(in_time.is_ok(), "{what}: {:?}", self.stock);
    }

    async fn step(&mut self) {
        let [left, right] = &mut self.stock;
        tokio::select! {
            () = left.step() => {}
            () = right.step() => {}
            event = self.events.next() => match event.unwrap() {
                Event::Gossip { peer, message_id, data, .. } => {
                    self.ours.report(&message_id, &peer, Verdict::Accept).unwrap();
                    self.heard.push(data);
                }
                Event::Subscribed { .. } => self.subscribed += 1,
                Event::Disconnected { reason, .. } => panic!("{reason}"),
                _ => {}
            }
        }
    }
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    gossip: gossipsub::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

/// A stock peer, and what it learned of ours.
struct Stock {
    swarm: Swarm<Behaviour>,
    topic: IdentTopic,
    agent: Option<String>,
    is_pinged: bool,
    is_subscribed: bool,
    heard: Vec<Vec<u8>>,
}

impl Stock {
    async fn dial(topic: &str, address: &Multiaddr) -> Self {
        let transport = |keys: &Keypair| {
            let certificate = Certificate::generate(&mut rand::rng()).unwrap();
            Transport::new(keys.clone(), certificate)
                .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
        };
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_other_transport(transport)
            .unwrap()
            .with_behaviour(behaviour)
            .unwrap()
            .build();
        // It dials from where it listens.
        let anywhere = "/ip4/127.0.0.1/udp/0/webrtc-direct".parse().unwrap();
        swarm.listen_on(anywhere).unwrap();
        while !matches!(
            swarm.select_next_some().await,
            SwarmEvent::NewListenAddr { .. }
        ) {}
        let topic = IdentTopic::new(topic);
        swarm.behaviour_mut().gossip.subscribe(&topic).unwrap();
        swarm.dial(address.clone()).unwrap();
        Self {
            swarm,
            topic,
            agent: None,
            is_pinged: false,
            is_subscribed: false,
            heard: Vec::new(),
        }
    }

    fn publish(&mut self, data: &[u8]) {
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.publish(self.topic.clone(), data).unwrap();
    }

    async fn step(&mut self) {
        match self.swarm.select_next_some().await {
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                info,
                ..
            })) => self.agent = Some(info.agent_version),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => {
                event.result.unwrap();
                self.is_pinged = true;
            }
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => match event {
                gossipsub::Event::Subscribed { .. } => self.is_subscribed = true,
                gossipsub::Event::Message { message, .. } => self.heard.push(message.data),
                _ => {}
            },
            SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
            SwarmEvent::ConnectionClosed { cause, .. } => panic!("{cause:?}"),
            _ => {}
        }
    }

    fn is_acquainted(&self) -> bool {
        self.agent.is_some() && self.is_pinged && self.is_subscribed
    }
}

impl std::fmt::Debug for Stock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stock")
            .field("agent", &self.agent)
            .field("is_pinged", &self.is_pinged)
            .field("is_subscribed", &self.is_subscribed)
            .field("heard", &self.heard.len())
            .finish_non_exhaustive()
    }
}

/// With the ids of Ethereum's network, by which peers know a message again.
fn behaviour(keys: &Keypair) -> Behaviour {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| {
            MessageId::from(gossip::message_id(message.topic.as_str(), &message.data).to_vec())
        })
        .build()
        .unwrap();
    let identify = identify::Config::new("/interop/1".into(), keys.public());
    Behaviour {
        gossip: gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config).unwrap(),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::default(),
    }
}
