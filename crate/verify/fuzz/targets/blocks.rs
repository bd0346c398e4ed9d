//! Whole blocks and logs: what a proven header accepts is what it commits to, and nothing else.
#![no_main]

use std::collections::BTreeMap;

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientHeader,
    SyncCommittee,
};
use lampyris_verify::execution::{Header, LogFilter, Receipt, requests_hash};
use lampyris_verify::light_client::initialize_light_client_store;
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::trie::ordered_trie_root;
use lampyris_verify::{B256, Bytes, Proven, keccak256};
use libfuzzer_sys::fuzz_target;

/// The hash of no uncles: of an empty list.
const NO_UNCLES: [u8; 1] = [0xc0];

fuzz_target!(|input: &[u8]| {
    let Some((at, rest)) = input.split_first() else {
        return;
    };
    let items = cut(rest);
    let root = ordered_trie_root(&items);
    let header = Header {
        ommers_hash: keccak256(NO_UNCLES),
        transactions_root: root,
        receipts_root: root,
        base_fee_per_gas: Some(Default::default()),
        withdrawals_root: Some(root),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(requests_hash(&items)),
        ..Header::default()
    };
    let proven = prove(&header);

    let mut other = items.clone();
    match other.get_mut(usize::from(*at) % items.len().max(1)) {
        Some(item) => *item = [item.as_ref(), &[0]].concat().into(),
        None => other.push(Bytes::new()),
    }
    assert!(proven.body(&other, Some(&other)).is_err());
    assert!(proven.receipts(&other).is_err());
    assert!(proven.requests(&other).is_err());

    if let Ok(body) = proven.body(&items, Some(&items)) {
        for (transaction, item) in body.value().transactions.iter().zip(&items) {
            assert_eq!(transaction.encode(), item.as_ref());
        }
    }
    if let Ok(requests) = proven.requests(&items) {
        assert_eq!(requests.value(), &items);
    }
    let receipts = proven.receipts(&items);
    let given = BTreeMap::from([(0, items)]);
    let logs = proven.complete_logs(0, &LogFilter::default(), &[], &given);
    match receipts {
        Ok(receipts) => {
            let count: usize = receipts
                .value()
                .iter()
                .map(|r: &Receipt| r.logs.len())
                .sum();
            assert_eq!(logs.unwrap().value().logs.len(), count);
        }
        Err(error) => assert_eq!(logs.unwrap_err(), error),
    }
});

/// Items, each behind one byte with its length.
fn cut(mut bytes: &[u8]) -> Vec<Bytes> {
    let mut items = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (item, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        items.push(Bytes::copy_from_slice(item));
        bytes = rest;
    }
    items
}

/// The header of a checkpoint's execution block.
fn prove(header: &Header) -> Proven<Header> {
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let execution = ExecutionPayloadHeader {
        block_hash: header.hash(),
        logs_bloom: Bytes::from_static(&[0; 256]),
        ..ExecutionPayloadHeader::default()
    };
    let committee = SyncCommittee {
        pubkeys: vec![[0; 48]; 32],
        aggregate_pubkey: [0; 48],
    };
    // Generalized indices 25 and 86, from the leaf up.
    let zero = B256::ZERO;
    let up = |leaf: B256, path: &[bool]| {
        path.iter().fold(leaf, |node, is_right| {
            if *is_right {
                hash_pair(zero, node)
            } else {
                hash_pair(node, zero)
            }
        })
    };
    let body = [true, false, false, true];
    let state = [false, true, true, false, true, false];
    let beacon = BeaconBlockHeader {
        slot: 364_032 * 8,
        body_root: up(execution.hash_tree_root(Fork::Electra), &body),
        state_root: up(committee.hash_tree_root(), &state),
        ..BeaconBlockHeader::default()
    };
    let bootstrap = LightClientBootstrap {
        current_sync_committee: committee.into(),
        current_sync_committee_branch: vec![zero; state.len()],
        header: LightClientHeader {
            beacon: beacon.clone(),
            execution: Some(execution),
            execution_branch: vec![zero; body.len()],
        },
    };
    let store = initialize_light_client_store(beacon.hash_tree_root(), &bootstrap, &network);
    let block = store.unwrap().finalized().unwrap();
    block.header(&header.encode_rlp()).unwrap()
}
