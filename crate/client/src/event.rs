//! What goes in from the network and out to the page, as plain data.

use alloy_primitives::{Address, B256, U256};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::error::Error;

/// News from the swarm.
#[derive(Clone, Debug)]
pub enum NetEvent {
    /// A connection is up and authenticated.
    Connected {
        /// The peer's libp2p id.
        peer: String,
        /// Where it was reached, or who introduced it.
        address: String,
        /// What it is.
        kind: PeerKind,
    },
    /// A connection ended.
    Disconnected {
        /// The peer's libp2p id.
        peer: String,
        /// Why, for people.
        reason: String,
    },
    /// A dial came to nothing.
    DialFailed {
        /// The address that was dialled.
        address: String,
        /// Why, for people.
        reason: String,
    },
    /// A gossip message, not yet forwarded.
    Gossip {
        /// Who handed it to us.
        peer: String,
        /// The message's id.
        message_id: Vec<u8>,
        /// The topic's name.
        topic: String,
        /// The payload as it travelled, compressed.
        data: Vec<u8>,
    },
    /// The tab was asleep, and is back: connections are gone, the head is old.
    Resumed,
}

/// What a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerKind {
    /// It has an address, and serves.
    Gateway,
    /// A tab like this one.
    Tab,
}

/// News for the page.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", content = "detail", rename_all = "snake_case")]
pub enum Event {
    /// The whole state, after any change and once a second.
    Status(Status),
    /// A newer verified head.
    Head(HeadView),
    /// A transaction of ours went a step further.
    Transaction(TransactionStatus),
}

/// How far the client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No peer yet, or none any more, and no head.
    Connecting,
    /// Peers are there; the chain of committees is being verified.
    Syncing,
    /// The head is verified and recent.
    Synced,
    /// The head is verified, but nobody has brought a newer one for a while.
    Ageing,
    /// The checkpoint is too old to be trusted: the user has to give a newer one.
    StaleCheckpoint,
}

/// The client's state as the page sees it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// How far it has come.
    pub phase: Phase,
    /// The network's name.
    pub network: String,
    /// One sentence for people.
    pub message: String,
    /// The newest head that a supermajority of the sync committee signed.
    pub optimistic: Option<HeadView>,
    /// The newest finalized head.
    pub finalized: Option<HeadView>,
    /// Who we are, or were, connected to.
    pub peers: Vec<PeerView>,
    /// Chain time in milliseconds since 1970.
    pub now: f64,
    /// The trusted block root that all began with.
    pub checkpoint: B256,
    /// Periods verified so far while catching up.
    pub progress: Option<Progress>,
    /// Milliseconds from the start until the first verified head.
    pub first_head_ms: Option<f64>,
    /// Milliseconds from the first connection until the first gossip message.
    pub first_gossip_ms: Option<f64>,
}

/// Catching up through sync-committee periods.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Progress {
    /// The period reached.
    pub period: f64,
    /// The period of now.
    pub target: f64,
}

/// A verified head.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadView {
    /// Beacon slot.
    pub slot: f64,
    /// Execution block number.
    pub block_number: f64,
    /// Execution block hash.
    pub block_hash: B256,
    /// Unix seconds at which the slot began.
    pub timestamp: f64,
    /// `optimistic` or `finalized`.
    pub finality: &'static str,
    /// Seconds since the slot began.
    pub age_seconds: f64,
    /// Committee members that signed.
    pub participation: f64,
    /// Size of the committee.
    pub participation_of: f64,
    /// The peer that brought it first.
    pub supplier: String,
}

/// A peer, as the page lists it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerView {
    /// libp2p peer id; for a gateway that never answered, what its address says.
    pub id: String,
    /// Multiaddress.
    pub address: String,
    /// `gateway` or `tab`.
    pub kind: &'static str,
    /// `connecting`, `connected`, `dropped` or `gone`.
    pub state: &'static str,
    /// Since when, milliseconds since 1970.
    pub since: f64,
    /// Requests it answered.
    pub requests: f64,
    /// Bytes it sent.
    pub bytes: f64,
    /// Its latest answer's time.
    pub latency_ms: Option<f64>,
    /// What it did wrong.
    pub faults: Vec<FaultView>,
    /// Why it is dropped or gone.
    pub reason: Option<String>,
    /// Gossip messages it brought first.
    pub gossip: f64,
}

/// One thing that a peer did wrong.
#[derive(Clone, Debug, Serialize)]
pub struct FaultView {
    /// `lied`, `stale`, `silent`, `oversized`.
    pub kind: &'static str,
    /// What, for people.
    pub message: String,
    /// When, milliseconds since 1970.
    pub at: f64,
}

/// An answer and what proves it.
#[derive(Clone, Debug, Serialize)]
pub struct Answer<T> {
    /// The proven value.
    pub value: T,
    /// Its evidence.
    pub proof: ProofView,
}

/// The provenance of a proven value.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofView {
    /// Execution block hash.
    pub block_hash: B256,
    /// Execution block number.
    pub block_number: f64,
    /// Beacon slot of the head it hangs on.
    pub slot: f64,
    /// `optimistic` or `finalized`.
    pub finality: &'static str,
    /// Seconds since that slot began.
    pub age_seconds: f64,
    /// Peers whose bytes were used.
    pub peers: Vec<String>,
    /// What was checked, in short sentences.
    pub checked: Vec<&'static str>,
}

/// An account's balance.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Balance in wei.
    pub wei: Big,
    /// Transactions sent (or contracts created).
    pub nonce: Big,
    /// Whether there is code.
    pub is_contract: bool,
    /// Length of the code, fetched and checked against the code hash; none if no peer has it.
    pub code_bytes: Option<f64>,
}

/// A token balance.
#[derive(Clone, Debug, Serialize)]
pub struct TokenBalance {
    /// Amount in the token's smallest unit.
    pub amount: Big,
    /// Decimal places, from the configuration.
    pub decimals: u8,
    /// Ticker, from the configuration.
    pub symbol: String,
}

/// What a transfer or a vote would cost at most.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Gas limit.
    pub gas_limit: Big,
    /// Wei per gas, at most.
    pub max_fee_per_gas: Big,
    /// Wei per gas for the proposer.
    pub max_priority_fee_per_gas: Big,
    /// Value and fees together, at most.
    pub max_cost: Big,
}

/// An account whose key is in the vault.
#[derive(Clone, Debug, Serialize)]
pub struct AccountView {
    /// EIP-55 address.
    pub address: String,
    /// Whether its key is sealed.
    pub locked: bool,
}

/// A transaction of ours and how far it has come.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionStatus {
    /// Transaction hash.
    pub hash: B256,
    /// Sender.
    pub from: Address,
    /// Recipient.
    pub to: Address,
    /// Wei sent.
    pub value: Big,
    /// `transfer` or `vote`.
    pub kind: &'static str,
    /// `signed`, `sent`, `included`, `final` or `failed`.
    pub stage: &'static str,
    /// One sentence for people.
    pub message: String,
    /// When it was signed, milliseconds since 1970.
    pub created_at: f64,
    /// The block that holds it.
    pub block_number: Option<f64>,
    /// Whether it was executed without revert.
    pub success: Option<bool>,
    /// What proves its inclusion.
    pub proof: Option<ProofView>,
    /// For votes: what was voted, and whether it is proven to count.
    pub vote: Option<VoteView>,
}

/// The vote that a transaction casts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VoteView {
    /// The governor.
    pub governor: Address,
    /// The proposal.
    pub proposal_id: B256,
    /// 0 against, 1 for, 2 abstain.
    pub support: u8,
    /// Weight from the proven `VoteCast` log.
    pub weight: Option<Big>,
    /// Receipt and storage both prove that it counted.
    pub counted: bool,
}

/// A governor's proposals.
#[derive(Clone, Debug, Serialize)]
pub struct Proposals {
    /// Newest first.
    pub value: Vec<ProposalView>,
    /// Whether the list provably holds every proposal.
    pub complete: bool,
    /// How many there are, proven.
    pub total: f64,
    /// The evidence.
    pub proof: ProofView,
}

/// A proposal.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalView {
    /// The proposal's id.
    pub id: B256,
    /// State by the governor's own rules, as of the proof's block.
    pub state: &'static str,
    /// Who proposed it.
    pub proposer: Address,
    /// Timepoint at which voting power counts.
    pub snapshot: f64,
    /// Timepoint at which voting ends.
    pub deadline: f64,
    /// Votes for.
    pub for_votes: Big,
    /// Votes against.
    pub against_votes: Big,
    /// Votes to abstain.
    pub abstain_votes: Big,
    /// Votes needed.
    pub quorum: Big,
    /// The token's supply at the snapshot.
    pub total_supply: Big,
    /// Whether the snapshot has passed; before, quorum and supply are those of now.
    pub is_settled: bool,
    /// The text whose hash the proposal carries, if a peer gave it.
    pub description: Option<String>,
    /// What it does when it passes.
    pub actions: Vec<ActionView>,
    /// It does more than is shown: its actions are too many or too large to read.
    pub actions_too_large: bool,
}

/// A governor of the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct GovernorView {
    /// The governor's contract.
    pub address: Address,
    /// The token that carries the votes.
    pub token: Address,
    /// Name, from the configuration.
    pub name: String,
}

/// One call that a proposal makes.
#[derive(Clone, Debug, Serialize)]
pub struct ActionView {
    /// The contract called.
    pub target: Address,
    /// Wei sent along.
    pub value: Big,
    /// The call's data.
    pub calldata: alloy_primitives::Bytes,
}

/// A voter's weight on a proposal.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VotingPower {
    /// Votes at the proposal's snapshot.
    pub power: Big,
    /// Whether this voter has voted.
    pub has_voted: bool,
    /// Whether the snapshot has passed; before, the power is that of now and can change.
    pub is_settled: bool,
}

/// A chain integer. It serializes as `{ "$bigint": "0x…" }`, which no text from outside can imitate
/// (texts stay strings), and which the bindings turn into a JavaScript `bigint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Big(pub U256);

impl Serialize for Big {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Big", 1)?;
        object.serialize_field("$bigint", &format!("{:#x}", self.0))?;
        object.end()
    }
}

impl From<u64> for Big {
    fn from(value: u64) -> Self {
        Self(U256::from(value))
    }
}

impl From<u128> for Big {
    fn from(value: u128) -> Self {
        Self(U256::from(value))
    }
}

/// What a call gives.
pub type CallResult<T> = Result<T, Error>;

/// JavaScript's only number: exact up to 2^53, far above any slot, block number or byte count.
pub(crate) fn number(value: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    let number = value as f64;
    number
}
