//! What a client is started with: the network, the trusted checkpoint, gateways, known contracts.

use alloy_primitives::{Address, B256};
use lampyris_verify::config::{Network, NetworkJson};
use serde::Deserialize;

use crate::error::Error;

/// Gateways beyond this number are refused: a tab has room for some 500 connections, and needs few.
pub const GATEWAYS_MAX: usize = 32;

/// `config.json` as described in `docs/architecture.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigJson {
    network: NetworkChoice,
    checkpoint: B256,
    #[serde(default)]
    gateways: Vec<String>,
    #[serde(default)]
    tokens: Vec<Token>,
    #[serde(default)]
    governors: Vec<Governor>,
    #[serde(default)]
    fixed_clock_unix_ms: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum NetworkChoice {
    Name(String),
    Description(NetworkJson),
}

/// A token whose balances can be proven because the place of its balance mapping is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
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

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The network to follow.
    pub network: Network,
    /// Root of a recent finalized block: all trust starts here.
    pub checkpoint: B256,
    /// Multiaddresses of gateways.
    pub gateways: Vec<String>,
    /// Tokens that can be looked up.
    pub tokens: Vec<Token>,
    /// Governors that can be read.
    pub governors: Vec<Governor>,
    /// Chain time stands still here (replays of recorded chains).
    pub fixed_clock_unix_ms: Option<u64>,
}

impl TryFrom<ConfigJson> for Config {
    type Error = Error;

    fn try_from(json: ConfigJson) -> Result<Self, Error> {
        let network = match json.network {
            NetworkChoice::Name(name) => Network::by_name(&name).ok_or_else(|| {
                Error::invalid_argument(format!(
                    "network: `{name}` is not built in; give mainnet, sepolia, hoodi or a description"
                ))
            })?,
            NetworkChoice::Description(json) => Network::from_json(&json)
                .map_err(|error| Error::invalid_argument(format!("network: {error}")))?,
        };
        if json.gateways.len() > GATEWAYS_MAX {
            return Err(Error::invalid_argument(format!(
                "gateways: {} given, at most {GATEWAYS_MAX} are used",
                json.gateways.len()
            )));
        }
        let fixed_clock_unix_ms = json
            .fixed_clock_unix_ms
            .map(unix_ms_from_number)
            .transpose()?;
        Ok(Self {
            network,
            checkpoint: json.checkpoint,
            gateways: json.gateways,
            tokens: json.tokens,
            governors: json.governors,
            fixed_clock_unix_ms,
        })
    }
}

/// JavaScript has only doubles; times of this age are exact in them.
fn unix_ms_from_number(number: f64) -> Result<u64, Error> {
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    if !(0.0..=EXACT_MAX).contains(&number) {
        return Err(Error::invalid_argument(
            "fixedClockUnixMs: not a time in milliseconds",
        ));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 2^53, checked above"
    )]
    Ok(number as u64)
}
