//! Where a tab's client runs here: on a thread of its own, beside a swarm, as in a browser.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use lampyris_client::{
    Event, LocalFuture, NetEvent, PeerKind, Platform, RequestError, Verdict,
    event::{HeadView, PeerView},
};
use lampyris_net as net;
use lampyris_verify::{counting::signature_checks, keccak256};
use lampyris_wire::Protocol;

use crate::setting::Setting;

/// What a client did, as far as others can see it.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// The slots of the newest heads that it showed.
    pub(crate) optimistic: u64,
    pub(crate) finalized: u64,
    /// Heads that it showed and that are not on the chain.
    pub(crate) wrong: Vec<String>,
    /// Messages that the swarm put to it.
    pub(crate) judged: Vec<Judged>,
    /// All signatures that it checked, also those of answers.
    pub(crate) signature_checks: u64,
    pub(crate) peers: Vec<PeerView>,
    /// How often it told its state.
    pub(crate) statuses: u64,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) id: Vec<u8>,
    pub(crate) sender: String,
    pub(crate) verdict: Verdict,
    pub(crate) signature_checks: u64,
}

/// A platform over a real swarm.
pub(crate) struct OverSwarm {
    pub(crate) handle: net::Handle,
    pub(crate) setting: Arc<Setting>,
    pub(crate) diary: Arc<Mutex<Diary>>,
    /// What is stored of the chain.
    pub(crate) record: Option<Vec<u8>>,
    /// The verdict on the message that is judged just now.
    pub(crate) verdict: Rc<RefCell<Option<Verdict>>>,
    /// Counts what was taken of chance.
    pub(crate) chance: Cell<u64>,
}

impl OverSwarm {
    fn observe(&self, is_final: bool, view: &HeadView) {
        // JavaScript's only number, and whole.
        let slot: u64 = view.slot.to_string().parse().unwrap();
        let mut diary = self.diary.lock().unwrap();
        if !self.setting.is_true(slot, view.block_hash) {
            diary.wrong.push(format!("{view:?}"));
        } else if is_final {
            diary.finalized = slot;
        } else {
            diary.optimistic = slot;
        }
    }
}

impl Platform for OverSwarm {
    fn unix_ms(&self) -> u64 {
        self.setting.unix_ms()
    }

    /// As good as a test needs it: different for each peer and each time.
    fn fill_entropy(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let number = self.chance.replace(self.chance.get() + 1);
            let seed = [self.handle.peer_id().as_bytes(), &number.to_le_bytes()].concat();
            chunk.copy_from_slice(&keccak256(seed)[..chunk.len()]);
        }
    }

    fn sleep(&self, ms: u32) -> LocalFuture<()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms.into())))
    }

    fn spawn(&self, task: LocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn request(
        &self,
        peer: &str,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> LocalFuture<Result<Vec<u8>, RequestError>> {
        let (handle, peer) = (self.handle.clone(), peer.to_owned());
        Box::pin(async move {
            let answer = handle.request(&peer, protocol, body, timeout_ms).await;
            answer.map_err(|error| match error {
                net::RequestError::Timeout { .. } => RequestError::Timeout,
                net::RequestError::Disconnected => RequestError::Disconnected,
                net::RequestError::Unsupported { .. } => RequestError::Unsupported,
                net::RequestError::TooLarge { .. } => RequestError::TooLarge,
                net::RequestError::Failed { .. } => RequestError::Failed,
            })
        })
    }

    fn dial(&self, address: &str) {
        is_taken(&self.handle.dial(address));
    }

    fn disconnect(&self, peer: &str, reason: &str) {
        is_taken(&self.handle.disconnect(peer, reason));
    }

    fn subscribe(&self, topic: &str) {
        is_taken(&self.handle.subscribe(topic));
    }

    fn unsubscribe(&self, topic: &str) {
        is_taken(&self.handle.unsubscribe(topic));
    }

    fn report(&self, message_id: &[u8], peer: &str, verdict: Verdict) {
        *self.verdict.borrow_mut() = Some(verdict);
        let verdict = match verdict {
            Verdict::Accept => net::Verdict::Accept,
            Verdict::Ignore => net::Verdict::Ignore,
            Verdict::Reject => net::Verdict::Reject,
        };
        is_taken(&self.handle.report(message_id, peer, verdict));
    }

    fn load(&self, key: &str) -> LocalFuture<Option<Vec<u8>>> {
        let record = self.record.clone();
        let record = record.filter(|_| key.starts_with("light-client/"));
        Box::pin(async { record })
    }

    fn keys(&self, _prefix: &str) -> LocalFuture<Vec<String>> {
        Box::pin(async { Vec::new() })
    }

    fn save(&self, _key: &str, _value: Option<Vec<u8>>) -> LocalFuture<bool> {
        Box::pin(async { true })
    }

    fn emit(&self, event: Event) {
        match event {
            Event::Head(head) => self.observe(false, &head),
            Event::Status(status) => {
                status
                    .optimistic
                    .iter()
                    .for_each(|it| self.observe(false, it));
                status
                    .finalized
                    .iter()
                    .for_each(|it| self.observe(true, it));
                let mut diary = self.diary.lock().unwrap();
                diary.signature_checks = signature_checks();
                diary.peers = status.peers;
                diary.statuses += 1;
            }
            Event::Transaction(_) => {}
        }
    }
}

/// The swarm takes what it is told, unless it has ended: at the end of a test, before the tab does.
fn is_taken(told: &net::Result<()>) {
    assert!(matches!(told, Ok(()) | Err(net::Error::Closed)), "{told:?}");
}

/// The swarm's news in the client's words; none if it is not the client's business.
pub(crate) fn news(event: net::Event) -> Option<NetEvent> {
    Some(match event {
        net::Event::Connected {
            peer,
            address,
            kind,
        } => NetEvent::Connected {
            peer,
            address,
            kind: match kind {
                net::PeerKind::Gateway => PeerKind::Gateway,
                net::PeerKind::Tab => PeerKind::Tab,
            },
        },
        net::Event::Disconnected { peer, reason } => NetEvent::Disconnected { peer, reason },
        net::Event::DialFailed { address, reason } => NetEvent::DialFailed { address, reason },
        net::Event::Gossip {
            peer,
            message_id,
            topic,
            data,
        } => NetEvent::Gossip {
            peer,
            message_id,
            topic,
            data,
        },
        _ => return None,
    })
}
