//! Receipts of JSON-RPC, encoded as the receipts trie has them.

use super::{block::rlp_list, json::Quantity};
use crate::Error;
use alloy_primitives::{Address, B256, Bloom, Bytes};
use alloy_rlp::Encodable;
use serde::Deserialize;

/// A receipt as `eth_getBlockReceipts` writes it. Only what consensus encodes is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    #[serde(default, rename = "type")]
    kind: Quantity,
    status: Option<Quantity>,
    root: Option<B256>,
    cumulative_gas_used: Quantity,
    logs_bloom: Bloom,
    logs: Vec<Log>,
}

/// A log as `eth_getLogs` and receipts have it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Log {
    /// The contract that wrote it.
    pub(crate) address: Address,
    /// Indexed values; the first is the event's signature.
    pub(crate) topics: Vec<B256>,
    /// The other values, ABI-encoded.
    pub(crate) data: Bytes,
}

impl Receipt {
    /// The receipt as a leaf of the receipts trie.
    pub(crate) fn encode(&self) -> Result<Bytes, Error> {
        let mut fields = Vec::with_capacity(400);
        match (self.status, self.root) {
            (Some(status), _) => status.0.encode(&mut fields),
            (None, Some(root)) => root.encode(&mut fields),
            (None, None) => return Err(Error::malformed("receipt", "no status and no root")),
        }
        self.cumulative_gas_used.0.encode(&mut fields);
        self.logs_bloom.encode(&mut fields);
        let mut logs = Vec::new();
        for log in &self.logs {
            logs.extend_from_slice(&log.encode());
        }
        fields.extend_from_slice(&rlp_list(&logs));
        let list = rlp_list(&fields);
        match u8::try_from(self.kind.0) {
            Ok(0) => Ok(list.into()),
            Ok(kind) if kind < 0x80 => Ok([&[kind], list.as_slice()].concat().into()),
            _ => Err(Error::malformed("receipt", format!("type {}", self.kind.0))),
        }
    }
}

impl Log {
    fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(self.data.len().saturating_add(160));
        self.address.encode(&mut fields);
        self.topics.encode(&mut fields);
        self.data.encode(&mut fields);
        rlp_list(&fields)
    }
}
