//! Our swarm, as a gateway has it, with a stock peer that dials it: what libp2p's peers expect of each other.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::time::Duration;

use futures::StreamExt;
use lampyris_net::{Config, Event, Listen, generate_certificate_pem};
use lampyris_wire::gossip;
use libp2p::{
    Swarm, SwarmBuilder, Transport as _,
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
/// A peer without our heartbeat would be given up by then, if pings were no sign of life.
const LONGER_THAN_SILENCE: Duration = Duration::from_secs(28);

#[derive(NetworkBehaviour)]
struct Behaviour {
    gossip: gossipsub::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

fn stock() -> Swarm<Behaviour> {
    let transport = |keys: &Keypair| {
        let certificate = Certificate::generate(&mut rand::rng()).unwrap();
        Transport::new(keys.clone(), certificate)
            .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
    };
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_other_transport(transport)
        .unwrap()
        .with_behaviour(behaviour)
        .unwrap()
        .build()
}

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

/// What the stock peer learned of ours.
#[derive(Debug, Default)]
struct Learned {
    agent: Option<String>,
    pinged: bool,
    subscribed: bool,
    heard: Option<Vec<u8>>,
    closed: Option<String>,
}

impl Learned {
    fn take(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                info,
                ..
            })) => self.agent = Some(info.agent_version),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => {
                event.result.unwrap();
                self.pinged = true;
            }
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => match event {
                gossipsub::Event::Subscribed { .. } => self.subscribed = true,
                gossipsub::Event::Message { message, .. } => self.heard = Some(message.data),
                _ => {}
            },
            SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
            SwarmEvent::ConnectionClosed { cause, .. } => self.closed = Some(format!("{cause:?}")),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_peer_identifies_pings_and_gossips_and_stays() {
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
            break address;
        }
    };
    let mut stock = stock();
    // The stock transport dials from where it listens.
    let anywhere = "/ip4/127.0.0.1/udp/0/webrtc-direct".parse().unwrap();
    stock.listen_on(anywhere).unwrap();
    while !matches!(
        stock.select_next_some().await,
        SwarmEvent::NewListenAddr { .. }
    ) {}
    let stock_topic = IdentTopic::new(topic.clone());
    stock
        .behaviour_mut()
        .gossip
        .subscribe(&stock_topic)
        .unwrap();
    stock
        .dial(address.parse::<libp2p::Multiaddr>().unwrap())
        .unwrap();

    let mut learned = Learned::default();
    let (from_ours, from_stock) = (
        gossip::compress(b"from ours"),
        gossip::compress(b"from stock"),
    );
    let mut heard_by_ours = None;
    let mut published = (false, false);
    let deadline = tokio::time::sleep(PATIENCE);
    tokio::pin!(deadline);
    while !(learned.agent.is_some()
        && learned.pinged
        && learned.heard.is_some()
        && heard_by_ours.is_some())
    {
        tokio::select! {
            event = stock.select_next_some() => learned.take(event),
            event = events.next() => match event.unwrap() {
                Event::Subscribed { .. } if !published.0 => {
                    ours.publish(&topic, from_ours.clone()).await.unwrap();
                    published.0 = true;
                }
                Event::Gossip { data, .. } => heard_by_ours = Some(data),
                Event::Disconnected { reason, .. } => panic!("{reason}"),
                _ => {}
            },
            () = &mut deadline => panic!("{learned:?}"),
        }
        if learned.subscribed && !published.1 {
            let gossip = &mut stock.behaviour_mut().gossip;
            gossip
                .publish(stock_topic.clone(), from_stock.clone())
                .unwrap();
            published.1 = true;
        }
    }
    assert!(learned.agent.as_ref().unwrap().starts_with("lampyris/"));
    assert_eq!(learned.heard, Some(from_ours));
    assert_eq!(heard_by_ours, Some(from_stock));

    // Its pings, every fifteen seconds, are signs of life enough.
    let stays = async {
        loop {
            learned.take(stock.select_next_some().await);
        }
    };
    let _elapsed = tokio::time::timeout(LONGER_THAN_SILENCE, stays).await;
    assert_eq!(learned.closed, None);
}
