//! Arithmetic on 256-bit numbers that wasm should not pay much for.

use alloy_primitives::U256;

/// Divides by a number of 64 bits, rounded down; nothing for zero. General division of 256 by 256
/// bits is ten times the code, and nobody here needs it.
#[must_use]
pub fn divide(dividend: U256, divisor: u64) -> Option<U256> {
    let mut remainder = 0_u128;
    let mut quotient = [0_u64; 4];
    for (digit, limb) in quotient.iter_mut().zip(dividend.as_limbs()).rev() {
        let upper = (remainder << 64) | u128::from(*limb);
        // The remainder is below the divisor, so that each digit has 64 bits.
        *digit = u64::try_from(upper.checked_div(u128::from(divisor))?).ok()?;
        remainder = upper.checked_rem(u128::from(divisor))?;
    }
    Some(U256::from_limbs(quotient))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn divides_like_long_division(limbs: [u64; 4], shift in 0_usize..256, divisor: u64) {
            let dividend = U256::from_limbs(limbs) >> shift;
            for divisor in [divisor, divisor >> 32, divisor >> 56] {
                let expected = dividend.checked_div(U256::from(divisor));
                prop_assert_eq!(divide(dividend, divisor), expected);
            }
        }
    }
}
