//! Transactions of JSON-RPC, encoded again as consensus has them (types 0 to 4).
//!
//! Not every node answers `eth_getRawTransactionByHash`; all of them answer with JSON. The result
//! counts only when its keccak is the transaction's hash.

use super::{block::rlp_list, json::Quantity};
use crate::Error;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::Encodable;
use lampyris_verify::keccak256;
use serde::Deserialize;

/// A transaction as `eth_getBlockByHash` with full transactions writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    hash: B256,
    #[serde(default, rename = "type")]
    kind: Quantity,
    chain_id: Option<Quantity>,
    nonce: Quantity,
    gas_price: Option<Quantity>,
    max_priority_fee_per_gas: Option<Quantity>,
    max_fee_per_gas: Option<Quantity>,
    max_fee_per_blob_gas: Option<Quantity>,
    gas: Quantity,
    to: Option<Address>,
    value: Quantity,
    input: Bytes,
    access_list: Option<Vec<AccessListItem>>,
    blob_versioned_hashes: Option<Vec<B256>>,
    authorization_list: Option<Vec<Authorization>>,
    v: Option<Quantity>,
    y_parity: Option<Quantity>,
    r: Quantity,
    s: Quantity,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessListItem {
    address: Address,
    storage_keys: Vec<B256>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    chain_id: Quantity,
    address: Address,
    nonce: Quantity,
    #[serde(alias = "v")]
    y_parity: Quantity,
    r: Quantity,
    s: Quantity,
}

impl Transaction {
    /// The hash that the node claims.
    pub(crate) fn claimed_hash(&self) -> B256 {
        self.hash
    }

    /// The transaction's bytes, whose keccak is its hash.
    pub(crate) fn to_raw(&self) -> Result<Bytes, Error> {
        let raw = self.encode()?;
        let got = keccak256(&raw);
        if got != self.hash {
            return Err(Error::Mismatch {
                what: "transaction",
                expected: self.hash,
                got,
            });
        }
        Ok(raw.into())
    }

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let kind = u8::try_from(self.kind.0)
            .ok()
            .filter(|kind| *kind <= 4)
            .ok_or_else(|| Error::malformed("transaction", format!("type {}", self.kind.0)))?;
        let mut fields = Vec::with_capacity(self.input.len().saturating_add(300));
        if kind == 0 {
            self.encode_legacy(&mut fields)?;
            return Ok(rlp_list(&fields));
        }
        required(self.chain_id, "chainId")?.encode(&mut fields);
        self.nonce.0.encode(&mut fields);
        if kind == 1 {
            required(self.gas_price, "gasPrice")?.encode(&mut fields);
        } else {
            required(self.max_priority_fee_per_gas, "maxPriorityFeePerGas")?.encode(&mut fields);
            required(self.max_fee_per_gas, "maxFeePerGas")?.encode(&mut fields);
        }
        self.encode_call(&mut fields);
        encode_access_list(self.access_list.as_deref().unwrap_or_default(), &mut fields);
        if kind == 3 {
            required(self.max_fee_per_blob_gas, "maxFeePerBlobGas")?.encode(&mut fields);
            let hashes = self.blob_versioned_hashes.as_deref().unwrap_or_default();
            alloy_rlp::encode_list::<B256, B256>(hashes, &mut fields);
        }
        if kind == 4 {
            let list = self.authorization_list.as_deref().unwrap_or_default();
            encode_authorizations(list, &mut fields);
        }
        required(self.y_parity.or(self.v), "yParity")?.encode(&mut fields);
        self.r.0.encode(&mut fields);
        self.s.0.encode(&mut fields);
        let mut raw = vec![kind];
        raw.extend_from_slice(&rlp_list(&fields));
        Ok(raw)
    }

    fn encode_legacy(&self, fields: &mut Vec<u8>) -> Result<(), Error> {
        self.nonce.0.encode(fields);
        required(self.gas_price, "gasPrice")?.encode(fields);
        self.encode_call(fields);
        required(self.v, "v")?.encode(fields);
        self.r.0.encode(fields);
        self.s.0.encode(fields);
        Ok(())
    }

    fn encode_call(&self, fields: &mut Vec<u8>) {
        self.gas.0.encode(fields);
        match self.to {
            Some(to) => to.encode(fields),
            None => fields.push(alloy_rlp::EMPTY_STRING_CODE),
        }
        self.value.0.encode(fields);
        self.input.encode(fields);
    }
}

fn required(value: Option<Quantity>, name: &'static str) -> Result<U256, Error> {
    value
        .map(|value| value.0)
        .ok_or_else(|| Error::malformed("transaction", format!("{name} is missing")))
}

fn encode_access_list(list: &[AccessListItem], out: &mut Vec<u8>) {
    let mut items = Vec::new();
    for item in list {
        let mut fields = Vec::new();
        item.address.encode(&mut fields);
        item.storage_keys.encode(&mut fields);
        items.extend_from_slice(&rlp_list(&fields));
    }
    out.extend_from_slice(&rlp_list(&items));
}

fn encode_authorizations(list: &[Authorization], out: &mut Vec<u8>) {
    let mut items = Vec::new();
    for item in list {
        let mut fields = Vec::new();
        item.chain_id.0.encode(&mut fields);
        item.address.encode(&mut fields);
        for number in [item.nonce, item.y_parity, item.r, item.s] {
            number.0.encode(&mut fields);
        }
        items.extend_from_slice(&rlp_list(&fields));
    }
    out.extend_from_slice(&rlp_list(&items));
}
