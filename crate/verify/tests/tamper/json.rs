//! The same objects in the Beacon API's JSON: each leaf changed.

use lampyris_vectors::files::Files;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_update,
};
use serde_json::Value;

use crate::fixtures::{fulu, fulu_start, fulu_store};
use crate::light_client::{SIGNATURE_SLOT, believed, end_of_period, is_as_good, taken};
use crate::tally::Tally;

/// JSON has no one encoding, and none is hashed: only values count.
const NOTATION: &str = "the same value in another notation, such as 00 for 0";

/// Mainnet's objects of April 2026, of each kind.
pub(crate) fn every_leaf(files: &Files, tally: &mut Tally) {
    let network = Network::mainnet();
    let (fork, preset) = (Fork::Fulu, &network.preset);
    let (start, store) = (fulu_start(files), fulu_store(files));

    let valid = fulu(files, "lc_bootstrap.json");
    let root = start.finalized_header().beacon.hash_tree_root();
    let verify = |json: &Value| {
        let object = LightClientBootstrap::from_json(json, fork, preset)?;
        Ok(believed(&initialize_light_client_store(
            root, &object, &network,
        )?))
    };
    let truth = LightClientBootstrap::from_json(&valid, fork, preset);
    let excuse = |json: &Value| {
        let same = LightClientBootstrap::from_json(json, fork, preset) == truth;
        same.then_some(NOTATION)
    };
    let cases = leaves_changed(&valid);
    tally.attack_with("bootstrap in JSON", &valid, cases, verify, excuse);

    macro_rules! attack {
        ($name:literal, $file:literal, $type:ty, $process:path, $store:expr) => {
            let valid = fulu(files, $file);
            let truth = <$type>::from_json(&valid, fork, preset).unwrap();
            let truth = LightClientUpdate::from(truth);
            let now = end_of_period(truth.signature_slot, &network);
            let verify = |json: &Value| {
                let update = <$type>::from_json(json, fork, preset)?;
                taken(&$store, |store| $process(store, &update, now, &network))
            };
            let excuse = |json: &Value| {
                let changed = <$type>::from_json(json, fork, preset).ok()?;
                let mut changed = LightClientUpdate::from(changed);
                if changed == truth {
                    return Some(NOTATION);
                }
                let slot = std::mem::replace(&mut changed.signature_slot, truth.signature_slot);
                let is_bound = changed == truth && is_as_good(slot, &truth, now, &network);
                is_bound.then_some(SIGNATURE_SLOT)
            };
            let cases = leaves_changed(&valid);
            tally.attack_with($name, &valid, cases, verify, excuse);
        };
    }
    attack!(
        "update in JSON",
        "lc_updates.json",
        LightClientUpdate,
        process_light_client_update,
        start
    );
    attack!(
        "finality update in JSON",
        "lc_finality.json",
        LightClientFinalityUpdate,
        process_light_client_finality_update,
        store
    );
    attack!(
        "optimistic update in JSON",
        "lc_optimistic.json",
        LightClientOptimisticUpdate,
        process_light_client_optimistic_update,
        store
    );
}

/// The object with each leaf changed in several ways, and each field or item left out. Of the keys of
/// a committee each gets one of these changes, which one goes on from key to key.
fn leaves_changed(valid: &Value) -> impl Iterator<Item = Value> {
    let mut pointers = Vec::new();
    walk(valid, String::new(), &mut pointers);
    let each_leaf = pointers.into_iter().enumerate();
    each_leaf.flat_map(move |(number, pointer)| {
        let mut leaves = leaf_changed(valid.pointer(&pointer).unwrap());
        let one = number % leaves.len();
        if pointer.contains("/pubkeys/") {
            leaves.swap(0, one);
            leaves.truncate(1);
        }
        leaves.into_iter().map(move |leaf| {
            let mut other = valid.clone();
            replace(&mut other, &pointer, leaf);
            other
        })
    })
}

/// Puts another leaf in the place of one, or none.
fn replace(json: &mut Value, pointer: &str, leaf: Option<Value>) {
    if let Some(leaf) = leaf {
        *json.pointer_mut(pointer).unwrap() = leaf;
        return;
    }
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.remove(name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        _ => panic!("a leaf lies in a list or an object"),
    }
}

fn walk(json: &Value, at: String, pointers: &mut Vec<String>) {
    match json {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| walk(value, format!("{at}/{name}"), pointers)),
        Value::Array(items) => (0..)
            .zip(items)
            .for_each(|(index, value): (usize, _)| walk(value, format!("{at}/{index}"), pointers)),
        _ => pointers.push(at),
    }
}

/// Digits changed at both ends and in the middle; more of them; other types; nothing.
fn leaf_changed(leaf: &Value) -> Vec<Option<Value>> {
    let text = leaf.as_str().expect("leaves are texts");
    let start = if text.starts_with("0x") { 2 } else { 0 };
    let length = text.len() - start;
    let mut changed = vec![None, Some(Value::Null), Some(7.into()), Some("".into())];
    for place in [0, length / 2, length.saturating_sub(1)] {
        if let Some(digit) = text.as_bytes().get(start + place) {
            let other = if *digit == b'1' { "2" } else { "1" };
            let place = start + place;
            let text = [&text[..place], other, &text[place + 1..]].concat();
            changed.push(Some(text.into()));
        }
    }
    changed.push(Some(format!("{text}0").into()));
    changed.push(Some(format!("{text}00").into()));
    changed
}
