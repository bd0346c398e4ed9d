//! EIP-1559 transactions (type 2): signed, encoded, decoded and re-checked.
//!
//! One encoding is right for each transaction, so that its hash is; everything else is refused.
//! Contract creation and access lists are refused too: this wallet makes neither.

mod record;

use crate::{Error, SecretKey, fees, key};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{Decodable, EMPTY_LIST_CODE, EMPTY_STRING_CODE, Encodable, Header};
use lampyris_verify::keccak256;

/// The most bytes of data: nodes forward no transaction above 128 KiB.
pub const MAX_DATA_BYTES: usize = 128 * 1024 - 512;

const TYPE: u8 = 2;

/// A transaction as [EIP-1559](https://eips.ethereum.org/EIPS/eip-1559) describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eip1559 {
    /// The chain on which alone it is valid.
    pub chain_id: u64,
    /// How many transactions the sender has sent before it.
    pub nonce: u64,
    /// The most that the block's proposer gets per gas.
    pub max_priority_fee_per_gas: U256,
    /// The most that is paid per gas.
    pub max_fee_per_gas: U256,
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// Who is called or paid.
    pub to: Address,
    /// How much is paid, in wei.
    pub value: U256,
    /// What the receiver is called with.
    pub data: Bytes,
}

/// A transaction with its signature: made by [`Eip1559::sign`], read and checked by
/// [`SignedTransaction::decode`], or kept by ourselves as a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    transaction: Eip1559,
    signature: Signature,
    raw: Bytes,
    hash: B256,
    from: Address,
}

/// What [`SecretKey::sign`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) r: B256,
    pub(crate) s: B256,
    /// Whether the nonce point's y is odd.
    pub(crate) y_odd: bool,
}

impl Eip1559 {
    /// What is signed: the hash of type and fields.
    #[must_use]
    pub fn signing_hash(&self) -> B256 {
        keccak256(envelope(self.encoded_fields()))
    }

    /// Signs with a deterministic nonce (RFC 6979) and low `s`: the same transaction and key
    /// always give the same bytes.
    ///
    /// # Errors
    /// A transaction that every node refuses is not signed.
    pub fn sign(self, key: &SecretKey) -> Result<SignedTransaction, Error> {
        self.check()?;
        let gas_limit_min = fees::gas_limit_min(&self.data);
        if self.gas_limit < gas_limit_min {
            return Err(Error::GasLimit {
                expected: gas_limit_min,
                got: self.gas_limit,
            });
        }
        let signature = key.sign(&self.signing_hash())?;
        Ok(SignedTransaction::new(self, signature, key.address()))
    }

    /// The most that it can take from its sender.
    ///
    /// # Errors
    /// [`Error::Cost`] if no balance could ever suffice.
    pub fn max_cost(&self) -> Result<U256, Error> {
        fees::max_cost(self.gas_limit, self.max_fee_per_gas, self.value)
    }

    fn check(&self) -> Result<(), Error> {
        if self.nonce == u64::MAX {
            return Err(Error::Nonce { got: self.nonce });
        }
        if self.max_priority_fee_per_gas > self.max_fee_per_gas {
            return Err(Error::TipAboveFee {
                tip: self.max_priority_fee_per_gas,
                fee: self.max_fee_per_gas,
            });
        }
        if self.data.len() > MAX_DATA_BYTES {
            return Err(Error::DataLength {
                expected: MAX_DATA_BYTES,
                got: self.data.len(),
            });
        }
        self.max_cost().map(|_| ())
    }

    fn encoded_fields(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(256 + self.data.len());
        self.chain_id.encode(&mut fields);
        self.nonce.encode(&mut fields);
        self.max_priority_fee_per_gas.encode(&mut fields);
        self.max_fee_per_gas.encode(&mut fields);
        self.gas_limit.encode(&mut fields);
        self.to.encode(&mut fields);
        self.value.encode(&mut fields);
        self.data.encode(&mut fields);
        fields.push(EMPTY_LIST_CODE); // the access list
        fields
    }
}

impl SignedTransaction {
    /// Reads a raw transaction, as it was stored or sent, and recovers who signed it.
    ///
    /// # Errors
    /// Anything but the exact bytes that [`Eip1559::sign`] gives, and another chain's transaction.
    pub fn decode(raw: &[u8], chain_id: u64) -> Result<Self, Error> {
        let (first, mut rest) = match raw.split_first() {
            Some((first, rest)) if *first == TYPE => (*first, rest),
            _ => {
                return Err(Error::TransactionType {
                    got: raw.first().copied(),
                });
            }
        };
        debug_assert_eq!(first, TYPE);
        let mut fields = Header::decode_bytes(&mut rest, true).map_err(encoding)?;
        if !rest.is_empty() {
            return Err(Error::TransactionEncoding {
                reason: "bytes follow it",
            });
        }

        let transaction = decode_fields(&mut fields)?;
        let y_odd = bool::decode(&mut fields).map_err(encoding)?;
        let r = B256::from(U256::decode(&mut fields).map_err(encoding)?);
        let s = B256::from(U256::decode(&mut fields).map_err(encoding)?);
        if !fields.is_empty() {
            return Err(Error::TransactionEncoding {
                reason: "it has too many fields",
            });
        }
        if transaction.chain_id != chain_id {
            return Err(Error::ChainId {
                expected: chain_id,
                got: transaction.chain_id,
            });
        }
        transaction.check()?;

        let signature = Signature { r, s, y_odd };
        let from = key::recover(&transaction.signing_hash(), signature)?;
        Ok(Self::new(transaction, signature, from))
    }

    /// There is one encoding, so that the bytes follow from the rest.
    fn new(transaction: Eip1559, signature: Signature, from: Address) -> Self {
        let mut fields = transaction.encoded_fields();
        signature.y_odd.encode(&mut fields);
        U256::from_be_bytes(signature.r.0).encode(&mut fields);
        U256::from_be_bytes(signature.s.0).encode(&mut fields);
        let raw = Bytes::from(envelope(fields));
        Self {
            hash: keccak256(&raw),
            transaction,
            signature,
            raw,
            from,
        }
    }

    /// The bytes that a node takes.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The transaction's hash, by which it is found in a block.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Who signed it.
    #[must_use]
    pub const fn from(&self) -> Address {
        self.from
    }

    /// What was signed.
    #[must_use]
    pub const fn transaction(&self) -> &Eip1559 {
        &self.transaction
    }
}

fn decode_fields(fields: &mut &[u8]) -> Result<Eip1559, Error> {
    let transaction = Eip1559 {
        chain_id: u64::decode(fields).map_err(encoding)?,
        nonce: u64::decode(fields).map_err(encoding)?,
        max_priority_fee_per_gas: U256::decode(fields).map_err(encoding)?,
        max_fee_per_gas: U256::decode(fields).map_err(encoding)?,
        gas_limit: u64::decode(fields).map_err(encoding)?,
        to: match fields.first() {
            Some(&EMPTY_STRING_CODE) => {
                return Err(Error::Unsupported {
                    what: "contract creation",
                });
            }
            _ => Address::decode(fields).map_err(encoding)?,
        },
        value: U256::decode(fields).map_err(encoding)?,
        data: Bytes::decode(fields).map_err(encoding)?,
    };
    let access_list = Header::decode_bytes(fields, true).map_err(encoding)?;
    if !access_list.is_empty() {
        return Err(Error::Unsupported {
            what: "an access list",
        });
    }
    Ok(transaction)
}

/// Type byte and RLP list of fields that are already encoded.
fn envelope(fields: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(fields.len() + 10);
    bytes.push(TYPE);
    Header {
        list: true,
        payload_length: fields.len(),
    }
    .encode(&mut bytes);
    bytes.extend(fields);
    bytes
}

fn encoding(error: alloy_rlp::Error) -> Error {
    let reason = match error {
        alloy_rlp::Error::InputTooShort => "it is cut short",
        alloy_rlp::Error::LeadingZero => "a number has a leading zero",
        alloy_rlp::Error::Overflow => "a number is too large",
        alloy_rlp::Error::NonCanonicalSingleByte | alloy_rlp::Error::NonCanonicalSize => {
            "a field is not in its shortest form"
        }
        alloy_rlp::Error::UnexpectedList => "a list stands where a value must",
        alloy_rlp::Error::UnexpectedString => "a value stands where a list must",
        _ => "a field has the wrong form",
    };
    Error::TransactionEncoding { reason }
}
