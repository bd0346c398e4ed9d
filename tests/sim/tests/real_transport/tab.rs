//! A tab under attack: the client's own code over a real swarm.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
};

use lampyris_client::{Client, NetEvent, Verdict};
use lampyris_net::{Config, Events, Handle, Listen, Swarm, generate_certificate_pem};
use lampyris_verify::counting::signature_checks;

use crate::{
    platform::{Diary, Judged, OverSwarm, news},
    setting::{Message, Setting, eventually},
};

/// A tab. Others dial it, which they cannot do to a browser's: it stands for one to which liars were
/// introduced.
#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) name: &'static str,
    pub(crate) id: String,
    pub(crate) address: String,
    diary: Arc<Mutex<Diary>>,
}

/// What judging some messages came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) judged: usize,
    pub(crate) accepted: usize,
    pub(crate) rejected: usize,
    pub(crate) signature_checks: u64,
}

impl Tab {
    /// Starts one that knows some gateways, and what it has stored.
    pub(crate) async fn start(
        name: &'static str,
        setting: &Arc<Setting>,
        gateways: Vec<String>,
        record: Option<Vec<u8>>,
    ) -> Self {
        let (handle, events) = Swarm::new(listening()).unwrap();
        let address = address(&handle).await;
        let diary = Arc::new(Mutex::new(Diary::default()));
        let tab = Self {
            name,
            id: handle.peer_id(),
            address,
            diary: Arc::clone(&diary),
        };
        let setting = Arc::clone(setting);
        thread::spawn(move || {
            let verdict = Rc::default();
            let config = setting.config(gateways);
            let platform = OverSwarm {
                handle,
                setting,
                diary: Arc::clone(&diary),
                record,
                verdict: Rc::clone(&verdict),
                chance: Cell::default(),
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            let client = Client::new(config, platform);
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, follow(client, events, diary, verdict));
        });
        tab
    }

    pub(crate) fn diary<T>(&self, look: impl FnOnce(&Diary) -> T) -> T {
        look(&self.diary.lock().unwrap())
    }

    pub(crate) fn head(&self) -> u64 {
        self.diary(|diary| diary.optimistic)
    }

    /// What was made of some messages, whoever sent them.
    pub(crate) fn tally(&self, messages: &[Message]) -> Tally {
        let ids: BTreeSet<&[u8]> = messages.iter().map(|message| &message.id[..]).collect();
        self.tally_if(|judged| ids.contains(&judged.id[..]))
    }

    /// What was made of all that a peer sent.
    pub(crate) fn tally_of(&self, sender: &str) -> Tally {
        self.tally_if(|judged| judged.sender == sender)
    }

    /// What was made of those messages that are meant.
    pub(crate) fn tally_if(&self, is_meant: impl Fn(&Judged) -> bool) -> Tally {
        self.diary(|diary| {
            let mut tally = Tally::default();
            for judged in diary.judged.iter().filter(|judged| is_meant(judged)) {
                tally.judged += 1;
                tally.accepted += usize::from(judged.verdict == Verdict::Accept);
                tally.rejected += usize::from(judged.verdict == Verdict::Reject);
                tally.signature_checks += judged.signature_checks;
            }
            tally
        })
    }

    /// Whether a peer was sent away for a misdeed, and is named for it.
    pub(crate) fn has_dropped(&self, peer: &str, misdeed: &str) -> bool {
        self.diary(|diary| {
            let named = diary.peers.iter().find(|view| view.id == peer);
            named.is_some_and(|view| {
                view.state == "dropped" && view.faults.iter().any(|fault| fault.kind == misdeed)
            })
        })
    }

    pub(crate) fn is_connected_to(&self, peer: &str) -> bool {
        self.diary(|diary| {
            let mut connected = diary.peers.iter().filter(|view| view.state == "connected");
            connected.any(|view| view.id == peer)
        })
    }
}

async fn follow(
    client: Client<OverSwarm>,
    mut events: Events,
    diary: Arc<Mutex<Diary>>,
    verdict: Rc<RefCell<Option<Verdict>>>,
) {
    client.start().await;
    while let Some(event) = events.next().await {
        let Some(event) = news(event) else {
            continue;
        };
        let gossip = match &event {
            NetEvent::Gossip {
                peer, message_id, ..
            } => Some((message_id.clone(), peer.clone())),
            _ => None,
        };
        let before = signature_checks();
        client.handle(event);
        let signature_checks = signature_checks() - before;
        if let Some((id, sender)) = gossip {
            let verdict = verdict.take().expect("each message gets a verdict");
            diary.lock().unwrap().judged.push(Judged {
                id,
                sender,
                verdict,
                signature_checks,
            });
        }
    }
}

/// A swarm that can be dialled on this machine.
pub(crate) fn listening() -> Config {
    Config {
        listen: Some(Listen {
            ws_addr: None,
            udp_addr: "127.0.0.1:0".into(),
            certificate_pem: generate_certificate_pem().unwrap(),
        }),
        ..Config::default()
    }
}

pub(crate) async fn address(handle: &Handle) -> String {
    eventually("a swarm listens", || !handle.listen_addresses().is_empty()).await;
    handle.listen_addresses().remove(0)
}
