//! BLS12-381 signatures: `general/*/bls` and the JSON of bls12-381-tests.
//!
//! The core verifies one kind of signature only, within updates: the chains' and `sync` cases test
//! that. These tests are of the library below it, with the settings that the core uses.

use std::path::Path;

use blst::BLST_ERROR::BLST_SUCCESS;
use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, SecretKey, Signature};
use lampyris_verify::Bytes;
use serde_json::Value;

use crate::files::Files;
use crate::report::Report;
use crate::rpc_json::field;

const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// The suite of the standard's own vectors, which `hash_to_G2` takes.
const HASH_DST: &[u8] = b"QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";

const HANDLERS: [&str; 11] = [
    "aggregate",
    "aggregate_verify",
    "batch_verify",
    "deserialization_G1",
    "deserialization_G2",
    "eth_aggregate_pubkeys",
    "eth_fast_aggregate_verify",
    "fast_aggregate_verify",
    "hash_to_G2",
    "sign",
    "verify",
];

/// Runs every case.
pub fn run(files: &Files, report: &mut Report) {
    for path in files.find(|path| path.ends_with(".json") || path.ends_with("/data.yaml")) {
        let Some(handler) = handler(&path) else {
            continue;
        };
        report.case(kind(handler), files.relative(&path), || {
            let is_json = path
                .extension()
                .is_some_and(|extension| extension == "json");
            let case = if is_json {
                files.json(&path)
            } else {
                files.yaml(&path)
            };
            let got = answer(handler, &case["input"]);
            assert_eq!(got, case["output"], "{handler}");
        });
    }
}

fn kind(handler: &str) -> &'static str {
    if handler.starts_with("eth_") {
        "bls, Ethereum's own"
    } else {
        "bls"
    }
}

fn handler(path: &Path) -> Option<&'static str> {
    let is_yaml = path.ends_with("data.yaml");
    // <handler>/<case>.json, or bls/<handler>/<suite>/<case>/data.yaml
    let folder = path.ancestors().nth(if is_yaml { 3 } else { 1 })?;
    let name = folder.file_name()?.to_str()?;
    HANDLERS.into_iter().find(|handler| *handler == name)
}

fn answer(handler: &str, input: &Value) -> Value {
    match handler {
        "sign" => sign(input).map_or(Value::Null, hex_of),
        "aggregate" => aggregate(&list(input)).map_or(Value::Null, hex_of),
        "eth_aggregate_pubkeys" => {
            aggregate_keys(&list(input)).map_or(Value::Null, |key| hex_of(key.to_bytes()))
        }
        "hash_to_G2" => hash_to_g2(input),
        "verify" => verify(&key_list(input), &message(input), &signature(input)).into(),
        "fast_aggregate_verify" => {
            verify(&key_list(input), &message(input), &signature(input)).into()
        }
        // The Altair specification's exception: nobody's signature is infinity.
        "eth_fast_aggregate_verify" => {
            let nobody = key_list(input).is_empty() && is_infinity(&signature(input));
            (nobody || verify(&key_list(input), &message(input), &signature(input))).into()
        }
        "aggregate_verify" => aggregate_verify(input).unwrap_or(false).into(),
        "batch_verify" => batch_verify(input).into(),
        "deserialization_G1" => {
            let key: Option<Bytes> = bytes(&input["pubkey"]);
            key.is_some_and(|key| is_group_key(&key)).into()
        }
        _ => {
            let signature: Option<Bytes> = bytes(&input["signature"]);
            let decode = |bytes: Bytes| Signature::sig_validate(&bytes, false).ok();
            let compressed = signature.filter(|bytes| bytes.len() == 96);
            compressed.and_then(decode).is_some().into()
        }
    }
}

fn sign(input: &Value) -> Option<[u8; 96]> {
    let key: Bytes = field(input, "privkey");
    let key = SecretKey::from_bytes(&key).ok()?;
    Some(key.sign(&message(input), DST, &[]).to_bytes())
}

fn aggregate(signatures: &[Bytes]) -> Option<[u8; 96]> {
    let signatures = signatures
        .iter()
        .map(|bytes| Signature::sig_validate(bytes, false));
    let signatures: Vec<_> = signatures.collect::<Result<_, _>>().ok()?;
    let sum = AggregateSignature::aggregate(&signatures.iter().collect::<Vec<_>>(), false);
    Some(sum.ok()?.to_signature().to_bytes())
}

fn aggregate_keys(keys: &[Bytes]) -> Option<PublicKey> {
    let keys: Vec<_> = keys.iter().map(public_key).collect::<Option<_>>()?;
    let sum = AggregatePublicKey::aggregate(&keys.iter().collect::<Vec<_>>(), false);
    Some(sum.ok()?.to_public_key())
}

fn verify(keys: &[Bytes], message: &[u8], signature: &[u8]) -> bool {
    let Some(key) = aggregate_keys(keys) else {
        return false;
    };
    let signature = Signature::from_bytes(signature);
    signature.is_ok_and(|signature| {
        let result = signature.fast_aggregate_verify_pre_aggregated(true, message, DST, &key);
        result == BLST_SUCCESS
    })
}

fn aggregate_verify(input: &Value) -> Option<bool> {
    let keys: Vec<_> = key_list(input)
        .iter()
        .map(public_key)
        .collect::<Option<_>>()?;
    let messages: Vec<Bytes> = field(input, "messages");
    let messages: Vec<&[u8]> = messages.iter().map(AsRef::as_ref).collect();
    let signature = Signature::from_bytes(&signature(input)).ok()?;
    let keys: Vec<_> = keys.iter().collect();
    let result = signature.aggregate_verify(true, &messages, DST, &keys, true);
    Some(result == BLST_SUCCESS)
}

/// A batch is valid if each of it is.
fn batch_verify(input: &Value) -> bool {
    let (keys, messages) = (key_list(input), list(&input["messages"]));
    let signatures = list(&input["signatures"]);
    keys.len() == messages.len()
        && keys.len() == signatures.len()
        && (0..keys.len())
            .all(|index| verify(&keys[index..=index], &messages[index], &signatures[index]))
}

/// The hash is what the secret key 1 signs.
fn hash_to_g2(input: &Value) -> Value {
    let text = input["msg"].as_str().unwrap();
    let mut one = [0; 32];
    one[31] = 1;
    let key = SecretKey::from_bytes(&one).unwrap();
    let point = key.sign(text.as_bytes(), HASH_DST, &[]).serialize();
    // Coordinates are a + b i, and b comes first.
    let part = |index: usize| format!("0x{}", hex::encode(&point[index * 48..][..48]));
    let coordinate = |first: usize| format!("{},{}", part(first + 1), part(first));
    serde_json::json!({ "x": coordinate(0), "y": coordinate(2) })
}

/// A key as validators have them: in the group, and not infinity.
fn public_key(bytes: &Bytes) -> Option<PublicKey> {
    let compressed = Some(bytes).filter(|bytes| bytes.len() == 48)?;
    PublicKey::key_validate(compressed).ok()
}

/// A point of the group, infinity included.
fn is_group_key(bytes: &[u8]) -> bool {
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    bytes == infinity || (bytes.len() == 48 && PublicKey::key_validate(bytes).is_ok())
}

fn is_infinity(signature: &[u8]) -> bool {
    signature.len() == 96 && signature[0] == 0xc0 && signature[1..].iter().all(|byte| *byte == 0)
}

fn key_list(input: &Value) -> Vec<Bytes> {
    match input.get("pubkey") {
        Some(key) => vec![serde_json::from_value(key.clone()).unwrap()],
        None => list(&input["pubkeys"]),
    }
}

fn list(json: &Value) -> Vec<Bytes> {
    serde_json::from_value(json.clone()).unwrap()
}

/// Bytes, if the text is hexadecimal at all.
fn bytes(json: &Value) -> Option<Bytes> {
    let digits = json.as_str()?.trim_start_matches("0x");
    hex::decode(digits).ok().map(Bytes::from)
}

fn message(input: &Value) -> Bytes {
    field(input, "message")
}

fn signature(input: &Value) -> Bytes {
    field(input, "signature")
}

fn hex_of(bytes: impl AsRef<[u8]>) -> Value {
    format!("0x{}", hex::encode(bytes)).into()
}
