//! Bootstraps, updates of all kinds, and headers in the shape of Gloas.

use lampyris_vectors::files::Files;
use lampyris_vectors::sync;
use lampyris_verify::B256;
use lampyris_verify::config::{Fork, ForkEpoch, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientHeader,
    LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    LightClientStore, gloas, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_update,
};

use crate::fixtures;
use crate::object::{Bits, Object};
use crate::tally::Tally;

/// Nobody signs `signature_slot`: the specification takes from it the committee and the version of
/// the fork, and compares it with the clock. Another slot that tells the same of these is as good.
pub(crate) const SIGNATURE_SLOT: &str =
    "another signature_slot of the same period and fork, which nobody signs";

/// For each fork of the specification's tests.
pub(crate) fn bootstraps(files: &Files, tally: &mut Tally) {
    for start in sync::starts(files) {
        let (fork, network, root) = (start.fork, &start.network, start.trusted_block_root);
        let valid = vec![vec![start.bootstrap]];
        let verify = |object: &Object| {
            let object = LightClientBootstrap::decode(&object[0][0], fork, &network.preset)?;
            initialize_light_client_store(root, &object, network)
        };
        tally.attack("bootstrap", &valid, Bits::Each, first_item(verify), |_| {
            None
        });
    }
}

/// The first update after each of these: attested and finalized header, next committee, signature.
pub(crate) fn updates(files: &Files, tally: &mut Tally) {
    for start in sync::starts(files) {
        let (fork, network) = (start.fork, &start.network);
        let decode = |bytes: &[u8]| LightClientUpdate::decode(bytes, fork, &network.preset);
        let bootstrap = LightClientBootstrap::decode(&start.bootstrap, fork, &network.preset);
        let root = start.trusted_block_root;
        let store = initialize_light_client_store(root, &bootstrap.unwrap(), network).unwrap();
        let truth = decode(&start.update).unwrap();
        let now = end_of_period(truth.signature_slot, network);
        let verify = |object: &Object| {
            let update = decode(&object[0][0])?;
            taken(&store, |store| {
                process_light_client_update(store, &update, now, network)
            })
        };
        let excuse = |object: &Object| {
            let changed = decode(only(object)?).ok()?;
            let slot = changed.signature_slot;
            let same = LightClientUpdate {
                signature_slot: truth.signature_slot,
                ..changed
            };
            let is_bound = same == truth && is_as_good(slot, &truth, now, network);
            is_bound.then_some(SIGNATURE_SLOT)
        };
        let valid = vec![vec![start.update.clone()]];
        // Much of an update is only refused by its signature, which takes its time.
        let bits = if fork == Fork::Electra {
            Bits::Each
        } else {
            Bits::OneOfEight
        };
        tally.attack("update", &valid, bits, first_item(verify), excuse);
    }
}

/// Mainnet's, of April 2026.
pub(crate) fn finality_update(files: &Files, tally: &mut Tally) {
    let network = Network::mainnet();
    let (fork, store) = (Fork::Fulu, fixtures::fulu_store(files));
    let decode = |bytes: &[u8]| LightClientFinalityUpdate::decode(bytes, fork, &network.preset);
    let data = fixtures::fulu(files, "lc_finality.json");
    let truth = LightClientFinalityUpdate::from_json(&data, fork, &network.preset).unwrap();
    let now = end_of_period(truth.signature_slot, &network);
    let verify = |object: &Object| {
        let update = decode(&object[0][0])?;
        taken(&store, |store| {
            process_light_client_finality_update(store, &update, now, &network)
        })
    };
    let excuse = |object: &Object| {
        let mut changed = LightClientUpdate::from(decode(only(object)?).ok()?);
        let truth = LightClientUpdate::from(truth.clone());
        let slot = std::mem::replace(&mut changed.signature_slot, truth.signature_slot);
        let is_bound = changed == truth && is_as_good(slot, &truth, now, &network);
        is_bound.then_some(SIGNATURE_SLOT)
    };
    let valid = vec![vec![truth.encode(fork)]];
    let verify = first_item(verify);
    tally.attack("finality update", &valid, Bits::Each, verify, excuse);
}

/// Mainnet's, of April 2026.
pub(crate) fn optimistic_update(files: &Files, tally: &mut Tally) {
    let network = Network::mainnet();
    let (fork, store) = (Fork::Fulu, fixtures::fulu_store(files));
    let decode = |bytes: &[u8]| LightClientOptimisticUpdate::decode(bytes, fork, &network.preset);
    let data = fixtures::fulu(files, "lc_optimistic.json");
    let truth = LightClientOptimisticUpdate::from_json(&data, fork, &network.preset).unwrap();
    let now = end_of_period(truth.signature_slot, &network);
    let verify = |object: &Object| {
        let update = decode(&object[0][0])?;
        taken(&store, |store| {
            process_light_client_optimistic_update(store, &update, now, &network)
        })
    };
    let excuse = |object: &Object| {
        let mut changed = LightClientUpdate::from(decode(only(object)?).ok()?);
        let truth = LightClientUpdate::from(truth.clone());
        let slot = std::mem::replace(&mut changed.signature_slot, truth.signature_slot);
        let is_bound = changed == truth && is_as_good(slot, &truth, now, &network);
        is_bound.then_some(SIGNATURE_SLOT)
    };
    let valid = vec![vec![truth.encode(fork)]];
    let verify = first_item(verify);
    tally.attack("optimistic update", &valid, Bits::Each, verify, excuse);
}

/// Real headers brought into the shape of Gloas. This verifier binds the hash of the execution block
/// to the beacon header's body; the beacon header itself is what the committee signs.
pub(crate) fn gloas_header(files: &Files, tally: &mut Tally) {
    let mut network = Network::mainnet();
    network.forks.push(ForkEpoch {
        fork: Fork::Gloas,
        version: [7, 0, 0, 0],
        epoch: 450_000,
    });
    for header in headers(files) {
        let truth = gloas::upgrade_lc_header_to_gloas(&header, &network);
        let verify = |object: &Object| {
            let header = gloas::LightClientHeader::decode(&object[0][0])?;
            gloas::is_valid_light_client_header(&header, &network)?;
            Ok(header.execution_block_hash)
        };
        let rules = |slot: u64| network.fork_at_slot(slot).max(Fork::Bellatrix);
        let is_of_deneb = |fork: Fork| (Fork::Deneb..=Fork::Fulu).contains(&fork);
        let excuse = |object: &Object| {
            let changed = gloas::LightClientHeader::decode(only(object)?).ok()?;
            let (before, after) = (rules(truth.beacon.slot), rules(changed.beacon.slot));
            let has_rules = before == after || (is_of_deneb(before) && is_of_deneb(after));
            let is_proven = changed.beacon.body_root == truth.beacon.body_root
                && changed.execution_block_hash == truth.execution_block_hash
                && changed.execution_branch == truth.execution_branch;
            // What changed is signed: the root that the signature is of is another.
            assert_ne!(
                changed.beacon.hash_tree_root() == truth.beacon.hash_tree_root(),
                changed.beacon != truth.beacon
            );
            let reason = "slot, proposer, parent and state, which the committee's signature binds";
            (has_rules && is_proven && changed != truth).then_some(reason)
        };
        let valid = vec![vec![truth.encode()]];
        let verify = first_item(verify);
        tally.attack(
            "header in the shape of Gloas",
            &valid,
            Bits::Each,
            verify,
            excuse,
        );
    }
}

/// Headers of mainnet's Fulu and Deneb.
fn headers(files: &Files) -> [LightClientHeader; 2] {
    let preset = &Network::mainnet().preset;
    let read = |data: &serde_json::Value, fork| {
        LightClientFinalityUpdate::from_json(data, fork, preset)
            .unwrap()
            .attested_header
    };
    let deneb = fixtures::json(files, "inclusion/base-data/FinalityUpdateDeneb.json");
    [
        read(&fixtures::fulu(files, "lc_finality.json"), Fork::Fulu),
        read(&deneb["data"], Fork::Deneb),
    ]
}

/// The item of an object that has just one.
fn only(object: &Object) -> Option<&[u8]> {
    match object.as_slice() {
        [list] => match list.as_slice() {
            [item] => Some(item),
            _ => None,
        },
        _ => None,
    }
}

/// Objects of one item: with another number of them there is nothing to verify.
fn first_item<T>(
    verify: impl Fn(&Object) -> Result<T, lampyris_verify::Error>,
) -> impl Fn(&Object) -> Result<T, lampyris_verify::Error> {
    move |object| {
        let nothing = lampyris_verify::Error::Malformed {
            what: "object",
            reason: "not one item",
        };
        only(object).ok_or(nothing)?;
        verify(object)
    }
}

/// What a store believes after it took something in; a refusal leaves no trace in it.
pub(crate) fn taken(
    store: &LightClientStore,
    process: impl Fn(&mut LightClientStore) -> Result<(), lampyris_verify::Error>,
) -> Result<Believed, lampyris_verify::Error> {
    let mut copy = store.clone();
    let result = process(&mut copy);
    assert!(result.is_ok() || copy == *store, "a refusal left a trace");
    result.map(|()| believed(&copy))
}

/// All headers and committees of a store.
pub(crate) type Believed = (Vec<LightClientHeader>, Vec<B256>);

/// All that a store believes.
pub(crate) fn believed(store: &LightClientStore) -> Believed {
    let headers = [store.finalized_header(), store.optimistic_header()];
    let committees = [
        Some(store.current_sync_committee()),
        store.next_sync_committee(),
    ];
    let committees = committees.into_iter().flatten();
    (
        headers.map(Clone::clone).to_vec(),
        committees
            .map(|committee| committee.hash_tree_root())
            .collect(),
    )
}

/// The last slot of the period, so that more slots of signatures are possible than one.
pub(crate) fn end_of_period(slot: u64, network: &Network) -> u64 {
    let length = network.preset.slots_per_period();
    slot - slot % length + length - 1
}

/// Whether another slot of the signature tells the same.
pub(crate) fn is_as_good(
    slot: u64,
    truth: &LightClientUpdate,
    now: u64,
    network: &Network,
) -> bool {
    let period = |slot| network.sync_committee_period_at_slot(slot);
    let version = |slot: u64| network.fork_version(network.epoch_at_slot(slot.saturating_sub(1)));
    slot != truth.signature_slot
        && slot > truth.attested_header.beacon.slot
        && slot <= now
        && period(slot) == period(truth.signature_slot)
        && version(slot) == version(truth.signature_slot)
}
