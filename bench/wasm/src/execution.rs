//! Verifying what belongs to a proven block.

use std::iter::repeat_with;

use lampyris_verify::execution::Transaction;
use lampyris_verify::proven::{ExecutionBlock, Proven};
use lampyris_verify::trie::NodeSet;
use lampyris_verify::{Address, B256, Bytes, keccak256};
use lampyris_wallet::SignedTransaction;
use lampyris_wire::state::{Response, TransactionProof};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{response, unexpected};

const MAINNET: u64 = 1;

/// A block that the sync committee signed.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct Head {
    block: Proven<ExecutionBlock>,
}

impl Head {
    pub(crate) const fn new(block: Proven<ExecutionBlock>) -> Self {
        Self { block }
    }
}

#[wasm_bindgen]
impl Head {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> String {
        self.block.value().hash.to_string()
    }

    /// The balance of an account in hexadecimal, by a state proof.
    pub fn account(&self, proof: &[u8], address: &[u8]) -> Result<String, JsError> {
        let account = self
            .block
            .account(&node_set(proof)?, address_of(address)?)?;
        Ok(format!("{:#x}", account.value().balance))
    }

    /// What a storage slot holds, by a state proof of the account and the slot.
    pub fn storage(&self, proof: &[u8], address: &[u8], slot: &[u8]) -> Result<String, JsError> {
        let nodes = node_set(proof)?;
        let account = self.block.account(&nodes, address_of(address)?)?;
        let word = account.storage(&nodes, B256::try_from(slot)?)?;
        Ok(format!("{:#066x}", word.value()))
    }

    /// The hash of a transaction, by its proof; with `sender`, the sender's address behind it.
    pub fn transaction(&self, proof: &[u8], sender: bool) -> Result<String, JsError> {
        let proof = transaction_proof(proof)?;
        let header = self.block.header(&proof.header_rlp)?;
        let nodes = NodeSet::new(proof.transaction_nodes)?;
        let raw = header.transaction(&nodes, proof.index)?;
        summary(raw.value(), sender)
    }

    /// The hash of a transaction and the gas used behind its receipt, by the proof of both; with
    /// `sender`, the sender's address in between.
    pub fn receipt(&self, proof: &[u8], sender: bool) -> Result<String, JsError> {
        let proof = transaction_proof(proof)?;
        let header = self.block.header(&proof.header_rlp)?;
        let nodes = NodeSet::new(proof.transaction_nodes)?;
        let raw = header.transaction(&nodes, proof.index)?;
        let nodes = NodeSet::new(proof.receipt_nodes)?;
        let receipt = header.receipt(&nodes, proof.index)?;
        let gas = receipt.value().cumulative_gas_used;
        Ok(format!("{} {gas:#x}", summary(raw.value(), sender)?))
    }

    /// How many transactions a block has, by all that it holds: header, transactions, withdrawals,
    /// each behind its length.
    pub fn body(&self, body: &[u8]) -> Result<usize, JsError> {
        let mut body = body;
        let header = self.block.header(&item(&mut body)?)?;
        let transactions = items(&mut body)?;
        let withdrawals = items(&mut body)?;
        let block = header.body(&transactions, Some(&withdrawals))?;
        Ok(block.value().transactions.len())
    }
}

/// The hash of a transaction that was decoded.
fn summary(raw: &Bytes, sender: bool) -> Result<String, JsError> {
    let _transaction = Transaction::decode(raw)?;
    let hash = keccak256(raw);
    if !sender {
        return Ok(hash.to_string());
    }
    let signed = SignedTransaction::decode(raw, MAINNET)?;
    Ok(format!("{hash} {:#x}", signed.from()))
}

fn node_set(proof: &[u8]) -> Result<NodeSet, JsError> {
    match response(proof)? {
        Response::StateProof { nodes } => Ok(NodeSet::new(nodes)?),
        _ => unexpected(),
    }
}

fn transaction_proof(proof: &[u8]) -> Result<TransactionProof, JsError> {
    match response(proof)? {
        Response::Transaction(proof) => Ok(proof),
        _ => unexpected(),
    }
}

fn address_of(bytes: &[u8]) -> Result<Address, JsError> {
    Ok(Address::try_from(bytes)?)
}

fn items(bytes: &mut &[u8]) -> Result<Vec<Bytes>, JsError> {
    let count = length(bytes)?;
    repeat_with(|| item(bytes)).take(count).collect()
}

fn item(bytes: &mut &[u8]) -> Result<Bytes, JsError> {
    let length = length(bytes)?;
    let (item, rest) = bytes.split_at_checked(length).ok_or_else(cut_off)?;
    *bytes = rest;
    Ok(Bytes::copy_from_slice(item))
}

fn length(bytes: &mut &[u8]) -> Result<usize, JsError> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(cut_off)?;
    *bytes = rest;
    Ok(usize::try_from(u32::from_le_bytes(*length))?)
}

fn cut_off() -> JsError {
    JsError::new("cut off")
}
