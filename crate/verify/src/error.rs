//! What can be wrong with an input, and whose fault that is.

use alloy_primitives::B256;

use crate::config::Fork;

/// Why something was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An encoding has the wrong length.
    #[error("{what}: expected {expected} bytes, got {got}")]
    Length {
        /// What was decoded.
        what: &'static str,
        /// The only length allowed, or the least one.
        expected: usize,
        /// The length received.
        got: usize,
    },
    /// An encoding breaks a rule of its format.
    #[error("{what}: {reason}")]
    Malformed {
        /// What was decoded.
        what: &'static str,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// More was sent than any honest answer needs.
    #[error("{what}: at most {max}, got {got}")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// The bound.
        max: usize,
        /// The size received.
        got: usize,
    },
    /// The object belongs to a fork that this version does not verify.
    #[error("light-client objects of fork {} are not supported", fork.name())]
    UnsupportedFork {
        /// The fork.
        fork: Fork,
    },
    /// The receipt is of a kind that this version does not read.
    #[error("receipts of this kind are not supported: {reason}")]
    UnsupportedReceipt {
        /// What is not supported.
        reason: &'static str,
    },
    /// The transaction is of a type that this version does not read.
    #[error("transactions of type {tx_type} are not supported")]
    UnsupportedTransaction {
        /// The type.
        tx_type: u8,
    },
    /// A block that the answer must cover is neither excluded nor given whole.
    #[error("logs: block {block_number} may hold one, but its receipts are missing")]
    Uncovered {
        /// The number of the block.
        block_number: u64,
    },
    /// The question goes beyond what the chain remembers, or what one answer may hold.
    #[error("{what}: {oldest} to {newest} can be asked for, not {got}")]
    OutOfRange {
        /// What was asked for.
        what: &'static str,
        /// The least that can be asked for.
        oldest: u64,
        /// The most that can be asked for.
        newest: u64,
        /// What was asked for.
        got: u64,
    },

    /// The bootstrap is not of the block that was asked for.
    #[error("block root: expected {expected}, got {got}")]
    TrustedBlockRoot {
        /// The checkpoint.
        expected: B256,
        /// The root of the header received.
        got: B256,
    },
    /// A Merkle branch does not lead to its root.
    #[error("{what}: the Merkle branch does not lead to {root}")]
    MerkleBranch {
        /// What was to be proven.
        what: &'static str,
        /// The root expected.
        root: B256,
    },
    /// Fewer signed than the protocol asks for.
    #[error("sync committee: expected at least {expected} participants, got {got}")]
    Participants {
        /// The least number.
        expected: usize,
        /// The number of bits set.
        got: usize,
    },
    /// The slots of an update contradict each other.
    #[error(
        "slots out of order: signature {signature_slot}, attested {attested_slot}, \
         finalized {finalized_slot}"
    )]
    SlotOrder {
        /// The slot of the signature, which must be the latest.
        signature_slot: u64,
        /// The slot that was signed.
        attested_slot: u64,
        /// The slot finalized by it, which must be the earliest.
        finalized_slot: u64,
    },
    /// The update is from the future, by our clock.
    #[error("update of slot {signature_slot} arrived in slot {current_slot}")]
    Early {
        /// The slot of the signature.
        signature_slot: u64,
        /// Our slot.
        current_slot: u64,
    },
    /// The update is signed by a committee that the store does not know.
    #[error("signed in period {got}, but the store is in period {store_period}")]
    Period {
        /// The period of the store.
        store_period: u64,
        /// The period of the update.
        got: u64,
    },
    /// The update tells the store nothing new.
    #[error("update of slot {attested_slot} is not newer than finalized slot {finalized_slot}")]
    Irrelevant {
        /// The slot that was signed.
        attested_slot: u64,
        /// The slot that the store has finalized.
        finalized_slot: u64,
    },
    /// An update carries a part without the branch that would prove it.
    #[error("update carries an unproven {what}")]
    Unproven {
        /// The part.
        what: &'static str,
    },
    /// The update names another next committee than the store has proven.
    #[error("next sync committee: expected {expected}, got {got}")]
    NextSyncCommittee {
        /// The root of the store's.
        expected: B256,
        /// The root of the update's.
        got: B256,
    },
    /// A committee's key is no point of the curve.
    #[error("sync committee: a public key is malformed")]
    PublicKey,
    /// The signature does not verify.
    #[error("the sync committee's signature does not verify")]
    Signature,
    /// A stored record belongs to another network.
    #[error("record of another network: expected genesis {expected}, got {got}")]
    OtherNetwork {
        /// The genesis validators root of the network in use.
        expected: B256,
        /// The one in the record.
        got: B256,
    },

    /// Something that is named by its hash has another hash.
    #[error("{what}: expected hash {expected}, got {got}")]
    Hash {
        /// What was named.
        what: &'static str,
        /// The hash that names it.
        expected: B256,
        /// The hash of what was received.
        got: B256,
    },
    /// The proof lacks a node of the trie.
    #[error("trie node {hash} is missing from the proof")]
    MissingNode {
        /// The hash of the node.
        hash: B256,
    },
    /// There is no such item, and that is proven.
    #[error("there is no {what} with index {index}")]
    Absent {
        /// What was looked for.
        what: &'static str,
        /// Its index.
        index: u64,
    },

    /// A block is named that was not imported before.
    #[error("block {root} is not known")]
    UnknownBlock {
        /// Its root.
        root: B256,
    },
    /// A description of a network contradicts itself.
    #[error("network: {reason}")]
    Network {
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Whose fault an [`Error`] is: the caller acts on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The peer broke the protocol: drop it.
    PeerMisbehaved,
    /// Nobody's fault: ask another peer, or later.
    Unavailable,
    /// The caller's.
    Misuse,
    /// Ours.
    Bug,
}

impl Error {
    /// Whose fault this is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Length { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::TrustedBlockRoot { .. }
            | Self::MerkleBranch { .. }
            | Self::Participants { .. }
            | Self::SlotOrder { .. }
            | Self::Unproven { .. }
            | Self::NextSyncCommittee { .. }
            | Self::PublicKey
            | Self::Signature
            | Self::Hash { .. }
            | Self::MissingNode { .. }
            | Self::Uncovered { .. } => Fault::PeerMisbehaved,
            // Clocks differ, gossip overtakes itself, and a store may lag behind an honest peer.
            Self::UnsupportedFork { .. }
            | Self::UnsupportedReceipt { .. }
            | Self::UnsupportedTransaction { .. }
            | Self::Early { .. }
            | Self::Period { .. }
            | Self::Irrelevant { .. }
            | Self::Absent { .. } => Fault::Unavailable,
            Self::OtherNetwork { .. }
            | Self::Network { .. }
            | Self::OutOfRange { .. }
            | Self::UnknownBlock { .. } => Fault::Misuse,
        }
    }
}
