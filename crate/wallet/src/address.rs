//! Addresses as people see them: hexadecimal with a checksum in the capital letters (EIP-55).

use crate::Error;
use alloc::string::{String, ToString};
use alloy_primitives::{Address, hex};

/// The address with its checksum.
#[must_use]
pub fn to_checksum(address: &Address) -> String {
    address.to_checksum(None)
}

/// Reads an address strictly: `0x` and 40 digits. In mixed case the checksum must be right; all
/// small or all capital letters carry none and are accepted.
///
/// # Errors
/// Anything else, with a wrong checksum told apart: it most often is a mistyped address.
pub fn parse(text: &str) -> Result<Address, Error> {
    let digits = text.strip_prefix("0x").ok_or(Error::AddressPrefix)?;
    let length = digits.chars().count();
    if length != 40 {
        return Err(Error::AddressLength { got: length });
    }
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits.as_bytes(), &mut bytes)
        .map_err(|_| Error::AddressNotHexadecimal)?;
    let address = Address::from(bytes);

    let has_small = digits.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_capital = digits.bytes().any(|byte| byte.is_ascii_uppercase());
    let expected = to_checksum(&address);
    if has_small && has_capital && expected != text {
        return Err(Error::AddressChecksum {
            expected,
            got: text.to_string(),
        });
    }
    Ok(address)
}
