//! Transactions that are on their way: what is remembered of each, and how it is stored.

use alloy_primitives::B256;
use lampyris_wallet::transaction::SignedTransaction;

use crate::{
    event::{Big, ProofView, TransactionStatus, VoteView, number},
    voting::vote_in,
};

/// The record's format; another one is not read.
const VERSION: u8 = 2;

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
    pub(crate) heads_waited: u32,
    pub(crate) refusal: Option<String>,
    pub(crate) looked_at: Option<B256>,
}

impl Pending {
    pub(crate) fn new(signed: SignedTransaction, created_ms: u64) -> Self {
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

    /// The bytes to store: what is signed says all the rest.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut record = vec![VERSION];
        record.extend(self.created_ms.to_le_bytes());
        record.extend(self.signed.to_record());
        record
    }

    /// Reads stored bytes; nothing if they are not a transaction of this chain.
    pub(crate) fn decode(record: &[u8], chain_id: u64) -> Option<Self> {
        let (&VERSION, rest) = record.split_first()? else {
            return None;
        };
        let (created, record) = rest.split_first_chunk::<8>()?;
        let signed = SignedTransaction::from_record(record, chain_id)?;
        Some(Self::new(signed, u64::from_le_bytes(*created)))
    }

    pub(crate) fn status(&self) -> TransactionStatus {
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
