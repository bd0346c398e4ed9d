//! The JSON of Ethereum nodes' answers, turned into what the crate works on.

use alloy_rlp::{Encodable, Header as RlpHeader};
use lampyris_verify::execution::{Header, Log, Receipt};
use lampyris_verify::{Address, B256, Bytes, U256};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The `result` of a JSON-RPC answer, or the whole if it is one already.
#[must_use]
pub fn result(mut json: Value) -> Value {
    if json.get("result").is_some() {
        json["result"].take()
    } else {
        json
    }
}

/// A field that has to be there.
pub fn field<T: DeserializeOwned>(json: &Value, name: &str) -> T {
    optional(json, name).unwrap_or_else(|| panic!("{name} is missing"))
}

/// A field that need not be there.
pub fn optional<T: DeserializeOwned>(json: &Value, name: &str) -> Option<T> {
    let value = json.get(name).filter(|value| !value.is_null())?;
    Some(serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// A field that is a number.
#[must_use]
pub fn number(json: &Value, name: &str) -> u64 {
    field::<U256>(json, name).to()
}

/// The header of a block.
#[must_use]
pub fn header(json: &Value) -> Header {
    let optional_number = |name| optional::<U256>(json, name).map(|value| value.to());
    Header {
        parent_hash: field(json, "parentHash"),
        ommers_hash: field(json, "sha3Uncles"),
        beneficiary: field(json, "miner"),
        state_root: field(json, "stateRoot"),
        transactions_root: field(json, "transactionsRoot"),
        receipts_root: field(json, "receiptsRoot"),
        logs_bloom: field(json, "logsBloom"),
        difficulty: field(json, "difficulty"),
        number: number(json, "number"),
        gas_limit: number(json, "gasLimit"),
        gas_used: number(json, "gasUsed"),
        timestamp: number(json, "timestamp"),
        extra_data: field(json, "extraData"),
        mix_hash: field(json, "mixHash"),
        nonce: field(json, "nonce"),
        base_fee_per_gas: optional(json, "baseFeePerGas"),
        withdrawals_root: optional(json, "withdrawalsRoot"),
        blob_gas_used: optional_number("blobGasUsed"),
        excess_blob_gas: optional_number("excessBlobGas"),
        parent_beacon_block_root: optional(json, "parentBeaconBlockRoot"),
        requests_hash: optional(json, "requestsHash"),
    }
}

/// A receipt.
#[must_use]
pub fn receipt(json: &Value) -> Receipt {
    let log = |json: &Value| Log {
        address: field(json, "address"),
        topics: field(json, "topics"),
        data: field(json, "data"),
    };
    Receipt {
        tx_type: optional::<U256>(json, "type").map_or(0, |tx_type| tx_type.to()),
        success: number(json, "status") == 1,
        cumulative_gas_used: number(json, "cumulativeGasUsed"),
        logs: json["logs"].as_array().unwrap().iter().map(log).collect(),
    }
}

/// A transaction of any type, as it was signed.
#[must_use]
pub fn transaction(json: &Value) -> Bytes {
    let tx_type = optional::<U256>(json, "type").map_or(0, |tx_type| tx_type.to());
    let mut out = List::default();
    let int = |name: &str| field::<U256>(json, name);
    if tx_type != 0 {
        out.push(&int("chainId"));
    }
    out.push(&int("nonce"));
    if tx_type >= 2 {
        out.push(&int("maxPriorityFeePerGas"))
            .push(&int("maxFeePerGas"));
    } else {
        out.push(&int("gasPrice"));
    }
    out.push(&int("gas"));
    match optional::<Address>(json, "to") {
        Some(to) => out.push(&to),
        None => out.push(&Bytes::new()),
    };
    out.push(&int("value")).push(&field::<Bytes>(json, "input"));
    if tx_type != 0 {
        out.push_list(access_list(json));
    }
    if tx_type == 3 {
        out.push(&int("maxFeePerBlobGas"))
            .push(&field::<Vec<B256>>(json, "blobVersionedHashes"));
    }
    if tx_type == 4 {
        out.push_list(authorization_list(json));
    }
    // Older nodes call the parity `v`, in all types.
    let parity = optional::<U256>(json, "yParity").filter(|_| tx_type != 0);
    out.push(&parity.unwrap_or_else(|| int("v")))
        .push(&int("r"))
        .push(&int("s"));
    let mut bytes = if tx_type == 0 {
        Vec::new()
    } else {
        vec![tx_type]
    };
    out.finish(&mut bytes);
    bytes.into()
}

/// A withdrawal; the Beacon API and Ethereum nodes name its fields differently.
#[must_use]
pub fn withdrawal(json: &Value) -> Bytes {
    let validator = optional::<U256>(json, "validatorIndex");
    let validator = validator.unwrap_or_else(|| field(json, "validator_index"));
    let mut out = List::default();
    out.push(&field::<U256>(json, "index")).push(&validator);
    out.push(&field::<Address>(json, "address"));
    out.push(&field::<U256>(json, "amount"));
    let mut bytes = Vec::new();
    out.finish(&mut bytes);
    bytes.into()
}

fn access_list(json: &Value) -> List {
    let mut list = List::default();
    for entry in json["accessList"].as_array().unwrap() {
        let mut item = List::default();
        item.push(&field::<Address>(entry, "address"));
        item.push(&field::<Vec<B256>>(entry, "storageKeys"));
        list.push_list(item);
    }
    list
}

fn authorization_list(json: &Value) -> List {
    let mut list = List::default();
    for entry in json["authorizationList"].as_array().unwrap() {
        let mut item = List::default();
        item.push(&field::<U256>(entry, "chainId"))
            .push(&field::<Address>(entry, "address"));
        for name in ["nonce", "yParity", "r", "s"] {
            item.push(&field::<U256>(entry, name));
        }
        list.push_list(item);
    }
    list
}

/// An RLP list in the making.
#[derive(Default)]
struct List(Vec<u8>);

impl List {
    fn push(&mut self, item: &dyn Encodable) -> &mut Self {
        item.encode(&mut self.0);
        self
    }

    fn push_list(&mut self, item: Self) {
        item.finish(&mut self.0);
    }

    fn finish(mut self, out: &mut Vec<u8>) {
        RlpHeader {
            list: true,
            payload_length: self.0.len(),
        }
        .encode(out);
        out.append(&mut self.0);
    }
}
