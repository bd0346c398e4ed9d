//! Blocks, transactions and receipts of the vectors, from the JSON of Ethereum's nodes.

use std::fs;

use alloy_primitives::{B64, Bloom};
use lampyris_verify::execution::{
    AccessListItem, Authorization, Header, Log, Receipt, Transaction, Withdrawal,
};
use lampyris_verify::{B256, Bytes, U256};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Blocks that are here with all of their transactions, of the time since the merge.
pub(crate) const WHOLE: [&str; 6] = [
    "nimbus-mainnet-el-blocks/22431083.json",
    "nimbus-mainnet-el-blocks/22431084.json",
    "nimbus-mainnet-el-blocks/22431085.json",
    "trin-mainnet-blocks-receipts/block-19433902.json",
    "nimbus-verified-proxy-mainnet-fulu/block_0x17a2d23.json",
    "nimbus-mainnet-el-blocks/22431088.json",
];

/// Blocks that are here with all of their receipts.
pub(crate) const WITH_RECEIPTS: [[&str; 2]; 3] = [
    [
        "trin-mainnet-blocks-receipts/block-19433902.json",
        "trin-mainnet-blocks-receipts/receipts-19433902.json",
    ],
    [
        "helios-rpc-mainnet-21925176/rpc/block.json",
        "helios-rpc-mainnet-21925176/rpc/receipts.json",
    ],
    [
        "colibri-mainnet/cases/eth_getLogs1/eth_getBlockByNumber_0x14d7970_false.json",
        "colibri-mainnet/cases/eth_getLogs1/eth_getBlockReceipts_0x14d7970.json",
    ],
];

pub(crate) fn json(path: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    let bytes = fs::read(format!("{root}/{path}")).unwrap();
    let mut json: Value = serde_json::from_slice(&bytes).unwrap();
    match json.get_mut("result") {
        Some(result) => result.take(),
        None => json,
    }
}

pub(crate) fn field<T: DeserializeOwned>(json: &Value, name: &str) -> T {
    serde_json::from_value(json[name].clone()).unwrap()
}

pub(crate) fn optional<T: DeserializeOwned>(json: &Value, name: &str) -> Option<T> {
    json.get(name)
        .filter(|value| !value.is_null())
        .map(|_| field(json, name))
}

pub(crate) fn number(json: &Value, name: &str) -> u64 {
    field::<U256>(json, name).to()
}

fn optional_number(json: &Value, name: &str) -> Option<u64> {
    optional::<U256>(json, name).map(|number| number.to())
}

pub(crate) fn header(json: &Value) -> Header {
    Header {
        parent_hash: field(json, "parentHash"),
        ommers_hash: field(json, "sha3Uncles"),
        beneficiary: field(json, "miner"),
        state_root: field(json, "stateRoot"),
        transactions_root: field(json, "transactionsRoot"),
        receipts_root: field(json, "receiptsRoot"),
        logs_bloom: field::<Bloom>(json, "logsBloom"),
        difficulty: field(json, "difficulty"),
        number: number(json, "number"),
        gas_limit: number(json, "gasLimit"),
        gas_used: number(json, "gasUsed"),
        timestamp: number(json, "timestamp"),
        extra_data: field(json, "extraData"),
        mix_hash: field(json, "mixHash"),
        nonce: field::<B64>(json, "nonce"),
        base_fee_per_gas: optional(json, "baseFeePerGas"),
        withdrawals_root: optional(json, "withdrawalsRoot"),
        blob_gas_used: optional_number(json, "blobGasUsed"),
        excess_blob_gas: optional_number(json, "excessBlobGas"),
        parent_beacon_block_root: optional(json, "parentBeaconBlockRoot"),
        requests_hash: optional(json, "requestsHash"),
    }
}

pub(crate) fn transactions(block: &Value) -> Vec<Transaction> {
    let transactions = block["transactions"].as_array().unwrap();
    transactions.iter().map(transaction).collect()
}

pub(crate) fn transaction(json: &Value) -> Transaction {
    let tx_type = u8::try_from(number(json, "type")).unwrap();
    let gas_price = || field(json, "gasPrice");
    let v: U256 = field(json, "v");
    let (chain_id, y_parity) = match tx_type {
        0 if v < U256::from(35) => (None, v == U256::from(28)),
        0 => (Some(((v.to::<u64>()) - 35) / 2), !v.bit(0)),
        _ => (optional_number(json, "chainId"), v == U256::from(1)),
    };
    let items = |name: &str| match json.get(name) {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    Transaction {
        tx_type,
        chain_id,
        nonce: number(json, "nonce"),
        max_priority_fee_per_gas: match tx_type {
            0 | 1 => gas_price(),
            _ => field(json, "maxPriorityFeePerGas"),
        },
        max_fee_per_gas: match tx_type {
            0 | 1 => gas_price(),
            _ => field(json, "maxFeePerGas"),
        },
        gas_limit: number(json, "gas"),
        to: optional(json, "to"),
        value: field(json, "value"),
        input: field(json, "input"),
        access_list: items("accessList")
            .iter()
            .map(|item| AccessListItem {
                address: field(item, "address"),
                storage_keys: field(item, "storageKeys"),
            })
            .collect(),
        max_fee_per_blob_gas: optional(json, "maxFeePerBlobGas").unwrap_or_default(),
        blob_versioned_hashes: optional(json, "blobVersionedHashes").unwrap_or_default(),
        authorizations: items("authorizationList")
            .iter()
            .map(authorization)
            .collect(),
        y_parity,
        r: field(json, "r"),
        s: field(json, "s"),
    }
}

fn authorization(json: &Value) -> Authorization {
    let parity = optional_number(json, "yParity").unwrap_or_else(|| number(json, "v"));
    Authorization {
        chain_id: field(json, "chainId"),
        address: field(json, "address"),
        nonce: number(json, "nonce"),
        y_parity: u8::try_from(parity).unwrap(),
        r: field(json, "r"),
        s: field(json, "s"),
    }
}

pub(crate) fn encoded_transactions(block: &Value) -> Vec<Bytes> {
    let transactions = transactions(block);
    transactions.iter().map(|t| t.encode().into()).collect()
}

pub(crate) fn withdrawals(block: &Value) -> Option<Vec<Withdrawal>> {
    let withdrawals = block.get("withdrawals")?.as_array()?;
    let read = |json| Withdrawal {
        index: number(json, "index"),
        validator_index: number(json, "validatorIndex"),
        address: field(json, "address"),
        amount_gwei: number(json, "amount"),
    };
    Some(withdrawals.iter().map(read).collect())
}

pub(crate) fn encoded_withdrawals(block: &Value) -> Option<Vec<Bytes>> {
    let encode = |withdrawal: &Withdrawal| Bytes::from(withdrawal.encode_rlp());
    withdrawals(block).map(|withdrawals| withdrawals.iter().map(encode).collect())
}

pub(crate) fn receipts(json: &Value) -> Vec<Receipt> {
    let receipt = |json: &Value| Receipt {
        tx_type: u8::try_from(number(json, "type")).unwrap(),
        success: number(json, "status") == 1,
        cumulative_gas_used: number(json, "cumulativeGasUsed"),
        logs: json["logs"].as_array().unwrap().iter().map(log).collect(),
    };
    json.as_array().unwrap().iter().map(receipt).collect()
}

fn log(json: &Value) -> Log {
    Log {
        address: field(json, "address"),
        topics: field::<Vec<B256>>(json, "topics"),
        data: field(json, "data"),
    }
}

pub(crate) fn encoded_receipts(receipts: &[Receipt]) -> Vec<Bytes> {
    let encode = |receipt: &Receipt| Bytes::from(receipt.encode());
    receipts.iter().map(encode).collect()
}
