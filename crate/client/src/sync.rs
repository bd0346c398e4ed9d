//! Following the chain: from the checkpoint to the head, and on.

use std::rc::Rc;

use lampyris_verify::light_client::gossip::MAXIMUM_GOSSIP_CLOCK_DISPARITY;

use crate::{
    client::Inner,
    event::{Progress, number},
    light_client_requests::bootstrap,
    platform::Platform,
};

/// The chain is looked after this often.
const ROUND_MS: u32 = 500;
/// Slots without a newer head, after which peers are asked instead of waiting for gossip.
const POLL_AFTER_SLOTS: u64 = 2;

impl<P: Platform> Inner<P> {
    /// The task that keeps the chain followed. It never ends.
    pub(crate) async fn follow(self: Rc<Self>) {
        loop {
            self.round().await;
            self.platform.sleep(ROUND_MS).await;
        }
    }

    /// Who connects is asked at once, and not when the next round is due.
    pub(crate) fn follow_newcomer(self: &Rc<Self>) {
        let client = Rc::clone(self);
        self.platform
            .spawn(Box::pin(async move { client.round().await }));
    }

    /// Looks after the chain, unless that is being done already.
    async fn round(self: &Rc<Self>) {
        let is_alone = self.peers.borrow().connected_count() == 0;
        if is_alone || self.chain.borrow().stale_checkpoint || self.in_round.replace(true) {
            return;
        }
        if self.chain.borrow().store.is_none() {
            self.bootstrap().await;
        }
        if self.chain.borrow().store.is_some() {
            self.catch_up().await;
            self.poll_heads().await;
            self.examine_newcomer();
        }
        self.in_round.set(false);
    }

    /// Starts from the checkpoint, which is the user's trust and nobody else's.
    async fn bootstrap(self: &Rc<Self>) {
        let question = bootstrap(&self.config.network, self.config.checkpoint);
        match self.ask(question).await {
            Ok((store, peer)) => {
                let network = &self.config.network;
                let (slot, now) = (store.finalized_header().beacon.slot, self.current_slot());
                let mut chain = self.chain.borrow_mut();
                if network.is_within_weak_subjectivity(slot, now) {
                    chain.finalized_supplier.clone_from(&peer);
                    chain.head_supplier = peer;
                    chain.store = Some(store);
                } else {
                    chain.stale_checkpoint = true;
                }
            }
            Err(error) => self.chain.borrow_mut().note = Some(error.to_string()),
        }
        self.emit_status();
    }

    /// Asks for the newest head when gossip has been silent, or right after the start.
    async fn poll_heads(self: &Rc<Self>) {
        let slot = self.current_slot();
        {
            let mut chain = self.chain.borrow_mut();
            let silent = slot > chain.optimistic_slot().saturating_add(POLL_AFTER_SLOTS);
            let first = chain.first_head_ms.is_none();
            if !first && (!silent || slot == chain.polled_slot) {
                return;
            }
            chain.polled_slot = slot;
        }
        let finality = self.ask(self.finality_question()).await;
        if let Ok((_, peer)) = &finality {
            self.heads_changed(peer);
        }
        match self.ask(self.optimistic_question()).await {
            Ok((_, peer)) => {
                self.chain.borrow_mut().caught_up = true;
                self.heads_changed(&peer);
            }
            Err(error) => self.chain.borrow_mut().note = Some(error.to_string()),
        }
        self.emit_status();
    }

    /// Dials, ages and tells, once a round.
    pub(crate) async fn tick(self: Rc<Self>) {
        loop {
            self.platform.sleep(1_000).await;
            self.dial_due();
            self.subscribe_topics();
            self.emit_status();
        }
    }

    /// The slot of now, generous by the clock disparity that the protocol allows.
    pub(crate) fn current_slot(&self) -> u64 {
        let ms = self
            .chain_ms()
            .saturating_add(MAXIMUM_GOSSIP_CLOCK_DISPARITY);
        self.config.network.slot_at_unix_ms(ms)
    }

    pub(crate) fn progress(&self) -> Option<Progress> {
        let network = &self.config.network;
        let chain = self.chain.borrow();
        let period = network.sync_committee_period_at_slot(chain.finalized_slot());
        let target = network.sync_committee_period_at_slot(self.current_slot());
        (chain.store.is_some() && !chain.caught_up).then(|| Progress {
            period: number(period),
            target: number(target),
        })
    }
}
