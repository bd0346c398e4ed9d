//! Recorded accounts, transactions, receipts and blocks, as our peers prove them.

use std::path::{Path, PathBuf};

use lampyris_vectors::beacon_blocks::BeaconBlock;
use lampyris_vectors::rpc_json;
use lampyris_vectors::ssz_schema::Schema;
use lampyris_verify::config::Network;
use lampyris_verify::execution::{Header, Withdrawal};
use lampyris_verify::trie::ordered_trie_proof;
use lampyris_verify::{Address, Bytes};
use lampyris_wire::state::{Response, TransactionProof};
use serde_json::{Value, json};

use crate::consensus::chunk;
use crate::{hex, read, read_json};

/// Something to verify.
pub(crate) struct Case {
    /// The measurement.
    pub(crate) what: &'static str,
    /// What a light client is given to learn of the block.
    head: Vec<u8>,
    /// What a peer sends.
    proof: Vec<u8>,
    /// What is asked for, besides.
    question: Vec<String>,
    /// What has to be hashed, at least.
    pub(crate) hashed: Vec<Vec<u8>>,
}

impl Case {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "head": hex(chunk(&self.head)),
            "proof": hex(&self.proof),
            "question": self.question,
            "hashed": { "inputs": self.hashed.len(), "bytes": self.hashed.concat().len() },
        })
    }
}

/// All that is measured, of the recorded cases of Colibri.
pub(crate) fn cases(vectors: &Path) -> Vec<Case> {
    let case = |name: &str| Recorded::open(vectors, name);
    vec![
        state("account_proof", &case("eth_getBalance_electra"), false),
        state("storage_proof", &case("eth_getStorageAt_electra"), true),
        transaction(&case("eth_getTransactionByHash_electra")),
        receipt(&case("eth_getTransactionreceipt_electra")),
        block(&case("eth_getBlockByNumber1")),
    ]
}

/// A folder of recorded answers.
struct Recorded {
    folder: PathBuf,
}

impl Recorded {
    fn open(vectors: &Path, name: &str) -> Self {
        let folder = vectors.join("colibri-mainnet/cases").join(name);
        Self { folder }
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn file(&self, start: &str, end: &str) -> PathBuf {
        let mut names = self.names().into_iter();
        let name = names.find(|name| name.starts_with(start) && name.ends_with(end));
        self.folder.join(name.unwrap())
    }

    fn answer(&self, method: &str) -> Value {
        rpc_json::result(read_json(&self.file(method, ".json")))
    }

    fn expected(&self) -> Value {
        read_json(&self.folder.join("test.json"))["expected_result"].clone()
    }

    fn head(&self) -> Vec<u8> {
        read(&self.file("optimistic_update_", ".ssz"))
    }

    /// The block that the head is about: header, transactions, withdrawals.
    fn block(&self) -> Block {
        let mut number = read_json(&self.file("optimistic_update_", ".json"));
        let number = number["data"].take();
        let number = &number["attested_header"]["execution"]["block_number"];
        let number: u64 = number.as_str().unwrap().parse().unwrap();
        let blocks = self.names().into_iter();
        let blocks = blocks.filter(|name| name.starts_with("eth_v2_beacon_blocks_"));
        let mut blocks = blocks.map(|name| Block::decode(&read(&self.folder.join(name))));
        blocks.find(|block| block.header.number == number).unwrap()
    }
}

/// An execution block.
struct Block {
    header: Header,
    transactions: Vec<Bytes>,
    withdrawals: Vec<Bytes>,
}

impl Block {
    /// Reads a signed beacon block of Deneb or Electra. Offsets are relative to their container.
    fn decode(signed: &[u8]) -> Self {
        let network = Network::mainnet();
        let schema = |slot| Schema {
            fork: network.fork_at_slot(slot),
            preset: network.preset,
        };
        let header = BeaconBlock::decode(signed, &schema).execution.unwrap();
        let body = after_offset(&signed[100..], 80);
        let payload = after_offset(body, 380);
        let payload = &payload[..offset(body, 384) - offset(body, 380)];
        let (transactions, withdrawals) = (offset(payload, 504), offset(payload, 508));
        let end_of_withdrawals = payload.len();
        Self {
            header,
            transactions: list(&payload[transactions..withdrawals]),
            withdrawals: payload[withdrawals..end_of_withdrawals]
                .chunks(44)
                .map(withdrawal)
                .collect(),
        }
    }

    fn header_rlp(&self) -> Bytes {
        self.header.encode_rlp().into()
    }

    fn proof(&self, index: u64, receipts: &[Bytes]) -> TransactionProof {
        TransactionProof {
            block_hash: self.header.hash(),
            index,
            header_rlp: self.header_rlp(),
            transaction_nodes: ordered_trie_proof(&self.transactions, index),
            receipt_nodes: ordered_trie_proof(receipts, index),
        }
    }
}

fn state(what: &'static str, case: &Recorded, with_slot: bool) -> Case {
    let answer = case.answer("eth_getProof");
    let mut nodes: Vec<Bytes> = rpc_json::field(&answer, "accountProof");
    let address: Address = rpc_json::field(&answer, "address");
    let mut hashed = vec![address.to_vec()];
    let mut question = vec![hex(address)];
    if with_slot {
        let storage = &answer["storageProof"][0];
        nodes.extend(rpc_json::field::<Vec<Bytes>>(storage, "proof"));
        let key =
            lampyris_verify::B256::from(rpc_json::field::<lampyris_verify::U256>(storage, "key"));
        hashed.push(key.to_vec());
        question.push(hex(key));
    }
    hashed.extend(nodes.iter().map(|node| node.to_vec()));
    Case {
        what,
        head: case.head(),
        proof: Response::StateProof { nodes }.encode().unwrap(),
        question,
        hashed,
    }
}

fn transaction(case: &Recorded) -> Case {
    let block = case.block();
    let index = rpc_json::number(&case.expected(), "transactionIndex");
    of_transaction("transaction", case, &block, &block.proof(index, &[]))
}

fn receipt(case: &Recorded) -> Case {
    let block = case.block();
    let index = rpc_json::number(&case.expected(), "transactionIndex");
    let receipts = case.answer("eth_getBlockReceipts");
    let receipts = receipts.as_array().unwrap().iter();
    let receipts: Vec<Bytes> = receipts
        .map(|receipt| rpc_json::receipt(receipt).encode().into())
        .collect();
    of_transaction("receipt", case, &block, &block.proof(index, &receipts))
}

fn of_transaction(
    what: &'static str,
    case: &Recorded,
    block: &Block,
    proof: &TransactionProof,
) -> Case {
    let raw = &block.transactions[usize::try_from(proof.index).unwrap()];
    let nodes = proof.transaction_nodes.iter().chain(&proof.receipt_nodes);
    let hashed = [&proof.header_rlp, raw].into_iter().chain(nodes);
    Case {
        what,
        head: case.head(),
        proof: Response::Transaction(proof.clone()).encode().unwrap(),
        question: Vec::new(),
        hashed: hashed.map(|bytes| bytes.to_vec()).collect(),
    }
}

/// A whole block: header, then transactions, then withdrawals, each behind its length.
fn block(case: &Recorded) -> Case {
    let block = case.block();
    let mut proof = Vec::new();
    let mut put =
        |bytes: &[u8]| proof.extend(length(bytes.len()).into_iter().chain(bytes.to_vec()));
    put(&block.header_rlp());
    let mut hashed = vec![block.header_rlp().to_vec()];
    for items in [&block.transactions, &block.withdrawals] {
        proof.extend(length(items.len()));
        for item in items {
            proof.extend(length(item.len()).into_iter().chain(item.to_vec()));
        }
        let nodes = (0..items.len())
            .flat_map(|index| ordered_trie_proof(items, u64::try_from(index).unwrap()));
        let mut nodes: Vec<_> = nodes.map(|node| node.to_vec()).collect();
        nodes.sort();
        nodes.dedup();
        hashed.extend(nodes);
    }
    Case {
        what: "block",
        head: case.head(),
        proof,
        question: Vec::new(),
        hashed,
    }
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_le_bytes()
}

fn offset(bytes: &[u8], at: usize) -> usize {
    let offset = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    usize::try_from(offset).unwrap()
}

fn after_offset(bytes: &[u8], at: usize) -> &[u8] {
    &bytes[offset(bytes, at)..]
}

/// An SSZ list of byte lists.
fn list(bytes: &[u8]) -> Vec<Bytes> {
    let count = if bytes.is_empty() {
        0
    } else {
        offset(bytes, 0) / 4
    };
    let bounds = (0..count).map(|index| offset(bytes, index * 4));
    let bounds: Vec<_> = bounds.chain([bytes.len()]).collect();
    let items = bounds.windows(2);
    items
        .map(|pair| Bytes::copy_from_slice(&bytes[pair[0]..pair[1]]))
        .collect()
}

fn withdrawal(ssz: &[u8]) -> Bytes {
    let number = |at: usize| u64::from_le_bytes(ssz[at..at + 8].try_into().unwrap());
    let withdrawal = Withdrawal {
        index: number(0),
        validator_index: number(8),
        address: Address::from_slice(&ssz[16..36]),
        amount_gwei: number(36),
    };
    withdrawal.encode_rlp().into()
}
