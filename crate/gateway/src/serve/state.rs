//! Our own protocol: proofs, code, headers, transactions. Everything is checked before it is sent,
//! so that a gateway in front of a faulty node fails instead of misbehaving. What is asked for often
//! is kept as the bytes that are sent.

use super::{Server, limits::Class, transaction_block::TransactionBlock};
use crate::{
    Error,
    hook::Reply,
    upstream::{execution::Execution, json::quantity, pool::Call},
};
use alloy_primitives::{Address, B256, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use lampyris_verify::{
    execution::Account,
    keccak256,
    trie::{NodeSet, lookup},
};
use lampyris_wire::{
    frame,
    state::{AccountQuery, FailureCode, MAX_NODES, Request, Response, TransactionProof},
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Calls to the node that one request makes at once.
const CALLS_AT_ONCE_MAX: usize = 8;

/// How often a node that does not know a verified block yet is asked again, and after how long: it
/// may take a moment longer than the committee to import it.
const IMPORT_ATTEMPTS_MAX: usize = 4;
const IMPORT_PAUSE: Duration = Duration::from_millis(250);

/// What a block is to a state request.
#[derive(Debug, Clone, Copy)]
pub(super) struct StateBlock {
    hash: B256,
    number: u64,
    state_root: B256,
}

/// What a request costs, and from which bucket.
pub(super) fn cost(request: &Request) -> (Class, u32) {
    let (class, cost) = match request {
        Request::StateProof { accounts, .. } => {
            let one = |cost: usize, query: &AccountQuery| {
                let slots = query.slots.len() / 16;
                cost.saturating_add(1).saturating_add(slots)
            };
            (Class::State, accounts.iter().fold(1, one))
        }
        Request::Code { .. } => (Class::State, 2),
        Request::Headers { count, .. } => (Class::State, 1 + usize::from(*count) / 8),
        Request::SendTransaction { .. } => (Class::Transactions, 4),
        Request::Transaction { .. } => (Class::Transactions, 2),
        Request::Preimage { .. } => (Class::Texts, 1),
    };
    (class, u32::try_from(cost).unwrap_or(u32::MAX))
}

impl Server {
    /// The honest answer to a request of the state protocol.
    pub(super) async fn state(&self, request: Request) -> Reply {
        let sending = matches!(request, Request::SendTransaction { .. });
        let result = match request {
            Request::StateProof {
                block_hash,
                accounts,
            } => self.state_proof(block_hash, accounts).await,
            Request::Code {
                block_hash,
                address,
                code_hash,
            } => self.code(block_hash, address, code_hash).await,
            Request::Headers { hash, count } => self.headers(hash, count).await,
            Request::SendTransaction { raw } => self.send_transaction(&raw).await,
            Request::Transaction { hash } => self.transaction(hash).await,
            Request::Preimage { hash, hint } => self.preimage(hash, hint).await,
        };
        result.unwrap_or_else(|error| Reply::State(failure(&error, sending)))
    }

    async fn state_proof(
        &self,
        block_hash: B256,
        accounts: Vec<AccountQuery>,
    ) -> Result<Reply, Error> {
        let request = Request::StateProof {
            block_hash,
            accounts: accounts.clone(),
        };
        let key = request.encode().map(keccak256).map_err(refused)?;
        let answer = self.answers.find_or_fetch(key, async {
            let nodes = self.fetch_proof(block_hash, &accounts).await?;
            encoded(&Response::StateProof { nodes })
        });
        answer.await.map(Reply::EncodedState)
    }

    /// The nodes that prove all of the accounts and slots, each once.
    async fn fetch_proof(
        &self,
        block_hash: B256,
        accounts: &[AccountQuery],
    ) -> Result<Vec<Bytes>, Error> {
        let block = self.state_block(block_hash).await?;
        let proofs: Vec<Vec<Bytes>> = stream::iter(accounts.to_vec())
            .map(|query| self.proof(query, block))
            .buffered(CALLS_AT_ONCE_MAX)
            .try_collect()
            .await?;
        let mut seen = HashSet::new();
        let nodes: Vec<Bytes> = proofs
            .into_iter()
            .flatten()
            .filter(|node| seen.insert(keccak256(node)))
            .collect();
        if nodes.len() > MAX_NODES || size(&nodes) >= frame::RESPONSE_BYTES_MAX {
            return Err(refused("its proof is too large; ask for less"));
        }
        Ok(nodes)
    }

    /// A checked proof. Nodes may take a moment longer than the committee to import a block.
    async fn proof(&self, query: AccountQuery, block: StateBlock) -> Result<Vec<Bytes>, Error> {
        let (executions, query) = (&self.upstreams.executions, &query);
        let mut attempt = 1;
        loop {
            let asked = executions.ask(Call::Small, |execution| async move {
                checked_proof(&execution, query, block).await
            });
            match asked.await {
                Err(Error::Rpc { .. } | Error::Missing(_)) if attempt < IMPORT_ATTEMPTS_MAX => {
                    if self.height().await? >= block.number {
                        // The node has the block: what it refuses it will refuse again.
                        attempt = IMPORT_ATTEMPTS_MAX;
                        continue;
                    }
                    attempt += 1;
                    tokio::time::sleep(IMPORT_PAUSE).await;
                }
                result => return result,
            }
        }
    }

    /// The height of the best node's chain.
    pub(super) async fn height(&self) -> Result<u64, Error> {
        let executions = &self.upstreams.executions;
        let height = executions.ask(
            Call::Small,
            |execution| async move { execution.height().await },
        );
        height.await
    }

    /// The block that a request means: one that we verified, or any that a node has, since a header
    /// proves itself by its hash.
    async fn state_block(&self, hash: B256) -> Result<StateBlock, Error> {
        if let Some(block) = self.chain.block(hash) {
            return Ok(StateBlock {
                hash,
                number: block.number,
                state_root: block.state_root,
            });
        }
        let block = self.state_blocks.find_or_fetch(hash, async {
            let executions = &self.upstreams.executions;
            let header = executions.ask(Call::Small, |execution| async move {
                execution.header(hash).await
            });
            let header = header.await?;
            let block = StateBlock {
                hash,
                number: header.number,
                state_root: header.state_root,
            };
            Ok::<_, Error>((block, size_of::<StateBlock>()))
        });
        block.await
    }

    async fn code(
        &self,
        block_hash: B256,
        address: Address,
        code_hash: B256,
    ) -> Result<Reply, Error> {
        let answer = self.codes.find_or_fetch(code_hash, async {
            let number = self.state_block(block_hash).await?.number;
            let executions = &self.upstreams.executions;
            let code = executions.ask(Call::Small, |execution| async move {
                match execution.code(address, &quantity(number), code_hash).await {
                    // Code by its hash is the same in every block that has it.
                    Err(Error::Rpc { .. } | Error::Missing(_)) => {
                        execution.code(address, "latest", code_hash).await
                    }
                    code => code,
                }
            });
            encoded(&Response::Code { code: code.await? })
        });
        answer.await.map(Reply::EncodedState)
    }

    async fn headers(&self, hash: B256, count: u16) -> Result<Reply, Error> {
        if count == 0 {
            return Err(refused("no header asked for"));
        }
        let mut rlp: Vec<Bytes> = Vec::new();
        let mut next = hash;
        while rlp.len() < usize::from(count) {
            let Some(header) = self.header_cache.find(&next) else {
                break;
            };
            next = header.parent_hash;
            rlp.push(header.rlp.clone());
        }
        let missing = usize::from(count).saturating_sub(rlp.len());
        if missing > 0 {
            let missing = u64::try_from(missing).unwrap_or(u64::MAX);
            let executions = &self.upstreams.executions;
            let headers = executions.ask(Call::Large, |execution| async move {
                execution.headers(next, missing).await
            });
            match headers.await {
                Ok(headers) => {
                    for header in headers {
                        rlp.push(header.rlp.clone());
                        let bytes = header.rlp.len();
                        self.header_cache.keep(header.hash, Arc::new(header), bytes);
                    }
                }
                Err(error) if rlp.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(Reply::State(Response::Headers { rlp }))
    }

    async fn send_transaction(&self, raw: &Bytes) -> Result<Reply, Error> {
        if !is_transaction(raw) {
            return Err(refused("not a signed transaction"));
        }
        let executions = &self.upstreams.executions;
        let hash = executions.ask(Call::Send, |execution| async move {
            execution.send_raw_transaction(raw).await
        });
        Ok(Reply::State(Response::Sent { hash: hash.await? }))
    }

    async fn transaction(&self, hash: B256) -> Result<Reply, Error> {
        let executions = &self.upstreams.executions;
        let location = executions.ask(Call::Small, |execution| async move {
            let location = execution.block_of_transaction(hash).await?;
            location.ok_or(Error::Missing("transaction"))
        });
        let block_hash = location.await?;
        let key = keccak256([block_hash, hash].concat());
        let answer = self.answers.find_or_fetch(key, async {
            let block = self.transaction_block(block_hash).await?;
            let index = block.index_of(hash).ok_or(Error::Missing("transaction"))?;
            let (transaction_nodes, receipt_nodes) = block.proofs(index);
            encoded(&Response::Transaction(TransactionProof {
                block_hash,
                index,
                header_rlp: block.header_rlp(),
                transaction_nodes,
                receipt_nodes,
            }))
        });
        answer.await.map(Reply::EncodedState)
    }

    async fn transaction_block(&self, hash: B256) -> Result<Arc<TransactionBlock>, Error> {
        let block = self.transaction_blocks.find_or_fetch(hash, async {
            let executions = &self.upstreams.executions;
            let block = executions.ask(Call::Large, |execution| async move {
                TransactionBlock::fetch(&execution, hash).await
            });
            let block = Arc::new(block.await?);
            let bytes = block.bytes();
            Ok::<_, Error>((block, bytes))
        });
        block.await
    }
}

/// Asks one node for a proof and walks it.
async fn checked_proof(
    execution: &Execution,
    query: &AccountQuery,
    block: StateBlock,
) -> Result<Vec<Bytes>, Error> {
    let proof = execution.proof(query.address, &query.slots, block.number);
    let nodes = proof.await?;
    let Err(error) = check_proof(block.state_root, query, nodes.clone()) else {
        return Ok(nodes);
    };
    // Proofs are asked for by height: a node on another branch is no liar.
    match execution.hash_at(block.number).await? {
        Some(hash) if hash == block.hash => Err(error),
        _ => Err(Error::Missing("block")),
    }
}

/// A response as it is sent, and its size, to be kept.
fn encoded(response: &Response) -> Result<(Bytes, usize), Error> {
    let bytes = response.encode().map_err(refused)?;
    let length = bytes.len();
    Ok((bytes.into(), length))
}

/// An error that is the requester's.
fn refused(reason: impl ToString) -> Error {
    Error::malformed("request", reason)
}

/// The bytes that nodes take in a response.
fn size(nodes: &[Bytes]) -> usize {
    nodes.iter().map(|node| node.len().saturating_add(4)).sum()
}

/// Walks from the state root to an account and its slots.
fn check_proof(state_root: B256, query: &AccountQuery, nodes: Vec<Bytes>) -> Result<(), Error> {
    let nodes = NodeSet::new(nodes)?;
    let account = lookup(state_root, keccak256(query.address).as_slice(), &nodes)?;
    let Some(account) = account else {
        return Ok(());
    };
    let storage_root = Account::decode_rlp(&account)?.storage_root;
    for slot in &query.slots {
        lookup(storage_root, keccak256(slot).as_slice(), &nodes)?;
    }
    Ok(())
}

/// Whether these bytes are formed like a signed transaction: a list, or a type and a list. Blob
/// transactions would need their blobs, which do not travel this way.
fn is_transaction(raw: &[u8]) -> bool {
    let list = match raw.first() {
        Some(1 | 2 | 4) => raw.get(1..).unwrap_or_default(),
        _ => raw,
    };
    let mut rest = list;
    alloy_rlp::Header::decode_bytes(&mut rest, true).is_ok() && rest.is_empty()
}

fn failure(error: &Error, sending: bool) -> Response {
    let (code, message) = match error {
        Error::Rpc { message, .. } if sending => (FailureCode::Refused, message.clone()),
        Error::Malformed {
            what: "request",
            reason,
        } => (FailureCode::InvalidRequest, reason.clone()),
        error => (FailureCode::Unavailable, super::public_message(error)),
    };
    Response::Failed { code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_transactions_is_told() {
        assert!(is_transaction(&[0xc1, 0x80]));
        assert!(is_transaction(&[0x02, 0xc1, 0x80]));
        for raw in [
            &[][..],
            &[0x02],
            &[0x03, 0xc1, 0x80],
            &[0xc1],
            &[0xc1, 0x80, 0],
            &[0x80],
        ] {
            assert!(!is_transaction(raw), "{raw:?}");
        }
    }

    #[test]
    fn large_requests_cost_more() {
        let query = AccountQuery {
            address: Address::ZERO,
            slots: vec![B256::ZERO; 160],
        };
        let proof = Request::StateProof {
            block_hash: B256::ZERO,
            accounts: vec![query],
        };
        assert_eq!(cost(&proof), (Class::State, 12));
        assert_eq!(
            cost(&Request::Headers {
                hash: B256::ZERO,
                count: 512
            }),
            (Class::State, 65)
        );
    }
}
