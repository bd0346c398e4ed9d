//! The execution node, asked by JSON-RPC. Nothing that it says is used before a hash agrees, except
//! for its word on where a transaction or a log is, which is then checked.

use super::{
    block::{Block, CheckedHeader, Header},
    http::{Limits, Node},
    json::{Quantity, quantity},
    proposal::PROPOSAL_CREATED,
    receipt::{Log, Receipt},
};
use crate::Error;
use alloy_primitives::{Address, B256, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use lampyris_verify::keccak256;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;

/// For small answers.
const SMALL: Limits = Limits {
    bytes_max: 1024 * 1024,
    timeout: Duration::from_secs(8),
};

/// For whole blocks, their receipts, and logs. A full mainnet block's receipts are 3 MB of JSON.
const LARGE: Limits = Limits {
    bytes_max: 64 * 1024 * 1024,
    timeout: Duration::from_secs(20),
};

/// For proofs: 1,024 slots of ten nodes of 532 bytes in hexadecimal are 11 MB.
const PROOF: Limits = Limits {
    bytes_max: 16 * 1024 * 1024,
    timeout: Duration::from_secs(12),
};

/// How many calls one request of a peer makes at once.
const CALLS_AT_ONCE_MAX: usize = 8;

/// The longest message of a node that is passed on.
const MESSAGE_CHARS_MAX: usize = 300;

/// JSON-RPC's code for a method that the node does not have.
const METHOD_NOT_FOUND: i64 = -32601;

/// An execution node.
#[derive(Debug, Clone)]
pub(crate) struct Execution {
    node: Node,
}

/// What `eth_getProof` answers; the values in it are not needed, since the nodes hold them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    account_proof: Vec<Bytes>,
    #[serde(default)]
    storage_proof: Vec<StorageProof>,
}

#[derive(Debug, Deserialize)]
struct StorageProof {
    #[serde(default)]
    proof: Vec<Bytes>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    block_hash: Option<B256>,
}

impl Execution {
    /// The node at `node`.
    pub(crate) fn new(node: Node) -> Self {
        Self { node }
    }

    /// Refuses a node of another chain. A node without `eth_chainId` is believed: what it serves is
    /// checked by hash anyway.
    pub(crate) async fn check_chain_id(&self, expected: u64) -> Result<(), Error> {
        match self.call::<Quantity>("eth_chainId", json!([]), SMALL).await {
            Ok(got) if got.to_u64() == Some(expected) => Ok(()),
            Ok(got) => Err(Error::WrongNetwork {
                url: self.node.origin(),
                what: "chain id",
                expected: expected.to_string(),
                got: got.0.to_string(),
            }),
            Err(error) if is_method_missing(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The header of the block `hash`.
    pub(crate) async fn header(&self, hash: B256) -> Result<CheckedHeader, Error> {
        let header: Option<Header> = self
            .call("eth_getBlockByHash", json!([hash, false]), SMALL_BLOCK)
            .await?;
        header.ok_or(Error::Missing("block"))?.check(hash)
    }

    /// The header of the block `hash` and of its ancestors, newest first; fewer than `count` when
    /// the chain, or the node's memory of it, begins before.
    pub(crate) async fn headers(
        &self,
        hash: B256,
        count: u64,
    ) -> Result<Vec<CheckedHeader>, Error> {
        let first = self.header(hash).await?;
        let numbers = (1..count).map_while(|back| first.number.checked_sub(back));
        let ancestors: Vec<Option<Header>> = stream::iter(numbers)
            .map(|number| self.header_by_number(number))
            .buffered(CALLS_AT_ONCE_MAX)
            .try_collect()
            .await?;
        let mut headers = vec![first];
        for header in ancestors.into_iter().map_while(|header| header) {
            let Some(child) = headers.last() else { break };
            match header.check(child.parent_hash) {
                Ok(header) => headers.push(header),
                // The node's canonical chain is another one: the ancestor is found by its hash.
                Err(_) => headers.push(self.header(child.parent_hash).await?),
            }
        }
        Ok(headers)
    }

    /// The block `hash` with its transactions.
    pub(crate) async fn block(&self, hash: B256) -> Result<Block, Error> {
        let block: Option<Block> = self
            .call("eth_getBlockByHash", json!([hash, true]), LARGE)
            .await?;
        block.ok_or(Error::Missing("block"))
    }

    /// The receipts of the block `number`; by number, since some nodes refuse the hash.
    pub(crate) async fn receipts(&self, number: u64) -> Result<Vec<Receipt>, Error> {
        let receipts: Option<Vec<Receipt>> = self
            .call("eth_getBlockReceipts", json!([quantity(number)]), LARGE)
            .await?;
        receipts.ok_or(Error::Missing("receipts"))
    }

    /// The receipt of a transaction, for nodes without `eth_getBlockReceipts`.
    pub(crate) async fn receipt(&self, transaction: B256) -> Result<Receipt, Error> {
        let receipt: Option<Receipt> = self
            .call("eth_getTransactionReceipt", json!([transaction]), LARGE)
            .await?;
        receipt.ok_or(Error::Missing("receipt"))
    }

    /// The trie nodes that prove `address` and its `slots` in the state of the block `number`; by
    /// number, since some nodes refuse the hash.
    pub(crate) async fn proof(
        &self,
        address: Address,
        slots: &[B256],
        number: u64,
    ) -> Result<Vec<Bytes>, Error> {
        let parameters = json!([address, slots, quantity(number)]);
        let proof: Option<Proof> = self.call("eth_getProof", parameters, PROOF).await?;
        let proof = proof.ok_or(Error::Missing("proof"))?;
        let slots = proof.storage_proof.into_iter().flat_map(|slot| slot.proof);
        Ok(proof.account_proof.into_iter().chain(slots).collect())
    }

    /// The code at `address` in `block` (a number, or `latest`) if its keccak is `hash`. Another code
    /// is no lie: who asks may be wrong about address or block.
    pub(crate) async fn code(
        &self,
        address: Address,
        block: &str,
        hash: B256,
    ) -> Result<Bytes, Error> {
        let code: Bytes = self
            .call("eth_getCode", json!([address, block]), SMALL)
            .await?;
        if keccak256(&code) == hash {
            Ok(code)
        } else {
            Err(Error::Missing("code"))
        }
    }

    /// Hands a signed transaction to the node. That it knows it already is a success.
    pub(crate) async fn send_raw_transaction(&self, raw: &[u8]) -> Result<B256, Error> {
        let raw = Bytes::copy_from_slice(raw);
        let result: Result<Value, Error> = self
            .call("eth_sendRawTransaction", json!([raw]), SMALL)
            .await;
        match result {
            Err(Error::Rpc { message, .. }) if is_known_already(&message) => {}
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        Ok(keccak256(&raw))
    }

    /// The hash of the block that holds a transaction, by the node's word.
    pub(crate) async fn block_of_transaction(&self, hash: B256) -> Result<Option<B256>, Error> {
        let location: Option<Location> = self
            .call("eth_getTransactionByHash", json!([hash]), LARGE)
            .await?;
        Ok(location.and_then(|location| location.block_hash))
    }

    /// A transaction's bytes by its hash, for those whose JSON is not enough to encode them.
    pub(crate) async fn raw_transaction(&self, hash: B256) -> Result<Bytes, Error> {
        let raw: Option<Bytes> = self
            .call("eth_getRawTransactionByHash", json!([hash]), LARGE)
            .await?;
        let raw = raw.ok_or(Error::Missing("transaction"))?;
        let got = keccak256(&raw);
        if got != hash {
            return Err(Error::Mismatch {
                what: "transaction",
                expected: hash,
                got,
            });
        }
        Ok(raw)
    }

    /// The height of the node's chain.
    pub(crate) async fn height(&self) -> Result<u64, Error> {
        let height: Quantity = self.call("eth_blockNumber", json!([]), SMALL).await?;
        height
            .to_u64()
            .ok_or_else(|| Error::malformed("eth_blockNumber", "exceeds 64 bits"))
    }

    /// The hash of the block at a height, by the node's word; none when it has no such block.
    pub(crate) async fn hash_at(&self, number: u64) -> Result<Option<B256>, Error> {
        let header = self.header_by_number(number).await?;
        Ok(header.map(|header| header.claimed_hash()))
    }

    /// The `ProposalCreated` logs of a governor in a range of blocks, by the node's word.
    pub(crate) async fn proposals(
        &self,
        governor: Address,
        from: u64,
        to: u64,
    ) -> Result<Vec<Log>, Error> {
        let filter = json!({
            "address": governor,
            "topics": [PROPOSAL_CREATED],
            "fromBlock": quantity(from),
            "toBlock": quantity(to),
        });
        self.call("eth_getLogs", json!([filter]), LARGE).await
    }

    async fn header_by_number(&self, number: u64) -> Result<Option<Header>, Error> {
        self.call(
            "eth_getBlockByNumber",
            json!([quantity(number), false]),
            SMALL_BLOCK,
        )
        .await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        parameters: Value,
        limits: Limits,
    ) -> Result<T, Error> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let answer = self
            .node
            .send(self.node.post(&body), method, limits)
            .await?;
        parse_response(method, &answer.body)
    }
}

/// A block without its transactions in full still lists their hashes and the withdrawals.
const SMALL_BLOCK: Limits = Limits {
    bytes_max: 2 * 1024 * 1024,
    timeout: Duration::from_secs(8),
};

/// Whether an error says that the node lacks the method.
pub(crate) fn is_method_missing(error: &Error) -> bool {
    match error {
        Error::Rpc {
            code: METHOD_NOT_FOUND,
            ..
        } => true,
        Error::Rpc { message, .. } => {
            let message = message.to_lowercase();
            message.contains("method") && (message.contains("not") || message.contains("unknown"))
        }
        _ => false,
    }
}

fn is_known_already(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "already known",
        "already imported",
        "already exists",
        "known transaction",
        "alreadyknown",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Response<T> {
    // Read by hand: an answer of `null` is an answer.
    #[serde(default = "Option::default", deserialize_with = "present")]
    result: Option<T>,
}

#[derive(Deserialize)]
struct ResponseError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

fn parse_response<T: DeserializeOwned>(method: &'static str, body: &[u8]) -> Result<T, Error> {
    // Errors are read first and by themselves: nodes add a `result` of any form to them.
    #[derive(Deserialize)]
    struct Failure {
        error: Option<ResponseError>,
    }
    let failure: Failure =
        serde_json::from_slice(body).map_err(|error| Error::malformed(method, error))?;
    if let Some(error) = failure.error {
        let message = error.message.chars().take(MESSAGE_CHARS_MAX).collect();
        return Err(Error::Rpc {
            method,
            code: error.code,
            message,
        });
    }
    let response: Response<T> =
        serde_json::from_slice(body).map_err(|error| Error::malformed(method, error))?;
    response
        .result
        .ok_or_else(|| Error::malformed(method, "neither result nor error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_an_answer_and_nothing_is_not() {
        let body = br#"{"jsonrpc":"2.0","id":1,"result":null}"#;
        assert!(
            parse_response::<Option<Header>>("eth_getBlockByHash", body)
                .unwrap()
                .is_none()
        );
        assert!(parse_response::<Option<Header>>("eth_getBlockByHash", b"{}").is_err());
        assert!(parse_response::<Quantity>("eth_chainId", b"<html>").is_err());
    }

    #[test]
    fn errors_are_told_apart() {
        let body = br#"{"error":{"code":-32601,"message":"Method eth_x not found"},"result":7}"#;
        let error = parse_response::<Quantity>("eth_chainId", body).unwrap_err();
        assert!(is_method_missing(&error));
        let body = br#"{"error":{"code":-32000,"message":"nonce too low"}}"#;
        let error = parse_response::<Quantity>("eth_chainId", body).unwrap_err();
        assert!(!is_method_missing(&error));
        assert!(is_known_already("ALREADY_EXISTS: already known"));
        assert!(!is_known_already("nonce too low"));
    }
}
