//! Transactions of the user: quoted from proven state, signed here, stored before they are sent. A
//! reload changes nothing of that; [`crate::following`] leads them to their end.

use std::rc::Rc;

use alloy_primitives::{Address, B256, Bytes, U256};
use lampyris_verify::keccak256;
use lampyris_wallet::{fees, transaction::Eip1559};
use lampyris_wire::state::AccountQuery;

use crate::{
    client::{Client, Inner},
    error::{Code, Error},
    event::{Answer, Big, CallResult, Event, Quote, TransactionStatus},
    pending::{Pending, Stage},
    platform::Platform,
    witness::{BlockTag, Witness},
};

/// Transactions followed at once, and remembered.
const PENDING_MAX: usize = 64;
/// Gas for a payment to a contract, which runs code that we do not simulate yet.
const CONTRACT_TRANSFER_GAS: u64 = 100_000;

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
        let mut all: Vec<&Pending> = Vec::with_capacity(pending.len());
        for one in pending.values() {
            let place = all.partition_point(|other| other.created_ms >= one.created_ms);
            all.insert(place, one);
        }
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
        let pending = Pending::new(signed, created_ms);
        let key = format!("{}{hash:x}", self.chain_key("transaction"));
        self.save_or_fail(&key, Some(pending.encode())).await?;
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
            let Some(pending) = Pending::decode(&record, self.config.network.chain_id) else {
                self.chain.borrow_mut().note = Some("a stored transaction cannot be read".into());
                continue;
            };
            self.pending
                .borrow_mut()
                .insert(pending.signed.hash(), pending);
        }
    }
}
