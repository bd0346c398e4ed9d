//! Attacks: for each verifier a valid input, and the same with every byte changed once. Nothing
//! changed may be accepted, and nothing refused may leave a trace in the store.

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    LightClientStore, initialize_light_client_store, process_light_client_finality_update,
    process_light_client_optimistic_update, process_light_client_update,
};
use lampyris_verify::trie::{NodeSet, ordered_trie_proof};
use lampyris_verify::{Address, B256, Bytes, Error, Fault, Proven};
use serde_json::Value;

use lampyris_vectors::files::Files;
use lampyris_vectors::rpc_json::{self, field};
use lampyris_vectors::{chains, sync};

/// The same bytes with one bit changed, for each byte.
fn each_byte_changed(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).map(|place| {
        let mut changed = bytes.to_vec();
        changed[place] ^= 1 << (place % 8);
        (place, changed)
    })
}

/// A bootstrap and the update after it, of each fork that the specification's tests have.
#[test]
fn every_byte_of_a_bootstrap_and_of_an_update() {
    let files = Files::ours();
    let starts = sync::starts(&files);
    assert!(starts.len() >= 5, "only {} forks", starts.len());
    for sync::Start {
        network,
        fork,
        trusted_block_root,
        bootstrap,
        update,
    } in starts
    {
        let preset = &network.preset;
        let valid = LightClientBootstrap::decode(&bootstrap, fork, preset).unwrap();
        let store = initialize_light_client_store(trusted_block_root, &valid, &network).unwrap();
        for (place, changed) in each_byte_changed(&bootstrap) {
            let result = LightClientBootstrap::decode(&changed, fork, preset).and_then(|changed| {
                initialize_light_client_store(trusted_block_root, &changed, &network)
            });
            let error = result.expect_err("a changed bootstrap");
            assert_eq!(
                error.fault(),
                Fault::PeerMisbehaved,
                "{fork:?} byte {place}: {error}"
            );
        }
        attack(&store, &update, &network, |store, bytes, slot| {
            let update = LightClientUpdate::decode(bytes, fork, preset)?;
            process_light_client_update(store, &update, slot, &network)?;
            Ok(())
        });
    }
}

/// Mainnet's updates of April 2026.
#[test]
fn every_byte_of_a_finality_and_of_an_optimistic_update() {
    let files = Files::ours();
    let network = Network::mainnet();
    let (fork, preset) = (Fork::Fulu, &network.preset);
    let store = fulu_store(&files);
    let data = |name: &str| fulu(&files, name)["data"].take();

    let update = LightClientFinalityUpdate::from_json(&data("lc_finality.json"), fork, preset);
    attack(
        &store,
        &update.unwrap().encode(fork),
        &network,
        |store, bytes, slot| {
            let update = LightClientFinalityUpdate::decode(bytes, fork, preset)?;
            process_light_client_finality_update(store, &update, slot, &network)
        },
    );
    let update = LightClientOptimisticUpdate::from_json(&data("lc_optimistic.json"), fork, preset);
    attack(
        &store,
        &update.unwrap().encode(fork),
        &network,
        |store, bytes, slot| {
            let update = LightClientOptimisticUpdate::decode(bytes, fork, preset)?;
            process_light_client_optimistic_update(store, &update, slot, &network)
        },
    );
}

/// Processes an update once as it is, and once with each byte changed. The slot of the signature,
/// which lies at the end of all updates or before what is variable, is taken from the valid one.
fn attack(
    store: &LightClientStore,
    bytes: &[u8],
    network: &Network,
    process: impl Fn(&mut LightClientStore, &[u8], u64) -> Result<(), Error>,
) {
    // The first slot at which the update is not early is that of its signature.
    let mut accepted = store.clone();
    let slot = match process(&mut accepted, bytes, 0) {
        Err(Error::Early { signature_slot, .. }) => signature_slot,
        other => panic!("an update from the future: {other:?}"),
    };
    assert_eq!(accepted, *store);
    process(&mut accepted, bytes, slot).unwrap();
    assert_ne!(accepted, *store);
    for (place, changed) in each_byte_changed(bytes) {
        let mut attacked = store.clone();
        let result = process(&mut attacked, &changed, slot);
        assert!(
            result.is_err(),
            "byte {place} of {} ({})",
            bytes.len(),
            network.name
        );
        assert_eq!(attacked, *store, "byte {place}");
    }
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(process(&mut store.clone(), &bytes[..cut], slot).is_err());
    }
    let longer = [bytes, &[0]].concat();
    assert!(process(&mut store.clone(), &longer, slot).is_err());
}

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

/// The account of the Deneb chain: `eth_getProof` at exactly the finalized block.
#[test]
fn every_byte_of_account_and_storage_proofs() {
    let files = Files::ours();
    let path = files
        .find(|path| path.ends_with("base-data/EthGetProof.json"))
        .remove(0);
    let proof = rpc_json::result(files.json(&path));
    let nodes = |json: &Value| serde_json::from_value::<Vec<Bytes>>(json.clone()).unwrap();
    let account_nodes = nodes(&proof["accountProof"]);
    let slot = &proof["storageProof"][0];
    let storage_nodes = nodes(&slot["proof"]);
    let key: B256 = field(slot, "key");
    let address: Address = field(&proof, "address");
    let set = |nodes: &[Bytes]| NodeSet::new(nodes.to_vec()).unwrap();

    let blocks = chains::proven_blocks(&files);
    let found = |block: &&Proven<_>| block.account(&set(&account_nodes), address).is_ok();
    let block = blocks
        .iter()
        .find(found)
        .expect("the chain proves its block");
    let account = block.account(&set(&account_nodes), address).unwrap();
    let word = account.storage(&set(&storage_nodes), key).unwrap();
    assert_eq!(*word.value(), field::<lampyris_verify::U256>(slot, "value"));

    assert_each_change_fails(&account_nodes, |nodes| {
        block.account(nodes, address).map(drop)
    });
    assert_each_change_fails(&storage_nodes, |nodes| {
        account.storage(nodes, key).map(drop)
    });
    // Another's proof proves nothing of this account, and another slot's nothing of this slot.
    for byte in 0..=255 {
        let other = Address::repeat_byte(byte);
        if let Ok(other) = block.account(&set(&account_nodes), other) {
            assert_eq!(*other.value(), lampyris_verify::execution::Account::EMPTY);
        }
        if let Ok(other) = account.storage(&set(&storage_nodes), B256::repeat_byte(byte)) {
            assert!(other.value().is_zero());
        }
    }
}

/// Mainnet block 24784163: its header, and one of its transactions.
#[test]
fn every_byte_of_a_header_and_of_a_transaction_proof() {
    let files = Files::ours();
    let json = fulu(&files, "block_0x17a2d23.json");
    let rlp = rpc_json::header(&json).encode_rlp();
    let blocks = chains::proven_blocks(&files);
    let block = blocks
        .iter()
        .find(|block| block.header(&rlp).is_ok())
        .expect("it is proven");
    for (place, changed) in each_byte_changed(&rlp) {
        let error = block.header(&changed).unwrap_err();
        assert!(matches!(error, Error::Hash { .. }), "byte {place}: {error}");
    }
    let header = block.header(&rlp).unwrap();
    assert!(header.parent(&rlp).is_err(), "no block is its own parent");

    let transactions = json["transactions"].as_array().unwrap();
    let encoded: Vec<Bytes> = transactions.iter().map(rpc_json::transaction).collect();
    let shortest = (0_u64..)
        .zip(&encoded)
        .min_by_key(|(_, bytes)| bytes.len())
        .unwrap();
    let proof = ordered_trie_proof(&encoded, shortest.0);
    assert_each_change_fails(&proof, |nodes| {
        header.transaction(nodes, shortest.0).map(drop)
    });
}

/// Changes each byte of each node, leaves out each node, and empties the set.
fn assert_each_change_fails(nodes: &[Bytes], verify: impl Fn(&NodeSet) -> Result<(), Error>) {
    verify(&NodeSet::new(nodes.to_vec()).unwrap()).unwrap();
    for (index, node) in nodes.iter().enumerate() {
        let without = [&nodes[..index], &nodes[index + 1..]].concat();
        let set = NodeSet::new(without.clone()).unwrap();
        let missing = lampyris_verify::keccak256(node);
        assert_eq!(verify(&set), Err(Error::MissingNode { hash: missing }));
        for (place, changed) in each_byte_changed(node) {
            let mut nodes = without.clone();
            nodes.push(changed.into());
            let result = verify(&NodeSet::new(nodes).unwrap());
            assert!(result.is_err(), "node {index}, byte {place}");
        }
    }
    assert!(verify(&NodeSet::default()).is_err());
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
