//! What a client is started with: the network, the trusted checkpoint, gateways, known contracts.

use alloy_primitives::{Address, B256};
use lampyris_verify::config::Network;

use crate::error::Error;

/// Gateways beyond this number are refused: a tab has room for some 500 connections, and needs few.
pub const GATEWAYS_MAX: usize = 32;

/// A token whose balances can be proven because the place of its balance mapping is known.
#[derive(Clone, Debug)]
pub struct Token {
    /// The contract.
    pub address: Address,
    /// Ticker, for people.
    pub symbol: String,
    /// Decimal places of an amount, for people.
    pub decimals: u8,
    /// Storage slot of `mapping(address => uint256)` with the balances.
    pub balance_slot: u64,
}

/// A governor whose storage layout is known.
#[derive(Clone, Debug)]
pub struct Governor {
    /// The governor's contract.
    pub address: Address,
    /// The token that carries the votes.
    pub token: Address,
    /// Name, for people.
    pub name: String,
    /// Name of a layout that `lampyris_vote` knows.
    pub layout: String,
}

/// The configuration: the contents of `config.json`, as described in `docs/architecture.md`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The network to follow.
    pub network: Network,
    /// Root of a recent finalized block: all trust starts here.
    pub checkpoint: B256,
    /// Multiaddresses of gateways, at most [`GATEWAYS_MAX`].
    pub gateways: Vec<String>,
    /// Tokens that can be looked up.
    pub tokens: Vec<Token>,
    /// Governors that can be read.
    pub governors: Vec<Governor>,
    /// Chain time stands still here (replays of recorded chains).
    pub fixed_clock_unix_ms: Option<u64>,
}

impl Config {
    /// Checks that the network's parts fit together, and that the gateways are not too many.
    ///
    /// # Errors
    /// [`crate::Code::InvalidArgument`], with what is wrong with it.
    pub fn validate(&self) -> Result<(), Error> {
        self.network
            .validate()
            .map_err(|error| Error::invalid_argument(format!("network: {error}")))?;
        let given = self.gateways.len();
        if given > GATEWAYS_MAX {
            return Err(Error::invalid_argument(format!(
                "gateways: {given} given, at most {GATEWAYS_MAX} are used"
            )));
        }
        Ok(())
    }
}
