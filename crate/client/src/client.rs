//! The client: all state in one place, on one thread, behind a handle that can be cloned.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use alloy_primitives::{Address, B256};
use futures::future;
use lampyris_wallet::key::SecretKey;

use crate::{
    chain::Chain,
    config::Config,
    event::{Event, NetEvent, Status},
    peers::Peers,
    pending::Pending,
    platform::Platform,
    sorted_map::SortedMap,
};

/// A light client. Cloning gives another handle on the same client.
pub struct Client<P: Platform> {
    pub(crate) inner: Rc<Inner<P>>,
}

impl<P: Platform> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self {
            inner: Rc::clone(&self.inner),
        }
    }
}

/// What all handles share. Borrows are short: none is held over an `await`.
pub(crate) struct Inner<P: Platform> {
    pub(crate) platform: P,
    pub(crate) config: Config,
    pub(crate) peers: RefCell<Peers>,
    pub(crate) chain: RefCell<Chain>,
    /// Whether the chain is being looked after: once at a time.
    pub(crate) in_round: Cell<bool>,
    pub(crate) unlocked: RefCell<SortedMap<Address, SecretKey>>,
    pub(crate) sealed: RefCell<SortedMap<Address, Vec<u8>>>,
    pub(crate) pending: RefCell<SortedMap<B256, Pending>>,
    /// Texts whose hash was checked: proposals' descriptions.
    pub(crate) texts: RefCell<SortedMap<B256, String>>,
    /// Held while a nonce is chosen and its transaction is stored, so that no two get the same.
    pub(crate) signing: futures::lock::Mutex<()>,
}

impl<P: Platform> std::fmt::Debug for Client<P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let network = &self.inner.config.network.name;
        formatter
            .debug_struct("Client")
            .field("network", network)
            .finish_non_exhaustive()
    }
}

impl<P: Platform> Client<P> {
    /// A client that does nothing until [`Client::start`].
    pub fn new(config: Config, platform: P) -> Self {
        let chain = Chain::new(platform.unix_ms());
        Self {
            inner: Rc::new(Inner {
                platform,
                config,
                peers: RefCell::default(),
                chain: RefCell::new(chain),
                in_round: Cell::default(),
                unlocked: RefCell::default(),
                sealed: RefCell::default(),
                pending: RefCell::default(),
                texts: RefCell::default(),
                signing: futures::lock::Mutex::new(()),
            }),
        }
    }

    /// Loads what is stored, dials the gateways and follows the chain from here on.
    pub async fn start(&self) {
        let inner = &self.inner;
        // Storage is asked for all at once: an answer of it takes longer than what is done with it.
        future::join3(inner.load_chain(), inner.load_vault(), inner.load_pending()).await;
        let now = inner.platform.unix_ms();
        for address in &inner.config.gateways {
            inner.peers.borrow_mut().configure(address, now);
        }
        inner.dial_due();
        inner.subscribe_topics();
        inner.emit_status();
        let syncing = Rc::clone(inner);
        inner
            .platform
            .spawn(Box::pin(async move { syncing.follow().await }));
        let ticking = Rc::clone(inner);
        inner
            .platform
            .spawn(Box::pin(async move { ticking.tick().await }));
        let sending = Rc::clone(inner);
        inner
            .platform
            .spawn(Box::pin(async move { sending.follow_transactions().await }));
    }

    /// Takes news from the swarm.
    pub fn handle(&self, event: NetEvent) {
        let inner = &self.inner;
        let now = inner.platform.unix_ms();
        match event {
            NetEvent::Connected {
                peer,
                address,
                kind,
            } => {
                inner.chain.borrow_mut().first_connection(now);
                if !inner
                    .peers
                    .borrow_mut()
                    .connected(&peer, &address, kind, now)
                {
                    let reason = "it was sent away a moment ago";
                    inner.platform.disconnect(&peer, reason);
                    return;
                }
                inner.follow_newcomer();
            }
            NetEvent::Disconnected { peer, reason } => {
                inner.peers.borrow_mut().disconnected(&peer, &reason, now);
            }
            NetEvent::DialFailed { address, reason } => {
                inner.peers.borrow_mut().dial_failed(&address, &reason, now);
            }
            NetEvent::Gossip {
                peer,
                message_id,
                topic,
                data,
            } => {
                let verdict = inner.judge_gossip(&peer, &topic, &data);
                inner.platform.report(&message_id, &peer, verdict);
                return;
            }
            NetEvent::Resumed => {
                inner.peers.borrow_mut().all_gone("the tab was asleep", now);
                inner.dial_due();
            }
        }
        inner.emit_status();
    }

    /// The state as of now.
    pub fn status(&self) -> Status {
        self.inner.status()
    }
}

impl<P: Platform> Inner<P> {
    /// Chain time: the wall clock, unless the configuration fixes it.
    pub(crate) fn chain_ms(&self) -> u64 {
        self.config
            .fixed_clock_unix_ms
            .unwrap_or_else(|| self.platform.unix_ms())
    }

    /// A name for this very chain in storage: two devnets differ in their genesis.
    pub(crate) fn chain_key(&self, prefix: &str) -> String {
        let network = &self.config.network;
        let root = network.genesis_validators_root.to_string();
        let root = root.get(..10).unwrap_or_default();
        format!("{prefix}/{}-{}-{root}/", network.name, network.genesis_time)
    }

    pub(crate) fn dial_due(&self) {
        let due = self.peers.borrow_mut().due_dials(self.platform.unix_ms());
        for address in due {
            self.platform.dial(&address);
        }
    }

    pub(crate) fn emit_status(&self) {
        self.platform.emit(Event::Status(self.status()));
    }
}
