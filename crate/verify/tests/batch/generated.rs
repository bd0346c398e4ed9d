//! A chain like a devnet's: committees of 32, states with only what light clients look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, SecretKey};
use lampyris_vectors::networks::at_fork;
use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientHeader,
    LightClientUpdate, SyncAggregate, SyncCommittee,
};
use lampyris_verify::light_client::{LightClientStore, initialize_light_client_store};
use lampyris_verify::merkle::hash_pair;
use lampyris_verify::{B256, Bytes, keccak256};

const FORK: Fork = Fork::Electra;
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
/// Members of a committee.
pub(crate) const SIZE: usize = 32;

/// What makes one update differ from another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) participants: usize,
    pub(crate) finalizes: bool,
    /// Where in its period the attested header lies.
    pub(crate) offset: u64,
}

/// Who signs, and for which network.
pub(crate) struct Chain {
    pub(crate) network: Network,
    keys: Vec<SecretKey>,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let key = |seed: u8| SecretKey::key_gen(&[seed; 32], &[]).unwrap();
        Self {
            network: at_fork(Preset::MINIMAL, FORK),
            keys: (0..61).map(key).collect(),
        }
    }

    fn first_slot(&self, period: u64) -> u64 {
        period * self.network.preset.slots_per_period()
    }

    /// No two committees in a row have the same sum.
    fn members(&self, period: u64) -> impl Iterator<Item = &SecretKey> {
        let first = usize::try_from(period * 7).unwrap();
        (0..SIZE).map(move |member| &self.keys[(first + member * member) % self.keys.len()])
    }

    fn committee(&self, period: u64) -> Arc<SyncCommittee> {
        let keys: Vec<_> = self.members(period).map(SecretKey::sk_to_pk).collect();
        let sum = AggregatePublicKey::aggregate(&keys.iter().collect::<Vec<_>>(), false);
        Arc::new(SyncCommittee {
            pubkeys: keys.iter().map(PublicKey::to_bytes).collect(),
            aggregate_pubkey: sum.unwrap().to_public_key().to_bytes(),
        })
    }

    /// The store of who starts at a checkpoint in `period`.
    pub(crate) fn store(&self, period: u64) -> LightClientStore {
        let gindex = FORK.generalized_indices().current_sync_committee;
        let committee = self.committee(period);
        let state = Tree::from([(gindex, committee.hash_tree_root())]);
        let header = header(self.first_slot(period) + 1, root(&state));
        let checkpoint = header.beacon.hash_tree_root();
        let bootstrap = LightClientBootstrap {
            header,
            current_sync_committee: committee,
            current_sync_committee_branch: branch(&state, gindex),
        };
        initialize_light_client_store(checkpoint, &bootstrap, &self.network).unwrap()
    }

    /// An update that brings the committee of the period behind `period`.
    pub(crate) fn update(&self, period: u64, kind: Kind) -> LightClientUpdate {
        let indices = FORK.generalized_indices();
        let slot = self.first_slot(period) + kind.offset;
        let finalized = header(slot - 4, B256::repeat_byte(9));
        let next = self.committee(period + 1);
        let state = Tree::from([
            (indices.next_sync_committee, next.hash_tree_root()),
            (indices.finalized_root, finalized.beacon.hash_tree_root()),
        ]);
        let attested_header = header(slot, root(&state));
        let finality_branch = branch(&state, indices.finalized_root);
        let nothing = vec![B256::ZERO; finality_branch.len()];
        let (finalized_header, finality_branch) = if kind.finalizes {
            (finalized, finality_branch)
        } else {
            (LightClientHeader::default(), nothing)
        };
        LightClientUpdate {
            sync_aggregate: self.sign(period, &attested_header.beacon, kind.participants),
            attested_header,
            next_sync_committee: Some(next),
            next_sync_committee_branch: branch(&state, indices.next_sync_committee),
            finalized_header,
            finality_branch,
            signature_slot: slot + 1,
        }
    }

    /// The first members sign.
    fn sign(&self, period: u64, header: &BeaconBlockHeader, participants: usize) -> SyncAggregate {
        let version = self
            .network
            .fork_version(self.network.epoch_at_slot(header.slot));
        let fork_data = hash_pair(
            B256::right_padding_from(&version),
            self.network.genesis_validators_root,
        );
        let domain = B256::from_slice(&[&[7, 0, 0, 0], &fork_data[..28]].concat());
        let message = hash_pair(header.hash_tree_root(), domain);
        let signatures: Vec<_> = self
            .members(period)
            .take(participants)
            .map(|key| key.sign(message.as_slice(), DST, &[]))
            .collect();
        let sum = AggregateSignature::aggregate(&signatures.iter().collect::<Vec<_>>(), false);
        let mut bits = vec![0; SIZE / 8];
        (0..participants).for_each(|member| bits[member / 8] |= 1 << (member % 8));
        SyncAggregate {
            sync_committee_bits: bits,
            sync_committee_signature: sum.unwrap().to_signature().to_bytes(),
        }
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

fn header(slot: u64, state_root: B256) -> LightClientHeader {
    let execution = ExecutionPayloadHeader {
        block_number: slot,
        block_hash: keccak256(slot.to_le_bytes()),
        logs_bloom: Bytes::from_static(&[0; 256]),
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
