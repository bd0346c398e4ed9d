use crate::vectors::{json, list, string};
use lampyris_wallet::{Error, SecretKey, U256, address};
use proptest::prelude::*;

/// The curve's order.
const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

#[test]
fn ethereum_tests_keys_have_their_addresses() {
    let vectors = json("ethereum-tests/BasicTests/keyaddrtest.json");
    assert_eq!(list(&vectors).len(), 2);
    for vector in list(&vectors) {
        let key = SecretKey::from_hex(string(vector, "key")).unwrap();
        assert_eq!(hex::encode(key.address()), string(vector, "addr"));
    }
}

#[test]
fn ethers_accounts_have_their_addresses() {
    let vectors = json("ethers-testcases/accounts.json");
    let mut with_keys = 0;
    for vector in list(&vectors) {
        let expected = string(vector, "address");
        assert_eq!(
            address::to_checksum(&address::parse(expected).unwrap()),
            expected
        );
        if let Some(text) = vector["privateKey"].as_str() {
            let key = SecretKey::from_hex(text).unwrap();
            assert_eq!(address::to_checksum(&key.address()), expected);
            with_keys += 1;
        }
    }
    assert_eq!((list(&vectors).len(), with_keys), (259, 259));
}

#[test]
fn only_numbers_of_the_curve_are_keys() {
    let zero = "0".repeat(64);
    assert_eq!(SecretKey::from_hex(&zero).unwrap_err(), Error::KeyZero);
    assert_eq!(SecretKey::generate(&[0; 32]).unwrap_err(), Error::KeyZero);
    assert_eq!(SecretKey::from_hex(ORDER).unwrap_err(), Error::KeyTooLarge);
    assert_eq!(
        SecretKey::from_hex(&"f".repeat(64)).unwrap_err(),
        Error::KeyTooLarge
    );
    assert_eq!(
        SecretKey::generate(&[255; 32]).unwrap_err(),
        Error::KeyTooLarge
    );

    let largest = ORDER.replace("4141", "4140");
    let key = SecretKey::from_hex(&largest).unwrap();
    assert_eq!(key.to_bytes().as_slice(), hex::decode(&largest).unwrap());
}

#[test]
fn text_that_is_no_key_is_refused() {
    let digits = "1".repeat(64);
    for text in [
        digits.clone(),
        format!("0x{digits}"),
        format!("0x{}", "A".repeat(64)),
    ] {
        assert!(SecretKey::from_hex(&text).is_ok(), "{text}");
    }
    for (text, got) in [
        ("", 0),
        ("0x", 0),
        (&digits[1..], 63),
        (&format!("{digits}1"), 65),
    ] {
        assert_eq!(
            SecretKey::from_hex(text).unwrap_err(),
            Error::KeyLength { got },
            "{text}"
        );
    }
    for text in [
        digits.replacen('1', "g", 1),
        digits.replacen('1', " ", 1),
        digits.replacen('1', "é", 1),
    ] {
        assert_eq!(
            SecretKey::from_hex(&text).unwrap_err(),
            Error::KeyNotHexadecimal,
            "{text}"
        );
    }
    let doubled = format!("0x0x{}", &digits[2..]);
    assert_eq!(
        SecretKey::from_hex(&doubled).unwrap_err(),
        Error::KeyNotHexadecimal
    );
}

#[test]
fn a_key_shows_its_address_only() {
    let key = SecretKey::from_hex(&"5".repeat(64)).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains(&address::to_checksum(&key.address())));
    assert!(!shown.contains("5555"));
}

#[test]
fn the_public_key_of_one_is_the_generator() {
    let one = SecretKey::from_bytes(&U256::from(1).to_be_bytes()).unwrap();
    let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    assert_eq!(hex::encode(one.public_key()), generator);
}

proptest! {
    #[test]
    fn bytes_and_text_give_the_same_key(bytes: [u8; 32]) {
        let text = hex::encode(bytes);
        match (SecretKey::from_bytes(&bytes), SecretKey::from_hex(&text)) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(*one.to_bytes(), bytes);
                prop_assert_eq!(one.address(), other.address());
            }
            (one, other) => prop_assert_eq!(one.unwrap_err(), other.unwrap_err()),
        }
    }

    #[test]
    fn text_never_panics(text: String) {
        let _ = SecretKey::from_hex(&text);
    }
}
