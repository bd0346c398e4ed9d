//! Values from the chain that are proven, with what proves them.

use alloy_primitives::{B256, U256};

use crate::containers::LightClientHeader;

/// A value that was proven against a header that the sync committee signed.
///
/// Only this crate makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven<T> {
    value: T,
    evidence: Evidence,
}

/// What a value was proven against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The hash of the execution block that the value belongs to.
    pub block_hash: B256,
    /// The number of that block.
    pub block_number: u64,
    /// The slot of the beacon block that was signed. If the value belongs to an ancestor of its
    /// execution block, the ancestor is older than this.
    pub slot: u64,
    /// Whether the block may still be reorganized away.
    pub finality: Finality,
}

/// How certain a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finality {
    /// Signed by the sync committee; a reorganization can still remove it.
    Optimistic,
    /// Finalized: undoing it would cost a third of all stake.
    Finalized,
}

/// An execution block, as far as a light-client header describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionBlock {
    /// Its hash.
    pub hash: B256,
    /// Its number.
    pub number: u64,
    /// The hash of its parent.
    pub parent_hash: B256,
    /// The root of all accounts after it.
    pub state_root: B256,
    /// The root of its receipts.
    pub receipts_root: B256,
    /// Its time, in seconds since 1970.
    pub timestamp: u64,
    /// The fee per gas that is burnt.
    pub base_fee_per_gas: U256,
    /// The gas that it could have used.
    pub gas_limit: u64,
    /// The gas that it used.
    pub gas_used: u64,
}

impl<T> Proven<T> {
    pub(crate) const fn new(value: T, evidence: Evidence) -> Self {
        Self { value, evidence }
    }

    /// The value.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// What proves it.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Both, apart: from here on the value is an ordinary one.
    pub fn into_parts(self) -> (T, Evidence) {
        (self.value, self.evidence)
    }

    /// Another value that follows from this one and from nothing else.
    pub(crate) const fn with<U>(&self, value: U) -> Proven<U> {
        Proven {
            value,
            evidence: self.evidence,
        }
    }
}

impl Proven<ExecutionBlock> {
    /// The execution block of a header that the caller has verified; `None` before Capella.
    pub(crate) fn from_header(header: &LightClientHeader, finality: Finality) -> Option<Self> {
        let execution = header.execution.as_ref()?;
        let evidence = Evidence {
            block_hash: execution.block_hash,
            block_number: execution.block_number,
            slot: header.beacon.slot,
            finality,
        };
        let block = ExecutionBlock {
            hash: execution.block_hash,
            number: execution.block_number,
            parent_hash: execution.parent_hash,
            state_root: execution.state_root,
            receipts_root: execution.receipts_root,
            timestamp: execution.timestamp,
            base_fee_per_gas: execution.base_fee_per_gas,
            gas_limit: execution.gas_limit,
            gas_used: execution.gas_used,
        };
        Some(Self::new(block, evidence))
    }
}
