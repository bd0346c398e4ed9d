//! Where each kind of governor and token keeps what: layouts are data.
//!
//! The numbers are the compiler's (`solc --storage-layout`); they depend on the contract's modules
//! and their order, and on the library's minor version.

use alloy_primitives::U256;

/// Where a governor keeps its proposals. Each field is the base slot of the variable named in its
/// documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GovernorLayout {
    /// The name by which a configuration refers to it.
    pub name: &'static str,
    /// `mapping(uint256 => ProposalCore) _proposals`.
    pub proposals: U256,
    /// `mapping(uint256 => ProposalVote) _proposalVotes`.
    pub proposal_votes: U256,
    /// `uint256[] _proposalIds`: makes a list of proposals provably complete.
    pub proposal_ids: U256,
    /// `mapping(uint256 => ProposalDetails) _proposalDetails`.
    pub proposal_details: U256,
    /// `Checkpoints.Trace208 _quorumNumeratorHistory`.
    pub quorum_numerators: U256,
    /// `quorumDenominator()`, which is code, not storage.
    pub quorum_denominator: u64,
    /// `TimelockController _timelock`.
    pub timelock: U256,
    /// `mapping(uint256 => bytes32) _timelockIds`.
    pub timelock_ids: U256,
    /// In the timelock: `mapping(bytes32 => uint256) _timestamps`.
    pub timelock_timestamps: U256,
    /// The token that weighs the votes.
    pub token: TokenLayout,
}

/// Where a token with votes keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLayout {
    /// The name by which a configuration refers to it.
    pub name: &'static str,
    /// `mapping(address => uint256) _balances`.
    pub balances: U256,
    /// `uint256 _totalSupply`.
    pub total_supply: U256,
    /// `mapping(address => address) _delegatee`.
    pub delegatees: U256,
    /// `mapping(address => Checkpoints.Trace208) _delegateCheckpoints`.
    pub delegate_checkpoints: U256,
    /// `Checkpoints.Trace208 _totalCheckpoints`.
    pub total_checkpoints: U256,
}

/// OpenZeppelin 5.7: `ERC20`, `ERC20Permit`, `ERC20Votes`, counting blocks.
pub const OZ5_VOTES: TokenLayout = TokenLayout {
    name: "oz5-votes",
    balances: slot(0),
    total_supply: slot(2),
    delegatees: slot(8),
    delegate_checkpoints: slot(9),
    total_checkpoints: slot(10),
};

/// OpenZeppelin 5.7: `Governor`, `GovernorSettings`, `GovernorCountingSimple`, `GovernorStorage`,
/// `GovernorVotes`, `GovernorVotesQuorumFraction`, `GovernorTimelockControl`.
pub const OZ5_STORAGE: GovernorLayout = GovernorLayout {
    name: "oz5-storage",
    proposals: slot(4),
    proposal_votes: slot(9),
    proposal_ids: slot(10),
    proposal_details: slot(11),
    quorum_numerators: slot(12),
    quorum_denominator: 100,
    timelock: slot(13),
    timelock_ids: slot(14),
    timelock_timestamps: slot(1),
    token: OZ5_VOTES,
};

static GOVERNORS: [GovernorLayout; 1] = [OZ5_STORAGE];

impl GovernorLayout {
    /// The layout with this name, if it is known.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        GOVERNORS.iter().find(|layout| layout.name == name)
    }
}

const fn slot(number: u64) -> U256 {
    U256::from_limbs([number, 0, 0, 0])
}
