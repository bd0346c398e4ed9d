//! What a state remembers of the past.

use std::collections::BTreeMap;

use lampyris_verify::execution::{
    BEACON_ROOTS_ADDRESS, HISTORY_BUFFER_LENGTH, HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS,
};
use lampyris_verify::trie::NodeSet;
use lampyris_verify::{Address, B256, Bytes, Error, Fault, U256};

use crate::blocks;
use lampyris_vectors::trusted::{block as proven_block, state};

fn words(entries: &[(u64, B256)]) -> BTreeMap<u64, U256> {
    let word = |(slot, word): &(u64, B256)| (*slot, U256::from_be_bytes(word.0));
    entries.iter().map(word).collect()
}

/// Mainnet's block 22431084, by its hash in the state of a later block.
#[test]
fn an_ancestor_by_the_history_contract() {
    let ancestor = blocks::header(&blocks::json(blocks::WHOLE[1]));
    let (number, hash, rlp) = (ancestor.number, ancestor.hash(), ancestor.encode_rlp());
    let slot = number % HISTORY_SERVE_WINDOW;
    let other = Address::repeat_byte(1);
    let accounts = [
        (
            HISTORY_STORAGE_ADDRESS,
            words(&[(slot, hash), (slot + 1, B256::repeat_byte(5))]),
        ),
        (other, words(&[(slot, B256::repeat_byte(6))])),
    ];
    for this in [number + 1, number + 100, number + HISTORY_SERVE_WINDOW] {
        let (header, nodes) = state(this, &accounts);
        let block = proven_block(&header);
        let set = NodeSet::new(nodes.clone()).unwrap();
        let proven = block.ancestor(&set, number, &rlp).unwrap();
        assert_eq!(proven.value(), &ancestor);
        assert_eq!(proven.evidence().block_hash, hash);
        assert_eq!(proven.evidence().block_number, number);
        assert_eq!(proven.evidence().slot, block.evidence().slot);
        assert_eq!(proven.evidence().finality, block.evidence().finality);
        // Every node of the path is needed, and so is each of its bytes.
        refuse_each_change(&nodes, |set| block.ancestor(set, number, &rlp).is_err());
        for at in 0..rlp.len() {
            let mut other = rlp.clone();
            other[at] ^= 1;
            let error = block.ancestor(&set, number, &other).unwrap_err();
            assert!(matches!(error, Error::Hash { .. }), "{error}");
        }
    }
    for this in [number, number - 1, number + HISTORY_SERVE_WINDOW + 1] {
        let (header, nodes) = state(this, &accounts);
        let set = NodeSet::new(nodes).unwrap();
        let error = proven_block(&header)
            .ancestor(&set, number, &rlp)
            .unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
        assert_eq!(error.fault(), Fault::Misuse);
    }
}

/// A state before the fork has no such contract, and later some slots are not yet written.
#[test]
fn an_ancestor_that_no_state_remembers() {
    for storage in [None, Some(words(&[(0, B256::repeat_byte(5))]))] {
        let mut accounts = vec![(Address::repeat_byte(1), words(&[(1, B256::repeat_byte(6))]))];
        accounts.extend(storage.map(|storage| (HISTORY_STORAGE_ADDRESS, storage)));
        let (header, nodes) = state(1_000, &accounts);
        let set = NodeSet::new(nodes).unwrap();
        let error = proven_block(&header).ancestor_hash(&set, 999).unwrap_err();
        let (what, index) = ("block hash", 999);
        assert_eq!(error, Error::Absent { what, index });
    }
}

/// The hash of a block with another number is none of this one.
#[test]
fn an_ancestor_of_another_number() {
    let ancestor = blocks::header(&blocks::json(blocks::WHOLE[1]));
    let number = ancestor.number + 1;
    let slot = number % HISTORY_SERVE_WINDOW;
    let storage = words(&[(slot, ancestor.hash())]);
    let (header, nodes) = state(number + 1, &[(HISTORY_STORAGE_ADDRESS, storage)]);
    let set = NodeSet::new(nodes).unwrap();
    let error = proven_block(&header)
        .ancestor(&set, number, &ancestor.encode_rlp())
        .unwrap_err();
    assert_eq!(error.fault(), Fault::PeerMisbehaved);
}

#[test]
fn a_beacon_root_by_its_timestamp() {
    let timestamp: u64 = 1_746_612_311;
    let index = timestamp % HISTORY_BUFFER_LENGTH;
    let root = B256::repeat_byte(0x44);
    let time = B256::from(U256::from(timestamp));
    let storage = words(&[(index, time), (index + HISTORY_BUFFER_LENGTH, root)]);
    let accounts = [
        (BEACON_ROOTS_ADDRESS, storage),
        (Address::repeat_byte(1), words(&[(index, time)])),
    ];
    let (header, nodes) = state(1_000, &accounts);
    let block = proven_block(&header);
    let set = NodeSet::new(nodes.clone()).unwrap();
    let proven = block.parent_beacon_block_root(&set, timestamp).unwrap();
    assert_eq!(*proven.value(), root);
    assert_eq!(proven.evidence(), block.evidence());
    refuse_each_change(&nodes, |set| {
        block.parent_beacon_block_root(set, timestamp).is_err()
    });
    // The slot is that of other times too: they are proven not to be there.
    for other in [
        timestamp + HISTORY_BUFFER_LENGTH,
        timestamp - HISTORY_BUFFER_LENGTH,
    ] {
        let error = block.parent_beacon_block_root(&set, other).unwrap_err();
        let (what, index) = ("beacon root", other);
        assert_eq!(error, Error::Absent { what, index });
    }
    let (header, nodes) = state(1_000, &[]);
    assert!(nodes.len() <= 1);
    let set = NodeSet::new(nodes).unwrap();
    assert!(
        proven_block(&header)
            .parent_beacon_block_root(&set, 0)
            .is_err()
    );
}

/// Leaves each node out, and changes each byte, of those that matter: at least as many fail as are
/// on the two paths, and none gives another answer.
fn refuse_each_change(nodes: &[Bytes], fails: impl Fn(&NodeSet) -> bool) {
    let mut needed = 0;
    for index in 0..nodes.len() {
        let mut fewer = nodes.to_vec();
        fewer.remove(index);
        if !fails(&NodeSet::new(fewer).unwrap()) {
            continue;
        }
        needed += 1;
        for at in 0..nodes[index].len() {
            let mut changed = nodes.to_vec();
            let mut bytes = changed[index].to_vec();
            bytes[at] ^= 1;
            changed[index] = bytes.into();
            assert!(
                fails(&NodeSet::new(changed).unwrap()),
                "node {index} byte {at}"
            );
        }
    }
    assert!(needed >= 4, "{needed}");
}
