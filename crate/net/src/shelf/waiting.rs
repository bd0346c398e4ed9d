//! Bytes that nobody has verified yet. The oldest give way to new ones: a verdict comes within a second,
//! or never.

use std::collections::VecDeque;

use lampyris_wire::{Protocol, gossip::TopicKind};

/// Two of the largest answers.
const WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;
/// More than are asked for at a time.
const WAITING_MAX: usize = 256;

/// By what a verdict finds its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// An answer, as the verifier counts them.
    Answer {
        /// Its number.
        number: u32,
    },
    /// A gossiped message.
    Message {
        /// Its id.
        id: Vec<u8>,
    },
}

/// What the bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The answer to a request.
    Answer {
        protocol: Protocol,
        request: Vec<u8>,
    },
    /// A message of a topic.
    Message { digest: [u8; 4], kind: TopicKind },
}

/// What waits, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queue: VecDeque<(Label, What, Vec<u8>)>,
    bytes: usize,
}

impl Waiting {
    pub(super) fn put(&mut self, label: Label, what: What, bytes: &[u8]) {
        self.take(&label);
        self.bytes += bytes.len();
        self.queue.push_back((label, what, bytes.into()));
        while self.bytes > WAITING_BYTES_MAX || self.queue.len() > WAITING_MAX {
            self.remove(0);
        }
    }

    pub(super) fn take(&mut self, label: &Label) -> Option<(What, Vec<u8>)> {
        let place = self.queue.iter().position(|(known, ..)| known == label)?;
        self.remove(place)
    }

    fn remove(&mut self, place: usize) -> Option<(What, Vec<u8>)> {
        let (_, what, bytes) = self.queue.remove(place)?;
        self.bytes -= bytes.len();
        Some((what, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(waiting: &mut Waiting, number: u32, bytes: &[u8]) {
        let (protocol, request) = (Protocol::State, vec![]);
        let what = What::Answer { protocol, request };
        waiting.put(Label::Answer { number }, what, bytes);
    }

    fn take(waiting: &mut Waiting, number: u32) -> Option<Vec<u8>> {
        let taken = waiting.take(&Label::Answer { number });
        taken.map(|(_, bytes)| bytes)
    }

    #[test]
    fn the_oldest_give_way_by_number_and_by_bytes() {
        let mut waiting = Waiting::default();
        for number in 0..1_000 {
            put(&mut waiting, number, &[1; 10]);
        }
        assert_eq!(waiting.queue.len(), WAITING_MAX);
        assert_eq!(waiting.bytes, WAITING_MAX * 10);
        assert_eq!(take(&mut waiting, 743), None);
        assert_eq!(take(&mut waiting, 744), Some(vec![1; 10]));
        for number in 0..3 {
            put(&mut waiting, number, &vec![2; WAITING_BYTES_MAX / 2]);
        }
        assert_eq!(waiting.queue.len(), 2);
        assert_eq!(waiting.bytes, WAITING_BYTES_MAX);
        put(&mut waiting, 9, &vec![2; WAITING_BYTES_MAX + 1]);
        assert!(waiting.queue.is_empty());
        assert_eq!(waiting.bytes, 0);
    }

    #[test]
    fn a_number_that_comes_again_is_another_answer() {
        let mut waiting = Waiting::default();
        put(&mut waiting, 1, &[1]);
        put(&mut waiting, 1, &[2]);
        assert_eq!(take(&mut waiting, 1), Some(vec![2]));
        assert_eq!(take(&mut waiting, 1), None);
    }
}
