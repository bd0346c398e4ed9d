//! Proving that a transaction is in a block of the verified chain, and how its execution ended.

use std::rc::Rc;

use alloy_primitives::{B256, Bytes};
use lampyris_verify::{
    execution::{Header, Receipt},
    keccak256,
    proven::Proven,
    trie::NodeSet,
};
use lampyris_wallet::transaction::SignedTransaction;
use lampyris_wire::state::{MAX_HEADERS, Request, Response, TransactionProof};

use crate::{
    client::Inner,
    error::Error,
    event::{CallResult, ProofView},
    misdeed::{Kind, Misdeed},
    platform::Platform,
    requests::{Question, Refusal, wrong_kind},
    witness::{BlockTag, Witness},
};

/// Batches of headers walked back from a head at most: enough for a day of blocks.
const WALKS_MAX: usize = 16;

/// A transaction's proven place in the chain.
pub(crate) struct Inclusion {
    pub(crate) block_number: u64,
    pub(crate) receipt: Receipt,
    pub(crate) proof: ProofView,
}

impl<P: Platform> Inner<P> {
    /// Gives a signed transaction to a peer's node.
    pub(crate) async fn hand_over(self: &Rc<Self>, signed: &SignedTransaction) -> CallResult<()> {
        let hash = signed.hash();
        let request = Request::SendTransaction {
            raw: signed.raw().clone(),
        };
        let question = Question::of_state(Kind::Send, &request, move |response| match response {
            Response::Sent { hash: got } if got == hash => Ok(()),
            Response::Sent { hash: got } => Err(Refusal::Lied(format!(
                "hash {got} for the transaction {hash}"
            ))),
            _ => wrong_kind(),
        })?;
        self.ask(question).await.map(|_| ())
    }

    /// Finds a transaction's block, proves that the block is an ancestor of the head, and proves
    /// transaction and receipt in it.
    pub(crate) async fn inclusion(
        self: &Rc<Self>,
        signed: &SignedTransaction,
        tag: BlockTag,
    ) -> CallResult<Inclusion> {
        let hash = signed.hash();
        let question = Question::of_state(
            Kind::Transaction,
            &Request::Transaction { hash },
            move |response| {
                let Response::Transaction(claim) = response else {
                    return wrong_kind();
                };
                check_claim(hash, claim)
            },
        )?;
        let (claim, peer) = self.ask(question).await?;
        let mut witness = Witness::new(self.head(tag)?);
        witness.supplied_by(peer.clone());
        let header = self.anchor(&mut witness, tag, &claim).await?;
        let receipt = match prove_receipt(&header, &claim) {
            Ok(receipt) => receipt,
            Err(refusal) => {
                if let Refusal::Lied(what) = &refusal {
                    self.blame(&peer, Kind::Transaction, &Misdeed::Lied(what.clone()));
                }
                return Err(refusal.into());
            }
        };
        let checked = [
            "block is an ancestor of the head (chain of header hashes)",
            "transaction lies in the block (Merkle-Patricia proof)",
            "receipt lies in the block at the same index (Merkle-Patricia proof)",
        ];
        let mut proof = self.proof_view(&witness, &checked);
        proof.block_hash = claim.block_hash;
        proof.block_number = crate::event::number(header.value().number);
        Ok(Inclusion {
            block_number: header.value().number,
            receipt,
            proof,
        })
    }

    /// Proves a header by its place below the head.
    async fn anchor(
        self: &Rc<Self>,
        witness: &mut Witness,
        tag: BlockTag,
        claim: &Claim,
    ) -> CallResult<Proven<Header>> {
        let known = self.chain.borrow().recent(claim.block_hash);
        if let Some(block) = known
            && tag == BlockTag::Latest
        {
            return Ok(block.header(&claim.header_rlp)?);
        }
        let head = witness.block;
        if head.value().hash == claim.block_hash {
            return Ok(head.header(&claim.header_rlp)?);
        }
        let mut lowest: Option<Proven<Header>> = None;
        for _ in 0..WALKS_MAX {
            let top = lowest
                .as_ref()
                .map_or(head.value().number, |header| header.value().number);
            let Some(distance) = top
                .checked_sub(claim.number)
                .filter(|distance| *distance > 0)
            else {
                break;
            };
            let from = lowest
                .as_ref()
                .map_or(head.value().hash, |header| header.value().parent_hash);
            let extra = u64::from(lowest.is_none());
            let count = usize::try_from(distance.saturating_add(extra))
                .unwrap_or(MAX_HEADERS)
                .min(MAX_HEADERS);
            let (headers, peer) = self.ancestors(from, count, head, lowest.clone()).await?;
            witness.supplied_by(peer);
            lowest = Some(headers);
        }
        match lowest {
            Some(header) if header.value().hash() == claim.block_hash => Ok(header),
            _ => Err(Error::unavailable(
                "its block is not below the verified head yet",
            )),
        }
    }

    /// Asks for `count` headers downwards and gives the lowest, proven by the chain of hashes.
    async fn ancestors(
        self: &Rc<Self>,
        from: B256,
        count: usize,
        head: Proven<lampyris_verify::proven::ExecutionBlock>,
        above: Option<Proven<Header>>,
    ) -> CallResult<(Proven<Header>, String)> {
        let wanted = u16::try_from(count).unwrap_or(u16::MAX);
        let request = Request::Headers {
            hash: from,
            count: wanted,
        };
        let question = Question::of_state(Kind::Headers, &request, move |response| {
            let Response::Headers { rlp } = response else {
                return wrong_kind();
            };
            if rlp.len() > count {
                return Err(Refusal::Lied(format!(
                    "{} headers when {count} were asked for",
                    rlp.len()
                )));
            }
            let mut lowest = above.clone();
            for header in &rlp {
                lowest = Some(match &lowest {
                    None => head.header(header)?,
                    Some(child) => child.parent(header)?,
                });
            }
            lowest
                .filter(|_| !rlp.is_empty())
                .ok_or_else(|| Refusal::Unavailable("no headers".into()))
        })?;
        self.ask(question).await
    }
}

/// A peer's claim, sound in itself: the header has the hash that is claimed.
struct Claim {
    block_hash: B256,
    number: u64,
    index: u64,
    header_rlp: Bytes,
    transaction: B256,
    transaction_nodes: NodeSet,
    receipt_nodes: NodeSet,
}

fn check_claim(transaction: B256, claim: TransactionProof) -> Result<Claim, Refusal> {
    let got = keccak256(&claim.header_rlp);
    if got != claim.block_hash {
        return Err(Refusal::Lied(format!(
            "header hash {got}, expected {}",
            claim.block_hash
        )));
    }
    let header = Header::decode_rlp(&claim.header_rlp)?;
    Ok(Claim {
        block_hash: claim.block_hash,
        number: header.number,
        index: claim.index,
        header_rlp: claim.header_rlp,
        transaction,
        transaction_nodes: NodeSet::new(claim.transaction_nodes)?,
        receipt_nodes: NodeSet::new(claim.receipt_nodes)?,
    })
}

fn prove_receipt(header: &Proven<Header>, claim: &Claim) -> Result<Receipt, Refusal> {
    let raw = header.transaction(&claim.transaction_nodes, claim.index)?;
    let got = keccak256(raw.value());
    if got != claim.transaction {
        let expected = claim.transaction;
        return Err(Refusal::Lied(format!(
            "transaction {got} in the block, expected {expected}"
        )));
    }
    let receipt = header.receipt(&claim.receipt_nodes, claim.index)?;
    Ok(receipt.value().clone())
}
