//! Receipts of transactions.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bloom, BloomInput, Bytes};
use alloy_rlp::{Encodable, Header as RlpHeader};
use lampyris_hash::keccak256_each;

use super::TX_TYPE_MAX;
use super::rlp::Items;
use crate::Error;

/// The most topics of a log.
const TOPICS_MAX: usize = 4;

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The type of the transaction, 0 to 4.
    pub tx_type: u8,
    /// Whether it did what it should.
    pub success: bool,
    /// The gas that the block had used after it.
    pub cumulative_gas_used: u64,
    /// What its contracts said.
    pub logs: Vec<Log>,
}

/// What a contract said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// What one can filter by, at most four words.
    pub topics: Vec<B256>,
    /// The rest.
    pub data: Bytes,
}

impl Receipt {
    /// Reads a receipt from the receipts' trie. Those before Byzantium are not supported.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (tx_type, body) = match bytes.split_first() {
            Some((tx_type @ 1..=TX_TYPE_MAX, body)) => (*tx_type, body),
            Some((0..0xc0, _)) => {
                return Err(Error::UnsupportedReceipt {
                    reason: "unknown type of transaction",
                });
            }
            _ => (0, bytes),
        };
        let mut items = Items::new("receipt", body)?;
        let success = match items.next::<Bytes>()?.as_ref() {
            [] => false,
            [1] => true,
            _ => {
                return Err(Error::UnsupportedReceipt {
                    reason: "no status",
                });
            }
        };
        let cumulative_gas_used = items.next()?;
        let bloom: Bloom = items.next()?;
        let mut entries = items.next_list()?;
        items.end()?;
        let mut logs = Vec::new();
        while !entries.is_empty() {
            logs.push(Log::decode(entries.next_list()?)?);
        }
        let receipt = Self {
            tx_type,
            success,
            cumulative_gas_used,
            logs,
        };
        if receipt.logs_bloom() != bloom {
            let reason = "the Bloom filter is not that of the logs";
            return Err(Error::Malformed {
                what: "receipt",
                reason,
            });
        }
        Ok(receipt)
    }

    /// Encodes the receipt as it lies in the receipts' trie.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut logs = Vec::new();
        for log in &self.logs {
            log.encode(&mut logs);
        }
        let mut payload = Vec::new();
        self.success.encode(&mut payload);
        self.cumulative_gas_used.encode(&mut payload);
        self.logs_bloom().encode(&mut payload);
        RlpHeader {
            list: true,
            payload_length: logs.len(),
        }
        .encode(&mut payload);
        payload.append(&mut logs);

        let mut bytes = Vec::new();
        if self.tx_type != 0 {
            bytes.push(self.tx_type);
        }
        RlpHeader {
            list: true,
            payload_length: payload.len(),
        }
        .encode(&mut bytes);
        bytes.append(&mut payload);
        bytes
    }

    /// The Bloom filter of the logs.
    #[must_use]
    pub fn logs_bloom(&self) -> Bloom {
        let mut words: Vec<&[u8]> = Vec::new();
        for log in &self.logs {
            words.push(log.address.as_slice());
            words.extend(log.topics.iter().map(|topic| topic.as_slice()));
        }
        let mut bloom = Bloom::ZERO;
        for hash in keccak256_each(&words) {
            bloom.accrue(BloomInput::Hash(hash));
        }
        bloom
    }
}

impl Log {
    fn decode(mut items: Items<'_>) -> Result<Self, Error> {
        let address = items.next()?;
        let mut entries = items.next_list()?;
        let data = items.next()?;
        items.end()?;
        let mut topics = Vec::new();
        while !entries.is_empty() {
            topics.push(entries.next()?);
        }
        if topics.len() > TOPICS_MAX {
            return Err(Error::TooLarge {
                what: "topics",
                max: TOPICS_MAX,
                got: topics.len(),
            });
        }
        Ok(Self {
            address,
            topics,
            data,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        self.address.encode(&mut payload);
        self.topics.encode(&mut payload);
        self.data.encode(&mut payload);
        RlpHeader {
            list: true,
            payload_length: payload.len(),
        }
        .encode(out);
        out.append(&mut payload);
    }
}
