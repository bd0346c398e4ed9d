//! What a refusal is called, whose fault it is, and that it leaves no trace in the store. That nothing
//! changed is accepted at all: `tests/tamper`.

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_update,
};
use lampyris_verify::{B256, Error, Fault};
use serde_json::Value;

use lampyris_vectors::files::Files;

/// What mainnet's store says of the finality update, after a change.
fn refusal(
    change: impl Fn(&mut LightClientFinalityUpdate),
    network: &Network,
    slots_later: i64,
) -> Error {
    let files = Files::ours();
    let store = fulu_store(&files);
    let mut update = fulu_finality_update(&files);
    let slot = update.signature_slot.saturating_add_signed(slots_later);
    change(&mut update);
    let mut copy = store.clone();
    let result = process_light_client_finality_update(&mut copy, &update, slot, network);
    assert_eq!(copy, store);
    result.expect_err("a changed update")
}

/// What is not the peer's lie is not called one.
#[test]
fn refusals_that_are_nobodys_fault() {
    let mainnet = Network::mainnet();
    let error = refusal(|_| {}, &mainnet, -1);
    let (signature_slot, current_slot) = (14_018_020, 14_018_019);
    assert_eq!(
        error,
        Error::Early {
            signature_slot,
            current_slot
        }
    );
    assert_eq!(error.fault(), Fault::Unavailable);

    let error = refusal(|update| update.signature_slot += 16_384, &mainnet, 16_384);
    assert_eq!(
        error,
        Error::Period {
            store_period: 1711,
            got: 1713
        }
    );
    assert_eq!(error.fault(), Fault::Unavailable);

    let files = Files::ours();
    let mut store = fulu_store(&files);
    let update = fulu_finality_update(&files);
    let slot = update.signature_slot;
    for _ in 0..2 {
        // The second time its attested header is still newer than the finalized one.
        process_light_client_finality_update(&mut store, &update, slot, &mainnet).unwrap();
    }
    let data = fulu(&files, "lc_updates.json")[0]["data"].take();
    let old = LightClientUpdate::from_json(&data, Fork::Fulu, &mainnet.preset).unwrap();
    let error = process_light_client_update(&mut store, &old, slot, &mainnet).unwrap_err();
    assert!(matches!(error, Error::Irrelevant { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Unavailable);
}

/// Each lie has its name.
#[test]
fn refusals_of_lies() {
    let mainnet = Network::mainnet();
    let lie = |change: fn(&mut LightClientFinalityUpdate)| {
        let error = refusal(change, &mainnet, 0);
        assert_eq!(error.fault(), Fault::PeerMisbehaved, "{error}");
        error
    };
    let error = lie(|update| update.sync_aggregate.sync_committee_bits.fill(0));
    assert_eq!(
        error,
        Error::Participants {
            expected: 1,
            got: 0
        }
    );
    let error = lie(|update| update.signature_slot = 5);
    assert!(matches!(error, Error::SlotOrder { .. }), "{error}");
    let error = lie(|update| update.finality_branch[6] = B256::ZERO);
    assert!(
        matches!(
            error,
            Error::MerkleBranch {
                what: "finalized header",
                ..
            }
        ),
        "{error}"
    );
    let error = lie(|update| update.finality_branch.fill(B256::ZERO));
    assert_eq!(
        error,
        Error::Unproven {
            what: "finalized header"
        }
    );
    let error = lie(|update| update.attested_header.execution = None);
    assert!(matches!(error, Error::Unproven { .. }), "{error}");
    let error = lie(|update| update.sync_aggregate.sync_committee_bits[0] ^= 1);
    assert_eq!(error, Error::Signature);
    let error = lie(|update| update.sync_aggregate.sync_committee_bits.truncate(63));
    assert!(matches!(error, Error::Length { .. }), "{error}");
}

/// A signature is bound to network and fork.
#[test]
fn signatures_of_another_network() {
    let mut network = Network::mainnet();
    network.genesis_validators_root = B256::repeat_byte(1);
    assert_eq!(refusal(|_| {}, &network, 0), Error::Signature);
    let mut network = Network::mainnet();
    network.forks.last_mut().unwrap().version = [9; 4];
    assert_eq!(refusal(|_| {}, &network, 0), Error::Signature);
}

/// Gloas is known, and refused by name; so are objects from before light clients.
#[test]
fn forks_that_are_not_supported() {
    let network = Network::sepolia();
    for fork in [Fork::Gloas, Fork::Phase0] {
        let refused = LightClientOptimisticUpdate::decode(&[0; 300], fork, &network.preset);
        assert_eq!(refused, Err(Error::UnsupportedFork { fork }));
    }
}

fn fulu(files: &Files, name: &str) -> Value {
    let is_it = |path: &str| path.starts_with("nimbus-verified-proxy") && path.ends_with(name);
    files.json(&files.find(is_it)[0])
}

fn fulu_finality_update(files: &Files) -> LightClientFinalityUpdate {
    let data = fulu(files, "lc_finality.json")["data"].take();
    LightClientFinalityUpdate::from_json(&data, Fork::Fulu, &Preset::MAINNET).unwrap()
}

/// Mainnet's store after bootstrap and update of period 1711.
fn fulu_store(files: &Files) -> LightClientStore {
    let network = Network::mainnet();
    let (fork, preset) = (Fork::Fulu, &network.preset);
    let bootstrap = fulu(files, "lc_bootstrap.json")["data"].take();
    let bootstrap = LightClientBootstrap::from_json(&bootstrap, fork, preset).unwrap();
    let root = bootstrap.header.beacon.hash_tree_root();
    let mut store = initialize_light_client_store(root, &bootstrap, &network).unwrap();
    let update = fulu(files, "lc_updates.json")[0]["data"].take();
    let update = LightClientUpdate::from_json(&update, fork, preset).unwrap();
    process_light_client_update(&mut store, &update, update.signature_slot, &network).unwrap();
    store
}
