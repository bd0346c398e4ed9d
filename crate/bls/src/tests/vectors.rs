//! The official vectors, of [bls12-381-tests](https://github.com/ethereum/bls12-381-tests).

use serde_json::Value;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, fs};

use crate::{AggregateKey, PublicKey, Signature, SignatureSet, verify, verify_batch};

/// Runs all cases of a folder; the count is known, so that none is missed.
fn each(folder: &str, count: usize, answer: impl Fn(&Value) -> bool) {
    let vectors = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/bls12-381-tests-generated"
    );
    let files: Vec<_> = fs::read_dir(format!("{vectors}/{folder}"))
        .unwrap()
        .collect();
    assert_eq!(files.len(), count, "{folder}");
    for file in files {
        let path = file.unwrap().path();
        let case: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            Value::Bool(answer(&case["input"])),
            case["output"],
            "{path:?}"
        );
    }
}

fn bytes<const N: usize>(text: &Value) -> Option<[u8; N]> {
    let text: String = text.as_str().unwrap().to_string();
    let bytes = hex::decode(text.trim_start_matches("0x")).unwrap();
    bytes.try_into().ok()
}

fn list<const N: usize>(list: &Value) -> Vec<Option<[u8; N]>> {
    list.as_array().unwrap().iter().map(bytes).collect()
}

fn key(bytes: Option<[u8; 48]>) -> Option<PublicKey> {
    PublicKey::from_bytes(&bytes?)
}

fn set(
    keys: &[Option<[u8; 48]>],
    message: Option<[u8; 32]>,
    signature: Option<[u8; 96]>,
) -> Option<SignatureSet> {
    let (first, others) = keys.split_first()?;
    let mut sum = AggregateKey::from(key(*first)?);
    for other in others {
        sum.add(&key(*other)?);
    }
    Some(SignatureSet {
        key: sum,
        message: message.unwrap(),
        signature: Signature::from_bytes(&signature?)?,
    })
}

#[test]
fn signatures() {
    each("verify", 19, |input| {
        let set = set(
            &[bytes(&input["pubkey"])],
            bytes(&input["message"]),
            bytes(&input["signature"]),
        );
        set.is_some_and(|set| verify(&set))
    });
    each("fast_aggregate_verify", 5, |input| {
        let set = set(
            &list(&input["pubkeys"]),
            bytes(&input["message"]),
            bytes(&input["signature"]),
        );
        set.is_some_and(|set| verify(&set))
    });
    each("batch_verify", 4, |input| {
        let keys = list(&input["pubkeys"]);
        let messages = list(&input["messages"]);
        let signatures = list(&input["signatures"]);
        assert!(keys.len() == messages.len() && keys.len() == signatures.len());
        let sets: Option<Vec<_>> = (0..keys.len())
            .map(|index| set(&keys[index..=index], messages[index], signatures[index]))
            .collect();
        let coefficients: Vec<_> = (1..).step_by(12345).take(keys.len()).collect();
        sets.is_some_and(|sets| verify_batch(&sets, &coefficients))
    });
}

#[test]
fn encodings() {
    each("deserialization_G2", 13, |input| {
        let bytes = bytes(&input["signature"]);
        bytes.is_some_and(|bytes| Signature::from_bytes(&bytes).is_some())
    });
    // Ours refuses infinity and does not check the group.
    each("deserialization_G1", 12, |input| {
        let bytes: Option<[u8; 48]> = bytes(&input["pubkey"]);
        let infinity = bytes.is_some_and(|bytes| bytes[0] == 0xc0 && bytes[1..] == [0; 47]);
        infinity || key(bytes).is_some_and(|key| blst_group(&key))
    });
}

fn blst_group(key: &PublicKey) -> bool {
    blst::min_pk::PublicKey::key_validate(&key.to_bytes()).is_ok()
}
