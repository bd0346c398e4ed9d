use lampyris_vote::storage::{
    BytesHead, content_slot, item_slot, mapping_slot, member_slot, packed_field,
};
use lampyris_vote::{Address, B256, U256};
use proptest::prelude::*;

/// Examples of the Solidity documentation's recipes, hashed with another implementation (viem).
#[test]
fn slots_are_where_solidity_puts_them() {
    let key = Address::repeat_byte(0xa1).into_word();
    let slot = mapping_slot(key, U256::from(9));
    assert_eq!(B256::from(slot).to_string(), MAPPING);
    assert_eq!(
        B256::from(content_slot(U256::from(10))).to_string(),
        CONTENT
    );
    assert_eq!(
        item_slot(U256::from(10), 3),
        content_slot(U256::from(10)) + U256::from(3)
    );
    assert_eq!(
        member_slot(U256::MAX, 2),
        U256::from(1),
        "storage is a ring"
    );
}

const MAPPING: &str = "0x81a3181bb95acfe7b7cb22200d5b2b0475bbc79b90b295aa76d4dfae0f8d724c";
const CONTENT: &str = "0xc65a7bb8d6351c1cf70c95a316cc6a92839c986682d98bc35f958f4883f9d2a8";

#[test]
fn fields_share_a_word() {
    // address proposer; uint48 voteStart; uint32 voteDuration; bool executed; bool canceled
    let word = "0x0100000000060000000003eda4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"
        .parse()
        .unwrap();
    assert_eq!(packed_field(word, 0, 20), U256::from_be_slice(&[0xa4; 20]));
    assert_eq!(packed_field(word, 20, 6), U256::from(0x3ed));
    assert_eq!(packed_field(word, 26, 4), U256::from(6));
    assert_eq!(packed_field(word, 30, 1), U256::ZERO);
    assert_eq!(packed_field(word, 31, 1), U256::from(1));
    assert_eq!(packed_field(word, 0, 32), word);
    assert_eq!(packed_field(word, 32, 1), U256::ZERO, "beyond the word");
}

#[test]
fn bytes_say_where_they_are() {
    let parse = |text: &str| BytesHead::parse(text.parse().unwrap());
    let empty = BytesHead::Short {
        word: B256::ZERO,
        length: 0,
    };
    assert_eq!(parse("0x0"), Some(empty));
    let word = format!("0x{}3e", "ab".repeat(31));
    let short = BytesHead::Short {
        word: word.parse().unwrap(),
        length: 31,
    };
    assert_eq!(parse(&word), Some(short));
    assert_eq!(
        parse("0x41"),
        Some(BytesHead::Long {
            length: U256::from(32)
        })
    );
    let longest = format!("0x{}", "f".repeat(64));
    assert_eq!(
        parse(&longest),
        Some(BytesHead::Long {
            length: U256::MAX >> 1
        })
    );

    assert_eq!(parse("0x40"), None, "32 bytes don't fit into the word");
    assert_eq!(parse("0x3f"), None, "31 bytes have no slots of their own");
    assert_eq!(parse("0x1"), None, "nor has nothing");
}

proptest! {
    #[test]
    fn fields_are_bytes_of_the_word(bytes: [u8; 32], offset in 0usize..32, length in 1usize..=32) {
        let length = length.min(32 - offset);
        let end = 32 - offset;
        let expected = U256::from_be_slice(&bytes[end - length..end]);
        prop_assert_eq!(packed_field(U256::from_be_bytes(bytes), offset, length), expected);
    }
}
