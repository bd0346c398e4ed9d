//! Values as JSON-RPC writes them, read tolerantly: nodes pad and prefix numbers as they like.

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A number written as `0x…`, leading zeros allowed (`0x`, `0x06` and 32-byte words occur).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Quantity(pub(crate) U256);

impl Quantity {
    /// The number, when it fits in 64 bits.
    pub(crate) fn to_u64(self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        parse_quantity(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("not a quantity: {text}")))
    }
}

/// Parses `0x` and hexadecimal digits, at most 256 bits of value.
pub(crate) fn parse_quantity(text: &str) -> Option<U256> {
    let digits = text.strip_prefix("0x")?.trim_start_matches('0');
    if digits.is_empty() {
        return Some(U256::ZERO);
    }
    if digits.len() > 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    U256::from_str_radix(digits, 16).ok()
}

/// A number as Beacon API writes it: decimal, in a string.
pub(crate) fn parse_decimal(value: &serde_json::Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// Writes a quantity for a request.
pub(crate) fn quantity(value: u64) -> String {
    format!("{value:#x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_sloppy_nodes_are_read() {
        for (text, value) in [("0x", 0u64), ("0x0", 0), ("0x06", 6), ("0x0000ff", 255)] {
            assert_eq!(parse_quantity(text), Some(U256::from(value)), "{text}");
        }
        let word = format!("0x{}", "0".repeat(63) + "7");
        assert_eq!(parse_quantity(&word), Some(U256::from(7)));
        assert_eq!(
            parse_quantity(&format!("0x{}", "f".repeat(64))),
            Some(U256::MAX)
        );
    }

    #[test]
    fn what_is_not_a_quantity_is_refused() {
        for text in ["", "6", "0xg", "0x-1", "0x+1", "0x_1"] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
        assert_eq!(parse_quantity(&format!("0x1{}", "0".repeat(64))), None);
    }
}
