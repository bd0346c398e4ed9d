//! What a state remembers of the past: block hashes
//! ([EIP-2935](https://eips.ethereum.org/EIPS/eip-2935)) and beacon roots
//! ([EIP-4788](https://eips.ethereum.org/EIPS/eip-4788)).
//!
//! Both are storage of a contract that only the protocol itself writes. They are asked for by block
//! and not by [`Account`](super::Account), for an account does not know its address.

use alloy_primitives::{Address, B256, U256, address};

use super::{Header, header_of};
use crate::Error;
use crate::proven::{Evidence, ExecutionBlock, Proven};
use crate::trie::NodeSet;

/// The contract that keeps block hashes.
pub const HISTORY_STORAGE_ADDRESS: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");

/// How many block hashes it keeps.
pub const HISTORY_SERVE_WINDOW: u64 = 8_191;

/// The contract that keeps beacon roots.
pub const BEACON_ROOTS_ADDRESS: Address = address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02");

/// How many beacon roots it keeps.
pub const HISTORY_BUFFER_LENGTH: u64 = 8_191;

impl Proven<ExecutionBlock> {
    /// The header of one of the 8,191 blocks before this one, by the hash that this block's state
    /// keeps: `nodes` prove the contract and its slot.
    ///
    /// The hash of a block before the fork of EIP-2935 is proven not to be there:
    /// [`Error::Absent`].
    pub fn ancestor(
        &self,
        nodes: &NodeSet,
        number: u64,
        rlp: &[u8],
    ) -> Result<Proven<Header>, Error> {
        let hash = *self.ancestor_hash(nodes, number)?.value();
        let header = header_of(hash, rlp)?;
        if header.number != number {
            let reason = "the block has another number";
            return Err(Error::Malformed {
                what: "ancestor",
                reason,
            });
        }
        let evidence = Evidence {
            block_hash: hash,
            block_number: number,
            ..*self.evidence()
        };
        Ok(Proven::new(header, evidence))
    }

    /// The hash of one of the 8,191 blocks before this one.
    pub fn ancestor_hash(&self, nodes: &NodeSet, number: u64) -> Result<Proven<B256>, Error> {
        let this = self.value().number;
        let oldest = this.saturating_sub(HISTORY_SERVE_WINDOW);
        if !(oldest..this).contains(&number) {
            return Err(Error::OutOfRange {
                what: "ancestor",
                oldest,
                newest: this.saturating_sub(1),
                got: number,
            });
        }
        let slot = number.checked_rem(HISTORY_SERVE_WINDOW).unwrap_or(0);
        let contract = self.account(nodes, HISTORY_STORAGE_ADDRESS)?;
        let word = contract.storage(nodes, B256::from(U256::from(slot)))?;
        if word.value().is_zero() {
            return Err(Error::Absent {
                what: "block hash",
                index: number,
            });
        }
        Ok(word.with(B256::from(*word.value())))
    }

    /// The root of the beacon block before the execution block of `timestamp`, if that is this one
    /// or one of the 8,190 slots before it: at 12 seconds each, 27 hours.
    pub fn parent_beacon_block_root(
        &self,
        nodes: &NodeSet,
        timestamp: u64,
    ) -> Result<Proven<B256>, Error> {
        let absent = Error::Absent {
            what: "beacon root",
            index: timestamp,
        };
        let index = timestamp.checked_rem(HISTORY_BUFFER_LENGTH).unwrap_or(0);
        let contract = self.account(nodes, BEACON_ROOTS_ADDRESS)?;
        let slot = |index: u64| B256::from(U256::from(index));
        let time = contract.storage(nodes, slot(index))?;
        if timestamp == 0 || *time.value() != U256::from(timestamp) {
            return Err(absent);
        }
        let index = index.saturating_add(HISTORY_BUFFER_LENGTH);
        let root = contract.storage(nodes, slot(index))?;
        Ok(root.with(B256::from(*root.value())))
    }
}
