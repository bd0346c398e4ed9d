//! Headers as Gloas has them: of the execution block, only the hash.
//!
//! [Specification](https://github.com/ethereum/consensus-specs/blob/0f7109f8529a0ee8e51d7efbb3914289f84c0e8a/specs/gloas/light-client/sync-protocol.md)
//! (EIP-7732). A Gloas block commits to the bid for its payload, and the bid to the execution block
//! before; what that block holds is proven by its header, which has this hash. Headers of earlier
//! forks are brought into this shape, and then prove the hash of their own execution block.
//!
//! [`super::LightClientStore`] does not follow a chain into Gloas yet: it refuses its objects.

use alloc::vec::Vec;

use alloy_primitives::B256;

use crate::Error;
use crate::config::{Fork, Network};
use crate::containers::{self, BeaconBlockHeader, normalize_merkle_branch};
use crate::merkle::{is_valid_normalized_merkle_branch, merkle_branch};
use crate::ssz::{self, Field};

/// Where a body has the hash of its execution block, before Deneb.
pub const EXECUTION_BLOCK_HASH_GINDEX: u64 = 412;

/// The same from Deneb to Fulu.
pub const EXECUTION_BLOCK_HASH_GINDEX_DENEB: u64 = 812;

/// Where a body has the hash of the execution block that it builds upon, since Gloas.
pub const EXECUTION_BLOCK_HASH_GINDEX_GLOAS: u64 = 2_856;

/// The index of `block_hash` among the fields of an execution header.
const BLOCK_HASH_INDEX: usize = 12;

/// How deep [`EXECUTION_BLOCK_HASH_GINDEX_GLOAS`] is.
const BRANCH_LENGTH: usize = 11;

/// A beacon header with the hash of the execution block that it commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightClientHeader {
    /// The beacon header.
    pub beacon: BeaconBlockHeader,
    /// The hash of the execution block; zero before Capella.
    pub execution_block_hash: B256,
    /// The branch from that hash to the body's root, with zeros in front before Gloas.
    pub execution_branch: Vec<B256>,
}

impl Default for LightClientHeader {
    fn default() -> Self {
        Self {
            beacon: BeaconBlockHeader::default(),
            execution_block_hash: B256::ZERO,
            execution_branch: Vec::from([B256::ZERO; BRANCH_LENGTH]),
        }
    }
}

impl LightClientHeader {
    const LAYOUT: [Field; 3] = [
        Field::Fixed(112),
        Field::Fixed(32),
        Field::Fixed(BRANCH_LENGTH.saturating_mul(32)),
    ];

    /// Decodes a header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let what = "LightClientHeader";
        let [beacon, hash, branch] = ssz::split(what, bytes, Self::LAYOUT)?;
        let node = |node: &[u8]| ssz::array::<32>("hash", node).map(B256::from);
        Ok(Self {
            beacon: BeaconBlockHeader::decode(beacon)?,
            execution_block_hash: node(hash)?,
            execution_branch: branch.chunks(32).map(node).collect::<Result<_, _>>()?,
        })
    }

    /// Encodes the header.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (beacon, branch) = (self.beacon.encode(), self.execution_branch.concat());
        let hash = self.execution_block_hash;
        ssz::join(Self::LAYOUT, [&beacon, hash.as_slice(), &branch])
    }
}

/// A header of an earlier fork in the shape of Gloas. It is as valid as before.
#[must_use]
pub fn upgrade_lc_header_to_gloas(
    pre: &containers::LightClientHeader,
    network: &Network,
) -> LightClientHeader {
    let fork = network.fork_at_slot(pre.beacon.slot);
    let upgraded = LightClientHeader {
        beacon: pre.beacon.clone(),
        ..LightClientHeader::default()
    };
    let Some(execution) = pre.execution.as_ref().filter(|_| fork >= Fork::Capella) else {
        return upgraded;
    };
    let mut branch = merkle_branch(&execution.leaves(fork), BLOCK_HASH_INDEX);
    branch.extend_from_slice(&pre.execution_branch);
    LightClientHeader {
        execution_block_hash: execution.block_hash,
        execution_branch: normalize_merkle_branch(branch, EXECUTION_BLOCK_HASH_GINDEX_GLOAS),
        ..upgraded
    }
}

/// Checks that a header's execution block is the one that its beacon part commits to.
pub fn is_valid_light_client_header(
    header: &LightClientHeader,
    network: &Network,
) -> Result<(), Error> {
    let fork = network.fork_at_slot(header.beacon.slot);
    let gindex = match fork {
        Fork::Phase0 | Fork::Altair | Fork::Bellatrix => {
            let beacon = header.beacon.clone();
            let expected = LightClientHeader {
                beacon,
                ..LightClientHeader::default()
            };
            return if *header == expected {
                Ok(())
            } else {
                let what = "execution block before Capella";
                Err(Error::Unproven { what })
            };
        }
        Fork::Capella => EXECUTION_BLOCK_HASH_GINDEX,
        Fork::Deneb | Fork::Electra | Fork::Fulu => EXECUTION_BLOCK_HASH_GINDEX_DENEB,
        Fork::Gloas => EXECUTION_BLOCK_HASH_GINDEX_GLOAS,
    };
    let root = header.beacon.body_root;
    let (leaf, branch) = (header.execution_block_hash, &header.execution_branch);
    if branch.len() == BRANCH_LENGTH
        && is_valid_normalized_merkle_branch(leaf, branch, gindex, root)
    {
        Ok(())
    } else {
        Err(Error::MerkleBranch {
            what: "hash of the execution block",
            root,
        })
    }
}
