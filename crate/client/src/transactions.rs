//! Transactions of the user: quoted from proven state, signed here, stored before they are sent,
//! and followed until a receipt is proven. A reload changes nothing of that.

use std::rc::Rc;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use lampyris_verify::execution::Receipt;
use lampyris_vote::VoteCast;
use lampyris_wallet::{
    fees,
    transaction::{Eip1559, SignedTransaction},
};
use lampyris_wire::state::AccountQuery;

use crate::{
    client::{Client, Inner},
    error::{Code, Error},
    event::{
        Answer, Big, CallResult, Event, ProofView, Quote, TransactionStatus, VoteView, number,
    },
    inclusion::Inclusion,
    platform::Platform,
    voting::vote_in,
    witness::{BlockTag, Witness},
};

/// Transactions followed at once, and remembered.
const PENDING_MAX: usize = 64;
/// Gas for a payment to a contract, which runs code that we do not simulate yet.
const CONTRACT_TRANSFER_GAS: u64 = 100_000;
/// How often the followed transactions are looked after.
const ROUND_MS: u32 = 400;
/// Heads without inclusion, after which a transaction is sent again.
const RESEND_AFTER_HEADS: u32 = 8;
/// Heads without inclusion, after which a node's refusal is believed.
const REFUSED_FOR_HEADS: u32 = 4;
const VERSION: u8 = 1;

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Signed and stored, not yet taken by any node that we know of.
    Signed,
    /// A node took it.
    Sent,
    /// Its receipt is proven below an optimistic head.
    Included,
    /// Its receipt is proven below a finalized head.
    Final,
    /// It will not happen.
    Failed,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Sent => "sent",
            Self::Included => "included",
            Self::Final => "final",
            Self::Failed => "failed",
        }
    }
}

/// A transaction that is followed.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) signed: SignedTransaction,
    pub(crate) created_ms: u64,
    pub(crate) stage: Stage,
    pub(crate) message: String,
    pub(crate) block_number: Option<u64>,
    pub(crate) success: Option<bool>,
    pub(crate) proof: Option<ProofView>,
    pub(crate) vote: Option<VoteView>,
    heads_waited: u32,
    refusal: Option<String>,
    looked_at: Option<B256>,
}

impl Pending {
    fn new(signed: SignedTransaction, created_ms: u64) -> Self {
        let vote = vote_of(&signed);
        Self {
            signed,
            created_ms,
            stage: Stage::Signed,
            message: "Signed and stored; not sent yet.".into(),
            block_number: None,
            success: None,
            proof: None,
            vote,
            heads_waited: 0,
            refusal: None,
            looked_at: None,
        }
    }

    fn status(&self) -> TransactionStatus {
        let transaction = self.signed.transaction();
        TransactionStatus {
            hash: self.signed.hash(),
            from: self.signed.from(),
            to: transaction.to,
            value: Big(transaction.value),
            kind: if self.vote.is_some() {
                "vote"
            } else {
                "transfer"
            },
            stage: self.stage.name(),
            message: self.message.clone(),
            created_at: number(self.created_ms),
            block_number: self.block_number.map(number),
            success: self.success,
            proof: self.proof.clone(),
            vote: self.vote.clone(),
        }
    }
}

/// What is to be sent.
pub(crate) struct Intent {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    /// What running the recipient's code may take; `None` for a mere payment.
    pub(crate) gas_limit: Option<u64>,
}

impl<P: Platform> Client<P> {
    /// What sending `value` wei would cost at most, from proven state.
    ///
    /// # Errors
    /// See [`Code`].
    pub async fn quote(
        &self,
        from: Address,
        to: Address,
        value: U256,
    ) -> CallResult<Answer<Quote>> {
        let intent = Intent {
            from,
            to,
            value,
            data: Bytes::new(),
            gas_limit: None,
        };
        let (transaction, witness) = self.inner.plan(&intent).await?;
        let value = Quote {
            gas_limit: Big::from(transaction.gas_limit),
            max_fee_per_gas: Big(transaction.max_fee_per_gas),
            max_priority_fee_per_gas: Big(transaction.max_priority_fee_per_gas),
            max_cost: Big(transaction.max_cost()?),
        };
        let checked = [
            "sender's balance and nonce, recipient's code (Merkle-Patricia proofs)",
            "base fee computed from the head's header (EIP-1559)",
        ];
        Ok(Answer {
            value,
            proof: self.inner.proof_view(&witness, &checked),
        })
    }

    /// Signs and sends `value` wei; returns as soon as the transaction is signed and stored.
    ///
    /// # Errors
    /// [`Code::Locked`], [`Code::InsufficientFunds`] and others of [`Code`].
    pub async fn send(
        &self,
        from: Address,
        to: Address,
        value: U256,
    ) -> CallResult<TransactionStatus> {
        let intent = Intent {
            from,
            to,
            value,
            data: Bytes::new(),
            gas_limit: None,
        };
        self.inner.submit(intent).await
    }

    /// The transactions that are followed or remembered, newest first.
    pub fn transactions(&self) -> Vec<TransactionStatus> {
        let pending = self.inner.pending.borrow();
        let mut all: Vec<&Pending> = pending.values().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.created_ms));
        all.into_iter().map(Pending::status).collect()
    }

    /// Stops to follow a transaction and forgets it. What was sent stays sent.
    ///
    /// # Errors
    /// If storage refuses.
    pub async fn forget_transaction(&self, hash: B256) -> CallResult<()> {
        self.inner.pending.borrow_mut().remove(&hash);
        let key = format!("{}{hash:x}", self.inner.chain_key("transaction"));
        self.inner.save_or_fail(&key, None).await
    }
}

impl<P: Platform> Inner<P> {
    /// Chooses nonce, gas and fees from proven state. Does not sign.
    async fn plan(self: &Rc<Self>, intent: &Intent) -> CallResult<(Eip1559, Witness)> {
        let queries = [intent.from, intent.to]
            .map(|address| AccountQuery {
                address,
                slots: Vec::new(),
            })
            .to_vec();
        let witness = self.prove(BlockTag::Latest, queries).await?;
        let sender = witness.account(intent.from)?.value();
        let runs_code = witness.account(intent.to)?.value().code_hash != keccak256([]);
        let least = if runs_code {
            CONTRACT_TRANSFER_GAS
        } else {
            fees::TRANSFER_GAS
        };
        let block = witness.block.value();
        let base_fee = fees::next_base_fee(block.gas_used, block.gas_limit, block.base_fee_per_gas);
        let fees = fees::suggest(base_fee);
        let transaction = Eip1559 {
            chain_id: self.config.network.chain_id,
            nonce: self.next_nonce(intent.from, sender.nonce),
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            max_fee_per_gas: fees.max_fee_per_gas,
            gas_limit: intent
                .gas_limit
                .unwrap_or(least)
                .max(fees::gas_limit_min(&intent.data)),
            to: intent.to,
            value: intent.value,
            data: intent.data.clone(),
        };
        let (cost, balance) = (transaction.max_cost()?, sender.balance);
        if cost > balance {
            return Err(Error::new(
                Code::InsufficientFunds,
                format!("value and fees may take {cost} wei; the account has {balance}"),
            ));
        }
        Ok((transaction, witness))
    }

    /// The proven nonce, or the one behind our own transactions that are on their way.
    fn next_nonce(&self, from: Address, proven: u64) -> u64 {
        self.pending
            .borrow()
            .values()
            .filter(|one| one.signed.from() == from && one.stage != Stage::Failed)
            .map(|one| one.signed.transaction().nonce.saturating_add(1))
            .fold(proven, u64::max)
    }

    /// Signs, stores, and leaves the rest to [`Self::follow_transactions`].
    pub(crate) async fn submit(self: &Rc<Self>, intent: Intent) -> CallResult<TransactionStatus> {
        let _one_at_a_time = self.signing.lock().await;
        if !self.unlocked.borrow().contains_key(&intent.from) {
            return Err(Error::new(
                Code::Locked,
                "the account is locked; unlock it first",
            ));
        }
        if self.pending.borrow().len() >= PENDING_MAX {
            return Err(Error::invalid_argument(
                "too many transactions; forget some old ones",
            ));
        }
        let (transaction, _) = self.plan(&intent).await?;
        let signed = {
            let unlocked = self.unlocked.borrow();
            let key = unlocked
                .get(&intent.from)
                .ok_or_else(|| Error::new(Code::Locked, "the account was locked meanwhile"))?;
            transaction.sign(key)?
        };
        let hash = signed.hash();
        let created_ms = self.platform.unix_ms();
        let mut record = vec![VERSION];
        record.extend(created_ms.to_le_bytes());
        record.extend_from_slice(signed.raw());
        let key = format!("{}{hash:x}", self.chain_key("transaction"));
        self.save_or_fail(&key, Some(record)).await?;
        let pending = Pending::new(signed, created_ms);
        let status = pending.status();
        self.pending.borrow_mut().insert(hash, pending);
        self.platform.emit(Event::Transaction(status.clone()));
        Ok(status)
    }

    /// Takes up what was on its way when the page was left.
    pub(crate) async fn load_pending(self: &Rc<Self>) {
        let keys = self.platform.keys(&self.chain_key("transaction")).await;
        for key in keys.into_iter().take(PENDING_MAX) {
            let Some(record) = self.platform.load(&key).await else {
                continue;
            };
            let Some(pending) = decode_record(&record, self.config.network.chain_id) else {
                self.chain.borrow_mut().note = Some("a stored transaction cannot be read".into());
                continue;
            };
            self.pending
                .borrow_mut()
                .insert(pending.signed.hash(), pending);
        }
    }

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
                one.refusal = Some(refusal.message);
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

fn decode_record(record: &[u8], chain_id: u64) -> Option<Pending> {
    let (&VERSION, rest) = record.split_first()? else {
        return None;
    };
    let (created, raw) = rest.split_first_chunk::<8>()?;
    let signed = SignedTransaction::decode(raw, chain_id).ok()?;
    Some(Pending::new(signed, u64::from_le_bytes(*created)))
}

fn vote_of(signed: &SignedTransaction) -> Option<VoteView> {
    let transaction = signed.transaction();
    let (proposal, support) = vote_in(&transaction.data)?;
    Some(VoteView {
        governor: transaction.to,
        proposal_id: B256::from(proposal),
        support,
        weight: None,
        counted: false,
    })
}
