//! What a transaction will cost ([EIP-1559]).
//!
//! [EIP-1559]: https://eips.ethereum.org/EIPS/eip-1559

use crate::Error;
use alloy_primitives::U256;
use lampyris_verify::wide::divide;

/// Gas of a plain transfer of ether to an account without code.
pub const TRANSFER_GAS: u64 = 21_000;

/// The tip that is suggested: 1 gwei per gas.
pub const TIP_PER_GAS: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);

const ELASTICITY_MULTIPLIER: u64 = 2;
const BASE_FEE_MAX_CHANGE_DENOMINATOR: u64 = 8;

/// Fees per gas of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// The most that is paid per gas, base fee and tip together.
    pub max_fee_per_gas: U256,
    /// The most that the block's proposer gets of it.
    pub max_priority_fee_per_gas: U256,
}

/// The base fee of the block after a parent, exactly as the protocol computes it.
#[must_use]
pub fn next_base_fee(gas_used: u64, gas_limit: u64, base_fee_per_gas: U256) -> U256 {
    let gas_target = gas_limit / ELASTICITY_MULTIPLIER;
    // No valid block has a gas limit under 5,000; without a target nothing changes.
    let change = |gas_delta: u64| {
        let share = divide(
            base_fee_per_gas.saturating_mul(U256::from(gas_delta)),
            gas_target,
        );
        share
            .and_then(|share| divide(share, BASE_FEE_MAX_CHANGE_DENOMINATOR))
            .unwrap_or_default()
    };
    if gas_used > gas_target {
        let increase = change(gas_used - gas_target).max(U256::from(1));
        base_fee_per_gas.saturating_add(increase)
    } else {
        base_fee_per_gas.saturating_sub(change(gas_target - gas_used))
    }
}

/// A suggestion that holds while the base fee doubles: at most one eighth more a block, so at
/// least six full blocks in a row. What is not used is not paid.
#[must_use]
pub fn suggest(base_fee_per_gas: U256) -> Fees {
    Fees {
        max_fee_per_gas: base_fee_per_gas
            .saturating_mul(U256::from(2))
            .saturating_add(TIP_PER_GAS),
        max_priority_fee_per_gas: TIP_PER_GAS,
    }
}

/// The most that a transaction can take from its sender: value and gas at the highest fee. A node
/// refuses a transaction whose sender has less.
///
/// # Errors
/// [`Error::Cost`] if no balance could ever suffice.
pub fn max_cost(gas_limit: u64, max_fee_per_gas: U256, value: U256) -> Result<U256, Error> {
    max_fee_per_gas
        .checked_mul(U256::from(gas_limit))
        .and_then(|fees| fees.checked_add(value))
        .ok_or(Error::Cost)
}

/// The smallest gas limit that a node accepts for this data: the transaction itself and its data at
/// the floor price of [EIP-7623](https://eips.ethereum.org/EIPS/eip-7623). Running code comes on top.
#[must_use]
pub fn gas_limit_min(data: &[u8]) -> u64 {
    const TOTAL_COST_FLOOR_PER_TOKEN: u64 = 10;
    let tokens = data
        .iter()
        .map(|byte| if *byte == 0 { 1 } else { 4 })
        .sum::<u64>();
    TRANSFER_GAS + tokens * TOTAL_COST_FLOOR_PER_TOKEN
}
