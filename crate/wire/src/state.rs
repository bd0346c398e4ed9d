//! Our own requests about state, and their responses: `/lampyris/state/1`.
//!
//! Each is an SSZ union: a selector byte, then the variant's fields as an SSZ container with bounded
//! lists. (A variant with one variable field is that field alone.) They travel in [`crate::frame`]s.
//! Nothing in a response is believed: the requester checks it against a proven block.

mod request;
mod response;

use alloy_primitives::{Address, B256, Bytes};

/// How many accounts one request may name.
pub const MAX_ACCOUNTS: usize = 64;
/// How many storage slots one request may name in all; their proofs fill a response.
pub const MAX_SLOTS: usize = 1024;
/// How many headers one request may ask for: a finalized block is about 64 to 100 behind the head.
pub const MAX_HEADERS: usize = 512;
/// A header is about 650 bytes; its only free field, `extraData`, has 32.
pub const MAX_HEADER_BYTES: usize = 2048;
/// How many trie nodes a response may have: about ten for each slot.
pub const MAX_NODES: usize = 16_384;
/// A branch has 532 bytes; only the leaf of a receipt or of a transaction is larger.
pub const MAX_NODE_BYTES: usize = 2 * 1024 * 1024;
/// EIP-170 allows 24 576 bytes, EIP-7907 would allow 262 144.
pub const MAX_CODE_BYTES: usize = 256 * 1024;
/// Nodes refuse larger transactions; those with blobs are not sent this way.
pub const MAX_TRANSACTION_BYTES: usize = 128 * 1024;
/// Bytes behind a hash: a proposal's description, for example.
pub const MAX_PREIMAGE_BYTES: usize = 256 * 1024;
/// A failure's words.
pub const MAX_MESSAGE_BYTES: usize = 512;

/// An account and the storage slots of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountQuery {
    /// Whose.
    pub address: Address,
    /// Which slots, not hashed.
    pub slots: Vec<B256>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Accounts and storage in a block's state. Answer: [`Response::StateProof`].
    StateProof {
        /// The block after which the state is asked for.
        block_hash: B256,
        /// At most [`MAX_ACCOUNTS`], with at most [`MAX_SLOTS`] slots in all.
        accounts: Vec<AccountQuery>,
    },
    /// The code of a contract. Answer: [`Response::Code`].
    Code {
        /// A block in which the contract has this code.
        block_hash: B256,
        /// The contract.
        address: Address,
        /// The code's keccak.
        code_hash: B256,
    },
    /// A header and its ancestors. Answer: [`Response::Headers`].
    Headers {
        /// The hash of the first.
        hash: B256,
        /// How many, at most [`MAX_HEADERS`].
        count: u16,
    },
    /// Hand a signed transaction to the peer's node. Answer: [`Response::Sent`].
    SendTransaction {
        /// The transaction as it is signed.
        raw: Bytes,
    },
    /// Where a transaction was included. Answer: [`Response::Transaction`].
    Transaction {
        /// Its hash.
        hash: B256,
    },
    /// The bytes behind a keccak hash. Answer: [`Response::Preimage`].
    Preimage {
        /// The hash.
        hash: B256,
        /// The contract whose logs hold the bytes.
        hint: Address,
    },
}

/// Where a transaction stands in the chain, with the nodes that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionProof {
    /// The block that includes it.
    pub block_hash: B256,
    /// Its place in the block.
    pub index: u64,
    /// The block's header.
    pub header_rlp: Bytes,
    /// From the transactions' root to the transaction.
    pub transaction_nodes: Vec<Bytes>,
    /// From the receipts' root to its receipt.
    pub receipt_nodes: Vec<Bytes>,
}

/// Why a peer does not answer a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureCode {
    /// It does not have what was asked for, or its node does not answer.
    Unavailable,
    /// The request makes no sense to it.
    InvalidRequest,
    /// Too many requests.
    RateLimited,
    /// Its Ethereum node refused the transaction; the message says why.
    Refused,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// All trie nodes that prove the accounts and slots, each once, in any order.
    StateProof {
        /// The nodes.
        nodes: Vec<Bytes>,
    },
    /// A contract's code.
    Code {
        /// The code.
        code: Bytes,
    },
    /// Headers, each one's parent behind it; fewer than asked for when the peer has no more.
    Headers {
        /// The headers.
        rlp: Vec<Bytes>,
    },
    /// The peer's node took the transaction.
    Sent {
        /// The transaction's hash, as the node says.
        hash: B256,
    },
    /// Where the transaction is.
    Transaction(TransactionProof),
    /// The bytes behind the hash.
    Preimage {
        /// The bytes.
        bytes: Bytes,
    },
    /// No answer.
    Failed {
        /// Why.
        code: FailureCode,
        /// In words: hostile text, at most [`MAX_MESSAGE_BYTES`].
        message: String,
    },
}
