//! What a full node collects, on the chains of the specification's tests.
//!
//! Those tests give whole blocks and an initial state, and so need the whole state transition. Here
//! blocks keep their slots, parents and signers, and get states of our own making: which object is
//! served, and of which block, must be as expected after each change of the head.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, LightClientFinalityUpdate, LightClientHeader, LightClientOptimisticUpdate,
    LightClientUpdate, SyncAggregate, SyncCommittee,
};
use lampyris_verify::full_node::{
    ImportedBlock, LightClientData, PostState, create_light_client_bootstrap,
    create_light_client_update,
};
use lampyris_verify::light_client::initialize_light_client_store;
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::{B256, Error};
use serde_json::Value;

/// Altair from the start: states have no execution part then.
fn network() -> Network {
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    network.forks.truncate(2);
    network.forks[1].epoch = 0;
    network.validate().unwrap();
    network
}

fn block(slot: u64, parent_root: B256, bits: [u8; 4], finalized_root: B256) -> ImportedBlock {
    let committee = |byte: u8| SyncCommittee {
        pubkeys: vec![[byte; 48]; 32],
        aggregate_pubkey: [byte; 48],
    };
    let (current, next) = (committee(1), committee(2));
    let (current_root, next_root) = (current.hash_tree_root(), next.hash_tree_root());
    // The nodes of the state's tree, by generalized index.
    let [n104, n53, n12, n7, n2] = [1, 2, 3, 4, 5].map(B256::repeat_byte);
    let n27 = hash_pair(current_root, next_root);
    let n26 = hash_pair(hash_pair(n104, finalized_root), n53);
    let n6 = hash_pair(n12, hash_pair(n26, n27));
    let header = LightClientHeader {
        beacon: BeaconBlockHeader {
            slot,
            proposer_index: u64::from(bits[0]),
            parent_root,
            state_root: hash_pair(n2, hash_pair(n6, n7)),
            body_root: B256::ZERO,
        },
        ..LightClientHeader::default()
    };
    ImportedBlock {
        header,
        sync_aggregate: SyncAggregate {
            sync_committee_bits: bits.to_vec(),
            sync_committee_signature: [0; 96],
        },
        state: PostState {
            current_sync_committee: Arc::new(current),
            current_sync_committee_branch: vec![next_root, n26, n12, n7, n2],
            next_sync_committee: Arc::new(next),
            next_sync_committee_branch: vec![current_root, n26, n12, n7, n2],
            finalized_root,
            finality_branch: vec![n104, n53, n27, n12, n7, n2],
        },
    }
}

/// What is compared of an update: slot signed, slot of the signature, and who signed.
type Summary = (u64, u64, Vec<u8>);

fn summary(attested: &LightClientHeader, signature_slot: u64, by: &SyncAggregate) -> Summary {
    let bits = by.sync_committee_bits.clone();
    (attested.beacon.slot, signature_slot, bits)
}

struct Case {
    folder: PathBuf,
}

impl Case {
    fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.folder.join(format!("{name}.ssz_snappy"));
        let bytes = fs::read(path).unwrap();
        snap::raw::Decoder::new().decompress_vec(&bytes).unwrap()
    }

    /// An object of whatever fork fits: the layouts of any two differ in length.
    fn object<T>(
        &self,
        json: &Value,
        decode: fn(&[u8], Fork, &Preset) -> Result<T, Error>,
    ) -> Option<T> {
        let bytes = self.bytes(json.get("data")?.as_str().unwrap());
        let forks = [Fork::Altair, Fork::Capella, Fork::Deneb, Fork::Electra];
        let decoded = forks.map(|fork| decode(&bytes, fork, &Preset::MINIMAL));
        Some(decoded.into_iter().find_map(Result::ok).unwrap())
    }

    fn update(&self, json: &Value) -> Option<Summary> {
        let update = self.object(json, LightClientUpdate::decode)?;
        Some(summary(
            &update.attested_header,
            update.signature_slot,
            &update.sync_aggregate,
        ))
    }

    fn finality_update(&self, json: &Value) -> Option<LightClientFinalityUpdate> {
        self.object(json, LightClientFinalityUpdate::decode)
    }

    fn optimistic_update(&self, json: &Value) -> Option<Summary> {
        let update = self.object(json, LightClientOptimisticUpdate::decode)?;
        Some(summary(
            &update.attested_header,
            update.signature_slot,
            &update.sync_aggregate,
        ))
    }
}

/// Slot, parent and signers of a `SignedBeaconBlock` of any fork.
fn read_block(bytes: &[u8]) -> (u64, B256, [u8; 4]) {
    let message = &bytes[100..];
    let slot = u64::from_le_bytes(message[..8].try_into().unwrap());
    let parent_root = B256::from_slice(&message[16..48]);
    // Offset of the body, then randao reveal, deposit data, graffiti and five offsets.
    let body = &message[84..];
    let bits = body[96 + 72 + 32 + 5 * 4..][..4].try_into().unwrap();
    (slot, parent_root, bits)
}

fn steps(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("steps.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn root(json: &Value) -> B256 {
    serde_json::from_value(json.clone()).unwrap()
}

fn cases() -> Vec<Case> {
    let tests = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/consensus-spec-tests-v1.6.1-generated/tests/minimal"
    );
    let mut cases = Vec::new();
    for fork in fs::read_dir(tests).unwrap() {
        let suite = fork
            .unwrap()
            .path()
            .join("light_client/data_collection/pyspec_tests");
        if let Ok(folders) = fs::read_dir(suite) {
            cases.extend(folders.map(|folder| Case {
                folder: folder.unwrap().path(),
            }));
        }
    }
    cases
}

/// The roots of finalized blocks by the slot of the state that has them finalized.
fn finalized(case: &Case, steps: &[Value]) -> BTreeMap<u64, B256> {
    let mut finalized = BTreeMap::new();
    for checks in steps
        .iter()
        .filter_map(|step| step.pointer("/new_head/checks"))
    {
        if let Some(update) = case.finality_update(&checks["latest_finality_update"])
            && update.finalized_header.beacon.slot > 0
        {
            let slot = update.attested_header.beacon.slot;
            let root = update.finalized_header.beacon.hash_tree_root();
            finalized.insert(slot, root);
        }
    }
    finalized
}

#[test]
fn every_chain_of_the_specification() {
    let cases = cases();
    let mut heads = 0;
    for case in &cases {
        let steps = steps(&case.folder);
        let finalized = finalized(case, &steps);
        heads += run(case, &steps, &finalized);
    }
    println!("{} chains, {heads} heads", cases.len());
    assert!(cases.len() >= 5 && heads > 140, "{heads}");
}

fn run(case: &Case, steps: &[Value], finalized: &BTreeMap<u64, B256>) -> usize {
    let at = case.folder.display();
    let network = network();
    let genesis = block(0, B256::ZERO, [0; 4], B256::ZERO);
    let mut ours = BTreeMap::new();
    let mut data = LightClientData::new(genesis.clone(), network.clone()).unwrap();
    let mut bootstraps = BTreeSet::new();
    let mut pending: Vec<(u64, B256, [u8; 4])> = Vec::new();
    let mut heads = 0;
    for step in steps {
        if let Some(name) = step.pointer("/new_block/data") {
            pending.push(read_block(&case.bytes(name.as_str().unwrap())));
            continue;
        }
        let head = root(&step["new_head"]["head_block_root"]);
        let checks = &step["new_head"]["checks"];
        // Blocks are given in order: each is its successor's parent, and the last is the head.
        let parents = pending.iter().skip(1).map(|block| block.1);
        let roots: Vec<_> = parents.chain([head]).collect();
        for ((slot, parent, bits), theirs) in pending.drain(..).zip(roots) {
            let parent = *ours.entry(parent).or_insert(genesis.root());
            // The head's own state has finalized what the checks say.
            let named = match finalized.get(&slot) {
                Some(root) => Some(*root),
                None if theirs == head => {
                    Some(root(&checks["latest_finalized_checkpoint"]["root"]))
                }
                None => None,
            };
            let named = named.filter(|root| !root.is_zero());
            let finalized_root = named.map_or(B256::ZERO, |root| ours[&root]);
            let block = block(slot, parent, bits, finalized_root);
            ours.insert(theirs, block.root());
            data.import(block).unwrap();
        }
        for bootstrap in data.set_head(ours[&head]).unwrap() {
            let root = bootstrap.header.beacon.hash_tree_root();
            initialize_light_client_store(root, &bootstrap, &network).unwrap();
            bootstraps.insert(root);
        }
        check(case, checks, &data, &format!("{at} head {head}"));
        let expected = checks["bootstraps"].as_array().unwrap().iter();
        let expected = expected.filter(|entry| entry.get("bootstrap").is_some());
        let expected = expected.map(|entry| ours.get(&root(&entry["block_root"])));
        let mut expected: BTreeSet<_> = expected.flatten().copied().collect();
        expected.remove(&genesis.root());
        assert_eq!(bootstraps, expected, "{at} head {head}");
        heads += 1;
    }
    heads
}

fn check(case: &Case, checks: &Value, data: &LightClientData, at: &str) {
    for entry in checks["best_updates"].as_array().unwrap() {
        let period = entry["period"].as_u64().unwrap();
        let best = data.best_update(period);
        let got = best.map(|update| {
            let (attested, by) = (&update.attested_header, &update.sync_aggregate);
            summary(attested, update.signature_slot, by)
        });
        assert_eq!(got, case.update(&entry["update"]), "{at} period {period}");
    }
    let expected = case.finality_update(&checks["latest_finality_update"]);
    let short = |update: &LightClientFinalityUpdate| {
        let (attested, by) = (&update.attested_header, &update.sync_aggregate);
        let finalized_slot = update.finalized_header.beacon.slot;
        (finalized_slot, summary(attested, update.signature_slot, by))
    };
    let got = data.finality_update();
    assert_eq!(
        got.as_ref().map(short),
        expected.as_ref().map(short),
        "{at}"
    );
    let got = data.optimistic_update().map(|update| {
        let (attested, by) = (&update.attested_header, &update.sync_aggregate);
        summary(attested, update.signature_slot, by)
    });
    let expected = case.optimistic_update(&checks["latest_optimistic_update"]);
    assert_eq!(got, expected, "{at}");
}

#[test]
fn every_part_of_an_imported_block_counts() {
    let network = network();
    let valid = block(9, B256::repeat_byte(7), [1; 4], B256::repeat_byte(8));
    assert_eq!(valid.check(&network), Ok(()));
    let flip = |branch: &mut Vec<B256>, index: usize| branch[index].0[31] ^= 1;
    for index in 0..5 {
        let mut changed = valid.clone();
        flip(&mut changed.state.current_sync_committee_branch, index);
        assert!(changed.check(&network).is_err());
        let mut changed = valid.clone();
        flip(&mut changed.state.next_sync_committee_branch, index);
        assert!(changed.check(&network).is_err());
        let mut changed = valid.clone();
        flip(&mut changed.state.finality_branch, index);
        assert!(changed.check(&network).is_err());
    }
    let changes: [fn(&mut ImportedBlock); 5] = [
        |block| block.header.beacon.state_root.0[0] ^= 1,
        |block| block.header.execution_branch.push(B256::ZERO),
        |block| block.state.finalized_root.0[0] ^= 1,
        |block| Arc::make_mut(&mut block.state.current_sync_committee).pubkeys[3][0] ^= 1,
        |block| Arc::make_mut(&mut block.state.next_sync_committee).aggregate_pubkey[0] ^= 1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut changed = valid.clone();
        change(&mut changed);
        assert!(changed.check(&network).is_err(), "change {index}");
    }
    let mut before = network;
    before.forks.truncate(1);
    assert!(matches!(
        valid.check(&before),
        Err(Error::UnsupportedFork { .. })
    ));
}

#[test]
fn updates_of_blocks_that_do_not_fit() {
    let network = network();
    let parent = block(9, B256::repeat_byte(7), [1; 4], B256::ZERO);
    let genesis = LightClientHeader::default();
    let make = |child: &ImportedBlock, finalized: Option<&LightClientHeader>| {
        create_light_client_update(child, &parent, finalized, &network)
    };
    let child = block(10, parent.root(), [1; 4], B256::ZERO);
    let update = make(&child, Some(&genesis)).unwrap();
    assert!(update.next_sync_committee.is_some());
    assert!(lampyris_verify::light_client::is_finality_update(&update));
    // Not at hand: no finality. Another period's committee signed: no next committee.
    let update = make(&child, None).unwrap();
    assert!(!lampyris_verify::light_client::is_finality_update(&update));
    let later = block(64, parent.root(), [1; 4], B256::ZERO);
    assert_eq!(make(&later, None).unwrap().next_sync_committee, None);

    let orphan = block(10, B256::repeat_byte(1), [1; 4], B256::ZERO);
    assert!(matches!(make(&orphan, None), Err(Error::Hash { .. })));
    let unsigned = block(10, parent.root(), [0; 4], B256::ZERO);
    assert!(matches!(
        make(&unsigned, None),
        Err(Error::Participants { .. })
    ));
    assert!(matches!(
        make(&child, Some(&child.header)),
        Err(Error::Hash { .. })
    ));

    let mut data = LightClientData::new(parent.clone(), network).unwrap();
    let root = orphan.header.beacon.parent_root;
    assert_eq!(
        data.import(orphan.clone()),
        Err(Error::UnknownBlock { root })
    );
    let root = orphan.root();
    assert_eq!(data.set_head(root), Err(Error::UnknownBlock { root }));
    data.import(child.clone()).unwrap();
    assert_eq!(data.set_head(child.root()), Ok(Vec::new()));
    assert_eq!(data.set_head(parent.root()), Ok(Vec::new()));
    assert_eq!(data.best_update(0), None);
    assert_eq!(create_light_client_bootstrap(&child).header, child.header);
}
