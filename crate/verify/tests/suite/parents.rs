//! Blocks before a proven one.

use lampyris_vectors::files::Files;
use lampyris_vectors::recorded::trusted_store;
use lampyris_vectors::rpc_json;
use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientHeader, SyncCommittee,
};
use lampyris_verify::execution::Header;
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::{B256, Bytes, Error, ExecutionBlock, Finality, Proven};

/// A header proves its parent, and the parent its own: mainnet's blocks 22431085 to 22431083.
#[test]
fn parents_of_a_proven_header() {
    let files = Files::ours();
    let header = |number: u64| {
        let name = format!("nimbus-mainnet-el-blocks/{number}.json");
        let path = files.find(|path| path == name).remove(0);
        rpc_json::header(&rpc_json::result(files.json(&path)))
    };
    let [child, parent, grandparent] = [22_431_085, 22_431_084, 22_431_083].map(header);
    let proven = trusted_block(&child).header(&child.encode_rlp()).unwrap();
    let again = proven.parent(&parent.encode_rlp()).unwrap();
    assert_eq!(again.value(), &parent);
    assert_eq!(again.evidence().block_hash, child.parent_hash);
    assert_eq!(again.evidence().block_number, 22_431_084);
    assert_eq!(again.evidence().slot, proven.evidence().slot);
    assert_eq!(again.evidence().finality, Finality::Finalized);
    assert_eq!(again.block().value().state_root, parent.state_root);

    for wrong in [&child, &grandparent] {
        let error = proven.parent(&wrong.encode_rlp()).unwrap_err();
        assert!(matches!(error, Error::Hash { .. }), "{error}");
    }
    let last = again.parent(&grandparent.encode_rlp()).unwrap();
    assert_eq!(last.value(), &grandparent);
    assert_eq!(last.evidence().block_number, 22_431_083);
}

/// A block that a kept store trusts.
fn trusted_block(header: &Header) -> Proven<ExecutionBlock> {
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let execution = ExecutionPayloadHeader {
        block_hash: header.hash(),
        block_number: header.number,
        logs_bloom: Bytes::from_static(&[0; 256]),
        ..ExecutionPayloadHeader::default()
    };
    let slot = 364_032 * 8;
    let branch = vec![B256::repeat_byte(1); 4];
    // Generalized index 25 is 11001: left or right from the leaf up.
    let leaf = execution.hash_tree_root(Fork::Electra);
    let [a, b, c, d] = [branch[0], branch[1], branch[2], branch[3]];
    let body_root = hash_pair(d, hash_pair(hash_pair(hash_pair(a, leaf), b), c));
    let header = LightClientHeader {
        beacon: BeaconBlockHeader {
            slot,
            body_root,
            ..BeaconBlockHeader::default()
        },
        execution: Some(execution),
        execution_branch: branch,
    };
    let committee = SyncCommittee {
        pubkeys: vec![[0; 48]; 32],
        aggregate_pubkey: [0; 48],
    };
    trusted_store(&header, &committee, None, &network)
        .finalized()
        .unwrap()
}
