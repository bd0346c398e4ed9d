//! A block with its transactions and receipts, as consensus encodes them, checked against the roots
//! in its header.

use crate::{
    Error,
    upstream::{
        block::CheckedHeader,
        execution::{Execution, is_method_missing},
        transaction::Transaction,
    },
};
use alloy_primitives::{B256, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use lampyris_verify::trie::{ordered_trie_proof, ordered_trie_root};

/// Calls that are made at once where a node has no answer for the whole block.
const CALLS_AT_ONCE_MAX: usize = 8;

/// A checked block.
#[derive(Debug)]
pub(crate) struct TransactionBlock {
    header: CheckedHeader,
    hashes: Vec<B256>,
    transactions: Vec<Bytes>,
    receipts: Vec<Bytes>,
}

impl TransactionBlock {
    /// Asks the node for the block `hash` and checks every part of it.
    pub(crate) async fn fetch(execution: &Execution, hash: B256) -> Result<Self, Error> {
        let block = execution.block(hash).await?;
        let header = block.header.check(hash)?;
        let hashes: Vec<B256> = block
            .transactions
            .iter()
            .map(Transaction::claimed_hash)
            .collect();
        let transactions: Vec<Bytes> = stream::iter(block.transactions)
            .map(|transaction| raw(execution, transaction))
            .buffered(CALLS_AT_ONCE_MAX)
            .try_collect()
            .await?;
        expect_root("transactions", header.transactions_root, &transactions)?;
        let receipts = receipts(execution, header.number, hashes.clone()).await?;
        if let Err(error) = expect_root("receipts", header.receipts_root, &receipts) {
            // Receipts are asked for by height: the block may have been replaced since.
            return match execution.hash_at(header.number).await? {
                Some(canonical) if canonical == hash => Err(error),
                _ => Err(Error::Missing("block")),
            };
        }
        Ok(Self {
            header,
            hashes,
            transactions,
            receipts,
        })
    }

    /// Where a transaction stands.
    pub(crate) fn index_of(&self, transaction: B256) -> Option<u64> {
        let index = self.hashes.iter().position(|hash| *hash == transaction)?;
        u64::try_from(index).ok()
    }

    /// The header.
    pub(crate) fn header_rlp(&self) -> Bytes {
        self.header.rlp.clone()
    }

    /// The trie nodes that prove a transaction and its receipt.
    pub(crate) fn proofs(&self, index: u64) -> (Vec<Bytes>, Vec<Bytes>) {
        (
            ordered_trie_proof(&self.transactions, index),
            ordered_trie_proof(&self.receipts, index),
        )
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> usize {
        let items = self.transactions.iter().chain(&self.receipts);
        items.map(|item| item.len().saturating_add(64)).sum()
    }
}

async fn raw(execution: &Execution, transaction: Transaction) -> Result<Bytes, Error> {
    match transaction.to_raw() {
        Ok(raw) => Ok(raw),
        Err(_) => execution.raw_transaction(transaction.claimed_hash()).await,
    }
}

async fn receipts(
    execution: &Execution,
    number: u64,
    transactions: Vec<B256>,
) -> Result<Vec<Bytes>, Error> {
    let receipts = match execution.receipts(number).await {
        Err(error) if is_method_missing(&error) => {
            stream::iter(transactions)
                .map(|hash| execution.receipt(hash))
                .buffered(CALLS_AT_ONCE_MAX)
                .try_collect()
                .await?
        }
        receipts => receipts?,
    };
    receipts.iter().map(|receipt| receipt.encode()).collect()
}

fn expect_root(what: &'static str, expected: B256, items: &[Bytes]) -> Result<(), Error> {
    let got = ordered_trie_root(items);
    if got == expected {
        Ok(())
    } else {
        Err(Error::Mismatch {
            what,
            expected,
            got,
        })
    }
}
