//! Those that a tab is linked to: the honest publisher, and liars.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use lampyris_net::{Config, Event, Handle, Swarm, Verdict};
use lampyris_sim::chain::FORK;
use lampyris_wire::{Protocol, mesh, req_resp};

use crate::{
    raw::{self, Raw},
    setting::{CHECKPOINT_SLOT, Message, Setting, UPDATE_OFFSET, eventually, eventually_while},
    tab::{Tab, address, listening},
};

/// A gateway, as far as tabs see it: answers what light clients ask, and publishes.
#[derive(Debug)]
pub(crate) struct Publisher {
    handle: Handle,
    pub(crate) address: String,
}

impl Publisher {
    pub(crate) async fn start(setting: &Arc<Setting>) -> Self {
        let (handle, mut events) = Swarm::new(Config {
            topics: setting.topics(),
            serve: true,
            republish: true,
            ..listening()
        })
        .unwrap();
        let address = address(&handle).await;
        let (reporting, setting) = (handle.clone(), Arc::clone(setting));
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                match event {
                    Event::Inbound {
                        protocol,
                        body,
                        responder,
                        ..
                    } => {
                        if let Some(answer) = answer(&setting, protocol, &body) {
                            responder.reply(answer);
                        }
                    }
                    // It knows better.
                    Event::Gossip {
                        peer, message_id, ..
                    } => {
                        let report = reporting.report(&message_id, &peer, Verdict::Ignore);
                        report.unwrap();
                    }
                    _ => {}
                }
            }
        });
        Self { handle, address }
    }

    /// Publishes to all that are linked to it. Who says the same again says it to newcomers.
    pub(crate) async fn publish(&self, message: &Message) {
        let publishing = self.handle.publish(&message.topic, message.data.clone());
        // There may be nobody yet.
        let _not_yet = publishing.await;
    }
}

fn answer(setting: &Setting, protocol: Protocol, body: &[u8]) -> Option<Vec<u8>> {
    let (chain, newest) = (&setting.chain, setting.newest());
    let chunk = |ssz: Vec<u8>| req_resp::encode_chunk(setting.digest(), &ssz);
    Some(match protocol {
        Protocol::LightClientBootstrap => chunk(chain.bootstrap(CHECKPOINT_SLOT).encode(FORK)),
        Protocol::LightClientUpdatesByRange => {
            let request = req_resp::decode_request(body, 16).ok()?;
            let (start, count) = request.split_first_chunk::<8>()?;
            let start = u64::from_le_bytes(*start);
            let count = u64::from_le_bytes(count.try_into().ok()?);
            let slots = (start..start.saturating_add(count.min(4)))
                .map(|period| period * chain.network.preset.slots_per_period() + UPDATE_OFFSET)
                .filter(|slot| *slot <= newest);
            slots
                .flat_map(|slot| chunk(chain.update(slot).encode(FORK)))
                .collect()
        }
        Protocol::LightClientFinalityUpdate => chunk(chain.finality(newest).encode(FORK)),
        Protocol::LightClientOptimisticUpdate => chunk(chain.optimistic(newest).encode(FORK)),
        Protocol::State => return None,
    })
}

/// What a liar's swarm has told it.
#[derive(Debug, Default)]
struct Links {
    /// Topics, by who subscribed to them.
    subscribed: BTreeMap<String, BTreeSet<String>>,
    connected: BTreeSet<String>,
    /// Links that ended, and dials that brought none.
    ended: u64,
}

/// A liar: has an ordinary swarm, takes places in meshes, forwards nothing, and says what it is told to.
#[derive(Debug)]
pub(crate) struct Liar {
    pub(crate) id: String,
    handle: Handle,
    links: Arc<Mutex<Links>>,
    victims: Vec<(String, String)>,
}

impl Liar {
    /// Links itself to tabs.
    pub(crate) async fn start(setting: &Setting, victims: &[&Tab]) -> Self {
        let (handle, mut events) = Swarm::new(Config {
            topics: setting.topics(),
            // So that what was heard before can be said too.
            republish: true,
            ..Config::default()
        })
        .unwrap();
        let links = Arc::new(Mutex::new(Links::default()));
        let told = Arc::clone(&links);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let mut links = told.lock().unwrap();
                match event {
                    Event::Connected { peer, .. } => {
                        links.connected.insert(peer);
                    }
                    Event::Disconnected { peer, .. } => {
                        links.connected.remove(&peer);
                        links.ended += 1;
                    }
                    Event::DialFailed { .. } => links.ended += 1,
                    Event::Subscribed { peer, topic } => {
                        links.subscribed.entry(peer).or_default().insert(topic);
                    }
                    _ => {}
                }
            }
        });
        let victims = victims
            .iter()
            .map(|tab| (tab.id.clone(), tab.address.clone()));
        let liar = Self {
            id: handle.peer_id(),
            handle,
            links,
            victims: victims.collect(),
        };
        liar.dial();
        let topics = setting.topics().len();
        eventually("a liar is linked to its victims", || {
            let links = liar.links.lock().unwrap();
            let listen = |(id, _): &(String, _)| links.subscribed.get(id).map(BTreeSet::len);
            liar.victims
                .iter()
                .all(|victim| listen(victim) == Some(topics))
        })
        .await;
        liar
    }

    fn dial(&self) {
        for (_, address) in &self.victims {
            self.handle.dial(address).unwrap();
        }
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.links.lock().unwrap().connected.is_empty()
    }

    /// Says something to all of its victims; `false` if nobody takes it any more.
    pub(crate) async fn say(&self, message: &Message) -> bool {
        let data = message.data.clone();
        self.handle.publish(&message.topic, data).await.is_ok()
    }

    /// Tries to come back, and to say something as soon as it can, until each victim has refused it.
    pub(crate) async fn return_in_vain(&self, message: &Message) {
        let before = self.links.lock().unwrap().ended;
        self.dial();
        let expected = before + u64::try_from(self.victims.len()).unwrap();
        let refused = || self.links.lock().unwrap().ended >= expected;
        eventually_while("a banned liar is refused", refused, async || {
            let _unheard = self.say(message).await;
        })
        .await;
    }
}

/// A liar that writes frames by hand: an ordinary swarm is slower than the first verdict on what it says.
pub(crate) struct Flooder {
    pub(crate) id: String,
    /// Who lets go of it ends the link.
    _raw: Raw,
    stream: futures::lock::Mutex<libp2p::Stream>,
}

impl Flooder {
    pub(crate) async fn start(victim: &Tab) -> Self {
        let mut raw = Raw::connect(&victim.address, true).await;
        let stream = futures::lock::Mutex::new(raw.open().await);
        Self {
            id: raw.id.to_string(),
            stream,
            _raw: raw,
        }
    }

    /// Writes messages all at once, in frames as full as may be.
    pub(crate) async fn flood(&self, messages: &[Message]) {
        let frames = messages.chunks(mesh::FRAME_MESSAGES_MAX).map(|frame| {
            // A frame's fields may follow each other in any number.
            let parts = frame.iter().map(|it| raw::message(&it.topic, &it.data));
            parts.collect::<Vec<_>>().concat()
        });
        let mut stream = self.stream.lock().await;
        // It breaks when the first of it is judged.
        let _broken = raw::write_at_once(&mut stream, &frames.collect::<Vec<_>>()).await;
    }
}
