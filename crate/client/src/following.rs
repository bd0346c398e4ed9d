//! Leads every transaction of the user to its end: sent, found in a block, found in a final one.

use std::rc::Rc;

use alloy_primitives::U256;
use lampyris_verify::execution::Receipt;
use lampyris_vote::VoteCast;

use crate::{
    client::Inner,
    error::Code,
    event::{Big, Event},
    inclusion::Inclusion,
    pending::{Pending, Stage},
    platform::Platform,
    witness::BlockTag,
};

/// How often the followed transactions are looked after.
const ROUND_MS: u32 = 400;
/// Heads without inclusion, after which a transaction is sent again.
const RESEND_AFTER_HEADS: u32 = 8;
/// Heads without inclusion, after which a node's refusal is believed.
const REFUSED_FOR_HEADS: u32 = 4;

impl<P: Platform> Inner<P> {
    /// The task that leads every transaction to its end.
    pub(crate) async fn follow_transactions(self: Rc<Self>) {
        loop {
            self.platform.sleep(ROUND_MS).await;
            let Ok(head) = self.head(BlockTag::Latest) else {
                continue;
            };
            let head = head.value().hash;
            let due: Vec<Pending> = self
                .pending
                .borrow()
                .values()
                .filter(|one| !matches!(one.stage, Stage::Final | Stage::Failed))
                .filter(|one| one.stage == Stage::Signed || one.looked_at != Some(head))
                .cloned()
                .collect();
            for mut one in due {
                one.looked_at = Some(head);
                self.step(&mut one).await;
                self.update(one);
            }
        }
    }

    async fn step(self: &Rc<Self>, one: &mut Pending) {
        match one.stage {
            Stage::Signed => self.deliver(one).await,
            Stage::Sent => self.look_for_receipt(one).await,
            Stage::Included => self.look_for_finality(one).await,
            Stage::Final | Stage::Failed => {}
        }
    }

    async fn deliver(self: &Rc<Self>, one: &mut Pending) {
        match self.hand_over(&one.signed).await {
            Ok(()) => {
                one.stage = Stage::Sent;
                one.heads_waited = 0;
                one.refusal = None;
                one.message = "A node took it; waiting for a block.".into();
            }
            // It may be in a block already, perhaps in one that is newer than our head: then a node
            // refuses it, and its receipt will tell.
            Err(refusal) if refusal.code == Code::Refused => {
                one.stage = Stage::Sent;
                one.heads_waited = 0;
                one.message = "A node refused it; looking whether it is in a block already.".into();
                one.refusal = Some(refusal.to_string());
                self.look_for_receipt(one).await;
            }
            Err(error) => one.message = format!("Not sent yet: {error}"),
        }
    }

    async fn look_for_receipt(self: &Rc<Self>, one: &mut Pending) {
        match self.inclusion(&one.signed, BlockTag::Latest).await {
            Ok(inclusion) => self.included(one, inclusion).await,
            Err(error) => {
                one.heads_waited = one.heads_waited.saturating_add(1);
                match &one.refusal {
                    Some(refusal) if one.heads_waited > REFUSED_FOR_HEADS => {
                        one.stage = Stage::Failed;
                        one.message = format!("The network refused it: {refusal}");
                    }
                    Some(_) => {}
                    None => one.message = format!("Waiting for a block ({error})."),
                }
                if one.refusal.is_none() && one.heads_waited >= RESEND_AFTER_HEADS {
                    one.stage = Stage::Signed;
                }
            }
        }
    }

    async fn included(self: &Rc<Self>, one: &mut Pending, inclusion: Inclusion) {
        let success = inclusion.receipt.success;
        one.stage = Stage::Included;
        one.block_number = Some(inclusion.block_number);
        one.success = Some(success);
        one.proof = Some(inclusion.proof);
        one.message = if success {
            "In a block; the receipt is proven. Waiting for finality.".into()
        } else {
            "In a block, but its execution was reverted; the receipt is proven.".into()
        };
        self.count_vote(one, &inclusion.receipt).await;
    }

    async fn look_for_finality(self: &Rc<Self>, one: &mut Pending) {
        let finalized = self
            .head(BlockTag::Finalized)
            .map(|head| head.value().number);
        let reached = one.block_number.zip(finalized.ok());
        if reached.is_some_and(|(block, finalized)| finalized >= block) {
            if let Ok(inclusion) = self.inclusion(&one.signed, BlockTag::Finalized).await {
                self.included(one, inclusion).await;
                one.stage = Stage::Final;
                one.message = match one.success {
                    Some(true) => "Final: in a finalized block; the receipt is proven.".into(),
                    _ => "Final, but its execution was reverted; the receipt is proven.".into(),
                };
            }
        } else if one.vote.as_ref().is_some_and(|vote| !vote.counted)
            && let Ok(inclusion) = self.inclusion(&one.signed, BlockTag::Latest).await
        {
            self.included(one, inclusion).await;
        }
    }

    /// For a vote: the log in the proven receipt and the governor's proven storage must both say so.
    async fn count_vote(self: &Rc<Self>, one: &mut Pending, receipt: &Receipt) {
        let Some(vote) = &mut one.vote else { return };
        let voter = one.signed.from();
        let proposal = U256::from_be_bytes(vote.proposal_id.0);
        let cast = receipt
            .logs
            .iter()
            .filter_map(|log| {
                let read = VoteCast::from_log(vote.governor, log.address, &log.topics, &log.data);
                read.ok().flatten()
            })
            .find(|cast| cast.voter == voter && cast.proposal_id == proposal);
        let Some(cast) = cast else { return };
        vote.weight = Some(Big(cast.weight));
        vote.counted = usize::from(cast.support) == usize::from(vote.support)
            && self
                .has_voted(vote.governor, proposal, voter)
                .await
                .unwrap_or(false);
    }

    /// Puts a transaction back, unless the user has forgotten it meanwhile.
    fn update(&self, one: Pending) {
        let status = one.status();
        let changed = {
            let mut pending = self.pending.borrow_mut();
            let Some(place) = pending.get_mut(&one.signed.hash()) else {
                return;
            };
            let changed = place.stage != one.stage
                || place.message != one.message
                || place.vote.as_ref().map(|vote| vote.counted)
                    != one.vote.as_ref().map(|vote| vote.counted);
            *place = one;
            changed
        };
        if changed {
            self.platform.emit(Event::Transaction(status));
        }
    }
}
