//! Transactions of all types, and that there is only one encoding of each.

use lampyris_verify::execution::{AccessListItem, Authorization, TX_TYPE_MAX, Transaction};
use lampyris_verify::{Address, B256, Bytes, Error, Fault, U256};

use crate::blocks::{self, field};

/// A block from before the merge.
const OLD: &str = "trin-mainnet-blocks-receipts/block-14764013.json";

#[test]
fn every_recorded_transaction_by_its_hash() {
    let mut count = [0; 5];
    for path in blocks::WHOLE.into_iter().chain([OLD]) {
        let block = blocks::json(path);
        for json in block["transactions"].as_array().unwrap() {
            let transaction = blocks::transaction(json);
            assert_eq!(transaction.hash(), field::<B256>(json, "hash"), "{path}");
            let bytes = transaction.encode();
            assert_eq!(Transaction::decode(&bytes).as_ref(), Ok(&transaction));
            count[usize::from(transaction.tx_type)] += 1;
        }
    }
    println!("transactions of types 0 to 4: {count:?}");
    assert!(count.iter().all(|count| *count > 0), "{count:?}");
}

/// Whatever byte is changed, cut off or added: it is refused, or is another transaction.
#[test]
fn no_transaction_has_two_encodings() {
    let mut refused = 0;
    for transaction in one_of_each_type() {
        let bytes = transaction.encode();
        assert_eq!(Transaction::decode(&bytes).as_ref(), Ok(&transaction));
        let mut others = Vec::new();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                others.push(other);
            }
            others.push(bytes[..at].to_vec());
        }
        others.push([bytes.as_slice(), &[0]].concat());
        for other in others {
            match Transaction::decode(&other) {
                Err(_) => refused += 1,
                Ok(decoded) => {
                    assert_ne!(decoded, transaction);
                    assert_eq!(decoded.encode(), other);
                }
            }
        }
    }
    println!("{refused} broken transactions, all refused");
    assert!(refused > 1_000);
}

fn one_of_each_type() -> Vec<Transaction> {
    let of_type = |tx_type: u8| Transaction {
        tx_type,
        chain_id: Some(1),
        nonce: 300,
        max_priority_fee_per_gas: U256::from(7),
        max_fee_per_gas: U256::from(if tx_type < 2 { 7 } else { 1_000_000_007_u64 }),
        gas_limit: 21_000,
        to: Some(Address::repeat_byte(9)),
        value: U256::MAX,
        input: Bytes::from_static(b"input"),
        access_list: if tx_type == 0 {
            Vec::new()
        } else {
            vec![AccessListItem {
                address: Address::repeat_byte(3),
                storage_keys: vec![B256::ZERO, B256::repeat_byte(4)],
            }]
        },
        max_fee_per_blob_gas: U256::from(if tx_type == 3 { 5 } else { 0 }),
        blob_versioned_hashes: vec![B256::repeat_byte(1); if tx_type == 3 { 2 } else { 0 }],
        authorizations: vec![
            Authorization {
                chain_id: U256::ZERO,
                address: Address::repeat_byte(6),
                nonce: 1,
                y_parity: 1,
                r: U256::from(11),
                s: U256::from(12),
            };
            if tx_type == 4 { 2 } else { 0 }
        ],
        y_parity: true,
        r: U256::from(3) << 200,
        s: U256::from(4),
    };
    (0..=TX_TYPE_MAX).map(of_type).collect()
}

#[test]
fn replay_protection_of_any_chain() {
    for chain_id in [None, Some(0), Some(1), Some(11_155_111), Some(u64::MAX)] {
        for y_parity in [false, true] {
            let mut transaction = one_of_each_type().remove(0);
            transaction.chain_id = chain_id;
            transaction.y_parity = y_parity;
            let decoded = Transaction::decode(&transaction.encode());
            assert_eq!(decoded, Ok(transaction));
        }
    }
}

#[test]
fn unknown_types_and_creations_by_new_types_are_refused() {
    for tx_type in [0, 5, 6, 0x7f, 0x80, 0xbf] {
        let mut bytes = one_of_each_type().remove(4).encode();
        bytes[0] = tx_type;
        let error = Transaction::decode(&bytes).unwrap_err();
        assert_eq!(error, Error::UnsupportedTransaction { tx_type });
        assert_eq!(error.fault(), Fault::Unavailable);
    }
    for mut transaction in one_of_each_type() {
        transaction.to = None;
        let is_allowed = transaction.tx_type < 3;
        let decoded = Transaction::decode(&transaction.encode());
        assert_eq!(decoded.is_ok(), is_allowed, "type {}", transaction.tx_type);
    }
    assert!(Transaction::decode(&[]).is_err());
}
