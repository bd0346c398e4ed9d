//! Transactions in RLP, strictly: what is decoded encodes to the same bytes.

use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, U256};
use alloy_rlp::Encodable;

use super::super::rlp::{Items, put_list};
use super::{AccessListItem, Authorization, TX_TYPE_MAX, Transaction};
use crate::Error;

const WHAT: &str = "transaction";

// Since which type there is what.
const ACCESS_LIST: u8 = 1;
const DYNAMIC_FEE: u8 = 2;
const BLOB: u8 = 3;
const SET_CODE: u8 = 4;

impl Transaction {
    /// Reads a transaction from the transactions' trie.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (tx_type, body) = match bytes.split_first() {
            Some((tx_type @ 1..=TX_TYPE_MAX, body)) => (*tx_type, body),
            Some((tx_type @ 0..0xc0, _)) => {
                return Err(Error::UnsupportedTransaction { tx_type: *tx_type });
            }
            _ => (0, bytes),
        };
        let mut items = Items::new(WHAT, body)?;
        let transaction = Self::decode_items(tx_type, &mut items)?;
        items.end()?;
        if tx_type >= BLOB && transaction.to.is_none() {
            return Err(malformed("a transaction of this type creates no contract"));
        }
        Ok(transaction)
    }

    fn decode_items(tx_type: u8, items: &mut Items<'_>) -> Result<Self, Error> {
        let chain_id = items.next_if(tx_type >= ACCESS_LIST)?;
        let nonce = items.next()?;
        let max_priority_fee_per_gas = items.next()?;
        let max_fee_per_gas = items
            .next_if(tx_type >= DYNAMIC_FEE)?
            .unwrap_or(max_priority_fee_per_gas);
        let mut transaction = Self {
            tx_type,
            chain_id,
            nonce,
            max_priority_fee_per_gas,
            max_fee_per_gas,
            gas_limit: items.next()?,
            to: recipient(&items.next::<Bytes>()?)?,
            value: items.next()?,
            input: items.next()?,
            access_list: Vec::new(),
            max_fee_per_blob_gas: U256::ZERO,
            blob_versioned_hashes: Vec::new(),
            authorizations: Vec::new(),
            y_parity: false,
            r: U256::ZERO,
            s: U256::ZERO,
        };
        if tx_type >= ACCESS_LIST {
            transaction.access_list = items.next_list()?.all(AccessListItem::decode)?;
        }
        if tx_type == BLOB {
            transaction.max_fee_per_blob_gas = items.next()?;
            transaction.blob_versioned_hashes = items.next_list()?.all(Items::next)?;
        }
        if tx_type == SET_CODE {
            transaction.authorizations = items.next_list()?.all(Authorization::decode)?;
        }
        if tx_type >= ACCESS_LIST {
            transaction.y_parity = items.next()?;
        } else {
            (transaction.chain_id, transaction.y_parity) = replay_protection(items.next()?)?;
        }
        transaction.r = items.next()?;
        transaction.s = items.next()?;
        Ok(transaction)
    }

    /// Encodes the transaction as it lies in the transactions' trie.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        if self.tx_type >= ACCESS_LIST {
            self.chain_id.unwrap_or_default().encode(&mut payload);
        }
        self.nonce.encode(&mut payload);
        self.max_priority_fee_per_gas.encode(&mut payload);
        if self.tx_type >= DYNAMIC_FEE {
            self.max_fee_per_gas.encode(&mut payload);
        }
        self.gas_limit.encode(&mut payload);
        let to: &[u8] = self.to.as_ref().map_or(&[], |to| to.as_slice());
        to.encode(&mut payload);
        self.value.encode(&mut payload);
        self.input.encode(&mut payload);
        if self.tx_type >= ACCESS_LIST {
            put_list(&mut payload, &self.access_list, AccessListItem::encode);
        }
        if self.tx_type == BLOB {
            self.max_fee_per_blob_gas.encode(&mut payload);
            self.blob_versioned_hashes.encode(&mut payload);
        }
        if self.tx_type == SET_CODE {
            put_list(&mut payload, &self.authorizations, Authorization::encode);
        }
        if self.tx_type >= ACCESS_LIST {
            self.y_parity.encode(&mut payload);
        } else {
            self.v().encode(&mut payload);
        }
        self.r.encode(&mut payload);
        self.s.encode(&mut payload);

        let mut bytes = Vec::new();
        if self.tx_type >= ACCESS_LIST {
            bytes.push(self.tx_type);
        }
        put_list(&mut bytes, &[payload], |payload, out| {
            out.extend_from_slice(payload);
        });
        bytes
    }

    /// Parity and chain in one number, see [`replay_protection`].
    fn v(&self) -> u128 {
        let base = self.chain_id.map_or(27, |chain_id| {
            u128::from(chain_id).saturating_mul(2).saturating_add(35)
        });
        base.saturating_add(u128::from(self.y_parity))
    }
}

impl AccessListItem {
    fn decode(items: &mut Items<'_>) -> Result<Self, Error> {
        let mut items = items.next_list()?;
        let item = Self {
            address: items.next()?,
            storage_keys: items.next_list()?.all(Items::next)?,
        };
        items.end()?;
        Ok(item)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_list(out, &[self], |item, out| {
            item.address.encode(out);
            item.storage_keys.encode(out);
        });
    }
}

impl Authorization {
    fn decode(items: &mut Items<'_>) -> Result<Self, Error> {
        let mut items = items.next_list()?;
        let authorization = Self {
            chain_id: items.next()?,
            address: items.next()?,
            nonce: items.next()?,
            y_parity: items.next()?,
            r: items.next()?,
            s: items.next()?,
        };
        items.end()?;
        Ok(authorization)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_list(out, &[self], |authorization, out| {
            authorization.chain_id.encode(out);
            authorization.address.encode(out);
            authorization.nonce.encode(out);
            authorization.y_parity.encode(out);
            authorization.r.encode(out);
            authorization.s.encode(out);
        });
    }
}

fn recipient(bytes: &[u8]) -> Result<Option<Address>, Error> {
    match bytes {
        [] => Ok(None),
        bytes => Address::try_from(bytes)
            .map(Some)
            .map_err(|_| malformed("the recipient is no address")),
    }
}

/// [EIP-155](https://eips.ethereum.org/EIPS/eip-155): 27 or 28 for any chain, else from 35 on.
fn replay_protection(v: u128) -> Result<(Option<u64>, bool), Error> {
    let of_chain = |v: u128| u64::try_from(v >> 1).map(|chain_id| (Some(chain_id), v & 1 == 1));
    match v {
        27 | 28 => Ok((None, v == 28)),
        35.. => of_chain(v.saturating_sub(35)).map_err(|_| malformed("the chain id is too large")),
        _ => Err(malformed(
            "the signature's v is neither 27, 28 nor above 34",
        )),
    }
}

const fn malformed(reason: &'static str) -> Error {
    Error::Malformed { what: WHAT, reason }
}
