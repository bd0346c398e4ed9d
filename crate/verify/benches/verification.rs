//! How long it takes to verify what a tab verifies all day: mainnet's updates, and account proofs; and
//! what a catch-up's time is made of.
//!
//! `cargo bench -p lampyris-verify`

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::hint::black_box;
use std::time::Instant;

use blst::min_pk::{PublicKey, Signature};
use blst::{Pairing, blst_fp12, blst_p1_affine, blst_p2_affine};
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{
    initialize_light_client_store, process_light_client_finality_update,
    process_light_client_update, process_light_client_updates,
};
use lampyris_verify::trie::NodeSet;
use lampyris_verify::{Address, B256, Bytes};
use serde_json::Value;

const ROUNDS: u32 = 50;

fn main() {
    let network = Network::mainnet();
    let preset = &network.preset;
    let fork = Fork::Deneb;
    let data = |name: &str| {
        let mut json = read(&format!(
            "argument-zk-mainnet-deneb/inclusion/base-data/{name}.json"
        ));
        if json.is_array() {
            json = json[0].take();
        }
        json["data"].take()
    };
    let bootstrap = LightClientBootstrap::from_json(&data("BootstrapDeneb"), fork, preset).unwrap();
    let update = LightClientUpdate::from_json(&data("UpdateDeneb"), fork, preset).unwrap();
    let finality =
        LightClientFinalityUpdate::from_json(&data("FinalityUpdateDeneb"), fork, preset).unwrap();
    let (update_bytes, finality_bytes) = (update.encode(fork), finality.encode(fork));
    let root = bootstrap.header.beacon.hash_tree_root();
    let slot = finality.signature_slot;

    catch_up(&network);

    let start = initialize_light_client_store(root, &bootstrap, &network).unwrap();
    measure("bootstrap", || {
        black_box(initialize_light_client_store(root, &bootstrap, &network)).unwrap();
    });
    measure("update of a period, decoded and verified", || {
        let mut store = start.clone();
        let update = LightClientUpdate::decode(&update_bytes, fork, preset).unwrap();
        process_light_client_update(&mut store, &update, slot, &network).unwrap();
    });
    let mut store = start;
    process_light_client_update(&mut store, &update, slot, &network).unwrap();
    let before = store.clone();
    measure("finality update, decoded and verified", || {
        let mut store = before.clone();
        let update = LightClientFinalityUpdate::decode(&finality_bytes, fork, preset).unwrap();
        process_light_client_finality_update(&mut store, &update, slot, &network).unwrap();
    });
    process_light_client_finality_update(&mut store, &finality, slot, &network).unwrap();

    let proof = data_of_proof();
    let nodes: Vec<Bytes> = serde_json::from_value(proof["accountProof"].clone()).unwrap();
    let address: Address = serde_json::from_value(proof["address"].clone()).unwrap();
    let block = store.finalized().unwrap();
    measure("account proof", || {
        let set = NodeSet::new(nodes.clone()).unwrap();
        block.account(&set, address).unwrap();
    });
    let account = block
        .account(&NodeSet::new(nodes).unwrap(), address)
        .unwrap();
    let slot = &proof["storageProof"][0];
    let nodes: Vec<Bytes> = serde_json::from_value(slot["proof"].clone()).unwrap();
    let key: B256 = serde_json::from_value(slot["key"].clone()).unwrap();
    measure("storage proof", || {
        let set = NodeSet::new(nodes.clone()).unwrap();
        account.storage(&set, key).unwrap();
    });
}

/// Mainnet's periods 1347 to 1392, as a peer sends them.
fn catch_up(network: &Network) {
    let (fork, preset) = (Fork::Deneb, &network.preset);
    let bootstrap = read_bytes("colibri-mainnet/lc/bootstrap_period1347.ssz");
    let bootstrap = LightClientBootstrap::decode(&bootstrap, fork, preset).unwrap();
    let root = bootstrap.header.beacon.hash_tree_root();
    let start = initialize_light_client_store(root, &bootstrap, network).unwrap();
    // u64 length, fork digest and object, again and again.
    let list = read_bytes("colibri-mainnet/lc/updates_1347_count46.ssz");
    let (mut rest, mut encoded) = (list.as_slice(), Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (update, behind) = behind.split_at(u64::from_le_bytes(*length).try_into().unwrap());
        encoded.push(&update[4..]);
        rest = behind;
    }
    let decode = |bytes: &&[u8]| LightClientUpdate::decode(bytes, fork, preset).unwrap();
    let updates: Vec<_> = encoded.iter().map(decode).collect();
    let slot = updates.last().unwrap().signature_slot;
    let size = preset.sync_committee_size;
    let absent = updates
        .iter()
        .map(|update| size - update.sync_aggregate.participants());
    println!(
        "{} absent in {} updates",
        absent.sum::<usize>(),
        updates.len()
    );

    for count in [6, 46] {
        measure(&format!("{count} periods, one by one"), || {
            let mut store = start.clone();
            for bytes in &encoded[..count] {
                process_light_client_update(&mut store, &decode(bytes), slot, network).unwrap();
            }
        });
        for at_once in [8, 46] {
            measure(&format!("{count} periods, up to {at_once} at once"), || {
                let mut store = start.clone();
                for encoded in encoded[..count].chunks(at_once) {
                    let updates: Vec<_> = encoded.iter().map(decode).collect();
                    process_light_client_updates(&mut store, &updates, slot, network, &[7; 32])
                        .unwrap();
                }
            });
        }
    }
    pieces(&updates[0], encoded[0], decode);
}

/// What the time of one update goes to.
fn pieces(update: &LightClientUpdate, bytes: &[u8], decode: impl Fn(&&[u8]) -> LightClientUpdate) {
    const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    let committee = update.next_sync_committee.as_ref().unwrap();
    measure("  decoding", || drop(black_box(decode(&bytes))));
    measure("  committee's root", || {
        black_box(committee.hash_tree_root());
    });
    measure("  public key, decompressed", || {
        black_box(PublicKey::from_bytes(&committee.aggregate_pubkey)).unwrap();
    });
    let signature = &update.sync_aggregate.sync_committee_signature;
    measure("  signature, decompressed", || {
        black_box(Signature::from_bytes(signature)).unwrap();
    });
    let signature = Signature::from_bytes(signature).unwrap();
    measure("  signature, subgroup", || {
        assert!(signature.subgroup_check());
    });
    let key = PublicKey::from_bytes(&committee.aggregate_pubkey).unwrap();
    let (key, signature): (&blst_p1_affine, &blst_p2_affine) = ((&key).into(), (&signature).into());
    let without: Option<blst_p2_affine> = None;
    let hashed = |signature: &dyn std::any::Any, bits: usize| {
        let mut pairing = Pairing::new(true, DST);
        let factor = [0xa7; 8];
        pairing.mul_n_aggregate(key, false, signature, false, &factor, bits, &[1; 32], &[]);
        pairing
    };
    measure("  hash to the curve", || drop(hashed(&without, 0)));
    measure("  hash to the curve, key times 64 bits", || {
        drop(hashed(&without, 64));
    });
    measure("  the same, signature times 64 bits", || {
        drop(hashed(signature, 64))
    });
    measure("  Miller loop", || {
        black_box(blst_fp12::miller_loop(signature, key));
    });
    let paired = blst_fp12::miller_loop(signature, key);
    measure("  final exponentiation", || {
        black_box(paired.final_exp());
    });
}

fn data_of_proof() -> Value {
    read("argument-zk-mainnet-deneb/inclusion/base-data/EthGetProof.json")["result"].take()
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&read_bytes(name)).unwrap()
}

fn read_bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// The shortest of the rounds: what else the machine does only makes them longer.
fn measure(what: &str, mut once: impl FnMut()) {
    once();
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        once();
        start.elapsed()
    });
    println!(
        "{:>10.1} µs  {what}",
        rounds.min().unwrap().as_secs_f64() * 1e6
    );
}
