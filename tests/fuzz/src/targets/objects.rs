//! Decoders of consensus objects: SSZ, the client's record, the Beacon API's JSON.

use lampyris_vectors::files::{Files, Layout};
use lampyris_vectors::sync;
use lampyris_verify::config::{Fork, Network, NetworkJson, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientFinalityUpdate,
    LightClientHeader, LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate,
    SyncCommittee,
};
use lampyris_verify::light_client::{
    LightClientStore, gloas, initialize_light_client_store, is_better_update,
    process_light_client_update,
};
use serde_json::Value;

use crate::items::choose;

const FORKS: [Fork; 8] = [
    Fork::Phase0,
    Fork::Altair,
    Fork::Bellatrix,
    Fork::Capella,
    Fork::Deneb,
    Fork::Electra,
    Fork::Fulu,
    Fork::Gloas,
];

/// What the handlers of `ssz_static` are called, in the order of the choices.
const OBJECTS: [&str; 4] = [
    "LightClientBootstrap",
    "LightClientUpdate",
    "LightClientFinalityUpdate",
    "LightClientOptimisticUpdate",
];
const PARTS: [&str; 6] = [
    "BeaconBlockHeader",
    "ExecutionPayloadHeader",
    "LightClientHeader",
    "SyncCommittee",
    "SyncAggregate",
    "Gloas",
];

macro_rules! one_encoding {
    ($decoded:expr, $bytes:expr, $encode:expr) => {
        if let Ok(value) = $decoded {
            assert!($encode(&value) == $bytes, "two encodings of one value");
        }
    };
}

pub(super) fn ssz_objects(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let fork = FORKS[usize::from(choice % 8)];
    let preset = &Preset::MINIMAL;
    match choice / 8 % 4 {
        0 => one_encoding!(
            LightClientBootstrap::decode(bytes, fork, preset),
            bytes,
            |value: &LightClientBootstrap| value.encode(fork)
        ),
        1 => one_encoding!(
            LightClientUpdate::decode(bytes, fork, preset),
            bytes,
            |value: &LightClientUpdate| value.encode(fork)
        ),
        2 => one_encoding!(
            LightClientFinalityUpdate::decode(bytes, fork, preset),
            bytes,
            |value: &LightClientFinalityUpdate| value.encode(fork)
        ),
        _ => one_encoding!(
            LightClientOptimisticUpdate::decode(bytes, fork, preset),
            bytes,
            |value: &LightClientOptimisticUpdate| value.encode(fork)
        ),
    }
}

pub(super) fn ssz_parts(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let fork = FORKS[usize::from(choice % 8)];
    let preset = &Preset::MINIMAL;
    match choice / 8 % 6 {
        0 => one_encoding!(
            BeaconBlockHeader::decode(bytes),
            bytes,
            BeaconBlockHeader::encode
        ),
        1 => one_encoding!(
            ExecutionPayloadHeader::decode(bytes, fork),
            bytes,
            |value: &ExecutionPayloadHeader| value.encode(fork)
        ),
        2 => one_encoding!(
            LightClientHeader::decode(bytes, fork),
            bytes,
            |value: &LightClientHeader| value.encode(fork)
        ),
        3 => one_encoding!(
            SyncCommittee::decode(bytes, preset),
            bytes,
            SyncCommittee::encode
        ),
        4 => one_encoding!(
            SyncAggregate::decode(bytes, preset),
            bytes,
            SyncAggregate::encode
        ),
        _ => one_encoding!(
            gloas::LightClientHeader::decode(bytes),
            bytes,
            gloas::LightClientHeader::encode
        ),
    }
}

pub(super) fn object_seeds(files: &Files) -> Vec<Vec<u8>> {
    static_seeds(files, &OBJECTS)
}

pub(super) fn part_seeds(files: &Files) -> Vec<Vec<u8>> {
    let mut seeds = static_seeds(files, &PARTS);
    seeds.push(
        [
            vec![7 + 5 * 8],
            gloas::LightClientHeader::default().encode(),
        ]
        .concat(),
    );
    seeds
}

/// One minimal object of each kind and fork, of `ssz_static`.
fn static_seeds(files: &Files, kinds: &[&str]) -> Vec<Vec<u8>> {
    let mut seeds = std::collections::BTreeMap::new();
    for path in files.named("serialized.ssz_snappy") {
        let Some(layout) = Layout::of(&path).filter(|layout| layout.preset == "minimal") else {
            continue;
        };
        let kind = kinds.iter().position(|kind| *kind == layout.handler);
        let fork = Fork::from_name(layout.fork);
        let fork = FORKS.iter().position(|other| Some(*other) == fork);
        let (Some(kind), Some(fork)) = (kind, fork) else {
            continue;
        };
        let choice = u8::try_from(kind * 8 + fork).unwrap();
        seeds
            .entry(choice)
            .or_insert_with(|| [vec![choice], files.ssz_snappy(&path)].concat());
    }
    seeds.into_values().collect()
}

/// Two updates: neither ranks above the other both ways.
pub(super) fn ranking(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let fork = FORKS[usize::from(choice % 8)];
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let decode = |bytes| LightClientUpdate::decode(bytes, fork, &network.preset);
    if let (Ok(first), Ok(second)) = (decode(first), decode(second)) {
        let better = is_better_update(&first, &second, &network);
        assert!(!(better && is_better_update(&second, &first, &network)));
        assert!(!is_better_update(&first, &first, &network));
    }
}

pub(super) fn ranking_seeds(files: &Files) -> Vec<Vec<u8>> {
    let updates = static_seeds(files, &OBJECTS[1..2]);
    let both = |seed: &Vec<u8>| [&seed[..1], &seed[1..], &seed[1..]].concat();
    updates.iter().map(both).collect()
}

pub(super) fn store_record(input: &[u8]) {
    let mut network = Network::mainnet();
    let (choice, bytes) = choose(input);
    if let Some(start) = super::light_client::starts().get(usize::from(choice)) {
        network = start.network.clone();
    }
    one_encoding!(
        LightClientStore::decode(bytes, &network),
        bytes,
        |store: &LightClientStore| store.encode(&network)
    );
}

/// The stores that the specification's tests begin with, before and after their first update.
pub(super) fn record_seeds(files: &Files) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (index, start) in (0_u8..).zip(sync::starts(files)) {
        let (fork, network) = (start.fork, &start.network);
        let bootstrap = LightClientBootstrap::decode(&start.bootstrap, fork, &network.preset);
        let root = start.trusted_block_root;
        let mut store = initialize_light_client_store(root, &bootstrap.unwrap(), network).unwrap();
        seeds.push([vec![index], store.encode(network)].concat());
        let update = LightClientUpdate::decode(&start.update, fork, &network.preset).unwrap();
        let slot = update.signature_slot;
        process_light_client_update(&mut store, &update, slot, network).unwrap();
        seeds.push([vec![index], store.encode(network)].concat());
    }
    seeds
}

pub(super) fn json_objects(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let fork = FORKS[usize::from(choice % 8)];
    let preset = &Preset::MINIMAL;
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    macro_rules! survives {
        ($type:ty) => {
            if let Ok(object) = <$type>::from_json(&json, fork, preset) {
                let bytes = object.encode(fork);
                assert_eq!(<$type>::decode(&bytes, fork, preset).as_ref(), Ok(&object));
            }
        };
    }
    survives!(LightClientBootstrap);
    survives!(LightClientUpdate);
    survives!(LightClientFinalityUpdate);
    survives!(LightClientOptimisticUpdate);
    let _ = SyncCommittee::from_json(&json, preset);
    let _ = LightClientHeader::from_json(&json, fork);
}

/// Mainnet's objects, with a committee of the minimal size.
pub(super) fn json_seeds(files: &Files) -> Vec<Vec<u8>> {
    let names = [
        "lc_bootstrap.json",
        "lc_updates.json",
        "lc_finality.json",
        "lc_optimistic.json",
    ];
    let seed = |name: &str| {
        let mut json = super::light_client::fulu(files, name);
        if json.is_array() {
            json = json[0].take();
        }
        let mut json = json["data"].take();
        for committee in ["current_sync_committee", "next_sync_committee"] {
            if let Some(keys) = json.pointer_mut(&format!("/{committee}/pubkeys")) {
                keys.as_array_mut().unwrap().truncate(32);
            }
        }
        if let Some(bits) = json.pointer_mut("/sync_aggregate/sync_committee_bits") {
            *bits = "0xffffffff".into();
        }
        [vec![6], serde_json::to_vec(&json).unwrap()].concat()
    };
    names.into_iter().map(seed).collect()
}

pub(super) fn json_network(input: &[u8]) {
    let Ok(json) = serde_json::from_slice::<NetworkJson>(input) else {
        return;
    };
    if let Ok(network) = Network::from_json(&json) {
        network.validate().unwrap();
        for epoch in [0, 1, 419_072, u64::MAX] {
            let digest = network.compute_fork_digest(epoch);
            assert!(network.fork_by_digest(digest).is_some());
        }
    }
}

pub(super) fn network_seeds(_: &Files) -> Vec<Vec<u8>> {
    let json = r#"{"name":"devnet","chainId":131337,"preset":"minimal","genesisTime":1700000000,
        "genesisValidatorsRoot":"0x0000000000000000000000000000000000000000000000000000000000000001",
        "slotDurationMs":1000,"forks":[{"name":"phase0","version":"0x00000001","epoch":0},
        {"name":"altair","version":"0x01000001","epoch":0},{"name":"bellatrix","version":"0x02000001","epoch":0},
        {"name":"capella","version":"0x03000001","epoch":0},{"name":"deneb","version":"0x04000001","epoch":0},
        {"name":"electra","version":"0x05000001","epoch":1},{"name":"fulu","version":"0x06000001","epoch":2}],
        "blobSchedule":[{"epoch":412672,"maxBlobsPerBlock":15}]}"#;
    vec![json.as_bytes().to_vec()]
}
