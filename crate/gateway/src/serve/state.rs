//! Our own protocol: proofs, code, headers, transactions. Everything is checked before it is sent,
//! so that a gateway in front of a faulty node fails instead of misbehaving.

use super::{Server, transaction_block::TransactionBlock};
use crate::{Error, upstream::json::quantity};
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
    number: u64,
    state_root: B256,
}

/// What a request costs in tokens.
pub(super) fn cost(request: &Request) -> u32 {
    let cost = match request {
        Request::StateProof { accounts, .. } => accounts.iter().fold(1, |cost: usize, account| {
            cost.saturating_add(1)
                .saturating_add(account.slots.len() / 16)
        }),
        Request::Code { .. } | Request::SendTransaction { .. } => 2,
        Request::Headers { count, .. } => 1 + usize::from(*count) / 8,
        Request::Transaction { .. } => 4,
        Request::Preimage { .. } => 20,
    };
    u32::try_from(cost).unwrap_or(u32::MAX)
}

impl Server {
    /// The honest answer to a request of the state protocol.
    pub(super) async fn state(&self, request: Request) -> Response {
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
        result.unwrap_or_else(|error| failure(&error, sending))
    }

    async fn state_proof(
        &self,
        block_hash: B256,
        accounts: Vec<AccountQuery>,
    ) -> Result<Response, Error> {
        let request = Request::StateProof {
            block_hash,
            accounts: accounts.clone(),
        };
        let key = request
            .encode()
            .map(keccak256)
            .map_err(|error| Error::malformed("request", error))?;
        if let Some(nodes) = self.proofs.find(&key) {
            return Ok(Response::StateProof { nodes });
        }
        let nodes = self.fetch_proof(block_hash, accounts).await?;
        self.proofs.keep(key, nodes.clone(), size(&nodes));
        Ok(Response::StateProof { nodes })
    }

    /// The nodes that prove all of the accounts and slots, each once.
    async fn fetch_proof(
        &self,
        block_hash: B256,
        accounts: Vec<AccountQuery>,
    ) -> Result<Vec<Bytes>, Error> {
        let block = self.state_block(block_hash).await?;
        let proofs: Vec<Vec<Bytes>> = stream::iter(accounts.clone())
            .map(|query| self.proof(query, block.number))
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
            return Err(Error::malformed(
                "request",
                "its proof is too large; ask for less",
            ));
        }
        check_proof(block.state_root, &accounts, nodes.clone())?;
        Ok(nodes)
    }

    async fn proof(&self, query: AccountQuery, number: u64) -> Result<Vec<Bytes>, Error> {
        let mut attempt = 1;
        loop {
            match self
                .execution
                .proof(query.address, &query.slots, number)
                .await
            {
                Err(Error::Rpc { .. } | Error::Missing(_)) if attempt < IMPORT_ATTEMPTS_MAX => {
                    if self.execution.height().await? >= number {
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

    /// The block that a request means: one that we verified, or any that the node has, since a
    /// header proves itself by its hash.
    async fn state_block(&self, hash: B256) -> Result<StateBlock, Error> {
        if let Some(block) = self.chain.block(hash) {
            return Ok(StateBlock {
                number: block.number,
                state_root: block.state_root,
            });
        }
        if let Some(block) = self.state_blocks.find(&hash) {
            return Ok(block);
        }
        let header = self.execution.header(hash).await?;
        let block = StateBlock {
            number: header.number,
            state_root: header.state_root,
        };
        self.state_blocks.keep(hash, block, size_of::<StateBlock>());
        Ok(block)
    }

    async fn code(
        &self,
        block_hash: B256,
        address: Address,
        code_hash: B256,
    ) -> Result<Response, Error> {
        if let Some(code) = self.codes.find(&code_hash) {
            return Ok(Response::Code { code });
        }
        let number = self.state_block(block_hash).await?.number;
        let code = match self
            .execution
            .code(address, &quantity(number), code_hash)
            .await
        {
            // Code by its hash is the same in every block that has it.
            Err(_) => self.execution.code(address, "latest", code_hash).await?,
            Ok(code) => code,
        };
        self.codes.keep(code_hash, code.clone(), code.len());
        Ok(Response::Code { code })
    }

    async fn headers(&self, hash: B256, count: u16) -> Result<Response, Error> {
        if count == 0 {
            return Err(Error::malformed("request", "no header asked for"));
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
            match self.execution.headers(next, missing).await {
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
        Ok(Response::Headers { rlp })
    }

    async fn send_transaction(&self, raw: &Bytes) -> Result<Response, Error> {
        if !is_transaction(raw) {
            return Err(Error::malformed("request", "not a signed transaction"));
        }
        let hash = self.execution.send_raw_transaction(raw).await?;
        Ok(Response::Sent { hash })
    }

    async fn transaction(&self, hash: B256) -> Result<Response, Error> {
        let location = self.execution.block_of_transaction(hash).await?;
        let block_hash = location.ok_or(Error::Missing("transaction"))?;
        let block = match self.transaction_blocks.find(&block_hash) {
            Some(block) => block,
            None => {
                let block = Arc::new(TransactionBlock::fetch(&self.execution, block_hash).await?);
                self.transaction_blocks
                    .keep(block_hash, block.clone(), block.bytes());
                block
            }
        };
        let index = block.index_of(hash).ok_or(Error::Missing("transaction"))?;
        let (transaction_nodes, receipt_nodes) = block.proofs(index);
        Ok(Response::Transaction(TransactionProof {
            block_hash,
            index,
            header_rlp: block.header_rlp(),
            transaction_nodes,
            receipt_nodes,
        }))
    }
}

/// The bytes that nodes take in a response.
fn size(nodes: &[Bytes]) -> usize {
    nodes.iter().map(|node| node.len().saturating_add(4)).sum()
}

/// Walks from the state root to every account and slot.
fn check_proof(
    state_root: B256,
    accounts: &[AccountQuery],
    nodes: Vec<Bytes>,
) -> Result<(), Error> {
    let nodes = NodeSet::new(nodes)?;
    for query in accounts {
        let account = lookup(state_root, keccak256(query.address).as_slice(), &nodes)?;
        let Some(account) = account else { continue };
        let storage_root = Account::decode_rlp(&account)?.storage_root;
        for slot in &query.slots {
            lookup(storage_root, keccak256(slot).as_slice(), &nodes)?;
        }
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
        assert_eq!(cost(&proof), 12);
        assert_eq!(
            cost(&Request::Headers {
                hash: B256::ZERO,
                count: 512
            }),
            65
        );
    }
}
