//! The light-client protocol against real stores: whatever is accepted says what the true object says.

use std::sync::LazyLock;

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
    process_light_client_optimistic_update, process_light_client_store_force_update,
    process_light_client_update, process_light_client_updates,
};
use serde_json::Value;

use crate::items::choose;

/// The beginning of a chain.
pub(super) struct Start {
    pub(super) network: Network,
    fork: Fork,
    root: B256,
    bootstrap: Vec<u8>,
    store: LightClientStore,
    update: LightClientUpdate,
}

/// For each fork one, of the specification's tests.
pub(super) fn starts() -> &'static [Start] {
    static STARTS: LazyLock<Vec<Start>> = LazyLock::new(|| read(&Files::ours()));
    &STARTS
}

fn read(files: &Files) -> Vec<Start> {
    let start = |start: sync::Start| {
        let (network, fork) = (start.network, start.fork);
        let bootstrap = LightClientBootstrap::decode(&start.bootstrap, fork, &network.preset);
        let root = start.trusted_block_root;
        let store = initialize_light_client_store(root, &bootstrap.unwrap(), &network).unwrap();
        let update = LightClientUpdate::decode(&start.update, fork, &network.preset).unwrap();
        let bootstrap = start.bootstrap;
        Start {
            network,
            fork,
            root,
            bootstrap,
            store,
            update,
        }
    };
    sync::starts(files).into_iter().map(start).collect()
}

impl Start {
    fn finality(&self) -> LightClientFinalityUpdate {
        LightClientFinalityUpdate {
            attested_header: self.update.attested_header.clone(),
            finalized_header: self.update.finalized_header.clone(),
            finality_branch: self.update.finality_branch.clone(),
            sync_aggregate: self.update.sync_aggregate.clone(),
            signature_slot: self.update.signature_slot,
        }
    }

    fn optimistic(&self) -> LightClientOptimisticUpdate {
        LightClientOptimisticUpdate {
            attested_header: self.update.attested_header.clone(),
            sync_aggregate: self.update.sync_aggregate.clone(),
            signature_slot: self.update.signature_slot,
        }
    }

    /// A later slot of the same period: signatures are not early.
    fn now(&self) -> u64 {
        self.update.signature_slot + 1
    }

    /// Fails if an accepted update says anything that the true one doesn't: parts may be missing.
    fn assert_true(&self, update: &LightClientUpdate) {
        let truth = &self.update;
        assert_eq!(update.attested_header, truth.attested_header);
        assert!(update.sync_aggregate == truth.sync_aggregate);
        let finalized = &update.finalized_header;
        let nothing = LightClientHeader::default();
        assert!(*finalized == truth.finalized_header || *finalized == nothing);
        let next = &update.next_sync_committee;
        assert!(*next == truth.next_sync_committee || next.is_none());
    }

    /// Fails if the store believes anything but the bootstrap and the update.
    fn assert_store(&self, store: &LightClientStore) {
        let truth = [
            self.store.finalized_header(),
            &self.update.attested_header,
            &self.update.finalized_header,
        ];
        for header in [store.finalized_header(), store.optimistic_header()] {
            assert!(truth.contains(&header), "slot {}", header.beacon.slot);
        }
        let committees = [
            Some(self.store.current_sync_committee()),
            self.update.next_sync_committee.as_deref(),
        ];
        assert!(committees.contains(&Some(store.current_sync_committee())));
        assert!(
            store
                .next_sync_committee()
                .is_none_or(|next| committees.contains(&Some(next)))
        );
    }
}

fn start_of(choice: u8) -> &'static Start {
    let starts = starts();
    &starts[usize::from(choice) % starts.len()]
}

pub(super) fn bootstrap(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let start = start_of(choice);
    let accepted = LightClientBootstrap::decode(bytes, start.fork, &start.network.preset)
        .and_then(|object| initialize_light_client_store(start.root, &object, &start.network));
    if let Ok(store) = accepted {
        assert!(bytes == start.bootstrap, "a forged bootstrap");
        assert_eq!(store, start.store);
    }
}

pub(super) fn update(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let start = start_of(choice);
    let Ok(update) = LightClientUpdate::decode(bytes, start.fork, &start.network.preset) else {
        return;
    };
    let mut store = start.store.clone();
    match process_light_client_update(&mut store, &update, start.now(), &start.network) {
        Ok(()) => start.assert_true(&update),
        Err(_) => assert_eq!(store, start.store),
    }
    start.assert_store(&store);
}

pub(super) fn finality_update(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let start = start_of(choice);
    let decoded = LightClientFinalityUpdate::decode(bytes, start.fork, &start.network.preset);
    let Ok(update) = decoded else {
        return;
    };
    let mut store = start.store.clone();
    match process_light_client_finality_update(&mut store, &update, start.now(), &start.network) {
        Ok(()) => start.assert_true(&LightClientUpdate::from(update)),
        Err(_) => assert_eq!(store, start.store),
    }
    start.assert_store(&store);
}

pub(super) fn optimistic_update(input: &[u8]) {
    let (choice, bytes) = choose(input);
    let start = start_of(choice);
    let decoded = LightClientOptimisticUpdate::decode(bytes, start.fork, &start.network.preset);
    let Ok(update) = decoded else {
        return;
    };
    let mut store = start.store.clone();
    match process_light_client_optimistic_update(&mut store, &update, start.now(), &start.network) {
        Ok(()) => start.assert_true(&LightClientUpdate::from(update)),
        Err(_) => assert_eq!(store, start.store),
    }
    start.assert_store(&store);
}

/// A sequence of true updates with patches, of forced ones, and of restarts: four bytes a step.
pub(super) fn sequence(input: &[u8]) {
    let (choice, steps) = choose(input);
    let start = start_of(choice);
    let (network, fork) = (&start.network, start.fork);
    let mut store = start.store.clone();
    for step in steps.chunks_exact(4).take(16) {
        let (kind, low, high, flip) = (step[0], step[1], step[2], step[3]);
        let place = usize::from(u16::from_le_bytes([low, high]));
        let patch = |mut bytes: Vec<u8>| {
            let place = place % bytes.len();
            bytes[place] ^= flip;
            bytes
        };
        let slot = start.now() + u64::from(kind / 8) * network.preset.slots_per_period();
        match kind % 5 {
            0 => {
                let bytes = patch(start.update.encode(fork));
                if let Ok(update) = LightClientUpdate::decode(&bytes, fork, &network.preset) {
                    let _ = process_light_client_update(&mut store, &update, slot, network);
                }
            }
            1 => {
                let bytes = patch(start.finality().encode(fork));
                let update = LightClientFinalityUpdate::decode(&bytes, fork, &network.preset);
                if let Ok(update) = update {
                    let _ =
                        process_light_client_finality_update(&mut store, &update, slot, network);
                }
            }
            2 => {
                let bytes = patch(start.optimistic().encode(fork));
                let update = LightClientOptimisticUpdate::decode(&bytes, fork, &network.preset);
                if let Ok(update) = update {
                    let _ =
                        process_light_client_optimistic_update(&mut store, &update, slot, network);
                }
            }
            3 => {
                let _ = process_light_client_store_force_update(&mut store, slot, network);
            }
            _ => {
                let record = store.encode(network);
                let again = LightClientStore::decode(&record, network);
                assert_eq!(again.as_ref(), Ok(&store));
            }
        }
        start.assert_store(&store);
    }
}

/// Updates as a catch-up takes them, at once and one after the other: four bytes an update, which say
/// what is missing in it and which byte is wrong.
pub(super) fn batch(input: &[u8]) {
    let (choice, steps) = choose(input);
    let start = start_of(choice);
    let (network, fork) = (&start.network, start.fork);
    let updates: Vec<LightClientUpdate> = steps
        .chunks_exact(4)
        .take(40)
        .filter_map(|step| {
            let true_one = match step[0] % 3 {
                0 => start.update.clone(),
                1 => start.finality().into(),
                _ => start.optimistic().into(),
            };
            let mut bytes = true_one.encode(fork);
            let place = usize::from(u16::from_le_bytes([step[1], step[2]])) % bytes.len();
            bytes[place] ^= step[3];
            LightClientUpdate::decode(&bytes, fork, &network.preset).ok()
        })
        .collect();
    let mut at_once = start.store.clone();
    let outcome =
        process_light_client_updates(&mut at_once, &updates, start.now(), network, &[choice; 32]);
    let mut one_by_one = start.store.clone();
    let expected = updates.iter().enumerate().try_for_each(|(index, update)| {
        process_light_client_update(&mut one_by_one, update, start.now(), network)
            .map_err(|error| (index, error))
    });
    assert_eq!(outcome, expected);
    assert_eq!(at_once, one_by_one);
    start.assert_store(&at_once);
}

pub(super) fn batch_seeds(files: &Files) -> Vec<Vec<u8>> {
    each_start(files, |_| {
        let steps = [[0, 0, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0], [0, 9, 1, 4]];
        steps.concat()
    })
}

fn each_start(files: &Files, object: impl Fn(&Start) -> Vec<u8>) -> Vec<Vec<u8>> {
    let starts = read(files);
    let seeds = (0_u8..).zip(&starts);
    seeds
        .map(|(choice, start)| [vec![choice], object(start)].concat())
        .collect()
}

pub(super) fn bootstrap_seeds(files: &Files) -> Vec<Vec<u8>> {
    each_start(files, |start| start.bootstrap.clone())
}

pub(super) fn update_seeds(files: &Files) -> Vec<Vec<u8>> {
    each_start(files, |start| start.update.encode(start.fork))
}

pub(super) fn finality_seeds(files: &Files) -> Vec<Vec<u8>> {
    each_start(files, |start| start.finality().encode(start.fork))
}

pub(super) fn optimistic_seeds(files: &Files) -> Vec<Vec<u8>> {
    each_start(files, |start| start.optimistic().encode(start.fork))
}

pub(super) fn sequence_seeds(files: &Files) -> Vec<Vec<u8>> {
    each_start(files, |_| {
        let steps = [
            [2, 0, 0, 0],
            [4, 0, 0, 0],
            [1, 0, 0, 0],
            [0, 9, 1, 4],
            [0, 0, 0, 0],
            [4, 0, 0, 0],
            [3 + 40, 0, 0, 0],
        ];
        steps.concat()
    })
}

/// An answer of the recorded node of mainnet's Fulu.
pub(super) fn fulu(files: &Files, name: &str) -> Value {
    let is_it = |path: &str| path.starts_with("nimbus-verified-proxy") && path.ends_with(name);
    files.json(&files.find(is_it)[0])
}

/// Mainnet with Gloas in a later epoch, and a true header in the shape of Gloas.
fn gloas_truth(files: &Files) -> (Network, gloas::LightClientHeader) {
    let mut network = Network::mainnet();
    network.forks.push(ForkEpoch {
        fork: Fork::Gloas,
        version: [7, 0, 0, 0],
        epoch: 450_000,
    });
    let data = fulu(files, "lc_optimistic.json")["data"].take();
    let update = LightClientOptimisticUpdate::from_json(&data, Fork::Fulu, &network.preset);
    let header = gloas::upgrade_lc_header_to_gloas(&update.unwrap().attested_header, &network);
    (network, header)
}

pub(super) fn gloas_header(input: &[u8]) {
    static TRUTH: LazyLock<(Network, gloas::LightClientHeader)> =
        LazyLock::new(|| gloas_truth(&Files::ours()));
    let (network, truth) = &*TRUTH;
    let Ok(header) = gloas::LightClientHeader::decode(input) else {
        return;
    };
    let is_valid = gloas::is_valid_light_client_header(&header, network).is_ok();
    // What was signed is the beacon header; it names one execution block.
    if is_valid && header.beacon == truth.beacon {
        assert_eq!(header, *truth);
    }
}

pub(super) fn gloas_seeds(files: &Files) -> Vec<Vec<u8>> {
    vec![gloas_truth(files).1.encode()]
}
