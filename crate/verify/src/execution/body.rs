//! Whole blocks: all transactions, withdrawals, requests and receipts, against their header.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, b256};
use alloy_rlp::Encodable;
use lampyris_hash::sha256;

use super::rlp::{Items, put_list};
use super::{Header, Receipt, Transaction};
use crate::Error;
use crate::proven::Proven;
use crate::trie::ordered_trie_root;

/// The most transactions of a block: the cheapest costs 21,000 gas, so this is 1.4 billion gas.
pub const MAX_TRANSACTIONS: usize = 65_536;

/// The most withdrawals of a block; the consensus layer allows 16.
pub const MAX_WITHDRAWALS: usize = 1_024;

/// The most requests of a block: one for each type but 0xff, which is 0 to 2 today.
pub const MAX_REQUESTS: usize = 255;

/// The most bytes of a block's transactions, receipts or requests, each. Blocks are at most 10 MiB
/// ([EIP-7934](https://eips.ethereum.org/EIPS/eip-7934)); receipts, at 8 gas a byte, may be longer.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// The hash of no uncles.
const EMPTY_OMMERS_HASH: B256 =
    b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");

/// What a block holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Its transactions.
    pub transactions: Vec<Transaction>,
    /// Its withdrawals; `None` before Shanghai.
    pub withdrawals: Option<Vec<Withdrawal>>,
}

/// A payment of the beacon chain ([EIP-4895](https://eips.ethereum.org/EIPS/eip-4895)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The number of this withdrawal.
    pub index: u64,
    /// The validator.
    pub validator_index: u64,
    /// Who is paid.
    pub address: Address,
    /// How much, in billionths of an ether.
    pub amount_gwei: u64,
}

impl Withdrawal {
    /// Reads a withdrawal from the withdrawals' trie.
    pub fn decode_rlp(bytes: &[u8]) -> Result<Self, Error> {
        let mut items = Items::new("withdrawal", bytes)?;
        let withdrawal = Self {
            index: items.next()?,
            validator_index: items.next()?,
            address: items.next()?,
            amount_gwei: items.next()?,
        };
        items.end()?;
        Ok(withdrawal)
    }

    /// Encodes the withdrawal as it lies in the withdrawals' trie.
    #[must_use]
    pub fn encode_rlp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_list(&mut bytes, &[self], |withdrawal, out| {
            withdrawal.index.encode(out);
            withdrawal.validator_index.encode(out);
            withdrawal.address.encode(out);
            withdrawal.amount_gwei.encode(out);
        });
        bytes
    }
}

impl Proven<Header> {
    /// The whole block: `transactions` as they were signed and `withdrawals` in RLP, all of them and
    /// in order. `withdrawals` is `None` for a block before Shanghai.
    pub fn body(
        &self,
        transactions: &[Bytes],
        withdrawals: Option<&[Bytes]>,
    ) -> Result<Proven<Body>, Error> {
        let header = self.value();
        check_hash("uncles", header.ommers_hash, EMPTY_OMMERS_HASH)?;
        check_list("transactions", transactions, MAX_TRANSACTIONS)?;
        let got = ordered_trie_root(transactions);
        check_hash("transactions", header.transactions_root, got)?;
        let withdrawals = match (header.withdrawals_root, withdrawals) {
            (None, None) => None,
            (Some(expected), Some(withdrawals)) => {
                check_list("withdrawals", withdrawals, MAX_WITHDRAWALS)?;
                check_hash("withdrawals", expected, ordered_trie_root(withdrawals))?;
                let decoded = withdrawals.iter().map(|rlp| Withdrawal::decode_rlp(rlp));
                Some(decoded.collect::<Result<_, _>>()?)
            }
            _ => return Err(not_of_this_fork("withdrawals")),
        };
        let decoded = transactions.iter().map(|bytes| Transaction::decode(bytes));
        Ok(self.with(Body {
            transactions: decoded.collect::<Result<_, _>>()?,
            withdrawals,
        }))
    }

    /// All requests of the block to the beacon chain, each as its type and its data
    /// ([EIP-7685](https://eips.ethereum.org/EIPS/eip-7685)).
    pub fn requests(&self, requests: &[Bytes]) -> Result<Proven<Vec<Bytes>>, Error> {
        let Some(expected) = self.value().requests_hash else {
            return Err(not_of_this_fork("requests"));
        };
        check_list("requests", requests, MAX_REQUESTS)?;
        let are_ordered = requests.is_sorted_by(|a, b| a.first() < b.first());
        if !are_ordered || requests.iter().any(|request| request.len() <= 1) {
            return Err(Error::Malformed {
                what: "requests",
                reason: "without data, or not in the order of their types",
            });
        }
        check_hash("requests", expected, requests_hash(requests))?;
        Ok(self.with(requests.to_vec()))
    }

    /// All receipts of the block, in order.
    pub fn receipts(&self, receipts: &[Bytes]) -> Result<Proven<Vec<Receipt>>, Error> {
        check_list("receipts", receipts, MAX_TRANSACTIONS)?;
        let got = ordered_trie_root(receipts);
        check_hash("receipts", self.value().receipts_root, got)?;
        let decoded = receipts.iter().map(|bytes| Receipt::decode(bytes));
        Ok(self.with(decoded.collect::<Result<_, _>>()?))
    }
}

/// `compute_requests_hash` of [EIP-7685](https://eips.ethereum.org/EIPS/eip-7685): the hash of the
/// hashes of all requests that have data.
#[must_use]
pub fn requests_hash(requests: &[Bytes]) -> B256 {
    let with_data = requests.iter().filter(|request| request.len() > 1);
    let hashes: Vec<B256> = with_data.map(sha256).collect();
    sha256(hashes.iter().flatten().copied().collect::<Vec<u8>>())
}

fn check_list(what: &'static str, items: &[Bytes], max: usize) -> Result<(), Error> {
    let too_large = |what, max, got| Err(Error::TooLarge { what, max, got });
    if items.len() > max {
        return too_large(what, max, items.len());
    }
    let length = items
        .iter()
        .fold(0, |sum: usize, item| sum.saturating_add(item.len()));
    if length > MAX_BODY_BYTES {
        return too_large("bytes of a block's body", MAX_BODY_BYTES, length);
    }
    Ok(())
}

fn check_hash(what: &'static str, expected: B256, got: B256) -> Result<(), Error> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::Hash {
            what,
            expected,
            got,
        })
    }
}

const fn not_of_this_fork(what: &'static str) -> Error {
    Error::Malformed {
        what,
        reason: "not as the block's fork has them",
    }
}
