//! Catching up: from the committee that is known to that of the present.

use std::rc::Rc;

use lampyris_verify::light_client::{LightClientStore, process_light_client_updates};

use crate::{
    client::Inner, light_client_requests::updates, misdeed::Kind, platform::Platform,
    requests::Refusal, updates::Updates,
};

/// Updates asked for at once, one for each sync-committee period: the specification's
/// `MAX_REQUEST_LIGHT_CLIENT_UPDATES`. A checkpoint as old as may be is 13 of mainnet's periods old.
const UPDATES_MAX: u64 = 128;
/// Slots between two attempts to learn the next committee.
const COMMITTEE_EVERY_SLOTS: u64 = 4;

impl<P: Platform> Inner<P> {
    /// Verifies committee after committee until the present one, and the next one when it is there.
    pub(crate) async fn catch_up(self: &Rc<Self>) {
        loop {
            let network = &self.config.network;
            let target = network.sync_committee_period_at_slot(self.current_slot());
            let Some((reach, next_known)) = self.reach() else {
                return;
            };
            if reach >= target && (next_known || !self.committee_is_due()) {
                break;
            }
            let count = target
                .saturating_sub(reach)
                .saturating_add(1)
                .min(UPDATES_MAX);
            let before = self.knowledge();
            self.take_updates(reach, count).await;
            let progressed = self.knowledge() > before;
            if progressed {
                self.save_chain().await;
            }
            self.emit_status();
            if !progressed {
                break;
            }
        }
    }

    /// The newest period whose committee is known, and whether the store has it as the next one: it
    /// signs the period after the store's, so that heads lead on by themselves.
    fn reach(&self) -> Option<(u64, bool)> {
        let chain = self.chain.borrow();
        let store = chain.store.as_ref()?;
        let period = store.committee_period(&self.config.network);
        let next_known = store.next_sync_committee().is_some();
        Some((period.saturating_add(u64::from(next_known)), next_known))
    }

    /// The next committee is asked for only now and then, as early in a period nobody can prove it; and
    /// not before the first head, which does not need it.
    fn committee_is_due(&self) -> bool {
        let slot = self.current_slot();
        let mut chain = self.chain.borrow_mut();
        let asked = chain.committee_asked_slot;
        let due =
            chain.first_head_ms.is_some() && slot >= asked.saturating_add(COMMITTEE_EVERY_SLOTS);
        if due {
            chain.committee_asked_slot = slot;
        }
        due
    }

    /// Asks for updates, and takes them in one turn after the other, so that the page hears of the
    /// progress and its questions are not kept waiting. A peer whose answer goes wrong on the way is
    /// dropped; what was true before is kept, and the rest is asked of another.
    async fn take_updates(self: &Rc<Self>, start: u64, count: u64) {
        let weak = Rc::downgrade(self);
        let question = updates(start, count, move |mut answer| {
            if let Some(client) = weak.upgrade() {
                let number = client.platform.last_answer();
                answer.proven = client.take_turn(&mut answer)?.then_some(number);
            }
            Ok(answer)
        });
        let (mut answer, peer) = match self.ask(question).await {
            Ok(answer) => answer,
            Err(error) => {
                self.chain.borrow_mut().note = Some(error.to_string());
                return;
            }
        };
        while !answer.is_read() {
            self.emit_status();
            self.platform.sleep(0).await;
            match self.take_turn(&mut answer) {
                Ok(true) => {}
                Ok(false) => answer.proven = None,
                Err(refusal) => {
                    answer.proven = None;
                    self.refused(&peer, Kind::Update, &refusal);
                    break;
                }
            }
        }
        if let Some(number) = answer.proven {
            self.platform.keep(number);
        }
        self.heads_changed(&peer);
    }

    /// Verifies the next updates of an answer together, and takes in those before the first that is
    /// refused. Returns whether each was verified, and none passed over because it is known.
    fn take_turn(&self, answer: &mut Updates) -> Result<bool, Refusal> {
        let network = &self.config.network;
        let turn = answer.next_turn(network)?;
        let mut seed = [0; 32];
        self.platform.fill_entropy(&mut seed);
        let Some((reach, _)) = self.reach() else {
            return Ok(false);
        };
        // What another peer's answer has brought already.
        let period = |slot| network.sync_committee_period_at_slot(slot);
        let is_new = |slot| period(slot) >= reach;
        let known = turn.partition_point(|update| !is_new(update.attested_header.beacon.slot));
        let (slot, new) = (self.current_slot(), turn.get(known..).unwrap_or_default());
        let mut chain = self.chain.borrow_mut();
        let Some(store) = &mut chain.store else {
            return Ok(false);
        };
        let verified = process_light_client_updates(store, new, slot, network, &seed);
        verified.map(|()| known == 0).map_err(|(index, error)| {
            let at = new
                .get(index)
                .map(|update| update.attested_header.beacon.slot);
            match Refusal::from(error) {
                Refusal::Lied(what) => {
                    Refusal::Lied(format!("period {}: {what}", at.map_or(reach, period)))
                }
                refusal => refusal,
            }
        })
    }

    fn knowledge(&self) -> Option<(u64, bool, u64)> {
        self.chain.borrow().store.as_ref().map(knowledge)
    }
}

/// What a store knows, as something that only grows.
fn knowledge(store: &LightClientStore) -> (u64, bool, u64) {
    (
        store.finalized_header().beacon.slot,
        store.next_sync_committee().is_some(),
        store.optimistic_header().beacon.slot,
    )
}
