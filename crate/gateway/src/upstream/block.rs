//! Blocks of JSON-RPC: the header is built into RLP and counts only when its keccak is its hash.

use super::{json::Quantity, transaction::Transaction};
use crate::Error;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes};
use alloy_rlp::Encodable;
use lampyris_verify::keccak256;
use serde::Deserialize;

/// A block header as `eth_getBlockByHash` writes it. What later forks added is optional, in the
/// order in which it is encoded.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    hash: B256,
    parent_hash: B256,
    #[serde(rename = "sha3Uncles")]
    ommers_hash: B256,
    miner: Address,
    state_root: B256,
    transactions_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    #[serde(default)]
    difficulty: Quantity,
    number: Quantity,
    gas_limit: Quantity,
    gas_used: Quantity,
    timestamp: Quantity,
    extra_data: Bytes,
    mix_hash: B256,
    #[serde(default)]
    nonce: B64,
    base_fee_per_gas: Option<Quantity>,
    withdrawals_root: Option<B256>,
    blob_gas_used: Option<Quantity>,
    excess_blob_gas: Option<Quantity>,
    parent_beacon_block_root: Option<B256>,
    requests_hash: Option<B256>,
}

/// A header whose RLP hashes to its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckedHeader {
    /// keccak of `rlp`.
    pub(crate) hash: B256,
    /// The header as consensus encodes it.
    pub(crate) rlp: Bytes,
    /// The parent's hash.
    pub(crate) parent_hash: B256,
    /// The block's height.
    pub(crate) number: u64,
    /// Root of the state after the block.
    pub(crate) state_root: B256,
    /// Root of the block's transactions.
    pub(crate) transactions_root: B256,
    /// Root of the block's receipts.
    pub(crate) receipts_root: B256,
}

/// A block with its transactions in full.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Block {
    /// The header.
    #[serde(flatten)]
    pub(crate) header: Header,
    /// The transactions, in order.
    pub(crate) transactions: Vec<Transaction>,
}

impl Header {
    /// The hash that the node claims.
    pub(crate) fn claimed_hash(&self) -> B256 {
        self.hash
    }

    /// Encodes the header and compares its hash with `expected`.
    pub(crate) fn check(&self, expected: B256) -> Result<CheckedHeader, Error> {
        let rlp = self.encode_rlp();
        let got = keccak256(&rlp);
        if got != expected || self.hash != expected {
            return Err(Error::Mismatch {
                what: "block header",
                expected,
                got,
            });
        }
        Ok(CheckedHeader {
            hash: got,
            rlp: rlp.into(),
            parent_hash: self.parent_hash,
            number: self
                .number
                .to_u64()
                .ok_or_else(|| Error::malformed("block header", "number exceeds 64 bits"))?,
            state_root: self.state_root,
            transactions_root: self.transactions_root,
            receipts_root: self.receipts_root,
        })
    }

    fn encode_rlp(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(700);
        self.parent_hash.encode(&mut fields);
        self.ommers_hash.encode(&mut fields);
        self.miner.encode(&mut fields);
        self.state_root.encode(&mut fields);
        self.transactions_root.encode(&mut fields);
        self.receipts_root.encode(&mut fields);
        self.logs_bloom.encode(&mut fields);
        for number in [
            self.difficulty,
            self.number,
            self.gas_limit,
            self.gas_used,
            self.timestamp,
        ] {
            number.0.encode(&mut fields);
        }
        self.extra_data.encode(&mut fields);
        self.mix_hash.encode(&mut fields);
        self.nonce.encode(&mut fields);
        encode_number(self.base_fee_per_gas, &mut fields);
        encode_hash(self.withdrawals_root, &mut fields);
        encode_number(self.blob_gas_used, &mut fields);
        encode_number(self.excess_blob_gas, &mut fields);
        encode_hash(self.parent_beacon_block_root, &mut fields);
        encode_hash(self.requests_hash, &mut fields);
        rlp_list(&fields)
    }
}

/// Wraps encoded items into an RLP list.
pub(super) fn rlp_list(items: &[u8]) -> Vec<u8> {
    let mut list = Vec::with_capacity(items.len().saturating_add(9));
    alloy_rlp::Header {
        list: true,
        payload_length: items.len(),
    }
    .encode(&mut list);
    list.extend_from_slice(items);
    list
}

fn encode_number(number: Option<Quantity>, out: &mut Vec<u8>) {
    if let Some(number) = number {
        number.0.encode(out);
    }
}

fn encode_hash(hash: Option<B256>, out: &mut Vec<u8>) {
    if let Some(hash) = hash {
        hash.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::receipt::Receipt;
    use lampyris_verify::trie::ordered_trie_root;
    use serde::de::DeserializeOwned;

    const BLOCK_FULU: &str = include_str!(
        "../../../../tests/vectors/nimbus-verified-proxy-mainnet-fulu/block_0x17a2d23.json"
    );
    const BLOCK_DENEB: &str =
        include_str!("../../../../tests/vectors/trin-mainnet-blocks-receipts/block-19433902.json");
    const BLOCK_LONDON: &str =
        include_str!("../../../../tests/vectors/trin-mainnet-blocks-receipts/block-14764013.json");
    const RECEIPTS_DENEB: &str = include_str!(
        "../../../../tests/vectors/trin-mainnet-blocks-receipts/receipts-19433902.json"
    );
    const BLOCK_PRAGUE: &str =
        include_str!("../../../../tests/vectors/nimbus-mainnet-el-blocks/22431085.json");

    /// An answer with or without JSON-RPC around it.
    fn parse<T: DeserializeOwned>(text: &str) -> T {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let result = value.get("result").unwrap_or(&value);
        serde_json::from_value(result.clone()).unwrap()
    }

    #[test]
    fn headers_of_all_forks_hash_to_their_hash() {
        for text in [BLOCK_LONDON, BLOCK_DENEB, BLOCK_PRAGUE, BLOCK_FULU] {
            let header: Header = parse(text);
            let checked = header.check(header.hash).unwrap();
            assert_eq!(checked.parent_hash, header.parent_hash);
            assert!(header.check(B256::ZERO).is_err());
            let altered = Header {
                gas_used: Quantity(header.gas_limit.0),
                ..header.clone()
            };
            assert!(matches!(
                altered.check(header.hash),
                Err(Error::Mismatch { .. })
            ));
        }
    }

    #[test]
    fn transactions_of_all_types_are_encoded_again() {
        let mut kinds = std::collections::BTreeSet::new();
        for text in [BLOCK_DENEB, BLOCK_PRAGUE, BLOCK_FULU] {
            let block: Block = parse(text);
            let raw: Vec<_> = block
                .transactions
                .iter()
                .map(|transaction| transaction.to_raw().unwrap())
                .collect();
            let header = block.header.check(block.header.hash).unwrap();
            assert_eq!(ordered_trie_root(&raw), header.transactions_root);
            kinds.extend(raw.iter().map(|raw| raw[0].min(0xc0)));
        }
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 0xc0]);
    }

    #[test]
    fn receipts_are_encoded_as_the_trie_has_them() {
        let header: Header = parse(BLOCK_DENEB);
        let receipts: Vec<Receipt> = parse(RECEIPTS_DENEB);
        let leaves: Vec<_> = receipts
            .iter()
            .map(|receipt| receipt.encode().unwrap())
            .collect();
        assert_eq!(ordered_trie_root(&leaves), header.receipts_root);
    }
}
