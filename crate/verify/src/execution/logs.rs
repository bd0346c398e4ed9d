//! All logs of a range of blocks, and nothing left out.
//!
//! A node that answers a query for logs can leave some out, and each log proven for itself doesn't
//! show that. Here every block of the range is accounted for: its header's Bloom filter excludes the
//! query, or all of its receipts are given and recompute the root that its header holds. A Bloom
//! filter never misses what is there, and the chain checks it against the receipts.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bloom, BloomInput, Bytes};
use lampyris_hash::keccak256;

use super::{Header, Log};
use crate::Error;
use crate::proven::Proven;

/// The most blocks of one range.
pub const MAX_BLOCKS: u64 = 8_192;

/// Which logs are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of which contracts; empty for all.
    pub addresses: Vec<Address>,
    /// For each topic, which words; empty for any, and for none at all.
    pub topics: [Vec<B256>; 4],
}

/// All logs of a range that fit the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteLogs {
    /// The first block of the range.
    pub from: u64,
    /// Its last block.
    pub to: u64,
    /// Every block of the range and how it was covered, oldest first.
    pub blocks: Vec<BlockCoverage>,
    /// The logs, in the order in which they were written.
    pub logs: Vec<LogEntry>,
}

/// A block of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockCoverage {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// How it is known which logs it has.
    pub coverage: Coverage,
}

/// How it is known which logs a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Its header's Bloom filter excludes any that fit.
    Bloom,
    /// All of its receipts were read.
    Receipts,
}

/// A log, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The number of its block.
    pub block_number: u64,
    /// The hash of its block.
    pub block_hash: B256,
    /// The index of its transaction in the block.
    pub transaction_index: u64,
    /// The index of the log in the block.
    pub log_index: u64,
    /// The log.
    pub log: Log,
}

impl LogFilter {
    /// Whether a log fits.
    #[must_use]
    pub fn matches(&self, log: &Log) -> bool {
        let fits = |wanted: &[B256], topic: Option<&B256>| {
            wanted.is_empty() || topic.is_some_and(|topic| wanted.contains(topic))
        };
        let mut topics = log.topics.iter();
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && self.topics.iter().all(|wanted| fits(wanted, topics.next()))
    }

    /// Whether a block whose logs have this Bloom filter may hold one that fits.
    #[must_use]
    pub fn may_match(&self, bloom: &Bloom) -> bool {
        fn any<'a>(bloom: &Bloom, words: impl ExactSizeIterator<Item = &'a [u8]>) -> bool {
            let is_any = words.len() == 0;
            let mut words = words;
            is_any || words.any(|word| bloom.contains_input(BloomInput::Hash(keccak256(word))))
        }
        let addresses = self.addresses.iter().map(|address| address.as_slice());
        // Every log sets the bits of its address.
        !bloom.is_zero()
            && any(bloom, addresses)
            && self
                .topics
                .iter()
                .all(|words| any(bloom, words.iter().map(|word| word.as_slice())))
    }
}

impl Proven<Header> {
    /// All logs that fit `filter`, of the blocks from number `from` to this one.
    ///
    /// `ancestors` are the headers of the blocks before this one, newest first, down to `from`;
    /// `receipts` are all receipts of each block, by number, that the Bloom filter does not exclude.
    pub fn complete_logs(
        &self,
        from: u64,
        filter: &LogFilter,
        ancestors: &[Bytes],
        receipts: &BTreeMap<u64, Vec<Bytes>>,
    ) -> Result<Proven<CompleteLogs>, Error> {
        let to = self.value().number;
        let oldest = to.saturating_sub(MAX_BLOCKS.saturating_sub(1));
        if !(oldest..=to).contains(&from) {
            return Err(Error::OutOfRange {
                what: "first block",
                oldest,
                newest: to,
                got: from,
            });
        }
        let expected = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        if ancestors.len() != expected {
            return Err(Error::Length {
                what: "headers of the range",
                expected,
                got: ancestors.len(),
            });
        }
        let mut headers = Vec::from([self.clone()]);
        for rlp in ancestors {
            let child = headers.last().unwrap_or(self);
            let number = child.value().number.checked_sub(1);
            let parent = child.parent(rlp)?;
            if Some(parent.value().number) != number {
                return Err(Error::Malformed {
                    what: "headers of the range",
                    reason: "a parent has not the number before",
                });
            }
            headers.push(parent);
        }
        let mut complete = CompleteLogs {
            from,
            to,
            blocks: Vec::new(),
            logs: Vec::new(),
        };
        for header in headers.iter().rev() {
            complete.cover(header, filter, receipts.get(&header.value().number))?;
        }
        Ok(self.with(complete))
    }
}

impl CompleteLogs {
    fn cover(
        &mut self,
        header: &Proven<Header>,
        filter: &LogFilter,
        receipts: Option<&Vec<Bytes>>,
    ) -> Result<(), Error> {
        let (number, hash) = (header.value().number, header.evidence().block_hash);
        let coverage = match receipts {
            None if filter.may_match(&header.value().logs_bloom) => {
                return Err(Error::Uncovered {
                    block_number: number,
                });
            }
            None => Coverage::Bloom,
            Some(receipts) => {
                let receipts = header.receipts(receipts)?;
                let indexed = (0_u64..).zip(receipts.value());
                let logs = indexed
                    .flat_map(|(index, receipt)| receipt.logs.iter().map(move |log| (index, log)));
                let fitting = (0_u64..)
                    .zip(logs)
                    .filter(|(_, (_, log))| filter.matches(log));
                self.logs.extend(
                    fitting.map(|(log_index, (transaction_index, log))| LogEntry {
                        block_number: number,
                        block_hash: hash,
                        transaction_index,
                        log_index,
                        log: log.clone(),
                    }),
                );
                Coverage::Receipts
            }
        };
        self.blocks.push(BlockCoverage {
            number,
            hash,
            coverage,
        });
        Ok(())
    }
}
