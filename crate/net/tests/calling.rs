//! Other implementations call a tab through its gateway: stock libp2p on the caller's side, with its own relay
//! client. In place of a browser's connection there is one in memory.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::time::Duration;

use common::{Peer, memory_listener};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use lampyris_net::{Config, Event, Limits, PeerKind, Transport};
use lampyris_wire::{
    HEARTBEAT_PROTOCOL,
    signalling::{Kind, Message, SIGNALLING_PROTOCOL},
    uvarint,
};
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol, SwarmBuilder,
    core::{Transport as _, transport::MemoryTransport, upgrade::Version},
    noise, relay,
    swarm::{NetworkBehaviour, SwarmEvent},
    yamux,
};
use libp2p_stream::{Control, OpenStreamError};
use tokio::{sync::mpsc, task::JoinHandle};

const SIGNALLING: StreamProtocol = StreamProtocol::new(SIGNALLING_PROTOCOL);
const BULK: StreamProtocol = StreamProtocol::new("/test/bulk");

#[derive(NetworkBehaviour)]
struct Behaviour {
    relay: relay::client::Behaviour,
    streams: libp2p_stream::Behaviour,
}

/// A peer of another implementation.
struct Stock {
    id: PeerId,
    control: Control,
    addresses: mpsc::Sender<Multiaddr>,
    /// Whom it is connected to, by which address; or why not.
    heard: mpsc::Receiver<Result<Multiaddr, String>>,
    swarm: JoinHandle<()>,
}

impl Drop for Stock {
    fn drop(&mut self) {
        self.swarm.abort();
    }
}

impl Stock {
    /// One who is called at a relay, or only calls.
    fn start(listen: Option<Multiaddr>) -> Self {
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_other_transport(|key| {
                let noise = noise::Config::new(key).unwrap();
                MemoryTransport::default()
                    .upgrade(Version::V1)
                    .authenticate(noise)
                    .multiplex(yamux::Config::default())
            })
            .unwrap()
            .with_relay_client(noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|_, relay| Behaviour {
                relay,
                streams: libp2p_stream::Behaviour::new(),
            })
            .unwrap()
            .with_swarm_config(|config| {
                config.with_idle_connection_timeout(Duration::from_secs(600))
            })
            .build();
        let id = *swarm.local_peer_id();
        let control = swarm.behaviour().streams.new_control();
        if let Some(relayed) = listen {
            swarm.listen_on(relayed).unwrap();
        }
        let (addresses, mut wanted) = mpsc::channel::<Multiaddr>(8);
        let (sender, heard) = mpsc::channel(64);
        let swarm = tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(address) = wanted.recv() => swarm.dial(address).unwrap(),
                    event = swarm.select_next_some() => match event {
                        SwarmEvent::ConnectionEstablished { endpoint, .. } => {
                            sender.send(Ok(endpoint.get_remote_address().clone())).await.unwrap();
                        }
                        SwarmEvent::NewListenAddr { address, .. } => sender.send(Ok(address)).await.unwrap(),
                        SwarmEvent::OutgoingConnectionError { error, .. } => {
                            sender.send(Err(format!("{error:?}"))).await.unwrap();
                        }
                        _ => {}
                    },
                }
            }
        });
        Self {
            id,
            control,
            addresses,
            heard,
            swarm,
        }
    }

    /// Dials; waits for a connection by this address, or for a failure.
    async fn dial(&mut self, address: &Multiaddr) -> Result<(), String> {
        self.addresses.send(address.clone()).await.unwrap();
        loop {
            let heard = tokio::time::timeout(Duration::from_secs(20), self.heard.recv()).await;
            if heard.unwrap().unwrap()? == *address {
                return Ok(());
            }
        }
    }

    async fn open(
        &mut self,
        peer: PeerId,
        protocol: StreamProtocol,
    ) -> Result<Stream, OpenStreamError> {
        self.control.open_stream(peer, protocol).await
    }
}

fn tab(wanted: u32) -> Peer {
    Peer::start(Config {
        transport: Transport::Memory { listen: None },
        limits: Limits {
            tabs: wanted,
            ..Limits::default()
        },
        ..Config::default()
    })
}

/// A tab with a reservation at a gateway, and where the gateway relays calls to it.
async fn callable(wanted: u32, gateway: &mut Peer) -> (Peer, PeerId, Multiaddr) {
    let mut tab = tab(wanted);
    tab.connect(gateway).await;
    let address = loop {
        if let Event::Listening { address } = tab.next().await {
            break address;
        }
    };
    let own = tab.id();
    let expected = format!("{}/p2p-circuit/webrtc/p2p/{own}", gateway.address().await);
    assert_eq!(address, expected);
    assert_eq!(tab.handle.listen_addresses(), [address.as_str()]);
    let relayed = address.replace("/webrtc", "").parse().unwrap();
    (tab, own.parse().unwrap(), relayed)
}

async fn say(stream: &mut Stream, kind: Kind, data: &str) {
    let data = data.to_owned();
    let message = Message { kind, data }.encode().unwrap();
    let mut bytes = Vec::new();
    uvarint::encode(message.len() as u64, &mut bytes);
    bytes.extend(message);
    stream.write_all(&bytes).await.unwrap();
    stream.flush().await.unwrap();
}

/// The next message, if there is one.
async fn hear(stream: &mut Stream) -> Option<Message> {
    let mut length = [0];
    stream.read_exact(&mut length).await.ok()?;
    assert!(length[0] < 0x80);
    let mut bytes = vec![0; length[0].into()];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(Message::decode(&bytes).unwrap())
}

/// The next connection: who, and from where.
async fn connected(peer: &mut Peer) -> (String, String) {
    loop {
        if let Event::Connected {
            peer,
            address,
            kind,
        } = peer.next().await
        {
            assert_eq!(kind, PeerKind::Tab);
            return (peer, address);
        }
    }
}

#[tokio::test]
async fn a_caller_gets_a_direct_connection_and_nothing_else_over_the_relay() {
    let mut gateway = memory_listener(&[]);
    let (mut tab, id, relayed) = callable(1, &mut gateway).await;
    let mut caller = Stock::start(None);
    caller.dial(&relayed).await.unwrap();

    let heartbeat = StreamProtocol::new(HEARTBEAT_PROTOCOL);
    let refused = caller.open(id, heartbeat.clone()).await;
    assert!(matches!(
        refused,
        Err(OpenStreamError::UnsupportedProtocol(_))
    ));
    let mut stream = caller.open(id, SIGNALLING).await.unwrap();
    say(&mut stream, Kind::Offer, "memory").await;
    let answer = hear(&mut stream).await.unwrap();
    assert_eq!(answer.kind, Kind::Answer);
    say(&mut stream, Kind::Candidate, "null").await;
    let direct: Multiaddr = answer.data.parse().unwrap();
    caller
        .dial(&direct.clone().with_p2p(id).unwrap())
        .await
        .unwrap();
    stream.close().await.unwrap();

    let (peer, address) = connected(&mut tab).await;
    assert_eq!(peer, caller.id.to_string());
    let via = gateway.id();
    assert_eq!(address, format!("/p2p/{via}/p2p-circuit/webrtc/p2p/{peer}"));
    // The relayed connection is gone, and on the direct one all is there.
    loop {
        if caller.open(id, heartbeat.clone()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn who_signals_nonsense_is_cut_off() {
    for (kind, data) in [
        (Kind::Answer, "memory"),
        (Kind::Candidate, "{}"),
        (Kind::Offer, "nonsense"),
    ] {
        let mut gateway = memory_listener(&[]);
        let (_tab, id, relayed) = callable(1, &mut gateway).await;
        let mut caller = Stock::start(None);
        caller.dial(&relayed).await.unwrap();
        let mut stream = caller.open(id, SIGNALLING).await.unwrap();
        say(&mut stream, kind, data).await;
        assert_eq!(hear(&mut stream).await, None, "{kind:?} {data}");
    }
}

#[tokio::test]
async fn a_tab_takes_no_more_calls_than_it_wants_links() {
    let mut gateway = memory_listener(&[]);
    // It accepts two.
    let (_tab, _, relayed) = callable(1, &mut gateway).await;
    let mut callers = [(); 3].map(|()| Stock::start(None));
    let [first, second, third] = &mut callers;
    first.dial(&relayed).await.unwrap();
    second.dial(&relayed).await.unwrap();
    let refused = third.dial(&relayed).await.unwrap_err();
    assert!(refused.contains("PermissionDenied"), "{refused}");
}

#[tokio::test]
async fn who_has_no_reservation_or_wants_no_calls_is_not_called() {
    let mut gateway = memory_listener(&[]);
    let mut unwilling = tab(0);
    unwilling.connect(&mut gateway).await;
    let circuit = format!("{}/p2p-circuit/p2p/", gateway.address().await);
    let address = format!("{circuit}{}", unwilling.id()).parse().unwrap();
    let refused = Stock::start(None).dial(&address).await.unwrap_err();
    assert!(refused.contains("NoReservation"), "{refused}");
}

#[tokio::test]
async fn a_gateway_relays_little() {
    let mut gateway = memory_listener(&[]);
    let relay: Multiaddr = gateway.address().await.parse().unwrap();
    let circuit = relay.with(libp2p::multiaddr::Protocol::P2pCircuit);
    let mut called = Stock::start(Some(circuit.clone()));
    let own = circuit.with(libp2p::multiaddr::Protocol::P2p(called.id));
    while called.heard.recv().await.unwrap().unwrap() != own {}
    let mut incoming = called.control.accept(BULK).unwrap();
    let sink = tokio::spawn(async move {
        let (_, mut stream) = incoming.next().await.unwrap();
        let mut received = 0;
        let mut buffer = vec![0; 4_096];
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            received += length;
        }
        received
    });
    let mut caller = Stock::start(None);
    caller.dial(&own).await.unwrap();
    let mut stream = caller.open(called.id, BULK).await.unwrap();
    while stream.write_all(&[7; 4_096]).await.is_ok() && stream.flush().await.is_ok() {}
    let received = sink.await.unwrap();
    // With the buffer that went beyond the bound.
    assert!((16 * 1_024..80 * 1_024).contains(&received), "{received}");

    // That circuit is gone; there may be 64.
    let mut callers: Vec<Stock> = (0..66).map(|_| Stock::start(None)).collect();
    let mut refused = Vec::new();
    for caller in &mut callers {
        refused.extend(caller.dial(&own).await.err());
    }
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(
        refused
            .iter()
            .all(|why| why.contains("ResourceLimitExceeded")),
        "{refused:?}"
    );
}
