//! What the execution layer holds: accounts, storage, code, headers, transactions, receipts, logs.

mod account;
mod body;
mod header;
mod history;
mod logs;
mod receipt;
mod rlp;
mod transaction;

pub use account::{Account, EMPTY_CODE_HASH};
pub use body::{
    Body, MAX_BODY_BYTES, MAX_REQUESTS, MAX_TRANSACTIONS, MAX_WITHDRAWALS, Withdrawal,
    requests_hash,
};
pub use header::Header;
pub use history::{
    BEACON_ROOTS_ADDRESS, HISTORY_BUFFER_LENGTH, HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS,
};
pub use logs::{BlockCoverage, CompleteLogs, Coverage, LogEntry, LogFilter, MAX_BLOCKS};
pub use receipt::{Log, Receipt};
pub use transaction::{AccessListItem, Authorization, TX_TYPE_MAX, Transaction};

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use lampyris_hash::keccak256;

use crate::Error;
use crate::proven::{Evidence, ExecutionBlock, Proven};
use crate::trie::{NodeSet, index_key, lookup};

impl Proven<ExecutionBlock> {
    /// The account of an address; one that does not exist is empty.
    pub fn account(&self, nodes: &NodeSet, address: Address) -> Result<Proven<Account>, Error> {
        let root = self.value().state_root;
        let found = lookup(root, keccak256(address).as_slice(), nodes)?;
        let account = found.map_or(Ok(Account::EMPTY), |rlp| Account::decode_rlp(&rlp))?;
        Ok(self.with(account))
    }

    /// The block's header, as the execution layer encodes it.
    pub fn header(&self, rlp: &[u8]) -> Result<Proven<Header>, Error> {
        Ok(self.with(header_of(self.value().hash, rlp)?))
    }
}

impl Proven<Account> {
    /// What a storage slot of the account holds; 0 if nothing was stored.
    pub fn storage(&self, nodes: &NodeSet, slot: B256) -> Result<Proven<U256>, Error> {
        let root = self.value().storage_root;
        let found = lookup(root, keccak256(slot).as_slice(), nodes)?;
        let word = found.map_or(Ok(U256::ZERO), |rlp| {
            rlp::decode_exact("storage slot", &rlp)
        })?;
        Ok(self.with(word))
    }

    /// The account's code.
    pub fn code(&self, code: Vec<u8>) -> Result<Proven<Bytes>, Error> {
        let (expected, got) = (self.value().code_hash, keccak256(&code));
        if got != expected {
            return Err(Error::Hash {
                what: "code",
                expected,
                got,
            });
        }
        Ok(self.with(Bytes::from(code)))
    }
}

impl Proven<Header> {
    /// What the header says of its block.
    #[must_use]
    pub fn block(&self) -> Proven<ExecutionBlock> {
        let header = self.value();
        self.with(ExecutionBlock {
            hash: self.evidence().block_hash,
            number: header.number,
            parent_hash: header.parent_hash,
            state_root: header.state_root,
            receipts_root: header.receipts_root,
            timestamp: header.timestamp,
            base_fee_per_gas: header.base_fee_per_gas.unwrap_or_default(),
            gas_limit: header.gas_limit,
            gas_used: header.gas_used,
        })
    }

    /// The header of the block before.
    pub fn parent(&self, rlp: &[u8]) -> Result<Self, Error> {
        let header = header_of(self.value().parent_hash, rlp)?;
        let block_hash = self.value().parent_hash;
        let evidence = Evidence {
            block_hash,
            block_number: header.number,
            ..*self.evidence()
        };
        Ok(Self::new(header, evidence))
    }

    /// A transaction of the block, as it was signed; its hash is the Keccak hash of these bytes.
    pub fn transaction(&self, nodes: &NodeSet, index: u64) -> Result<Proven<Bytes>, Error> {
        let found = lookup(self.value().transactions_root, &index_key(index), nodes)?;
        let transaction = found.ok_or(Error::Absent {
            what: "transaction",
            index,
        })?;
        Ok(self.with(transaction))
    }

    /// The receipt of a transaction of the block.
    pub fn receipt(&self, nodes: &NodeSet, index: u64) -> Result<Proven<Receipt>, Error> {
        let found = lookup(self.value().receipts_root, &index_key(index), nodes)?;
        let receipt = found.ok_or(Error::Absent {
            what: "receipt",
            index,
        })?;
        Ok(self.with(Receipt::decode(&receipt)?))
    }
}

fn header_of(expected: B256, rlp: &[u8]) -> Result<Header, Error> {
    let got = keccak256(rlp);
    if got != expected {
        return Err(Error::Hash {
            what: "execution header",
            expected,
            got,
        });
    }
    Header::decode_rlp(rlp)
}
