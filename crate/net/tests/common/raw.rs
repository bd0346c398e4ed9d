//! A peer without manners: a libp2p connection on which a test writes gossipsub's frames by hand.

use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use lampyris_wire::uvarint;
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol, SwarmBuilder,
    core::{
        Transport as _,
        muxing::StreamMuxerBox,
        transport::{Boxed, MemoryTransport},
        upgrade::Version,
    },
    identity::Keypair,
    noise, yamux,
};
use libp2p_stream::Control;
use tokio::{sync::mpsc, task::JoinHandle};

const MESHSUB: StreamProtocol = StreamProtocol::new("/meshsub/1.1.0");
/// Frames that the other side sent and the test has not looked at yet.
const FRAMES_MAX: usize = 4_096;

/// A peer without manners, connected to a listener.
pub(crate) struct Raw {
    pub(crate) id: PeerId,
    pub(crate) victim: PeerId,
    control: Control,
    swarm: JoinHandle<()>,
    reader: JoinHandle<()>,
    frames: mpsc::Receiver<Vec<u8>>,
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.swarm.abort();
        self.reader.abort();
    }
}

impl Raw {
    /// Connects. Without `reads`, what the other side sends stays where it is.
    pub(crate) async fn connect(address: &str, reads: bool) -> Self {
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_other_transport(|key| transport(key, address.starts_with("/memory")))
            .unwrap()
            .with_behaviour(|_| libp2p_stream::Behaviour::new())
            .unwrap()
            .with_swarm_config(|config| {
                config.with_idle_connection_timeout(Duration::from_secs(600))
            })
            .build();
        let mut control = swarm.behaviour().new_control();
        let mut incoming = control.accept(MESHSUB).unwrap();
        let address: Multiaddr = address.parse().unwrap();
        let victim = match address.iter().last() {
            Some(libp2p::multiaddr::Protocol::P2p(peer)) => peer,
            _ => panic!("an address with a peer id"),
        };
        swarm.dial(address).unwrap();
        let id = *swarm.local_peer_id();
        let swarm = tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        let (sender, frames) = mpsc::channel(FRAMES_MAX);
        let reader = tokio::spawn(async move {
            let mut unread = Vec::new();
            while let Some((_, stream)) = incoming.next().await {
                if reads {
                    tokio::spawn(read(stream, sender.clone()));
                } else {
                    unread.push(stream);
                }
            }
        });
        Self {
            id,
            victim,
            control,
            swarm,
            reader,
            frames,
        }
    }

    /// A stream for our frames.
    pub(crate) async fn open(&mut self) -> Stream {
        for _ in 0..100 {
            match self.control.open_stream(self.victim, MESHSUB).await {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("no stream");
    }

    /// The ids that the other side has wanted of us so far.
    pub(crate) fn wanted(&mut self) -> usize {
        let mut ids = 0;
        while let Ok(frame) = self.frames.try_recv() {
            let control = fields(&frame).into_iter().filter(|(field, _)| *field == 3);
            let wants = control.flat_map(|(_, control)| fields(&control));
            let wants = wants.filter(|(field, _)| *field == 2);
            ids += wants.map(|(_, want)| fields(&want).len()).sum::<usize>();
        }
        ids
    }
}

fn transport(key: &Keypair, in_memory: bool) -> Boxed<(PeerId, StreamMuxerBox)> {
    if in_memory {
        return MemoryTransport::default()
            .upgrade(Version::V1)
            .authenticate(noise::Config::new(key).unwrap())
            .multiplex(yamux::Config::default())
            .boxed();
    }
    let certificate = lampyris_webrtc::Certificate::generate().unwrap();
    let config = lampyris_webrtc::Config::new(key.clone(), certificate);
    lampyris_webrtc::Transport::new(config).boxed()
}

async fn read(mut stream: Stream, frames: mpsc::Sender<Vec<u8>>) {
    loop {
        let mut length = 0_usize;
        for shift in (0..35).step_by(7) {
            let mut byte = [0];
            if stream.read_exact(&mut byte).await.is_err() {
                return;
            }
            length |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut frame = vec![0; length];
        if stream.read_exact(&mut frame).await.is_err() || frames.send(frame).await.is_err() {
            return;
        }
    }
}

/// The fields of a protobuf message that have bytes.
fn fields(message: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Ok((tag, behind)) = uvarint::decode(rest) {
        let Ok((value, behind)) = uvarint::decode(behind) else {
            break;
        };
        rest = behind;
        if tag & 7 == 2 {
            let length = usize::try_from(value).unwrap();
            found.push((tag >> 3, rest[..length].to_vec()));
            rest = &rest[length..];
        }
    }
    found
}

/// A field with bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut output = vec![(number << 3) | 2];
    uvarint::encode(u64::try_from(bytes.len()).unwrap(), &mut output);
    output.extend(bytes);
    output
}

/// A frame that subscribes to a topic.
pub(crate) fn subscription(topic: &str) -> Vec<u8> {
    field(1, &[vec![1 << 3, 1], field(2, topic.as_bytes())].concat())
}

/// A frame with a message.
pub(crate) fn message(topic: &str, data: &[u8]) -> Vec<u8> {
    field(2, &[field(2, data), field(4, topic.as_bytes())].concat())
}

/// A frame that announces messages.
pub(crate) fn have(topic: &str, ids: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let ids: Vec<u8> = ids.flat_map(|id| field(2, &id)).collect();
    field(3, &field(1, &[field(1, topic.as_bytes()), ids].concat()))
}

/// A frame that wants into a mesh.
pub(crate) fn graft(topic: &str) -> Vec<u8> {
    field(3, &field(3, &field(1, topic.as_bytes())))
}

/// A frame that leaves a mesh.
pub(crate) fn prune(topic: &str) -> Vec<u8> {
    field(3, &field(4, &field(1, topic.as_bytes())))
}

/// Writes a frame; `false` if the stream is broken.
pub(crate) async fn write(stream: &mut Stream, frame: &[u8]) -> bool {
    write_at_once(stream, &[frame.to_vec()]).await
}

/// Writes frames without a pause between them; `false` if the stream is broken.
pub(crate) async fn write_at_once(stream: &mut Stream, frames: &[Vec<u8>]) -> bool {
    let mut bytes = Vec::new();
    for frame in frames {
        uvarint::encode(u64::try_from(frame.len()).unwrap(), &mut bytes);
        bytes.extend(frame);
    }
    let writing = async { stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok() };
    let written = tokio::time::timeout(Duration::from_secs(10), writing).await;
    written.unwrap_or(false)
}
