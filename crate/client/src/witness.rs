//! Proven accounts and storage of one block, gathered from peers.

use std::rc::Rc;

use alloy_primitives::{Address, B256, U256};
use lampyris_verify::{
    execution::Account,
    proven::{ExecutionBlock, Proven},
    trie::NodeSet,
};
use lampyris_wire::state::{AccountQuery, MAX_ACCOUNTS, MAX_SLOTS, Request, Response};

use crate::{
    client::Inner,
    error::{Code, Error},
    event::{ProofView, number},
    misdeed::Kind,
    platform::Platform,
    requests::{Question, Refusal, wrong_kind},
    sorted_map::SortedMap,
};

/// A newer head may replace the asked one while nobody has its state any more: so often do we move on.
const HEADS_TRIED_MAX: usize = 3;
/// Pause before the newer head is tried.
const RETRY_MS: u32 = 400;

/// Which head an answer hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockTag {
    /// The newest head that a supermajority signed.
    Latest,
    /// The newest finalized head.
    Finalized,
}

/// Everything proven so far at one block.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    pub(crate) block: Proven<ExecutionBlock>,
    accounts: SortedMap<Address, Proven<Account>>,
    slots: SortedMap<(Address, B256), Proven<U256>>,
    pub(crate) peers: Vec<String>,
}

impl Witness {
    pub(crate) fn new(block: Proven<ExecutionBlock>) -> Self {
        Self {
            block,
            accounts: SortedMap::default(),
            slots: SortedMap::default(),
            peers: Vec::new(),
        }
    }

    pub(crate) fn account(&self, address: Address) -> Result<&Proven<Account>, Error> {
        self.accounts
            .get(&address)
            .ok_or_else(|| Error::new(Code::Bug, "an account that was never asked for"))
    }

    pub(crate) fn slot(&self, address: Address, slot: B256) -> Result<U256, Error> {
        self.slots
            .get(&(address, slot))
            .map(|value| *value.value())
            .ok_or_else(|| Error::new(Code::Bug, "a slot that was never asked for"))
    }

    pub(crate) fn supplied_by(&mut self, peer: String) {
        if !self.peers.contains(&peer) {
            self.peers.push(peer);
        }
    }

    fn absorb(&mut self, other: Self) {
        self.accounts.extend(other.accounts);
        self.slots.extend(other.slots);
        for peer in other.peers {
            self.supplied_by(peer);
        }
    }
}

impl lampyris_vote::Storage for Witness {
    fn read(&self, address: Address, slot: B256) -> Option<U256> {
        self.slots.get(&(address, slot)).map(|value| *value.value())
    }
}

impl<P: Platform> Inner<P> {
    /// Proves accounts and slots at a head.
    pub(crate) async fn prove(
        self: &Rc<Self>,
        tag: BlockTag,
        queries: Vec<AccountQuery>,
    ) -> Result<Witness, Error> {
        let mut last = None;
        for attempt in 0..HEADS_TRIED_MAX {
            if attempt > 0 {
                self.platform.sleep(RETRY_MS).await;
            }
            let mut witness = Witness::new(self.head(tag)?);
            match self.extend(&mut witness, queries.clone()).await {
                Ok(()) => return Ok(witness),
                Err(error) if error.code == Code::Unavailable => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::unavailable("no state")))
    }

    /// Proves more of the same block.
    pub(crate) async fn extend(
        self: &Rc<Self>,
        witness: &mut Witness,
        queries: Vec<AccountQuery>,
    ) -> Result<(), Error> {
        for batch in batches(queries) {
            let block = witness.block;
            let request = Request::StateProof {
                block_hash: block.value().hash,
                accounts: batch.clone(),
            };
            let question = Question::of_state(Kind::Proof, &request, move |response| {
                let Response::StateProof { nodes } = response else {
                    return wrong_kind();
                };
                check_state(&block, &batch, nodes)
            })?;
            let (mut proven, peer) = self.ask(question).await?;
            proven.supplied_by(peer);
            witness.absorb(proven);
        }
        Ok(())
    }

    /// The head behind a tag; an error if there is none that may be shown.
    pub(crate) fn head(&self, tag: BlockTag) -> Result<Proven<ExecutionBlock>, Error> {
        let chain = self.chain.borrow();
        if chain.stale_checkpoint {
            return Err(Error::new(
                Code::StaleCheckpoint,
                "the checkpoint is too old",
            ));
        }
        let head = match tag {
            BlockTag::Latest => chain.optimistic(),
            BlockTag::Finalized => chain.finalized(),
        };
        // A bootstrap alone says what was final once, not what the head is.
        match head {
            Some(head) if chain.first_head_ms.is_some() => Ok(head),
            _ => Err(Error::new(Code::NotSynced, "no verified head yet")),
        }
    }

    /// The evidence of what was proven, for the page.
    pub(crate) fn proof_view(&self, witness: &Witness, checked: &[&'static str]) -> ProofView {
        let evidence = witness.block.evidence();
        let began = self.config.network.slot_start_unix_ms(evidence.slot);
        let finality = match evidence.finality {
            lampyris_verify::proven::Finality::Optimistic => "optimistic",
            lampyris_verify::proven::Finality::Finalized => "finalized",
        };
        let mut all = vec![
            "sync committee signed the beacon header (BLS12-381)",
            "execution header lies in the beacon block (Merkle branch)",
        ];
        if finality == "finalized" {
            all.push("finalized header lies in the signed state (Merkle branch)");
        }
        all.extend(checked);
        ProofView {
            block_hash: evidence.block_hash,
            block_number: number(evidence.block_number),
            slot: number(evidence.slot),
            finality,
            age_seconds: number(self.chain_ms().saturating_sub(began)) / 1_000.0,
            peers: witness.peers.clone(),
            checked: all,
        }
    }
}

fn check_state(
    block: &Proven<ExecutionBlock>,
    queries: &[AccountQuery],
    nodes: Vec<alloy_primitives::Bytes>,
) -> Result<Witness, Refusal> {
    let nodes = NodeSet::new(nodes)?;
    let mut witness = Witness::new(*block);
    for query in queries {
        let account = block.account(&nodes, query.address)?;
        for slot in &query.slots {
            let value = account.storage(&nodes, *slot)?;
            witness.slots.insert((query.address, *slot), value);
        }
        witness.accounts.insert(query.address, account);
    }
    Ok(witness)
}

/// Splits queries so that each request keeps the protocol's bounds.
fn batches(queries: Vec<AccountQuery>) -> Vec<Vec<AccountQuery>> {
    let mut batches = vec![Vec::new()];
    let mut slots = 0_usize;
    for query in queries {
        let mut chunks: Vec<Vec<B256>> = query
            .slots
            .chunks(MAX_SLOTS)
            .map(<[B256]>::to_vec)
            .collect();
        if chunks.is_empty() {
            chunks.push(Vec::new());
        }
        for chunk in chunks {
            let full = batches.last().is_some_and(|batch: &Vec<AccountQuery>| {
                batch.len() >= MAX_ACCOUNTS || slots.saturating_add(chunk.len()) > MAX_SLOTS
            });
            if full {
                batches.push(Vec::new());
                slots = 0;
            }
            slots = slots.saturating_add(chunk.len());
            if let Some(batch) = batches.last_mut() {
                batch.push(AccountQuery {
                    address: query.address,
                    slots: chunk,
                });
            }
        }
    }
    batches.retain(|batch| !batch.is_empty());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_bounds_and_lose_nothing() {
        let slots = vec![B256::ZERO; MAX_SLOTS * 2 + 1];
        let queries = vec![
            AccountQuery {
                address: Address::ZERO,
                slots,
            },
            AccountQuery {
                address: Address::repeat_byte(1),
                slots: vec![],
            },
        ];
        let batches = batches(queries);
        let total: usize = batches
            .iter()
            .flatten()
            .map(|query| query.slots.len())
            .sum();
        assert_eq!(total, MAX_SLOTS * 2 + 1);
        for batch in &batches {
            assert!(batch.len() <= MAX_ACCOUNTS);
            assert!(batch.iter().map(|query| query.slots.len()).sum::<usize>() <= MAX_SLOTS);
        }
        assert!(
            batches
                .iter()
                .flatten()
                .any(|query| query.address == Address::repeat_byte(1))
        );
    }
}
