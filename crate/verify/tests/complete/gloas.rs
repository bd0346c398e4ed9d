//! Headers in the shape of Gloas: real ones of earlier forks brought into it, and one of our own.

use lampyris_verify::B256;
use lampyris_verify::config::{Fork, ForkEpoch, Network};
use lampyris_verify::containers::{self, LightClientFinalityUpdate};
use lampyris_verify::light_client::gloas::{
    LightClientHeader, is_valid_light_client_header, upgrade_lc_header_to_gloas,
};
use lampyris_verify::merkle::{hash_pair, merkle_branch, merkleize};

use crate::blocks;

/// Mainnet as it would be if Gloas began at this epoch.
fn network(gloas: u64) -> Network {
    let mut network = Network::mainnet();
    network.forks.push(ForkEpoch {
        fork: Fork::Gloas,
        version: [7, 0, 0, 0],
        epoch: gloas,
    });
    network.validate().unwrap();
    network
}

/// Headers of mainnet's Capella, Deneb and Fulu.
fn real_headers() -> Vec<containers::LightClientHeader> {
    let files = [
        (
            "ckb-mainnet-altair-bellatrix-capella/finality_update/slot-006632800.json",
            Fork::Capella,
        ),
        (
            "argument-zk-mainnet-deneb/inclusion/base-data/FinalityUpdateDeneb.json",
            Fork::Deneb,
        ),
        (
            "nimbus-verified-proxy-mainnet-fulu/lc_finality.json",
            Fork::Fulu,
        ),
    ];
    let read = |(path, fork)| {
        let json = blocks::json(path);
        let data = json.get("data").unwrap_or(&json);
        let preset = &Network::mainnet().preset;
        let update = LightClientFinalityUpdate::from_json(data, fork, preset).unwrap();
        assert_eq!(
            Network::mainnet().fork_at_slot(update.attested_header.beacon.slot),
            fork
        );
        [update.attested_header, update.finalized_header]
    };
    files.into_iter().flat_map(read).collect()
}

/// A header whose body is nothing but a path to the hash.
fn native(slot: u64) -> LightClientHeader {
    let mut header = LightClientHeader {
        execution_block_hash: B256::repeat_byte(9),
        execution_branch: (1..=11).map(B256::repeat_byte).collect(),
        ..LightClientHeader::default()
    };
    header.beacon.slot = slot;
    let mut index = 2_856_u32;
    header.beacon.body_root =
        header
            .execution_branch
            .iter()
            .fold(header.execution_block_hash, |value, sibling| {
                let is_right = index % 2 == 1;
                index /= 2;
                if is_right {
                    hash_pair(*sibling, value)
                } else {
                    hash_pair(value, *sibling)
                }
            });
    header
}

#[test]
fn every_header_and_each_of_its_parts() {
    let network = network(450_000);
    let gloas_slot = 450_000 * 32;
    let upgraded = real_headers()
        .into_iter()
        .map(|header| {
            let execution = header.execution.as_ref().unwrap().block_hash;
            let upgraded = upgrade_lc_header_to_gloas(&header, &network);
            assert_eq!(upgraded.beacon, header.beacon);
            assert_eq!(upgraded.execution_block_hash, execution);
            upgraded
        })
        .chain([native(gloas_slot), native(gloas_slot + 12_345)]);
    for header in upgraded {
        assert_eq!(is_valid_light_client_header(&header, &network), Ok(()));
        let bytes = header.encode();
        assert_eq!(bytes.len(), 112 + 32 + 11 * 32);
        assert_eq!(LightClientHeader::decode(&bytes).as_ref(), Ok(&header));
        assert!(LightClientHeader::decode(&bytes[1..]).is_err());
        // Body root, hash and branch are proven; the rest of the beacon header is signed.
        for at in (80..112).chain(112..bytes.len()) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = LightClientHeader::decode(&changed).unwrap();
            assert!(is_valid_light_client_header(&changed, &network).is_err());
        }
        let mut changed = header.clone();
        changed.execution_branch.insert(0, B256::ZERO);
        assert!(is_valid_light_client_header(&changed, &network).is_err());
        // The rules of another fork do not do.
        let mut changed = header.clone();
        changed.beacon.slot = if header.beacon.slot < gloas_slot {
            gloas_slot
        } else {
            gloas_slot - 1
        };
        assert!(is_valid_light_client_header(&changed, &network).is_err());
    }
}

#[test]
fn headers_before_capella_have_no_execution_block() {
    let network = network(450_000);
    let mut header = containers::LightClientHeader::default();
    header.beacon.slot = 150_000 * 32;
    let upgraded = upgrade_lc_header_to_gloas(&header, &network);
    assert_eq!(is_valid_light_client_header(&upgraded, &network), Ok(()));
    let mut changed = upgraded.clone();
    changed.execution_block_hash.0[0] = 1;
    assert!(is_valid_light_client_header(&changed, &network).is_err());
    let mut changed = upgraded;
    changed.execution_branch[4].0[0] = 1;
    assert!(is_valid_light_client_header(&changed, &network).is_err());
}

#[test]
fn branches_of_any_number_of_leaves() {
    for count in 1..=17_u8 {
        let leaves: Vec<_> = (1..=count).map(B256::repeat_byte).collect();
        let root = merkleize(&leaves);
        let first = u64::try_from(leaves.len().next_power_of_two()).unwrap();
        for (gindex, (index, leaf)) in (first..).zip(leaves.iter().enumerate()) {
            let branch = merkle_branch(&leaves, index);
            let is_valid = lampyris_verify::merkle::is_valid_merkle_branch;
            assert!(is_valid(*leaf, &branch, gindex, root), "{index} of {count}");
        }
    }
}
