//! What a swarm tells.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::{
    Stream, StreamExt,
    channel::{mpsc, oneshot},
};
use lampyris_wire::Protocol;

/// How many events wait for their receiver. Beyond it, requests are refused and the swarm takes
/// nothing new from its peers.
pub(crate) const EVENTS_MAX: usize = 256;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A peer is connected; or it was already when it was dialled.
    Connected {
        /// Who.
        peer: String,
        /// Its network address; of an introduced peer it names who introduced it:
        /// `/p2p/NEIGHBOUR/webrtc/p2p/PEER`.
        address: String,
        /// What it is, by how it was reached.
        kind: PeerKind,
    },
    /// A peer is gone.
    Disconnected {
        /// Who.
        peer: String,
        /// Why, in words for people.
        reason: String,
    },
    /// A dialled address gave no connection.
    DialFailed {
        /// Which address.
        address: String,
        /// Why, in words for people.
        reason: String,
    },
    /// A message came by gossip. It waits to be forwarded until [`crate::Handle::report`].
    Gossip {
        /// Who handed it to us: not its author.
        peer: String,
        /// For the report.
        message_id: Vec<u8>,
        /// Its topic.
        topic: String,
        /// Its compressed bytes.
        data: Vec<u8>,
    },
    /// A peer wants messages of a topic.
    Subscribed {
        /// Who.
        peer: String,
        /// Which topic.
        topic: String,
    },
    /// A peer asks something; answer by the responder. Dropping it refuses.
    Inbound {
        /// Who.
        peer: String,
        /// By which protocol.
        protocol: Protocol,
        /// The whole request, as it came.
        body: Vec<u8>,
        /// Takes the answer.
        responder: Responder,
    },
    /// We know more of where gateways are, see [`crate::Handle::records`].
    Records,
    /// We can be dialled there.
    Listening {
        /// The whole address, with certificate hash and peer id.
        address: String,
    },
}

/// What a peer is, by how it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerKind {
    /// It has an address at which we dialled it.
    Gateway,
    /// It has none: it dialled us, or was introduced.
    Tab,
}

impl PeerKind {
    /// Its name for callers in other languages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Tab => "tab",
        }
    }
}

/// Takes the answer to one request.
#[derive(Debug)]
pub struct Responder(pub(crate) oneshot::Sender<Vec<u8>>);

impl Responder {
    /// Answers with a whole response, as [`lampyris_wire`] encodes it.
    pub fn reply(self, body: Vec<u8>) {
        // The requester may be gone, then nobody waits for the answer.
        let _gone = self.0.send(body);
    }
}

/// What a gossip message turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Good and new: forward it.
    Accept,
    /// Neither good nor bad (stale, early, not newer): drop it.
    Ignore,
    /// It does not verify: drop it and count it against its sender.
    Reject,
}

/// The events of a swarm. The swarm ends when this is dropped.
#[derive(Debug)]
pub struct Events(pub(crate) mpsc::Receiver<Event>);

impl Events {
    /// The next event; none when the swarm has ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.next().await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_next_unpin(context)
    }
}
