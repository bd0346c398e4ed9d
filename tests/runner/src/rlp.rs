//! RLP: Ethereum's `RLPTests`, and others of their shape.

use alloy_rlp::{Buf, Header};
use lampyris_verify::Bytes;
use serde_json::Value;

use crate::files::{Files, name};
use crate::report::Report;

/// An item of RLP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A string of bytes.
    Bytes(Vec<u8>),
    /// A list of items.
    List(Vec<Self>),
}

/// Runs every case: `in` and `out`, or `decoded` and `encoded`.
pub fn run(files: &Files, report: &mut Report) {
    for path in files.find(|path| path.ends_with(".json") || path.ends_with(".json.gz")) {
        let lower = name(&path).to_lowercase();
        let folder = path.parent().map(name).unwrap_or_default();
        if folder != "RLPTests" && !lower.contains("rlp") {
            continue;
        }
        let cases: Vec<(String, Value)> = match files.json(&path) {
            Value::Object(cases) => cases.into_iter().collect(),
            Value::Array(cases) => cases
                .into_iter()
                .map(|case| (case["name"].as_str().unwrap_or_default().to_owned(), case))
                .collect(),
            _ => Vec::new(),
        };
        if cases.is_empty() {
            report.fail(files.relative(&path), "no cases");
        }
        for (case, content) in cases {
            let at = format!("{}: {case}", files.relative(&path));
            report.case("RLP", &at, || check(&content));
        }
    }
}

fn check(case: &Value) {
    let encoded = case
        .get("out")
        .or_else(|| case.get("encoded"))
        .expect("an encoding");
    let encoded = encoded.as_str().expect("an encoding");
    let encoded = hex::decode(encoded.trim_start_matches("0x")).unwrap();
    let item = case
        .get("in")
        .or_else(|| case.get("decoded"))
        .expect("an item");
    let decoded = decode(&encoded);
    match item.as_str() {
        Some("INVALID") => assert_eq!(decoded, None),
        Some("VALID") => assert!(decoded.is_some()),
        _ => {
            let item = Item::of(item);
            assert_eq!(item.encode(), encoded);
            assert_eq!(decoded, Some(item));
        }
    }
}

impl Item {
    fn of(json: &Value) -> Self {
        match json {
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Number(number) => Self::Bytes(alloy_bytes(&number.to_string())),
            Value::String(text) => match (text.strip_prefix('#'), text.strip_prefix("0x")) {
                (Some(number), _) => Self::Bytes(alloy_bytes(number)),
                (_, Some(digits)) => Self::Bytes(hex::decode(digits).unwrap()),
                _ => Self::Bytes(text.as_bytes().to_vec()),
            },
            other => panic!("no item: {other}"),
        }
    }

    /// Items of a list as they lie in a trie: typed ones are bytes, others are lists.
    ///
    /// # Panics
    /// If it is no list.
    #[must_use]
    pub fn raw_items(&self) -> Vec<Bytes> {
        let Self::List(items) = self else {
            panic!("not a list")
        };
        let raw = |item: &Self| match item {
            Self::Bytes(bytes) => Bytes::from(bytes.clone()),
            list @ Self::List(_) => list.encode().into(),
        };
        items.iter().map(raw).collect()
    }

    /// The item's one encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => alloy_rlp::encode(bytes.as_slice()),
            Self::List(items) => {
                let mut payload: Vec<u8> = items.iter().flat_map(Self::encode).collect();
                let mut out = Vec::new();
                let list = true;
                let payload_length = payload.len();
                Header {
                    list,
                    payload_length,
                }
                .encode(&mut out);
                out.append(&mut payload);
                out
            }
        }
    }
}

/// A decimal number's bytes, without zeros in front; numbers there go beyond 256 bits.
fn alloy_bytes(decimal: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for digit in decimal.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 10;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry > 0 {
            bytes.insert(0, carry.to_le_bytes()[0]);
        }
    }
    bytes
}

/// The one item that the bytes are.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Item> {
    let mut rest = bytes;
    let item = next(&mut rest)?;
    rest.is_empty().then_some(item)
}

/// The item at the front.
pub fn next(rest: &mut &[u8]) -> Option<Item> {
    let header = Header::decode(rest).ok()?;
    let mut payload = rest.get(..header.payload_length)?;
    rest.advance(header.payload_length);
    if !header.list {
        return Some(Item::Bytes(payload.to_vec()));
    }
    let mut items = Vec::new();
    while !payload.is_empty() {
        items.push(next(&mut payload)?);
    }
    Some(Item::List(items))
}
