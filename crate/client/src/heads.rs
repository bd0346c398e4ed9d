//! Heads: asked for, taken from finality and optimistic updates, and told.

use std::rc::Rc;

use lampyris_verify::{
    config::Network,
    containers::{LightClientUpdate, SyncAggregate},
    light_client::{
        gossip::{advances_finalized, advances_optimistic},
        process_light_client_update, validate_light_client_update,
    },
    proven::{ExecutionBlock, Finality, Proven},
};

use crate::{
    chain::Chain,
    client::Inner,
    event::{Event, HeadView, number},
    light_client_requests::{finality_update, optimistic_update},
    platform::Platform,
    requests::{Question, Refusal},
};

/// An answer that is so many slots behind our own head is stale.
const STALE_SLOTS: u64 = 8;

impl<P: Platform> Inner<P> {
    pub(crate) fn finality_question(self: &Rc<Self>) -> Question<()> {
        let weak = Rc::downgrade(self);
        finality_update(&self.config.network, move |update| {
            let client = weak.upgrade();
            client.map_or(Ok(()), |client| client.take(&update.clone().into()))
        })
    }

    pub(crate) fn optimistic_question(self: &Rc<Self>) -> Question<()> {
        let weak = Rc::downgrade(self);
        optimistic_update(&self.config.network, move |update| {
            let client = weak.upgrade();
            client.map_or(Ok(()), |client| client.take(&update.clone().into()))
        })
    }

    /// Takes in a peer's newest update, and verifies it in any case.
    fn take(&self, update: &LightClientUpdate) -> Result<(), Refusal> {
        self.refuse_stale(update.attested_header.beacon.slot)?;
        if self.apply(update)? {
            return Ok(());
        }
        self.check_known(update)
    }

    /// Verifies what brings no news, so that a lie about what we know already is found out too.
    fn check_known(&self, update: &LightClientUpdate) -> Result<(), Refusal> {
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

    /// Applies an update; `false`, and nothing is verified, if it brings no newer header.
    pub(crate) fn apply(&self, update: &LightClientUpdate) -> Result<bool, Refusal> {
        let slot = self.current_slot();
        let mut chain = self.chain.borrow_mut();
        let Some(store) = &mut chain.store else {
            return Err(Refusal::Unavailable("no checkpoint yet".into()));
        };
        if !advances_optimistic(store, update) && !advances_finalized(store, update) {
            return Ok(false);
        }
        process_light_client_update(store, update, slot, &self.config.network)?;
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
