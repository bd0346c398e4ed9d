//! A light client that trusts a certain execution block, for what no recorded chain proves, and
//! states of our own making.

use std::collections::BTreeMap;

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientHeader,
    SyncCommittee,
};
use lampyris_verify::execution::Header;
use lampyris_verify::light_client::initialize_light_client_store;
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::{Address, B256, Bytes, ExecutionBlock, Proven, U256, keccak256};

use crate::rlp::Item;
use crate::trie_model::Model;

/// A slot of mainnet's Electra.
const SLOT: u64 = 364_032 * 8;

/// The header, as a checkpoint's execution block proves it.
#[must_use]
pub fn header(header: &Header) -> Proven<Header> {
    let rlp = header.encode_rlp();
    block(header).header(&rlp).unwrap()
}

/// The execution block of a checkpoint.
#[must_use]
pub fn block(header: &Header) -> Proven<ExecutionBlock> {
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let execution = ExecutionPayloadHeader {
        parent_hash: header.parent_hash,
        block_hash: header.hash(),
        block_number: header.number,
        state_root: header.state_root,
        receipts_root: header.receipts_root,
        timestamp: header.timestamp,
        base_fee_per_gas: header.base_fee_per_gas.unwrap_or_default(),
        gas_limit: header.gas_limit,
        gas_used: header.gas_used,
        logs_bloom: Bytes::from_static(&[0; 256]),
        ..ExecutionPayloadHeader::default()
    };
    let committee = SyncCommittee {
        pubkeys: vec![[0; 48]; 32],
        aggregate_pubkey: [0; 48],
    };
    let indices = Fork::Electra.generalized_indices();
    let execution_branch = vec![B256::repeat_byte(1); 4];
    let committee_branch = vec![B256::repeat_byte(2); 6];
    let leaf = execution.hash_tree_root(Fork::Electra);
    let beacon = BeaconBlockHeader {
        slot: SLOT,
        body_root: root(leaf, &execution_branch, indices.execution),
        state_root: root(
            committee.hash_tree_root(),
            &committee_branch,
            indices.current_sync_committee,
        ),
        ..BeaconBlockHeader::default()
    };
    let trusted_block_root = beacon.hash_tree_root();
    let bootstrap = LightClientBootstrap {
        header: LightClientHeader {
            beacon,
            execution: Some(execution),
            execution_branch,
        },
        current_sync_committee: committee.into(),
        current_sync_committee_branch: committee_branch,
    };
    initialize_light_client_store(trusted_block_root, &bootstrap, &network)
        .unwrap()
        .finalized()
        .unwrap()
}

/// The root that a branch leads to.
#[must_use]
pub fn root(leaf: B256, branch: &[B256], gindex: u64) -> B256 {
    let mut index = gindex;
    branch.iter().fold(leaf, |value, sibling| {
        let is_right = index % 2 == 1;
        index /= 2;
        if is_right {
            hash_pair(*sibling, value)
        } else {
            hash_pair(value, *sibling)
        }
    })
}

/// The header of a block whose state holds these accounts with their storage, and all nodes.
#[must_use]
pub fn state(number: u64, accounts: &[(Address, BTreeMap<u64, U256>)]) -> (Header, Vec<Bytes>) {
    let mut nodes = Vec::new();
    let mut leaves = BTreeMap::new();
    for (address, storage) in accounts {
        let slot = |slot: &u64| keccak256(B256::from(U256::from(*slot))).to_vec();
        let words = storage
            .iter()
            .map(|(index, word)| (slot(index), alloy_rlp::encode(word)));
        let trie = Model::new(&words.collect());
        nodes.extend(trie.nodes);
        let account = Item::List(vec![
            Item::Bytes(vec![1]),
            Item::Bytes(vec![]),
            Item::Bytes(trie.root.to_vec()),
            Item::Bytes(keccak256([1]).to_vec()),
        ]);
        leaves.insert(keccak256(address).to_vec(), account.encode());
    }
    let trie = Model::new(&leaves);
    nodes.extend(trie.nodes);
    let header = Header {
        state_root: trie.root,
        number,
        ..Header::default()
    };
    (header, nodes)
}
