//! Following the chain: from the checkpoint through the committees to the head, and on.

use std::{collections::VecDeque, rc::Rc};

use lampyris_verify::{
    B256,
    config::Network,
    containers::SyncAggregate,
    light_client::{
        LightClientStore, process_light_client_finality_update,
        process_light_client_optimistic_update, process_light_client_update,
        validate_light_client_update,
    },
    proven::{ExecutionBlock, Finality, Proven},
};

use crate::{
    client::Inner,
    event::{Event, HeadView, Progress, number},
    light_client_requests::{Update, bootstrap, finality_update, optimistic_update, updates},
    peers::{Kind, SILENT_MAX},
    platform::Platform,
    requests::{Question, Refusal},
};

/// Heads remembered as proven, so that a transaction's block is known without asking.
const RECENT_MAX: usize = 64;
/// Updates asked for at once: one sync-committee period each, some 27 kB.
const UPDATES_MAX: u64 = 16;
/// The clocks of peers differ (`MAXIMUM_GOSSIP_CLOCK_DISPARITY`).
pub(crate) const CLOCK_DISPARITY_MS: u64 = 500;
/// An answer that is so many slots behind our own head is stale.
const STALE_SLOTS: u64 = 8;
/// The chain is looked after this often.
const ROUND_MS: u32 = 500;
/// Slots without a newer head, after which peers are asked instead of waiting for gossip.
const POLL_AFTER_SLOTS: u64 = 2;
/// Slots between two attempts to learn the next committee.
const COMMITTEE_EVERY_SLOTS: u64 = 4;

/// What is known of the chain.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) store: Option<LightClientStore>,
    pub(crate) recent: VecDeque<Proven<ExecutionBlock>>,
    pub(crate) head_supplier: String,
    pub(crate) finalized_supplier: String,
    pub(crate) participants: (u64, u64),
    pub(crate) note: Option<String>,
    pub(crate) stale_checkpoint: bool,
    pub(crate) caught_up: bool,
    pub(crate) head_changed_ms: u64,
    pub(crate) first_head_ms: Option<u64>,
    pub(crate) first_gossip_ms: Option<u64>,
    first_connection_ms: Option<u64>,
    started_ms: u64,
    pub(crate) saved: Option<B256>,
    polled_slot: u64,
    committee_asked_slot: u64,
}

impl Chain {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            store: None,
            recent: VecDeque::new(),
            head_supplier: String::new(),
            finalized_supplier: String::new(),
            participants: (0, 0),
            note: None,
            stale_checkpoint: false,
            caught_up: false,
            head_changed_ms: now_ms,
            first_head_ms: None,
            first_gossip_ms: None,
            first_connection_ms: None,
            started_ms: now_ms,
            saved: None,
            polled_slot: 0,
            committee_asked_slot: 0,
        }
    }

    pub(crate) fn first_connection(&mut self, now_ms: u64) {
        self.first_connection_ms.get_or_insert(now_ms);
    }

    pub(crate) fn gossip_arrived(&mut self, now_ms: u64) {
        let since = self.first_connection_ms.unwrap_or(now_ms);
        self.first_gossip_ms
            .get_or_insert(now_ms.saturating_sub(since));
    }

    pub(crate) fn optimistic_slot(&self) -> u64 {
        self.store
            .as_ref()
            .map_or(0, |store| store.optimistic_header().beacon.slot)
    }

    pub(crate) fn finalized_slot(&self) -> u64 {
        self.store
            .as_ref()
            .map_or(0, |store| store.finalized_header().beacon.slot)
    }

    pub(crate) fn optimistic(&self) -> Option<Proven<ExecutionBlock>> {
        self.store.as_ref()?.optimistic()
    }

    pub(crate) fn finalized(&self) -> Option<Proven<ExecutionBlock>> {
        self.store.as_ref()?.finalized()
    }

    /// A recently proven head with this hash.
    pub(crate) fn recent(&self, hash: B256) -> Option<Proven<ExecutionBlock>> {
        self.recent
            .iter()
            .rev()
            .find(|block| block.value().hash == hash)
            .cloned()
    }

    fn remember(&mut self, block: Proven<ExecutionBlock>) {
        if self.recent(block.value().hash).is_none() {
            if self.recent.len() >= RECENT_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(block);
        }
    }
}

impl<P: Platform> Inner<P> {
    /// The task that keeps the chain followed. It never ends.
    pub(crate) async fn follow(self: Rc<Self>) {
        loop {
            if self.peers.borrow().connected_count() > 0 && !self.chain.borrow().stale_checkpoint {
                if self.chain.borrow().store.is_none() {
                    self.bootstrap().await;
                }
                if self.chain.borrow().store.is_some() {
                    self.catch_up().await;
                    self.poll_heads().await;
                    self.examine_newcomer();
                }
            }
            self.platform.sleep(ROUND_MS).await;
        }
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
            Err(error) => self.chain.borrow_mut().note = Some(error.message),
        }
        self.emit_status();
    }

    /// Verifies committee after committee until the present one, and the next one when it is there.
    async fn catch_up(self: &Rc<Self>) {
        loop {
            let network = &self.config.network;
            let target = network.sync_committee_period_at_slot(self.current_slot());
            let (period, next_known) = {
                let chain = self.chain.borrow();
                let Some(store) = &chain.store else { return };
                (
                    store.committee_period(network),
                    store.next_sync_committee().is_some(),
                )
            };
            // A known next committee signs the period after the store's, so heads lead on by themselves.
            let reach = if next_known {
                period.saturating_add(1)
            } else {
                period
            };
            if reach >= target && (next_known || !self.committee_is_due()) {
                break;
            }
            let count = target
                .saturating_sub(reach)
                .saturating_add(1)
                .min(UPDATES_MAX);
            let progressed = self.take_updates(reach, count).await;
            self.emit_status();
            if !progressed {
                break;
            }
        }
    }

    /// The next committee is asked for only now and then: early in a period nobody can prove it.
    fn committee_is_due(&self) -> bool {
        let slot = self.current_slot();
        let mut chain = self.chain.borrow_mut();
        let due = slot
            >= chain
                .committee_asked_slot
                .saturating_add(COMMITTEE_EVERY_SLOTS);
        if due {
            chain.committee_asked_slot = slot;
        }
        due
    }

    /// Asks for updates and applies them; returns whether the store knows more than before.
    async fn take_updates(self: &Rc<Self>, start: u64, count: u64) -> bool {
        let weak = Rc::downgrade(self);
        let question = updates(&self.config.network, start, count, move |batch| {
            weak.upgrade()
                .map_or(Ok(false), |client| client.apply_updates(batch))
        });
        match self.ask(question).await {
            Ok((progressed, peer)) => {
                if progressed {
                    self.heads_changed(&peer);
                    self.save_chain().await;
                }
                progressed
            }
            Err(error) => {
                self.chain.borrow_mut().note = Some(error.message);
                false
            }
        }
    }

    fn apply_updates(&self, batch: &[Update]) -> Result<bool, Refusal> {
        let network = &self.config.network;
        let slot = self.current_slot();
        let mut chain = self.chain.borrow_mut();
        let Some(store) = &mut chain.store else {
            return Ok(false);
        };
        let before = knowledge(store);
        for update in batch {
            let attested =
                network.sync_committee_period_at_slot(update.attested_header.beacon.slot);
            let period = store.committee_period(network);
            if attested < period || (attested == period && store.next_sync_committee().is_some()) {
                continue; // An attempt that another peer's answer has overtaken.
            }
            process_light_client_update(store, update, slot, network)?;
        }
        Ok(knowledge(store) > before)
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
            Err(error) => self.chain.borrow_mut().note = Some(error.message),
        }
        self.emit_status();
    }

    /// Puts every kind of light-client question to a peer that is new, so that a liar is known
    /// before its answers are needed. Costs some 55 kB a connection.
    fn examine_newcomer(self: &Rc<Self>) {
        let Some(peer) = self.peers.borrow_mut().next_unexamined() else {
            return;
        };
        let client = Rc::clone(self);
        self.platform.spawn(Box::pin(async move {
            let asked = |kind| client.peers.borrow().was_truthful(&peer, kind);
            if !asked(Kind::Optimistic) {
                client.examine(&peer, client.optimistic_question()).await;
            }
            if !asked(Kind::Finality) {
                client.examine(&peer, client.finality_question()).await;
            }
            if !asked(Kind::Bootstrap) || !asked(Kind::Update) {
                client.examine_beginning(&peer).await;
            }
            client.emit_status();
        }));
    }

    /// Asks a newcomer for the first step from the checkpoint, and takes it on a store apart.
    async fn examine_beginning(self: &Rc<Self>, peer: &str) {
        let network = &self.config.network;
        let question = bootstrap(network, self.config.checkpoint);
        let Some(store) = self.examine(peer, question).await else {
            return;
        };
        let period = store.committee_period(network);
        let (rules, slot) = (network.clone(), self.current_slot());
        let question = updates(network, period, 1, move |batch| {
            let mut store = store.clone();
            for update in batch {
                process_light_client_update(&mut store, update, slot, &rules)?;
            }
            Ok(())
        });
        self.examine(peer, question).await;
    }

    /// Asks until there is an answer, or silence is on the peer's record. What is wrong with an
    /// answer is on its record too; here it only ends the examination.
    async fn examine<T>(self: &Rc<Self>, peer: &str, question: Question<T>) -> Option<T> {
        for _ in 0..SILENT_MAX {
            match self.ask_peer(peer, question.clone()).await {
                Err(Refusal::Silent(_)) => {}
                answer => return answer.ok(),
            }
        }
        None
    }

    pub(crate) fn finality_question(self: &Rc<Self>) -> Question<()> {
        let weak = Rc::downgrade(self);
        finality_update(&self.config.network, move |update| {
            let Some(client) = weak.upgrade() else {
                return Ok(());
            };
            let attested = update.attested_header.beacon.slot;
            client.refuse_stale(attested)?;
            if client.apply_finality(update)? {
                return Ok(());
            }
            client.check_known(&update.clone().into())
        })
    }

    pub(crate) fn optimistic_question(self: &Rc<Self>) -> Question<()> {
        let weak = Rc::downgrade(self);
        optimistic_update(&self.config.network, move |update| {
            let Some(client) = weak.upgrade() else {
                return Ok(());
            };
            let attested = update.attested_header.beacon.slot;
            client.refuse_stale(attested)?;
            if client.apply_optimistic(update)? {
                return Ok(());
            }
            client.check_known(&update.clone().into())
        })
    }

    /// Verifies what brings no news, so that a lie about what we know already is found out too.
    fn check_known(&self, update: &Update) -> Result<(), Refusal> {
        let chain = self.chain.borrow();
        let Some(store) = &chain.store else {
            return Ok(());
        };
        let slot = self.current_slot();
        Ok(validate_light_client_update(
            store,
            update,
            slot,
            &self.config.network,
        )?)
    }

    /// What a peer presents as the newest must not be far behind what is proven already.
    pub(crate) fn refuse_stale(&self, slot: u64) -> Result<(), Refusal> {
        let head = self.chain.borrow().optimistic_slot();
        if slot.saturating_add(STALE_SLOTS) < head {
            return Err(Refusal::Stale(format!(
                "slot {slot} when slot {head} is proven"
            )));
        }
        Ok(())
    }

    /// Applies a finality update; `false` if it is nothing new.
    pub(crate) fn apply_finality(
        &self,
        update: &lampyris_verify::containers::LightClientFinalityUpdate,
    ) -> Result<bool, Refusal> {
        let slot = self.current_slot();
        let mut chain = self.chain.borrow_mut();
        let Some(store) = &mut chain.store else {
            return Err(Refusal::Unavailable("no checkpoint yet".into()));
        };
        let (finalized, attested) = (
            update.finalized_header.beacon.slot,
            update.attested_header.beacon.slot,
        );
        if finalized <= store.finalized_header().beacon.slot
            && attested <= store.optimistic_header().beacon.slot
        {
            return Ok(false);
        }
        process_light_client_finality_update(store, update, slot, &self.config.network)?;
        chain.participants = participation(&update.sync_aggregate, &self.config.network);
        Ok(true)
    }

    /// Applies an optimistic update; `false` if it is nothing new.
    pub(crate) fn apply_optimistic(
        &self,
        update: &lampyris_verify::containers::LightClientOptimisticUpdate,
    ) -> Result<bool, Refusal> {
        let slot = self.current_slot();
        let mut chain = self.chain.borrow_mut();
        let Some(store) = &mut chain.store else {
            return Err(Refusal::Unavailable("no checkpoint yet".into()));
        };
        if update.attested_header.beacon.slot <= store.optimistic_header().beacon.slot {
            return Ok(false);
        }
        process_light_client_optimistic_update(store, update, slot, &self.config.network)?;
        chain.participants = participation(&update.sync_aggregate, &self.config.network);
        Ok(true)
    }

    /// Looks at the heads after an update: remembers, saves and tells what is new.
    pub(crate) fn heads_changed(self: &Rc<Self>, supplier: &str) {
        let now = self.platform.unix_ms();
        let (newer_head, newer_finalized) = {
            let mut chain = self.chain.borrow_mut();
            let optimistic = chain.optimistic();
            let finalized = chain.finalized();
            let known = |chain: &Chain, block: &Option<Proven<ExecutionBlock>>| {
                block
                    .as_ref()
                    .is_none_or(|block| chain.recent(block.value().hash).is_some())
            };
            let newer_head = !known(&chain, &optimistic);
            let newer_finalized = finalized
                .as_ref()
                .is_some_and(|block| chain.saved != Some(block.value().hash));
            if newer_head {
                supplier.clone_into(&mut chain.head_supplier);
                chain.head_changed_ms = now;
                let since_start = now.saturating_sub(chain.started_ms);
                chain.first_head_ms.get_or_insert(since_start);
            }
            if newer_finalized {
                supplier.clone_into(&mut chain.finalized_supplier);
            }
            chain.note = None;
            for block in optimistic.into_iter().chain(finalized) {
                chain.remember(block);
            }
            (newer_head, newer_finalized)
        };
        if newer_head {
            if let Some(head) = self.head_view(Finality::Optimistic) {
                self.platform.emit(Event::Head(head));
            }
            self.emit_status();
        }
        if newer_finalized {
            let client = Rc::clone(self);
            self.platform
                .spawn(Box::pin(async move { client.save_chain().await }));
        }
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
        let ms = self.chain_ms().saturating_add(CLOCK_DISPARITY_MS);
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

    /// A head as the page shows it.
    pub(crate) fn head_view(&self, finality: Finality) -> Option<HeadView> {
        let network = &self.config.network;
        let chain = self.chain.borrow();
        let (block, supplier, name) = match finality {
            Finality::Optimistic => (
                chain.optimistic()?,
                chain.head_supplier.clone(),
                "optimistic",
            ),
            Finality::Finalized => (
                chain.finalized()?,
                chain.finalized_supplier.clone(),
                "finalized",
            ),
        };
        let slot = block.evidence().slot;
        let began = network.slot_start_unix_ms(slot);
        Some(HeadView {
            slot: number(slot),
            block_number: number(block.value().number),
            block_hash: block.value().hash,
            timestamp: number(block.value().timestamp),
            finality: name,
            age_seconds: number(self.chain_ms().saturating_sub(began)) / 1_000.0,
            participation: number(chain.participants.0),
            participation_of: number(chain.participants.1),
            supplier,
        })
    }
}

/// How many members signed, of how many.
fn participation(aggregate: &SyncAggregate, network: &Network) -> (u64, u64) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    (
        count(aggregate.participants()),
        count(network.preset.sync_committee_size),
    )
}

/// What a store knows, as something that only grows.
fn knowledge(store: &LightClientStore) -> (u64, bool, u64) {
    (
        store.finalized_header().beacon.slot,
        store.next_sync_committee().is_some(),
        store.optimistic_header().beacon.slot,
    )
}
