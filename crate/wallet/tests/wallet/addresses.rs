use crate::vectors::text;
use lampyris_wallet::{Address, Error, address};
use proptest::prelude::*;

#[test]
fn eip_55_examples_are_read_and_written() {
    let document = text("ercs-keystore-vectors/ERCS/erc-55.md");
    let (_, examples) = document.split_once("# Test Cases").unwrap();
    let examples = examples
        .lines()
        .filter(|line| line.starts_with("0x"))
        .collect::<Vec<_>>();
    assert_eq!(examples.len(), 8);
    for example in examples {
        let parsed = address::parse(example).unwrap();
        assert_eq!(address::to_checksum(&parsed), example);
    }
}

#[test]
fn each_letter_in_the_wrong_case_is_refused() {
    let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    for index in (2..right.len()).filter(|index| right.as_bytes()[*index].is_ascii_alphabetic()) {
        let mut wrong = right.as_bytes().to_vec();
        wrong[index] ^= 0x20;
        let wrong = String::from_utf8(wrong).unwrap();
        let expected = Error::AddressChecksum {
            expected: right.into(),
            got: wrong.clone(),
        };
        assert_eq!(address::parse(&wrong).unwrap_err(), expected);
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let digits = "1".repeat(40);
    assert!(address::parse(&format!("0x{digits}")).is_ok());
    for (text, error) in [
        (digits.clone(), Error::AddressPrefix),
        (format!("0X{digits}"), Error::AddressPrefix),
        (format!(" 0x{digits}"), Error::AddressPrefix),
        (String::new(), Error::AddressPrefix),
        ("0x".into(), Error::AddressLength { got: 0 }),
        (
            format!("0x{}", &digits[1..]),
            Error::AddressLength { got: 39 },
        ),
        (format!("0x{digits} "), Error::AddressLength { got: 41 }),
        (format!("0x{}é", &digits[1..]), Error::AddressNotHexadecimal),
        (format!("0x{}g", &digits[1..]), Error::AddressNotHexadecimal),
    ] {
        assert_eq!(address::parse(&text).unwrap_err(), error, "{text:?}");
    }
}

proptest! {
    #[test]
    fn addresses_survive_text(bytes: [u8; 20]) {
        let address = Address::from(bytes);
        let checksum = address::to_checksum(&address);
        let small = checksum.to_lowercase();
        let capital = format!("0x{}", small[2..].to_uppercase());
        for text in [checksum, small, capital] {
            prop_assert_eq!(address::parse(&text).unwrap(), address);
        }
    }

    #[test]
    fn text_never_panics(text: String) {
        let _ = address::parse(&text);
        let _ = address::parse(&format!("0x{text}"));
    }
}
