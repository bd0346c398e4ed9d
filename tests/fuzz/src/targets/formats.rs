//! Decoders of the execution layer's formats.

use lampyris_vectors::files::Files;
use lampyris_verify::execution::{Account, Header, Receipt, Transaction, Withdrawal};

use super::blocks::fixture;

macro_rules! one_encoding {
    ($decoded:expr, $bytes:expr, $encode:expr) => {
        if let Ok(value) = $decoded {
            assert!($encode(&value) == $bytes, "two encodings of one value");
        }
    };
}

pub(super) fn header(input: &[u8]) {
    one_encoding!(Header::decode_rlp(input), input, Header::encode_rlp);
}

pub(super) fn transaction(input: &[u8]) {
    one_encoding!(Transaction::decode(input), input, Transaction::encode);
}

pub(super) fn receipt(input: &[u8]) {
    one_encoding!(Receipt::decode(input), input, Receipt::encode);
}

pub(super) fn account(input: &[u8]) {
    one_encoding!(Withdrawal::decode_rlp(input), input, Withdrawal::encode_rlp);
    if let Ok(account) = Account::decode_rlp(input) {
        let fields: [&dyn alloy_rlp::Encodable; 4] = [
            &account.nonce,
            &account.balance,
            &account.storage_root,
            &account.code_hash,
        ];
        let mut payload = Vec::new();
        fields.iter().for_each(|field| field.encode(&mut payload));
        let mut bytes = Vec::new();
        let head = alloy_rlp::Header {
            list: true,
            payload_length: payload.len(),
        };
        head.encode(&mut bytes);
        bytes.append(&mut payload);
        assert!(bytes == input, "two encodings of one account");
    }
}

pub(super) fn header_seeds(_: &Files) -> Vec<Vec<u8>> {
    vec![
        fixture().header.encode_rlp(),
        Header::default().encode_rlp(),
    ]
}

/// One of each type.
pub(super) fn transaction_seeds(files: &Files) -> Vec<Vec<u8>> {
    let mut seeds = std::collections::BTreeMap::new();
    for path in files.find(|path| path.ends_with(".json") && path.contains("mainnet-el-blocks")) {
        let json = lampyris_vectors::rpc_json::result(files.json(&path));
        for json in json["transactions"].as_array().into_iter().flatten() {
            let bytes = lampyris_vectors::rpc_json::transaction(json).to_vec();
            seeds.entry(bytes[0].min(0x7f)).or_insert(bytes);
        }
    }
    seeds.into_values().collect()
}

pub(super) fn receipt_seeds(_: &Files) -> Vec<Vec<u8>> {
    let mut seeds = std::collections::BTreeMap::new();
    for receipt in &fixture().receipts {
        let bytes = receipt.to_vec();
        seeds.entry(bytes[0].min(0x7f)).or_insert(bytes);
    }
    seeds.into_values().collect()
}

pub(super) fn account_seeds(_: &Files) -> Vec<Vec<u8>> {
    let leaf = super::state::truth().account_leaf();
    let withdrawal = Withdrawal {
        index: 86_000_000,
        validator_index: 1_234_567,
        address: fixture().header.beneficiary,
        amount_gwei: 19_000_000,
    };
    vec![leaf.to_vec(), withdrawal.encode_rlp()]
}
