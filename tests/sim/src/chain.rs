//! The true chain, really signed: committees of 32 keys, states with only what light clients look at.
//! And what liars make of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, SecretKey};
use lampyris_verify::B256;
use lampyris_verify::config::{Fork, ForkEpoch, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientFinalityUpdate,
    LightClientHeader, LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate,
    SyncCommittee,
};
use lampyris_verify::light_client::{initialize_light_client_store, process_light_client_update};
use lampyris_verify::{Bytes, keccak256, merkle::hash_pair};

/// The fork of all of the chain.
pub const FORK: Fork = Fork::Electra;
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
/// The minimal preset's committee: fewer keys, the same checks and, but for 60 bytes, the same sizes.
const MEMBERS: u8 = 32;
/// The version of the client's record.
const CLIENT_RECORD_VERSION: u8 = 1;
/// How far finality is behind the head.
const FINALITY_SLOTS: u64 = 16;

/// A network of its own, with keys for its committee.
#[derive(Debug)]
pub struct Chain {
    /// What light clients are configured with.
    pub network: Network,
    keys: Vec<SecretKey>,
    strangers: Vec<SecretKey>,
    committee: Arc<SyncCommittee>,
}

/// An object and its fork digest's name in gossip is the same for all: one fork, from the beginning.
impl Chain {
    /// The same keys and blocks each time; only the slots' length differs.
    #[must_use]
    pub fn new(slot_ms: u64) -> Self {
        let key = |seed: u8| SecretKey::key_gen(&[seed; 32], &[]).ok();
        let keys: Vec<_> = (0..MEMBERS).filter_map(key).collect();
        let points: Vec<_> = keys.iter().map(SecretKey::sk_to_pk).collect();
        let sum = AggregatePublicKey::aggregate(&points.iter().collect::<Vec<_>>(), false);
        let sum = sum.map_or([0; 48], |sum| sum.to_public_key().to_bytes());
        let committee = Arc::new(SyncCommittee {
            pubkeys: points.iter().map(PublicKey::to_bytes).collect(),
            aggregate_pubkey: sum,
        });
        Self {
            network: network(slot_ms),
            strangers: (MEMBERS..2 * MEMBERS).filter_map(key).collect(),
            keys,
            committee,
        }
    }

    /// The block that everybody trusts.
    pub fn bootstrap(&self, slot: u64) -> LightClientBootstrap {
        let gindex = FORK.generalized_indices().current_sync_committee;
        let state = Tree::from([(gindex, self.committee.hash_tree_root())]);
        LightClientBootstrap {
            header: header(slot, root(&state)),
            current_sync_committee: Arc::clone(&self.committee),
            current_sync_committee_branch: branch(&state, gindex),
        }
    }

    /// The best update of the period of a slot. The next committee has the same members.
    pub fn update(&self, slot: u64) -> LightClientUpdate {
        let indices = FORK.generalized_indices();
        let finalized_header = header(slot.saturating_sub(4), B256::repeat_byte(9));
        let state = Tree::from([
            (indices.next_sync_committee, self.committee.hash_tree_root()),
            (
                indices.finalized_root,
                finalized_header.beacon.hash_tree_root(),
            ),
        ]);
        let attested_header = header(slot, root(&state));
        LightClientUpdate {
            sync_aggregate: self.sign(&self.keys, &attested_header.beacon, self.keys.len()),
            attested_header,
            next_sync_committee: Some(Arc::clone(&self.committee)),
            next_sync_committee_branch: branch(&state, indices.next_sync_committee),
            finalized_header,
            finality_branch: branch(&state, indices.finalized_root),
            signature_slot: slot + 1,
        }
    }

    /// The block of a slot, and the newest that it finalizes.
    pub fn finality(&self, slot: u64) -> LightClientFinalityUpdate {
        self.finality_by(slot, self.keys.len())
    }

    /// The same, with other signers.
    pub fn finality_by(&self, slot: u64, participants: usize) -> LightClientFinalityUpdate {
        let (attested_header, finalized_header, finality_branch) = self.block(slot);
        LightClientFinalityUpdate {
            sync_aggregate: self.sign(&self.keys, &attested_header.beacon, participants),
            attested_header,
            finalized_header,
            finality_branch,
            signature_slot: slot + 1,
        }
    }

    /// The same without what it finalizes.
    pub fn optimistic(&self, slot: u64) -> LightClientOptimisticUpdate {
        self.variant(slot, self.keys.len())
    }

    /// The block of a slot with other signers: just as true, and one too many.
    pub fn variant(&self, slot: u64, participants: usize) -> LightClientOptimisticUpdate {
        let (attested_header, ..) = self.block(slot);
        LightClientOptimisticUpdate {
            sync_aggregate: self.sign(&self.keys, &attested_header.beacon, participants),
            attested_header,
            signature_slot: slot + 1,
        }
    }

    /// A block that is not there, well-formed to the last branch, and signed by others. `salt` makes
    /// it different from others of its slot.
    pub fn forgery(&self, slot: u64, salt: u8) -> LightClientOptimisticUpdate {
        let attested_header = header_of(slot, B256::repeat_byte(salt), salt);
        LightClientOptimisticUpdate {
            sync_aggregate: self.sign(
                &self.strangers,
                &attested_header.beacon,
                self.strangers.len(),
            ),
            attested_header,
            signature_slot: slot + 1,
        }
    }

    /// What a client that followed the chain until a period's best update has stored of it.
    #[must_use]
    pub fn client_record(&self, checkpoint_slot: u64, update_slot: u64) -> Vec<u8> {
        let (network, bootstrap) = (&self.network, self.bootstrap(checkpoint_slot));
        let checkpoint = bootstrap.header.beacon.hash_tree_root();
        let store = initialize_light_client_store(checkpoint, &bootstrap, network);
        let store = store.and_then(|mut store| {
            let (update, now) = (self.update(update_slot), update_slot + 1);
            process_light_client_update(&mut store, &update, now, network)?;
            Ok(store)
        });
        let store = store.unwrap_or_else(|error| unreachable!("the chain is signed: {error}"));
        [vec![CLIENT_RECORD_VERSION], store.encode(network)].concat()
    }

    /// The hash of the execution block of a slot.
    pub fn block_hash(&self, slot: u64) -> B256 {
        block_hash(slot, 0)
    }

    /// How many may sign.
    pub fn members(&self) -> usize {
        self.keys.len()
    }

    /// The first slot of the epoch that is final when a slot is signed.
    pub fn finalized_slot(&self, slot: u64) -> u64 {
        let behind = slot.saturating_sub(FINALITY_SLOTS);
        behind - behind % self.network.preset.slots_per_epoch
    }

    fn block(&self, slot: u64) -> (LightClientHeader, LightClientHeader, Vec<B256>) {
        let gindex = FORK.generalized_indices().finalized_root;
        let finalized = header(self.finalized_slot(slot), B256::repeat_byte(9));
        let state = Tree::from([(gindex, finalized.beacon.hash_tree_root())]);
        (
            header(slot, root(&state)),
            finalized,
            branch(&state, gindex),
        )
    }

    fn sign(
        &self,
        keys: &[SecretKey],
        header: &BeaconBlockHeader,
        participants: usize,
    ) -> SyncAggregate {
        let epoch = self.network.epoch_at_slot(header.slot);
        let version = B256::right_padding_from(&self.network.fork_version(epoch));
        let fork_data = hash_pair(version, self.network.genesis_validators_root);
        let mut domain = [0; 32];
        let parts = [7, 0, 0, 0].iter().chain(fork_data.iter());
        domain
            .iter_mut()
            .zip(parts)
            .for_each(|(to, from)| *to = *from);
        let message = hash_pair(header.hash_tree_root(), domain.into());
        let signatures: Vec<_> = keys
            .iter()
            .take(participants)
            .map(|key| key.sign(message.as_slice(), DST, &[]))
            .collect();
        let sum = AggregateSignature::aggregate(&signatures.iter().collect::<Vec<_>>(), false);
        let sum = sum.map_or([0; 96], |sum| sum.to_signature().to_bytes());
        let mut bits = vec![0_u8; keys.len().div_ceil(8)];
        for (index, byte) in bits.iter_mut().enumerate() {
            for bit in 0..8 {
                *byte |= u8::from(index * 8 + bit < participants) << bit;
            }
        }
        SyncAggregate {
            sync_committee_bits: bits,
            sync_committee_signature: sum,
        }
    }
}

fn network(slot_ms: u64) -> Network {
    let forks = [
        Fork::Phase0,
        Fork::Altair,
        Fork::Bellatrix,
        Fork::Capella,
        Fork::Deneb,
        FORK,
    ];
    let entry = |(number, fork): (u8, Fork)| ForkEpoch {
        fork,
        version: [number, 0, 0, 0x51],
        epoch: 0,
    };
    Network {
        name: "simulation".into(),
        chain_id: 31_337,
        preset: Preset::MINIMAL,
        genesis_time: 1_700_000_000,
        genesis_validators_root: B256::repeat_byte(0x51),
        slot_duration_ms: slot_ms,
        forks: (0..).zip(forks).map(entry).collect(),
        blob_schedule: Vec::new(),
    }
}

/// The known nodes of a tree by their generalized index; the others are made up.
type Tree = BTreeMap<u64, B256>;

fn node(tree: &Tree, index: u64) -> B256 {
    let is_below = |leaf: &u64| {
        leaf.ilog2() > index.ilog2() && leaf >> (leaf.ilog2() - index.ilog2()) == index
    };
    if let Some(leaf) = tree.get(&index) {
        *leaf
    } else if tree.keys().any(is_below) {
        hash_pair(node(tree, index * 2), node(tree, index * 2 + 1))
    } else {
        keccak256(index.to_le_bytes())
    }
}

fn root(tree: &Tree) -> B256 {
    node(tree, 1)
}

fn branch(tree: &Tree, leaf: u64) -> Vec<B256> {
    let path = std::iter::successors(Some(leaf), |index| Some(index / 2));
    path.take_while(|index| *index > 1)
        .map(|index| node(tree, index ^ 1))
        .collect()
}

fn block_hash(slot: u64, salt: u8) -> B256 {
    keccak256([&slot.to_le_bytes()[..], &[salt]].concat())
}

fn header(slot: u64, state_root: B256) -> LightClientHeader {
    header_of(slot, state_root, 0)
}

fn header_of(slot: u64, state_root: B256, salt: u8) -> LightClientHeader {
    let execution = ExecutionPayloadHeader {
        block_number: slot,
        block_hash: block_hash(slot, salt),
        // Noise, like mainnet's full blooms: it does not compress.
        logs_bloom: (0..8_u8)
            .flat_map(|part| keccak256([&slot.to_le_bytes()[..], &[salt, part]].concat()).0)
            .collect::<Bytes>(),
        ..ExecutionPayloadHeader::default()
    };
    let gindex = FORK.generalized_indices().execution;
    let body = Tree::from([(gindex, execution.hash_tree_root(FORK))]);
    LightClientHeader {
        beacon: BeaconBlockHeader {
            slot,
            proposer_index: slot % 7,
            parent_root: B256::repeat_byte(5),
            state_root,
            body_root: root(&body),
        },
        execution: Some(execution),
        execution_branch: branch(&body, gindex),
    }
}
