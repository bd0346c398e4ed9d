use crate::vectors::{json, string};
use lampyris_wallet::{Error, U256, fees};
use proptest::prelude::*;

fn quantity(text: &str) -> U256 {
    U256::from_str_radix(&text[2..], 16).expect(text)
}

#[test]
fn mainnet_base_fees_follow_from_their_parents() {
    let blocks = [22_431_083, 22_431_084, 22_431_085]
        .map(|number| json(&format!("nimbus-mainnet-el-blocks/{number}.json")));
    for pair in blocks.windows(2) {
        assert_eq!(string(&pair[1], "parentHash"), string(&pair[0], "hash"));
        let number = |field| quantity(string(&pair[0], field));
        let next = fees::next_base_fee(
            number("gasUsed").to::<u64>(),
            number("gasLimit").to::<u64>(),
            number("baseFeePerGas"),
        );
        assert_eq!(next, quantity(string(&pair[1], "baseFeePerGas")));
    }
}

#[test]
fn base_fees_at_the_edges() {
    let next =
        |used, limit, fee: u64| fees::next_base_fee(used, limit, U256::from(fee)).to::<u64>();
    assert_eq!(
        next(15_000_000, 30_000_000, 1_000_000_000),
        1_000_000_000,
        "at the target"
    );
    assert_eq!(
        next(30_000_000, 30_000_000, 1_000_000_000),
        1_125_000_000,
        "full"
    );
    assert_eq!(next(0, 30_000_000, 1_000_000_000), 875_000_000, "empty");
    assert_eq!(next(15_000_001, 30_000_000, 7), 8, "rises by at least one");
    assert_eq!(
        next(0, 30_000_000, 7),
        7,
        "falls by nothing when an eighth is nothing"
    );
    assert_eq!(next(30_000_000, 30_000_000, 0), 1, "leaves zero");
    assert_eq!(next(1, 0, 100), 101, "without a gas limit");
    assert_eq!(
        fees::next_base_fee(2, 2, U256::MAX),
        U256::MAX,
        "at the end of numbers"
    );
}

#[test]
fn a_suggestion_holds_for_six_full_blocks_at_least() {
    // At 1 gwei the tip leaves room for more.
    let mut base_fee = U256::from(1_000_000_000_000u64);
    let suggestion = fees::suggest(base_fee);
    for _ in 0..5 {
        base_fee = fees::next_base_fee(36_000_000, 36_000_000, base_fee);
        assert!(base_fee + suggestion.max_priority_fee_per_gas <= suggestion.max_fee_per_gas);
    }
    assert_eq!(
        fees::suggest(U256::from(5)).max_fee_per_gas,
        U256::from(1_000_000_010)
    );
    assert_eq!(fees::suggest(U256::MAX).max_fee_per_gas, U256::MAX);
}

#[test]
fn the_worst_cost_is_value_and_fees() {
    let cost = fees::max_cost(21_000, U256::from(3), U256::from(5)).unwrap();
    assert_eq!(cost, U256::from(63_005));
    assert_eq!(fees::max_cost(2, U256::MAX, U256::ZERO), Err(Error::Cost));
    assert_eq!(
        fees::max_cost(1, U256::from(1), U256::MAX),
        Err(Error::Cost)
    );
}

#[test]
fn data_costs_its_floor() {
    assert_eq!(fees::gas_limit_min(&[]), 21_000);
    assert_eq!(fees::gas_limit_min(&[0, 1, 0]), 21_000 + 10 + 40 + 10);
}

/// EIP-1559's own text, in 512 bits.
fn specified(gas_used: u64, gas_limit: u64, base_fee: u128) -> u128 {
    let target = u128::from(gas_limit / 2);
    let (used, base) = (u128::from(gas_used), base_fee);
    if used == target {
        base
    } else if used > target {
        base + (base * (used - target) / target / 8).max(1)
    } else {
        base - base * (target - used) / target / 8
    }
}

proptest! {
    #[test]
    fn base_fees_are_as_specified(
        limit in 5_000u64..1_000_000_000, used: u64, base_fee in 0u128..1 << 90,
    ) {
        let used = used % (limit + 1);
        let next = fees::next_base_fee(used, limit, U256::from(base_fee));
        prop_assert_eq!(next, U256::from(specified(used, limit, base_fee)));
    }
}
