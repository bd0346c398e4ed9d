//! The network and everybody in it: clocks, links, what travels.

use std::collections::BTreeMap;
use std::time::Duration;

use lampyris_verify::B256;
use lampyris_wire::gossip::{self, TopicKind, topic_name};

use crate::{
    chain::Chain,
    event::{Event, Id, MessageId, Queue, Rpc, Time},
    liars::Lie,
    mesh::Mesh,
    options::Options,
    random::Random,
};

/// Before the first measured head, in which the swarm comes together.
pub(crate) const WARM_UP: Time = 36_000_000;
/// The first measured head.
pub(crate) const FIRST_SLOT: u64 = 2 * 64 + 22;
/// The block that all begin with.
pub(crate) const CHECKPOINT_SLOT: u64 = 2 * 64 + 1;
/// Where a period's best update is found.
pub(crate) const UPDATE_OFFSET: u64 = 8;
/// A data channel's timeout before it sends again (SCTP's RTO.Min), doubled each time.
const RESEND: Time = 1_000_000;
/// Bytes of a packet.
const PACKET_BYTES: usize = 1_200;
/// What a tab and a gateway can send, in bits a microsecond.
const UPLINK: (f64, f64) = (5.0, 100.0);
/// Bytes around each frame: UDP, DTLS, SCTP, Noise, protobuf.
const FRAME_BYTES: usize = 110;
/// How much clocks are wrong, at most, either way.
const SKEW_MS: f64 = 200.0;

/// Topics, by number.
pub(crate) const TOPICS: [TopicKind; 2] = [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate];

/// A gossiped message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: usize,
    pub(crate) id: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) latency: Time,
    /// Who dialled.
    pub(crate) is_ours: bool,
}

/// What a node sent and got.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) messages_sent: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) signature_checks: u64,
}

/// A head as a client told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) slot: u64,
    pub(crate) hash: B256,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) is_gateway: bool,
    pub(crate) lie: Option<Lie>,
    pub(crate) joined: Time,
    /// When it went; `Time::MAX` as long as it is here.
    pub(crate) left: Time,
    pub(crate) skew_ms: u64,
    pub(crate) links: BTreeMap<Id, Link>,
    /// Who is not linked to again before a time.
    pub(crate) shunned: BTreeMap<Id, Time>,
    pub(crate) mesh: Mesh,
    pub(crate) busy_until: Time,
    uplink_free: Time,
    pub(crate) traffic: Traffic,
    pub(crate) optimistic: Head,
    pub(crate) finalized: Head,
    /// Heads that are not on the chain.
    pub(crate) wrong: u64,
    /// When it had each measured head.
    pub(crate) arrivals: Vec<Time>,
    pub(crate) published_at: Time,
    pub(crate) republishes: bool,
}

impl Node {
    pub(crate) fn new(is_gateway: bool, lie: Option<Lie>, random: &mut Random) -> Self {
        Self {
            is_gateway,
            lie,
            joined: 0,
            left: Time::MAX,
            skew_ms: whole(random.between(0.0, 2.0 * SKEW_MS)),
            links: BTreeMap::new(),
            shunned: BTreeMap::new(),
            mesh: Mesh::default(),
            busy_until: 0,
            uplink_free: 0,
            traffic: Traffic::default(),
            optimistic: Head::default(),
            finalized: Head::default(),
            wrong: 0,
            arrivals: Vec::new(),
            published_at: 0,
            republishes: false,
        }
    }

    pub(crate) const fn is_here(&self) -> bool {
        self.left == Time::MAX
    }

    pub(crate) const fn is_honest(&self) -> bool {
        self.lie.is_none()
    }
}

pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) chain: Chain,
    pub(crate) checkpoint: B256,
    /// What a gateway's client begins with: the store behind the checkpoint.
    pub(crate) gateway_record: Vec<u8>,
    pub(crate) now: Time,
    pub(crate) queue: Queue,
    pub(crate) random: Random,
    pub(crate) nodes: Vec<Node>,
    pub(crate) messages: Vec<Message>,
    by_id: BTreeMap<Vec<u8>, MessageId>,
    /// Messages made so far, by topic, slot and version.
    pub(crate) known: BTreeMap<(usize, u64, usize), MessageId>,
    /// Answers made so far, by slot.
    pub(crate) kept: BTreeMap<u64, Vec<u8>>,
    /// The verdict of the client that is judging.
    pub(crate) verdict: Option<lampyris_client::Verdict>,
    pub(crate) events: u64,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        let chain = Chain::new(options.slot_ms);
        let bootstrap = chain.bootstrap(CHECKPOINT_SLOT);
        let checkpoint = bootstrap.header.beacon.hash_tree_root();
        Self {
            gateway_record: chain.client_record(CHECKPOINT_SLOT, 2 * 64 + UPDATE_OFFSET),
            chain,
            checkpoint,
            now: 0,
            queue: Queue::default(),
            random: Random::new(options.seed),
            nodes: Vec::new(),
            messages: Vec::new(),
            by_id: BTreeMap::new(),
            known: BTreeMap::new(),
            kept: BTreeMap::new(),
            verdict: None,
            events: 0,
            options,
        }
    }

    pub(crate) fn after(&mut self, delay: Time, event: Event) {
        self.queue.push(self.now.saturating_add(delay), event);
    }

    fn slot_time(&self) -> Time {
        self.options.slot_ms.saturating_mul(1_000)
    }

    /// When the head of a slot comes out: a third into the slot whose block carries its signatures.
    pub(crate) fn published(&self, slot: u64) -> Time {
        let slots = slot.saturating_sub(FIRST_SLOT);
        WARM_UP.saturating_add(slots.saturating_mul(self.slot_time()))
    }

    /// The newest head at this time.
    pub(crate) fn true_slot(&self) -> u64 {
        let early = WARM_UP.saturating_sub(self.now);
        let late = self.now.saturating_sub(WARM_UP);
        if early > 0 {
            return FIRST_SLOT.saturating_sub(early.div_ceil(self.slot_time()));
        }
        FIRST_SLOT.saturating_add(late / self.slot_time())
    }

    pub(crate) fn last_slot(&self) -> u64 {
        FIRST_SLOT + self.options.heads - 1
    }

    pub(crate) fn end(&self) -> Time {
        self.published(self.last_slot() + 1)
    }

    /// The wall clock of a node.
    pub(crate) fn unix_ms(&self, node: Id) -> u64 {
        let network = &self.chain.network;
        let first = network
            .slot_start_unix_ms(FIRST_SLOT + 1)
            .saturating_add(network.slot_duration_ms / 3);
        let skew_ms = self.nodes.get(node).map_or(0, |node| node.skew_ms);
        (first + self.now / 1_000 + skew_ms).saturating_sub(WARM_UP / 1_000 + whole(SKEW_MS))
    }

    /// Gives a message its number, the same for the same message.
    pub(crate) fn message(&mut self, topic: usize, ssz: &[u8]) -> MessageId {
        let name = self.topic_name(topic);
        let data = gossip::compress(ssz);
        let id = gossip::message_id(&name, &data).to_vec();
        if let Some(number) = self.by_id.get(&id) {
            return *number;
        }
        let number = self.messages.len();
        self.by_id.insert(id.clone(), number);
        self.messages.push(Message { topic, id, data });
        number
    }

    pub(crate) fn topic_name(&self, topic: usize) -> String {
        let digest = self.chain.network.compute_fork_digest(0);
        let kind = TOPICS.get(topic).copied();
        topic_name(digest, kind.unwrap_or(TopicKind::OptimisticUpdate))
    }

    /// Sends gossip to a neighbour, if there is a link.
    pub(crate) fn send(&mut self, from: Id, to: Id, rpc: Rpc) {
        let bytes = match &rpc {
            Rpc::Message(number) => self
                .messages
                .get(*number)
                .map_or(0, |message| message.data.len() + 60),
            Rpc::Have(ids) | Rpc::Want(ids) => 66 + 22 * ids.len(),
            Rpc::Graft(_) | Rpc::Prune(_) => 66,
        };
        if let Some(delay) = self.transmit(from, to, bytes) {
            self.after(delay, Event::Rpc { from, to, rpc });
        }
    }

    /// How long bytes take to a neighbour: its uplink, the way, and what is lost and sent again.
    /// Nothing if there is no link.
    pub(crate) fn transmit(&mut self, from: Id, to: Id, bytes: usize) -> Option<Time> {
        let now = self.now;
        let node = self.nodes.get_mut(from)?;
        if !node.is_here() {
            return None;
        }
        let latency = node.links.get(&to)?.latency;
        let packets = bytes.div_ceil(PACKET_BYTES).max(1);
        let bytes = bytes + packets * FRAME_BYTES;
        let counted = u64::try_from(bytes).unwrap_or(u64::MAX);
        let rate = if node.is_gateway { UPLINK.1 } else { UPLINK.0 };
        let bits = u32::try_from(bytes.saturating_mul(8)).unwrap_or(u32::MAX);
        let sending = whole(f64::from(bits) / rate);
        node.uplink_free = node.uplink_free.max(now) + sending;
        node.traffic.messages_sent += 1;
        node.traffic.bytes_sent += counted;
        let mut delay = node.uplink_free - now + latency;
        if let Some(receiver) = self.nodes.get_mut(to) {
            receiver.traffic.bytes_received += counted;
        }
        let mut resend = RESEND;
        for _ in 0..packets {
            while self.random.chance(self.options.loss) && resend < 16 * RESEND {
                delay += resend;
                resend *= 2;
            }
        }
        Some(delay)
    }

    /// A client shows a head: is it on the chain, and is it news?
    pub(crate) fn observe(&mut self, node: Id, is_final: bool, head: Head, at: Time) {
        let is_true =
            head.hash == self.chain.block_hash(head.slot) && head.slot <= self.true_slot();
        let Some(record) = self.nodes.get_mut(node) else {
            return;
        };
        let known = if is_final {
            &mut record.finalized
        } else {
            &mut record.optimistic
        };
        if *known == head {
            return;
        }
        *known = head;
        if !is_true {
            record.wrong += 1;
        } else if !is_final {
            let heads = head.slot.saturating_add(1).saturating_sub(FIRST_SLOT);
            let heads = usize::try_from(heads).unwrap_or(0);
            if record.arrivals.len() < heads {
                record.arrivals.resize(heads, at);
            }
        }
    }
}

/// Not negative, without what is behind the point.
pub(crate) fn whole(number: f64) -> u64 {
    let time = Duration::try_from_secs_f64(number.max(0.0)).unwrap_or_default();
    time.as_secs()
}
