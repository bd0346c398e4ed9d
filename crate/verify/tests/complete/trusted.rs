//! A light client that trusts a certain execution block, and a state of our own making.

use std::collections::BTreeMap;

use alloy_rlp::Header as RlpHeader;
use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientHeader,
    SyncCommittee,
};
use lampyris_verify::execution::Header;
use lampyris_verify::light_client::initialize_light_client_store;
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::{Address, B256, Bytes, ExecutionBlock, Proven, U256, keccak256};

const SLOT: u64 = 364_032 * 8;

/// The header, as a checkpoint's execution block proves it.
pub(crate) fn proven(header: &Header) -> Proven<Header> {
    let rlp = header.encode_rlp();
    proven_block(header).header(&rlp).unwrap()
}

/// The execution block of a checkpoint.
pub(crate) fn proven_block(header: &Header) -> Proven<ExecutionBlock> {
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let execution = ExecutionPayloadHeader {
        block_hash: header.hash(),
        block_number: header.number,
        state_root: header.state_root,
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

fn root(leaf: B256, branch: &[B256], gindex: u64) -> B256 {
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
pub(crate) fn state(
    number: u64,
    accounts: &[(Address, BTreeMap<u64, U256>)],
) -> (Header, Vec<Bytes>) {
    let mut nodes = Vec::new();
    let mut leaves = BTreeMap::new();
    for (address, storage) in accounts {
        let slot = |slot: &u64| keccak256(B256::from(U256::from(*slot)));
        let words = storage.iter().map(|(index, word)| {
            let path = nibbles(slot(index));
            (path, alloy_rlp::encode(word))
        });
        let account = list(&[
            alloy_rlp::encode(1_u64),
            alloy_rlp::encode(0_u64),
            alloy_rlp::encode(trie(&words.collect(), &mut nodes)),
            alloy_rlp::encode(keccak256([1])),
        ]);
        leaves.insert(nibbles(keccak256(address)), account);
    }
    let header = Header {
        state_root: trie(&leaves, &mut nodes),
        number,
        ..Header::default()
    };
    (header, nodes)
}

/// The root of a trie of full-length paths; its nodes are added to `nodes`.
fn trie(leaves: &BTreeMap<Vec<u8>, Vec<u8>>, nodes: &mut Vec<Bytes>) -> B256 {
    let leaves: Vec<_> = leaves
        .iter()
        .map(|(path, value)| (path.as_slice(), value))
        .collect();
    add_node(&leaves, nodes)
}

/// A leaf, or a branch with what is below it: never an extension, for the first nibbles of the few
/// keys of these tests differ, or else a branch with one child stands in its place.
fn add_node(leaves: &[(&[u8], &Vec<u8>)], nodes: &mut Vec<Bytes>) -> B256 {
    let node = if let [(path, value)] = leaves {
        let mut packed = if path.len() % 2 == 1 {
            vec![0x30 | path[0]]
        } else {
            vec![0x20]
        };
        let pairs = path[path.len() % 2..].chunks(2);
        packed.extend(pairs.map(|pair| pair[0] << 4 | pair[1]));
        list(&[
            alloy_rlp::encode(packed.as_slice()),
            alloy_rlp::encode(value.as_slice()),
        ])
    } else {
        let mut items: Vec<_> = (0..16)
            .map(|nibble| {
                let below: Vec<_> = leaves
                    .iter()
                    .filter(|(path, _)| path[0] == nibble)
                    .map(|(path, value)| (&path[1..], *value))
                    .collect();
                match below.as_slice() {
                    [] => vec![0x80],
                    below => alloy_rlp::encode(add_node(below, nodes)),
                }
            })
            .collect();
        items.push(vec![0x80]);
        list(&items)
    };
    let hash = keccak256(&node);
    nodes.push(node.into());
    hash
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    RlpHeader {
        list: true,
        payload_length: items.concat().len(),
    }
    .encode(&mut bytes);
    bytes.extend(items.concat());
    bytes
}

fn nibbles(key: B256) -> Vec<u8> {
    key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}
