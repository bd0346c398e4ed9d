//! What happens, and when.

use std::{cell::RefCell, cmp::Ordering, collections::BinaryHeap, rc::Rc};

use futures::channel::oneshot;
use lampyris_client::RequestError;
use lampyris_wire::Protocol;

/// A node's number.
pub(crate) type Id = usize;
/// A message's number.
pub(crate) type MessageId = usize;
/// Microseconds since the beginning.
pub(crate) type Time = u64;

/// What peers' gossip says.
#[derive(Clone, Debug)]
pub(crate) enum Rpc {
    Message(MessageId),
    Have(Vec<MessageId>),
    Want(Vec<MessageId>),
    Graft(usize),
    Prune(usize),
}

/// Where an answer goes: whoever is first, the response or the timeout, takes it.
pub(crate) type Answer = Rc<RefCell<Option<oneshot::Sender<Result<Vec<u8>, RequestError>>>>>;

pub(crate) enum Event {
    Wake(oneshot::Sender<()>),
    Rpc {
        from: Id,
        to: Id,
        rpc: Rpc,
    },
    /// A verified message leaves for the mesh.
    Forward {
        node: Id,
        message: MessageId,
        source: Id,
    },
    Request {
        from: Id,
        to: Id,
        protocol: Protocol,
        body: Vec<u8>,
        answer: Answer,
    },
    Response {
        answer: Answer,
        bytes: Vec<u8>,
    },
    Timeout {
        from: Id,
        to: Id,
        answer: Answer,
    },
    Dialled {
        from: Id,
        to: Id,
        address: String,
    },
    /// Two tabs were introduced.
    Introduced {
        one: Id,
        other: Id,
    },
    /// A client is told of the end of a link.
    Disconnected {
        node: Id,
        peer: Id,
        reason: String,
    },
    /// A neighbour's silence is noticed.
    Lost {
        node: Id,
        peer: Id,
    },
    Heartbeat(Id),
    /// A gateway's Ethereum node has the head.
    Upstream {
        gateway: Id,
        slot: u64,
    },
    Republish(Id),
    /// A liar's turn.
    Attack {
        node: Id,
        slot: u64,
    },
    Join(Id),
    Churn,
    Kill,
    Progress,
}

struct Scheduled {
    at: Time,
    number: u64,
    event: Event,
}

/// Events in the order of their time; of the same time, in the order in which they were foreseen.
#[derive(Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Scheduled>,
    count: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: Time, event: Event) {
        self.count += 1;
        let number = self.count;
        self.heap.push(Scheduled { at, number, event });
    }

    pub(crate) fn pop(&mut self) -> Option<(Time, Event)> {
        self.heap.pop().map(|next| (next.at, next.event))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    /// The earliest is the greatest, as the heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}
