//! The examination of newcomers: every kind of light-client question is put to a peer that is new,
//! so that a liar is known before its answers are needed. Costs some 55 kB a connection.

use std::rc::Rc;

use lampyris_verify::light_client::process_light_client_update;

use crate::{
    client::Inner,
    light_client_requests::{bootstrap, updates},
    misdeed::Kind,
    peers::SILENT_MAX,
    platform::Platform,
    requests::{Question, Refusal},
};

impl<P: Platform> Inner<P> {
    /// Puts every kind of light-client question to a peer that is new, so that a liar is known
    /// before its answers are needed. Costs some 55 kB a connection.
    pub(crate) fn examine_newcomer(self: &Rc<Self>) {
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
        let question = updates(period, 1, move |mut answer| {
            let mut store = store.clone();
            while !answer.is_read() {
                for update in answer.next_turn(&rules)? {
                    process_light_client_update(&mut store, &update, slot, &rules)?;
                }
            }
            Ok(())
        });
        if self.examine(peer, question).await.is_some() {
            // Nothing else was handed over since, for this task has not paused.
            self.platform.keep(self.platform.last_answer());
        }
    }

    /// Asks until there is an answer, or silence is on the peer's record. What is wrong with an
    /// answer is on its record too; here it only ends the examination.
    async fn examine<T: 'static>(self: &Rc<Self>, peer: &str, question: Question<T>) -> Option<T> {
        for _ in 0..SILENT_MAX {
            match self.ask_peer(peer, question.clone()).await {
                Err(Refusal::Silent(_)) => {}
                answer => return answer.ok(),
            }
        }
        None
    }
}
