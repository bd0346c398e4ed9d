//! Connections without a swarm, so that the transport alone is tested.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::{
    future::poll_fn,
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
    time::Duration,
};

use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, StreamExt};
use lampyris_webrtc::{Certificate, Config, Transport, Version};
use libp2p_core::{
    Endpoint, Multiaddr, Transport as _,
    multiaddr::Protocol,
    muxing::{StreamMuxer, StreamMuxerBox, SubstreamBox},
    transport::{Boxed, DialOpts, ListenerId, PortUse, TransportEvent},
};
use libp2p_identity::{Keypair, PeerId};
use tokio::sync::{mpsc, oneshot};

/// Longer than anything that works takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Stock writers need it flushed in parts: two of them share a message otherwise, which is then too long.
const PART_BYTES: usize = 8_000;

/// A transport and whose it is.
pub(crate) struct Node {
    pub(crate) id: PeerId,
    pub(crate) transport: Boxed<(PeerId, StreamMuxerBox)>,
}

/// Makes a node.
pub(crate) type Make = fn() -> Node;

/// One of ours, which dials with version 2.
pub(crate) fn ours() -> Node {
    with_version(Version::V2)
}

/// One of ours, which dials with version 1.
pub(crate) fn ours_v1() -> Node {
    with_version(Version::V1)
}

fn with_version(version: Version) -> Node {
    let keys = keys();
    let id = keys.public().to_peer_id();
    let config = Config::new(keys, Certificate::generate().unwrap());
    let transport = Transport::new(Config { version, ..config }).boxed();
    Node { id, transport }
}

/// Another peer each time.
pub(crate) fn keys() -> Keypair {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Keypair::ed25519_from_bytes(&mut seed).unwrap()
}

impl Node {
    pub(crate) async fn listen(&mut self, address: &str) -> Multiaddr {
        let address = address.parse().unwrap();
        self.transport
            .listen_on(ListenerId::next(), address)
            .unwrap();
        match self.transport.next().await {
            Some(TransportEvent::NewAddress { listen_addr, .. }) => listen_addr,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn dial(&mut self, address: Multiaddr) -> Result<Connection, String> {
        self.begin_dial(address)?.await
    }

    /// Dials; the rest does not need the node, but that somebody drives it.
    fn begin_dial(
        &mut self,
        address: Multiaddr,
    ) -> Result<impl Future<Output = Result<Connection, String>> + use<>, String> {
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let dial = self
            .transport
            .dial(address, options)
            .map_err(|error| error.to_string())?;
        Ok(async move {
            let (peer, muxer) = dial.await.map_err(|error| error.to_string())?;
            Ok(Connection::drive(peer, muxer))
        })
    }

    /// Drives it by a task: stock transports send and receive nothing otherwise.
    fn drive(mut self) -> Driven {
        let (accepted, inbound) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            loop {
                let connection = self.accept().await;
                // A test that wants none of them is served as well.
                let _unwanted = accepted.try_send(connection);
            }
        });
        Driven { inbound, task }
    }

    /// The next one that dials us and gets through.
    pub(crate) async fn accept(&mut self) -> Connection {
        let mut upgrades = futures::stream::FuturesUnordered::new();
        loop {
            tokio::select! {
                event = self.transport.next() => {
                    if let Some(TransportEvent::Incoming { upgrade, .. }) = event {
                        upgrades.push(upgrade);
                    }
                }
                Some(Ok((peer, muxer))) = upgrades.next() => return Connection::drive(peer, muxer),
            }
        }
    }
}

/// A node that lives until this is dropped.
pub(crate) struct Driven {
    inbound: mpsc::Receiver<Connection>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Two nodes that are connected.
pub(crate) struct Pair {
    pub(crate) dialler: Connection,
    pub(crate) listener: Connection,
    /// The nodes, which have to live.
    pub(crate) nodes: [Driven; 2],
}

impl Pair {
    pub(crate) async fn connect(dialler: Make, listener: Make) -> Self {
        let mut listening = listener();
        let address = listening.listen("/ip4/127.0.0.1/udp/0/webrtc-direct").await;
        let mut dialling = dialler();
        let ids = (listening.id, dialling.id);
        let dial = dialling.begin_dial(address).unwrap();
        let mut nodes = [dialling.drive(), listening.drive()];
        let both = async { tokio::join!(dial, nodes[1].inbound.recv()) };
        let (dialled, accepted) = within(both).await;
        let (dialled, accepted) = (dialled.unwrap(), accepted.unwrap());
        assert_eq!((dialled.peer, accepted.peer), ids);
        Self {
            dialler: dialled,
            listener: accepted,
            nodes,
        }
    }
}

/// A connection that is driven by a task.
pub(crate) struct Connection {
    pub(crate) peer: PeerId,
    open: mpsc::Sender<oneshot::Sender<SubstreamBox>>,
    inbound: mpsc::Receiver<SubstreamBox>,
    ended: oneshot::Receiver<String>,
}

impl Connection {
    pub(crate) fn drive(peer: PeerId, mut muxer: StreamMuxerBox) -> Self {
        let (open, mut opening) = mpsc::channel::<oneshot::Sender<SubstreamBox>>(64);
        let (accepted, inbound) = mpsc::channel(1_024);
        let (end, ended) = oneshot::channel();
        tokio::spawn(async move {
            let mut answer = None;
            let reason = poll_fn(|context| {
                loop {
                    if let Poll::Ready(result) = Pin::new(&mut muxer).poll(context) {
                        return Poll::Ready(result.err().map(|error| error.to_string()));
                    }
                    if let Poll::Ready(result) = Pin::new(&mut muxer).poll_inbound(context) {
                        match result {
                            Ok(stream) => accepted.try_send(stream).expect("room"),
                            Err(error) => return Poll::Ready(Some(error.to_string())),
                        }
                        continue;
                    }
                    if answer.is_none() {
                        match opening.poll_recv(context) {
                            Poll::Ready(Some(wanted)) => answer = Some(wanted),
                            Poll::Ready(None) => return Poll::Ready(None),
                            Poll::Pending => return Poll::Pending,
                        }
                    }
                    match Pin::new(&mut muxer).poll_outbound(context) {
                        Poll::Ready(Ok(stream)) => {
                            let _gone = answer.take().unwrap().send(stream);
                        }
                        Poll::Ready(Err(error)) => return Poll::Ready(Some(error.to_string())),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await;
            // Whoever dropped the connection wants it closed.
            let _closed = poll_fn(|context| Pin::new(&mut muxer).poll_close(context)).await;
            let _gone = end.send(reason.unwrap_or_else(|| "dropped".into()));
        });
        Self {
            peer,
            open,
            inbound,
            ended,
        }
    }

    pub(crate) async fn open(&self) -> SubstreamBox {
        let (sender, receiver) = oneshot::channel();
        self.open.send(sender).await.expect("a connection");
        receiver.await.expect("a stream")
    }

    pub(crate) async fn accept(&mut self) -> SubstreamBox {
        within(self.inbound.recv()).await.expect("a connection")
    }

    /// Why it ended.
    pub(crate) async fn ended(&mut self) -> String {
        within(&mut self.ended).await.expect("a reason")
    }

    /// Answers each stream with all that it brought, at its end.
    pub(crate) fn echo(self) -> tokio::task::JoinHandle<String> {
        tokio::spawn(async move {
            // All of it, for who drops a part ends the connection.
            let mut this = self;
            loop {
                tokio::select! {
                    stream = this.inbound.recv() => {
                        let Some(stream) = stream else { break };
                        tokio::spawn(async move {
                            let _broken = send_back(stream).await;
                        });
                    }
                    reason = &mut this.ended => return reason.unwrap_or_default(),
                }
            }
            this.ended.await.unwrap_or_default()
        })
    }

    /// Sends and, at the same time, reads until the end.
    pub(crate) async fn exchange(&self, request: &[u8]) -> Vec<u8> {
        let (mut reader, mut writer) = self.open().await.split();
        let send = async {
            for part in request.chunks(PART_BYTES) {
                writer.write_all(part).await?;
                writer.flush().await?;
            }
            writer.close().await
        };
        let mut answer = Vec::new();
        let receive = reader.read_to_end(&mut answer);
        let (sent, received) = within(async { futures::join!(send, receive) }).await;
        sent.unwrap();
        received.unwrap();
        answer
    }
}

async fn send_back(stream: SubstreamBox) -> std::io::Result<()> {
    let (mut reader, mut writer) = stream.split();
    let mut part = vec![0; PART_BYTES];
    loop {
        let length = reader.read(&mut part).await?;
        if length == 0 {
            return writer.close().await;
        }
        writer.write_all(&part[..length]).await?;
        writer.flush().await?;
    }
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("in time")
}

/// Bytes of which none is where another one should be.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
        .take(length)
        .collect()
}

/// The address with another certificate.
pub(crate) fn with_other_certificate(address: &Multiaddr) -> Multiaddr {
    let other = Multiaddr::from_iter([Protocol::Certhash(
        libp2p_core::multihash::Multihash::wrap(0x12, &[7; 32]).unwrap(),
    )]);
    let other = other.iter().next().unwrap().acquire();
    address
        .iter()
        .map(|part| match part {
            Protocol::Certhash(_) => other.clone(),
            part => part,
        })
        .collect()
}

/// Whether a future is still waiting.
pub(crate) fn is_waiting<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    future.now_or_never().is_none()
}
