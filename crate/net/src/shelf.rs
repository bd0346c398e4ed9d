//! What a tab can serve to other peers: the bytes of answers and messages that its verifier found true.
//!
//! Bytes come in unbelieved and wait (`waiting.rs`). When the verifier, which lives elsewhere, says
//! that they are true, they are put on the shelf, as they came. Nothing else is ever served. Whoever
//! gets them verifies them again, so that a shelf needs no trust; but a peer that serves falsehoods is
//! dropped, so that it pays to put up only what is true.
//!
//! Kept are things that stay true: bootstraps by root, updates by period, and of our own protocol state
//! proofs, code, headers and preimages by the very bytes of their request, all of which name a hash. And
//! the newest finality and optimistic update, as long as it is near the newest slot: a peer takes an old
//! one for a sign that we follow the chain no more. What a transaction became can change, and is not kept.
//!
//! Bounds: [`SHELF_BYTES_MAX`], of which the least recently used goes first; a budget of bytes a second.

mod waiting;

use std::collections::HashMap;

use lampyris_wire::{
    Protocol, gossip,
    gossip::TopicKind,
    req_resp,
    state::{FailureCode, Request, Response},
};

use self::waiting::{Label, Waiting, What};
use crate::rate::{self, Bucket};

/// Three hundred updates or bootstraps of mainnet; little beside what a page has anyway.
pub const SHELF_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What an entry costs beside its bytes, about.
const ENTRY_BYTES: usize = 128;
/// Half of what makes an update stale to our own client.
const NEWEST_SLOTS_MAX: u64 = 4;
/// Said instead of what is not here.
const NOT_HERE: &str = "not held here";

/// What is asked for: the protocol, and the part of the request that names one thing.
type Name = (Protocol, Vec<u8>);

/// Bytes that were found true.
#[derive(Debug)]
struct Entry {
    bytes: Vec<u8>,
    used: u64,
}

/// The newest update of a kind.
#[derive(Debug)]
struct Newest {
    slot: u64,
    bytes: Vec<u8>,
}

/// What can be served, and what may become so.
#[derive(Debug)]
pub struct Shelf {
    waiting: Waiting,
    entries: HashMap<Name, Entry>,
    /// Of all entries, with what they cost beside.
    bytes: usize,
    bytes_max: usize,
    /// Counts each use.
    uses: u64,
    finality: Option<Newest>,
    optimistic: Option<Newest>,
    budget: Bucket,
    served_bytes: u64,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new(SHELF_BYTES_MAX)
    }
}

impl Shelf {
    /// An empty one of so many bytes at most.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            waiting: Waiting::default(),
            entries: HashMap::new(),
            bytes: 0,
            bytes_max,
            uses: 0,
            finality: None,
            optimistic: None,
            budget: Bucket::new(rate::SERVED_KIBIBYTES),
            served_bytes: 0,
        }
    }

    /// A request was answered; the answer waits under the verifier's number for [`Self::keep`].
    pub fn answered(&mut self, number: u32, protocol: Protocol, request: Vec<u8>, response: &[u8]) {
        if is_lasting(protocol, &request) {
            let label = Label::Answer { number };
            self.waiting
                .put(label, What::Answer { protocol, request }, response);
        }
    }

    /// The answer of this number is true.
    pub fn keep(&mut self, number: u32) {
        if let Some((What::Answer { protocol, request }, response)) =
            self.waiting.take(&Label::Answer { number })
        {
            self.put_answer(protocol, &request, response);
        }
    }

    /// A message came by gossip; it waits for [`Self::accepted`].
    pub fn heard(&mut self, message_id: &[u8], topic: &str, data: &[u8]) {
        if let Ok((digest, kind)) = gossip::parse_topic(topic) {
            let label = Label::Message {
                id: message_id.into(),
            };
            self.waiting
                .put(label, What::Message { digest, kind }, data);
        }
    }

    /// The message is true.
    pub fn accepted(&mut self, message_id: &[u8]) {
        let label = Label::Message {
            id: message_id.into(),
        };
        let Some((What::Message { digest, kind }, data)) = self.waiting.take(&label) else {
            return;
        };
        let protocol = match kind {
            TopicKind::FinalityUpdate => Protocol::LightClientFinalityUpdate,
            TopicKind::OptimisticUpdate => Protocol::LightClientOptimisticUpdate,
        };
        if let Ok(ssz) = gossip::decompress(&data, protocol.chunk_bytes_max()) {
            let bytes = req_resp::encode_chunk(digest, &ssz);
            self.put_newest(protocol, &ssz, bytes);
        }
    }

    /// The answer to a peer's request: what is here, or that it is not.
    pub fn answer(&mut self, protocol: Protocol, request: &[u8]) -> Vec<u8> {
        let Some(response) = self.find(protocol, request) else {
            return refusal(protocol, FailureCode::Unavailable);
        };
        let kibibytes = u32::try_from(response.len().div_ceil(1024)).unwrap_or(u32::MAX);
        if !self.budget.take_many(kibibytes) {
            return refusal(protocol, FailureCode::RateLimited);
        }
        self.served_bytes = self.served_bytes.saturating_add(response.len() as u64);
        response
    }

    /// How many bytes of what is here were served.
    #[must_use]
    pub const fn served_bytes(&self) -> u64 {
        self.served_bytes
    }

    fn find(&mut self, protocol: Protocol, request: &[u8]) -> Option<Vec<u8>> {
        match protocol {
            Protocol::LightClientBootstrap => self.entry((protocol, root_of(request)?.into())),
            Protocol::State => self.entry((protocol, request.into())),
            Protocol::LightClientFinalityUpdate => self.newest(self.finality.as_ref()),
            Protocol::LightClientOptimisticUpdate => self.newest(self.optimistic.as_ref()),
            Protocol::LightClientUpdatesByRange => {
                let (start, count) = range_of(request)?;
                let mut response = Vec::new();
                for period in start..start.saturating_add(count) {
                    // The specification wants a gap to end the answer.
                    let Some(chunk) = self.entry(update_name(period)) else {
                        break;
                    };
                    response.extend(chunk);
                }
                (!response.is_empty()).then_some(response)
            }
        }
    }

    fn entry(&mut self, name: Name) -> Option<Vec<u8>> {
        self.uses += 1;
        let entry = self.entries.get_mut(&name)?;
        entry.used = self.uses;
        Some(entry.bytes.clone())
    }

    fn newest(&self, newest: Option<&Newest>) -> Option<Vec<u8>> {
        let newest = newest?;
        let head = [&self.finality, &self.optimistic]
            .into_iter()
            .flatten()
            .map(|newest| newest.slot)
            .max()?;
        (newest.slot.saturating_add(NEWEST_SLOTS_MAX) >= head).then(|| newest.bytes.clone())
    }

    fn put_answer(&mut self, protocol: Protocol, request: &[u8], response: Vec<u8>) {
        match protocol {
            Protocol::State => self.put((protocol, request.into()), response),
            Protocol::LightClientUpdatesByRange => {
                let Some((start, count)) = range_of(request) else {
                    return;
                };
                let mut rest = response.as_slice();
                for period in start..start.saturating_add(count) {
                    let Some((chunk, _, behind)) = first_chunk(protocol, rest) else {
                        break;
                    };
                    self.put(update_name(period), chunk.into());
                    rest = behind;
                }
            }
            Protocol::LightClientBootstrap => {
                if let (Some(root), Some((chunk, _, _))) =
                    (root_of(request), first_chunk(protocol, &response))
                {
                    self.put((protocol, root.into()), chunk.into());
                }
            }
            Protocol::LightClientFinalityUpdate | Protocol::LightClientOptimisticUpdate => {
                if let Some((chunk, ssz, _)) = first_chunk(protocol, &response) {
                    self.put_newest(protocol, &ssz, chunk.into());
                }
            }
        }
    }

    fn put_newest(&mut self, protocol: Protocol, ssz: &[u8], bytes: Vec<u8>) {
        let held = match protocol {
            Protocol::LightClientFinalityUpdate => &mut self.finality,
            _ => &mut self.optimistic,
        };
        if let Some(slot) = attested_slot(ssz)
            && held.as_ref().is_none_or(|held| held.slot <= slot)
        {
            *held = Some(Newest { slot, bytes });
        }
    }

    fn put(&mut self, name: Name, bytes: Vec<u8>) {
        self.remove(&name);
        let cost = cost(&name, &bytes);
        if cost > self.bytes_max {
            return;
        }
        while self.bytes + cost > self.bytes_max {
            // They are some hundreds: looking at each costs less than keeping them in order.
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            self.remove(&oldest);
        }
        self.uses += 1;
        let used = self.uses;
        self.bytes += cost;
        self.entries.insert(name, Entry { bytes, used });
    }

    fn remove(&mut self, name: &Name) {
        if let Some(entry) = self.entries.remove(name) {
            self.bytes -= cost(name, &entry.bytes);
        }
    }
}

fn cost((_, request): &Name, bytes: &[u8]) -> usize {
    ENTRY_BYTES + request.len() + bytes.len()
}

fn update_name(period: u64) -> Name {
    let period = period.to_le_bytes().into();
    (Protocol::LightClientUpdatesByRange, period)
}

/// Whether the answer to a request stays true.
fn is_lasting(protocol: Protocol, request: &[u8]) -> bool {
    protocol != Protocol::State
        || matches!(
            Request::decode(request),
            Ok(Request::StateProof { .. }
                | Request::Code { .. }
                | Request::Headers { .. }
                | Request::Preimage { .. })
        )
}

fn root_of(request: &[u8]) -> Option<[u8; 32]> {
    req_resp::decode_request(request, 32).ok()?.try_into().ok()
}

/// The first period and how many, of which more are not answered.
fn range_of(request: &[u8]) -> Option<(u64, u64)> {
    let ssz = req_resp::decode_request(request, 16).ok()?;
    let (start, count) = ssz.split_first_chunk::<8>()?;
    let count = u64::from_le_bytes(count.try_into().ok()?);
    let maximum = u64::try_from(req_resp::UPDATES_BY_RANGE_COUNT_MAX).ok()?;
    Some((u64::from_le_bytes(*start), count.min(maximum)))
}

/// The first chunk of a response as it came, its object, and what is behind it.
fn first_chunk(protocol: Protocol, bytes: &[u8]) -> Option<(&[u8], Vec<u8>, &[u8])> {
    let (chunk, behind) = req_resp::decode_chunk(bytes, protocol.chunk_bytes_max()).ok()?;
    let (raw, _) = bytes.split_at_checked(bytes.len().checked_sub(behind.len())?)?;
    Some((raw, chunk.ssz, behind))
}

/// The slot of a finality or optimistic update's attested header. From Capella on, an update begins with
/// the offset of that header, which begins with its slot; Altair's form, which no live network has, is
/// not read.
fn attested_slot(ssz: &[u8]) -> Option<u64> {
    let offset = usize::try_from(u32::from_le_bytes(*ssz.first_chunk()?)).ok()?;
    Some(u64::from_le_bytes(*ssz.get(offset..)?.first_chunk()?))
}

fn refusal(protocol: Protocol, code: FailureCode) -> Vec<u8> {
    let message = if code == FailureCode::RateLimited {
        "too much was asked for"
    } else {
        NOT_HERE
    };
    if protocol == Protocol::State {
        let failed = Response::Failed {
            code,
            message: message.into(),
        };
        // It is within its bounds: the message is one of two.
        return failed.encode().unwrap_or_default();
    }
    let code = if code == FailureCode::RateLimited {
        req_resp::code::RATE_LIMITED
    } else {
        req_resp::code::RESOURCE_UNAVAILABLE
    };
    req_resp::encode_error(code, message)
}

#[cfg(test)]
mod tests;
