//! The forks of the consensus layer and what each changed for light clients.

/// A fork of the consensus layer, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fork {
    /// Genesis; no light clients yet.
    Phase0,
    /// Sync committees.
    Altair,
    /// The merge.
    Bellatrix,
    /// Light-client headers carry the execution header.
    Capella,
    /// The execution header counts blob gas.
    Deneb,
    /// The state's tree is one level deeper.
    Electra,
    /// The fork digest depends on the blob schedule.
    Fulu,
    /// Light-client headers carry the execution block's hash alone. Known, not yet verified.
    Gloas,
}

/// Where light clients find things in the hash trees of state and block body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneralizedIndices {
    /// `finalized_checkpoint.root` in the state.
    pub finalized_root: u64,
    /// `current_sync_committee` in the state.
    pub current_sync_committee: u64,
    /// `next_sync_committee` in the state.
    pub next_sync_committee: u64,
    /// The execution payload in the block body; since Gloas, the hash of the execution block.
    pub execution: u64,
}

impl Fork {
    /// The newest fork whose light-client objects are verified.
    pub const NEWEST: Self = Self::Fulu;

    const ALL: [Self; 8] = [
        Self::Phase0,
        Self::Altair,
        Self::Bellatrix,
        Self::Capella,
        Self::Deneb,
        Self::Electra,
        Self::Fulu,
        Self::Gloas,
    ];

    /// The name that the specification and the Beacon API use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phase0 => "phase0",
            Self::Altair => "altair",
            Self::Bellatrix => "bellatrix",
            Self::Capella => "capella",
            Self::Deneb => "deneb",
            Self::Electra => "electra",
            Self::Fulu => "fulu",
            Self::Gloas => "gloas",
        }
    }

    /// The fork of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fork| fork.name() == name)
    }

    /// The fork that follows.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|fork| *fork > self)
    }

    /// The generalized indices of states and bodies of this fork.
    #[must_use]
    pub const fn generalized_indices(self) -> GeneralizedIndices {
        match self {
            Self::Phase0 | Self::Altair | Self::Bellatrix | Self::Capella | Self::Deneb => {
                GeneralizedIndices {
                    finalized_root: 105,
                    current_sync_committee: 54,
                    next_sync_committee: 55,
                    execution: 25,
                }
            }
            Self::Electra | Self::Fulu => GeneralizedIndices {
                finalized_root: 169,
                current_sync_committee: 86,
                next_sync_committee: 87,
                execution: 25,
            },
            Self::Gloas => GeneralizedIndices {
                finalized_root: 735,
                current_sync_committee: 2_945,
                next_sync_committee: 2_946,
                execution: 2_856,
            },
        }
    }

    /// Whether light-client headers carry the execution header.
    #[must_use]
    pub const fn has_execution_header(self) -> bool {
        matches!(
            self,
            Self::Capella | Self::Deneb | Self::Electra | Self::Fulu
        )
    }

    /// Whether the execution header counts blob gas.
    #[must_use]
    pub const fn has_blob_gas(self) -> bool {
        matches!(self, Self::Deneb | Self::Electra | Self::Fulu)
    }
}
