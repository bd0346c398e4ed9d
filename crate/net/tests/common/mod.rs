//! Peers for tests.

#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod attacks;
#[cfg(target_os = "linux")]
pub(crate) mod memory;
pub(crate) mod raw;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use lampyris_net::{
    Config, Event, Events, Handle, Listen, RequestError, Swarm, Transport, generate_certificate_pem,
};
use lampyris_wire::{Protocol, gossip};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a test waits for what must not come.
const SILENCE: Duration = Duration::from_millis(700);

/// A swarm under test.
pub(crate) struct Peer {
    pub(crate) handle: Handle,
    events: Option<Events>,
}

/// A topic that the network carries.
pub(crate) fn finality_topic() -> String {
    gossip::topic_name([1, 2, 3, 4], gossip::TopicKind::FinalityUpdate)
}

/// What is under the swarms of a test.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Over {
    Memory,
    WebRtc,
}

impl Over {
    /// A listener's configuration.
    pub(crate) fn listening(self) -> Config {
        static PORT: AtomicU64 = AtomicU64::new(1_000);
        match self {
            Self::Memory => Config {
                transport: Transport::Memory {
                    listen: Some(PORT.fetch_add(1, Ordering::Relaxed)),
                },
                ..Config::default()
            },
            Self::WebRtc => Config {
                listen: Some(Listen {
                    ws_addr: None,
                    udp_addr: "127.0.0.1:0".into(),
                    certificate_pem: generate_certificate_pem().unwrap(),
                }),
                ..Config::default()
            },
        }
    }

    /// A dialler's configuration.
    fn dialling(self) -> Config {
        let transport = match self {
            Self::Memory => Transport::Memory { listen: None },
            Self::WebRtc => Transport::WebRtc,
        };
        Config {
            transport,
            ..Config::default()
        }
    }
}

/// A serving peer that listens.
pub(crate) fn listener(over: Over, topics: &[&str]) -> Peer {
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    Peer::start(Config {
        topics,
        serve: true,
        republish: true,
        ..over.listening()
    })
}

/// A serving peer that listens in memory.
pub(crate) fn memory_listener(topics: &[&str]) -> Peer {
    listener(Over::Memory, topics)
}

/// A listener for both transports, with its address for WebRTC and for WebSocket.
pub(crate) async fn websocket_listener(topic: &str) -> (Peer, String, String) {
    let mut listener = Peer::start(Config {
        listen: Some(Listen {
            udp_addr: "127.0.0.1:0".into(),
            ws_addr: Some("127.0.0.1:0".into()),
            certificate_pem: generate_certificate_pem().unwrap(),
        }),
        topics: vec![topic.into()],
        serve: true,
        republish: true,
        ..Config::default()
    });
    let suffix = format!("/ws/p2p/{}", listener.id());
    loop {
        let addresses = listener.handle.listen_addresses();
        let websocket = addresses.iter().find(|address| address.ends_with(&suffix));
        let webrtc = addresses
            .iter()
            .find(|address| address.contains("/webrtc-direct/certhash/"));
        if let (Some(websocket), Some(webrtc)) = (websocket, webrtc) {
            return (listener, webrtc.clone(), websocket.clone());
        }
        listener.next().await;
    }
}

/// A peer that dials.
pub(crate) fn dialler(over: Over, republish: bool) -> Peer {
    Peer::start(Config {
        republish,
        ..over.dialling()
    })
}

/// A peer that dials in memory.
pub(crate) fn memory_dialler(republish: bool) -> Peer {
    dialler(Over::Memory, republish)
}

impl From<(Handle, Events)> for Peer {
    fn from((handle, events): (Handle, Events)) -> Self {
        Self {
            handle,
            events: Some(events),
        }
    }
}

impl Peer {
    pub(crate) fn start(config: Config) -> Self {
        let (handle, events) = Swarm::new(config).unwrap();
        Self {
            handle,
            events: Some(events),
        }
    }

    pub(crate) fn id(&self) -> String {
        self.handle.peer_id()
    }

    /// Serves requests by a function from now on; where it gives nothing, the request stays open.
    pub(crate) fn serve(
        &mut self,
        answer: impl Fn(Protocol, Vec<u8>) -> Option<Vec<u8>> + Send + 'static,
    ) {
        let mut events = self.events.take().expect("served once");
        tokio::spawn(async move {
            let mut unanswered = Vec::new();
            while let Some(event) = events.next().await {
                if let Event::Inbound {
                    protocol,
                    body,
                    responder,
                    ..
                } = event
                {
                    match answer(protocol, body) {
                        Some(response) => responder.reply(response),
                        None => unanswered.push(responder),
                    }
                }
            }
        });
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Event {
        let events = self.events.as_mut().expect("not served");
        tokio::time::timeout(PATIENCE, events.next())
            .await
            .expect("an event")
            .expect("a swarm")
    }

    /// The next event but news of records, which come in their own time.
    pub(crate) async fn next_but_records(&mut self) -> Event {
        loop {
            match self.next().await {
                Event::Records => {}
                event => return event,
            }
        }
    }

    /// The next event, whenever it comes.
    pub(crate) async fn next_forever(&mut self) -> Event {
        let events = self.events.as_mut().expect("not served");
        events.next().await.expect("a swarm")
    }

    /// The next gossip, on a machine as slow as may be.
    pub(crate) async fn gossip_patiently(&mut self) -> (String, Vec<u8>, Vec<u8>) {
        loop {
            if let Event::Gossip {
                peer,
                message_id,
                data,
                ..
            } = self.next().await
            {
                return (peer, message_id, data);
            }
        }
    }

    /// The address of a listener.
    pub(crate) async fn address(&mut self) -> String {
        loop {
            if let Some(address) = self.handle.listen_addresses().first() {
                return address.clone();
            }
            self.next().await;
        }
    }

    /// Dials and waits until both know of each other.
    pub(crate) async fn connect(&mut self, listener: &mut Self) {
        let address = listener.address().await;
        self.handle.dial(&address).unwrap();
        self.until_connected(&listener.id()).await;
        listener.until_connected(&self.id()).await;
    }

    pub(crate) async fn until_connected(&mut self, expected: &str) {
        loop {
            match self.next().await {
                Event::Connected { peer, .. } if peer == expected => return,
                Event::DialFailed { reason, .. } => panic!("{reason}"),
                _ => {}
            }
        }
    }

    /// The reason of the next disconnection.
    pub(crate) async fn disconnected(&mut self) -> String {
        loop {
            if let Event::Disconnected { reason, .. } = self.next().await {
                return reason;
            }
        }
    }

    pub(crate) async fn subscribed(&mut self) {
        while !matches!(self.next().await, Event::Subscribed { .. }) {}
    }

    /// The next gossip, if one comes soon: its sender, id and data.
    pub(crate) async fn gossip(&mut self) -> Option<(String, Vec<u8>, Vec<u8>)> {
        let events = self.events.as_mut().expect("not served");
        let gossip = async {
            loop {
                match events.next().await {
                    Some(Event::Gossip {
                        peer,
                        message_id,
                        data,
                        ..
                    }) => {
                        return (peer, message_id, data);
                    }
                    Some(_) => {}
                    None => std::future::pending().await,
                }
            }
        };
        tokio::time::timeout(SILENCE, gossip).await.ok()
    }

    pub(crate) async fn ask(
        &self,
        peer: &str,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> Result<Vec<u8>, RequestError> {
        self.handle.request(peer, protocol, body, timeout_ms).await
    }
}
