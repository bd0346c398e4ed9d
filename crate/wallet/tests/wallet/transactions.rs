use crate::vectors::{json, list, string};
use alloy_primitives::hex::FromHex;
use lampyris_wallet::transaction::MAX_DATA_BYTES;
use lampyris_wallet::{
    Address, B256, Bytes, Eip1559, Error, SecretKey, SignedTransaction, U256, address,
};
use proptest::prelude::*;
use serde_json::Value;

fn example() -> Eip1559 {
    Eip1559 {
        chain_id: 131_337,
        nonce: 7,
        max_priority_fee_per_gas: U256::from(1_000_000_000u64),
        max_fee_per_gas: U256::from(30_000_000_000u64),
        gas_limit: 90_000,
        to: Address::repeat_byte(0x42),
        value: U256::from(10).pow(U256::from(18)),
        data: Bytes::from_static(&[0, 1, 2, 250]),
    }
}

fn key() -> SecretKey {
    SecretKey::from_bytes(&[0x11; 32]).expect("a key")
}

#[test]
fn ethers_signs_the_same_bytes() {
    let vectors = json("ethers-signed-transactions/transactions.json");
    assert_eq!(list(&vectors).len(), 64);
    for vector in list(&vectors) {
        let number = |field| string(vector, field).parse::<U256>().unwrap();
        let transaction = Eip1559 {
            chain_id: number("chainId").to(),
            nonce: number("nonce").to(),
            max_priority_fee_per_gas: number("maxPriorityFeePerGas"),
            max_fee_per_gas: number("maxFeePerGas"),
            gas_limit: number("gasLimit").to(),
            to: address::parse(string(vector, "to")).unwrap(),
            value: number("value"),
            data: string(vector, "data").parse().unwrap(),
        };
        let key = SecretKey::from_hex(string(vector, "privateKey")).unwrap();
        let signed = transaction.clone().sign(&key).unwrap();
        assert_eq!(signed.raw().to_string(), string(vector, "raw"));
        assert_eq!(signed.hash().to_string(), string(vector, "hash"));
        assert_eq!(address::to_checksum(&signed.from()), string(vector, "from"));

        let decoded = SignedTransaction::decode(signed.raw(), transaction.chain_id).unwrap();
        assert_eq!(decoded, signed);
        assert_eq!(*decoded.transaction(), transaction);
    }
}

/// Raw bytes from a node's JSON, by an encoder that knows nothing of ours.
fn raw_of(transaction: &Value) -> Vec<u8> {
    fn item(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        alloy_rlp::Encodable::encode(bytes, &mut out);
        out
    }
    let bytes = |field| <Vec<u8>>::from_hex(string(transaction, field)).expect(field);
    let number = |field: &str| {
        let digits = string(transaction, field)[2..]
            .trim_start_matches('0')
            .to_string();
        let padded = if digits.len() % 2 == 1 {
            format!("0{digits}")
        } else {
            digits
        };
        item(&hex::decode(padded).expect(field))
    };
    let mut fields = Vec::new();
    for field in [
        "chainId",
        "nonce",
        "maxPriorityFeePerGas",
        "maxFeePerGas",
        "gas",
    ] {
        fields.extend(number(field));
    }
    let to = if transaction["to"].is_null() {
        Vec::new()
    } else {
        bytes("to")
    };
    fields.extend(item(&to));
    fields.extend(number("value"));
    fields.extend(item(&bytes("input")));
    assert_eq!(list(&transaction["accessList"]).len(), 0);
    fields.push(0xc0);
    for field in ["yParity", "r", "s"] {
        fields.extend(number(field));
    }
    let mut raw = vec![2];
    alloy_rlp::Header {
        list: true,
        payload_length: fields.len(),
    }
    .encode(&mut raw);
    raw.extend(fields);
    raw
}

#[test]
fn mainnet_transactions_are_read_and_their_senders_found() {
    let (mut read, mut creations) = (0, 0);
    for number in [22_431_083, 22_431_084, 22_431_085] {
        let block = json(&format!("nimbus-mainnet-el-blocks/{number}.json"));
        for transaction in list(&block["transactions"]) {
            let has_access_list = transaction["accessList"]
                .as_array()
                .is_some_and(|a| !a.is_empty());
            if string(transaction, "type") != "0x2" || has_access_list {
                continue;
            }
            let raw = raw_of(transaction);
            let hash = string(transaction, "hash").parse::<B256>().unwrap();
            assert_eq!(
                alloy_primitives::keccak256(&raw),
                hash,
                "the test's encoder"
            );
            if transaction["to"].is_null() {
                let error = SignedTransaction::decode(&raw, 1).unwrap_err();
                assert_eq!(
                    error,
                    Error::Unsupported {
                        what: "contract creation"
                    }
                );
                creations += 1;
                continue;
            }
            let decoded = SignedTransaction::decode(&raw, 1).unwrap();
            assert_eq!(decoded.hash(), hash);
            assert_eq!(
                decoded.from(),
                string(transaction, "from").parse::<Address>().unwrap()
            );
            read += 1;
        }
    }
    assert!(
        read > 200 && creations > 0,
        "{read} read, {creations} creations"
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    let signed = example().sign(&key()).unwrap();
    for index in 0..signed.raw().len() {
        for flip in [1, 0x80, 0xff] {
            let mut raw = signed.raw().to_vec();
            raw[index] ^= flip;
            // A changed field can still be a transaction, but never one of this sender's.
            if let Ok(other) = SignedTransaction::decode(&raw, 131_337) {
                assert_ne!(other.from(), signed.from(), "byte {index}");
                assert_ne!(other.hash(), signed.hash(), "byte {index}");
            }
        }
    }
    for length in 0..signed.raw().len() {
        assert!(SignedTransaction::decode(&signed.raw()[..length], 131_337).is_err());
    }
    let mut longer = signed.raw().to_vec();
    longer.push(0);
    let error = SignedTransaction::decode(&longer, 131_337).unwrap_err();
    assert_eq!(
        error,
        Error::TransactionEncoding {
            reason: "bytes follow it"
        }
    );
}

#[test]
fn another_chain_and_another_type_are_refused() {
    let signed = example().sign(&key()).unwrap();
    let error = SignedTransaction::decode(signed.raw(), 1).unwrap_err();
    assert_eq!(
        error,
        Error::ChainId {
            expected: 1,
            got: 131_337
        }
    );

    assert_eq!(
        SignedTransaction::decode(&[], 1),
        Err(Error::TransactionType { got: None })
    );
    let legacy = SignedTransaction::decode(&[0xf8, 0x6c], 1);
    assert_eq!(legacy, Err(Error::TransactionType { got: Some(0xf8) }));
}

/// The other valid signature of the same key and digest, which EIP-2 forbids.
#[test]
fn a_high_s_is_refused() {
    let order = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order = order.parse::<U256>().unwrap();
    let signed = Eip1559 {
        nonce: 8,
        ..example()
    }
    .sign(&key())
    .unwrap();
    let mut raw = signed.raw().to_vec();
    let (s_at, y_at) = (raw.len() - 32, raw.len() - 67);
    let s = U256::from_be_slice(&raw[s_at..]);
    assert_eq!(
        (raw[s_at - 1], raw[s_at - 34]),
        (0xa0, 0xa0),
        "two full numbers"
    );
    raw[s_at..].copy_from_slice(&(order - s).to_be_bytes::<32>());
    raw[y_at] = if raw[y_at] == 0x80 { 1 } else { 0x80 };
    let error = SignedTransaction::decode(&raw, 131_337).unwrap_err();
    assert_eq!(
        error,
        Error::Signature {
            reason: "s is in the upper half"
        }
    );
}

#[test]
fn what_no_node_takes_is_not_signed() {
    let sign = |change: fn(&mut Eip1559)| {
        let mut transaction = example();
        change(&mut transaction);
        transaction.sign(&key()).unwrap_err()
    };
    assert_eq!(sign(|t| t.nonce = u64::MAX), Error::Nonce { got: u64::MAX });
    assert_eq!(
        sign(|t| t.max_priority_fee_per_gas = t.max_fee_per_gas + U256::from(1)),
        Error::TipAboveFee {
            tip: U256::from(30_000_000_001u64),
            fee: U256::from(30_000_000_000u64)
        }
    );
    assert_eq!(
        sign(|t| t.gas_limit = 21_129),
        Error::GasLimit {
            expected: 21_130,
            got: 21_129
        }
    );
    assert_eq!(sign(|t| t.value = U256::MAX), Error::Cost);
    assert_eq!(
        sign(|t| t.data = vec![0; MAX_DATA_BYTES + 1].into()),
        Error::DataLength {
            expected: MAX_DATA_BYTES,
            got: MAX_DATA_BYTES + 1
        }
    );
}

#[test]
fn the_largest_transaction_fits_what_nodes_forward() {
    let mut transaction = example();
    transaction.data = vec![0xff; MAX_DATA_BYTES].into();
    transaction.gas_limit = 30_000_000;
    transaction.max_fee_per_gas = U256::MAX >> 64;
    transaction.value = U256::MAX >> 1;
    let signed = transaction.sign(&key()).unwrap();
    assert!(signed.raw().len() <= 128 * 1024, "{}", signed.raw().len());
    assert_eq!(
        SignedTransaction::decode(signed.raw(), 131_337).unwrap(),
        signed
    );
}

#[test]
fn a_damaged_record_is_not_read() {
    let record = example().sign(&key()).unwrap().to_record();
    assert!(SignedTransaction::from_record(&record, 131_337).is_some());
    for length in 0..record.len() {
        assert_eq!(
            SignedTransaction::from_record(&record[..length], 131_337),
            None
        );
    }
    for index in 0..record.len() {
        let mut damaged = record.clone();
        damaged[index] ^= 1;
        assert_eq!(SignedTransaction::from_record(&damaged, 131_337), None);
    }
}

fn transactions() -> impl Strategy<Value = Eip1559> {
    let numbers = (
        any::<u64>(),
        0..u64::MAX,
        any::<u128>(),
        any::<u128>(),
        1_000_000u64..,
    );
    let rest = (
        any::<[u8; 20]>(),
        any::<u128>(),
        proptest::collection::vec(any::<u8>(), 0..300),
    );
    (numbers, rest).prop_map(
        |((chain_id, nonce, tip, fee, gas_limit), (to, value, data))| Eip1559 {
            chain_id,
            nonce,
            max_priority_fee_per_gas: U256::from(tip.min(fee)),
            max_fee_per_gas: U256::from(tip.max(fee)),
            gas_limit,
            to: to.into(),
            value: U256::from(value),
            data: data.into(),
        },
    )
}

proptest! {
    #[test]
    fn signed_transactions_survive_storage(transaction in transactions(), entropy: [u8; 32]) {
        prop_assume!(SecretKey::from_bytes(&entropy).is_ok());
        let key = SecretKey::from_bytes(&entropy).unwrap();
        let chain_id = transaction.chain_id;
        let signed = transaction.sign(&key).unwrap();
        prop_assert_eq!(signed.from(), key.address());
        let record = signed.to_record();
        prop_assert_eq!(SignedTransaction::from_record(&record, chain_id), Some(signed.clone()));
        prop_assert_eq!(SignedTransaction::from_record(&record, chain_id ^ 1), None);
        prop_assert_eq!(SignedTransaction::decode(signed.raw(), chain_id).unwrap(), signed);
    }

    #[test]
    fn bytes_never_panic(mut bytes: Vec<u8>) {
        let _ = SignedTransaction::decode(&bytes, 1);
        let _ = SignedTransaction::from_record(&bytes, 1);
        bytes.insert(0, 2);
        let _ = SignedTransaction::decode(&bytes, 1);
    }
}
