//! The requests' encoding.

use alloy_primitives::{Address, B256};

use super::{AccountQuery, MAX_ACCOUNTS, MAX_HEADERS, MAX_SLOTS, MAX_TRANSACTION_BYTES, Request};
use crate::{
    error::{Error, Result},
    ssz::{self, OFFSET_BYTES, Reader},
};

const STATE_PROOF: u8 = 0;
const CODE: u8 = 1;
const HEADERS: u8 = 2;
const SEND_TRANSACTION: u8 = 3;
const TRANSACTION: u8 = 4;
const PREIMAGE: u8 = 5;
const KINDS: u8 = 6;

impl Request {
    /// Encodes it; fails when it exceeds a bound that every receiver enforces.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        match self {
            Self::StateProof {
                block_hash,
                accounts,
            } => {
                output.push(STATE_PROOF);
                output.extend(block_hash);
                encode_accounts(accounts, &mut output)?;
            }
            Self::Code {
                block_hash,
                address,
                code_hash,
            } => {
                output.push(CODE);
                output.extend(block_hash);
                output.extend(address);
                output.extend(code_hash);
            }
            Self::Headers { hash, count } => {
                ssz::check_to_send("number of headers", usize::from(*count), MAX_HEADERS)?;
                output.push(HEADERS);
                output.extend(hash);
                output.extend(count.to_le_bytes());
            }
            Self::SendTransaction { raw } => {
                ssz::check_to_send("transaction", raw.len(), MAX_TRANSACTION_BYTES)?;
                output.push(SEND_TRANSACTION);
                output.extend(raw);
            }
            Self::Transaction { hash } => {
                output.push(TRANSACTION);
                output.extend(hash);
            }
            Self::Preimage { hash, hint } => {
                output.push(PREIMAGE);
                output.extend(hash);
                output.extend(hint);
            }
        }
        Ok(output)
    }

    /// Decodes it, strictly: one encoding for each request.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let (selector, body) = bytes.split_first().ok_or(Error::Truncated {
            what: "request",
            expected: 1,
            got: 0,
        })?;
        match *selector {
            STATE_PROOF => decode_state_proof(body),
            CODE => {
                let mut reader = Reader::new("code request", body, 84)?;
                let block_hash = B256::new(reader.array()?);
                let address = Address::new(reader.array()?);
                let code_hash = B256::new(reader.array()?);
                reader.finish()?;
                Ok(Self::Code {
                    block_hash,
                    address,
                    code_hash,
                })
            }
            HEADERS => {
                let mut reader = Reader::new("headers request", body, 34)?;
                let hash = B256::new(reader.array()?);
                let count = u16::from_le_bytes(reader.array()?);
                reader.finish()?;
                ssz::check_maximum("number of headers", usize::from(count), MAX_HEADERS)?;
                Ok(Self::Headers { hash, count })
            }
            SEND_TRANSACTION => {
                let raw = ssz::decode_bytes("transaction", body, MAX_TRANSACTION_BYTES)?;
                Ok(Self::SendTransaction { raw })
            }
            TRANSACTION => {
                let mut reader = Reader::new("transaction request", body, 32)?;
                let hash = B256::new(reader.array()?);
                reader.finish()?;
                Ok(Self::Transaction { hash })
            }
            PREIMAGE => {
                let mut reader = Reader::new("preimage request", body, 52)?;
                let hash = B256::new(reader.array()?);
                let hint = Address::new(reader.array()?);
                reader.finish()?;
                Ok(Self::Preimage { hash, hint })
            }
            got => Err(Error::UnknownTag {
                what: "request",
                expected: KINDS,
                got,
            }),
        }
    }
}

/// The fixed part of a state-proof request: hash, offset.
const STATE_PROOF_FIXED_BYTES: usize = 32 + OFFSET_BYTES;
/// The fixed part of an account query: address, offset.
const ACCOUNT_FIXED_BYTES: usize = 20 + OFFSET_BYTES;

fn encode_accounts(accounts: &[AccountQuery], output: &mut Vec<u8>) -> Result<()> {
    let slots = accounts.iter().map(|account| account.slots.len()).sum();
    ssz::check_to_send("number of accounts", accounts.len(), MAX_ACCOUNTS)?;
    ssz::check_to_send("number of slots", slots, MAX_SLOTS)?;
    let mut items = Vec::with_capacity(accounts.len());
    for account in accounts {
        let mut item = account.address.to_vec();
        ssz::encode_offset(ACCOUNT_FIXED_BYTES, &mut item)?;
        account.slots.iter().for_each(|slot| item.extend(slot));
        items.push(item);
    }
    ssz::encode_offset(STATE_PROOF_FIXED_BYTES, output)?;
    ssz::encode_list(&items, output)
}

fn decode_state_proof(body: &[u8]) -> Result<Request> {
    let mut reader = Reader::new("state request", body, STATE_PROOF_FIXED_BYTES)?;
    let block_hash = B256::new(reader.array()?);
    reader.first_offset()?;
    let items = ssz::list_items("accounts", reader.last_variable()?, MAX_ACCOUNTS)?;
    let mut accounts = Vec::with_capacity(items.len());
    let mut slots_left = MAX_SLOTS;
    for item in items {
        let account = decode_account(item, slots_left)?;
        slots_left -= account.slots.len();
        accounts.push(account);
    }
    Ok(Request::StateProof {
        block_hash,
        accounts,
    })
}

fn decode_account(item: &[u8], slots_max: usize) -> Result<AccountQuery> {
    let mut reader = Reader::new("account query", item, ACCOUNT_FIXED_BYTES)?;
    let address = Address::new(reader.array()?);
    reader.first_offset()?;
    let (slots, rest) = reader.last_variable()?.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(Error::Trailing {
            what: "storage slots",
            got: rest.len(),
        });
    }
    ssz::check_maximum("number of slots", slots.len(), slots_max)?;
    Ok(AccountQuery {
        address,
        slots: slots.iter().map(|slot| B256::new(*slot)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::Fault;

    fn hash(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    fn samples() -> Vec<Request> {
        let address = Address::repeat_byte(0xaa);
        let query = |slots: Vec<B256>| AccountQuery { address, slots };
        vec![
            Request::StateProof {
                block_hash: hash(1),
                accounts: vec![],
            },
            Request::StateProof {
                block_hash: hash(1),
                accounts: vec![
                    query(vec![]),
                    query(vec![hash(2), hash(3)]),
                    query(vec![hash(4)]),
                ],
            },
            Request::Code {
                block_hash: hash(5),
                address,
                code_hash: hash(6),
            },
            Request::Headers {
                hash: hash(7),
                count: 512,
            },
            Request::SendTransaction {
                raw: Bytes::from_static(b"\x02signed"),
            },
            Request::Transaction { hash: hash(8) },
            Request::Preimage {
                hash: hash(9),
                hint: address,
            },
        ]
    }

    #[test]
    fn round_trip() {
        for request in samples() {
            assert_eq!(Request::decode(&request.encode().unwrap()), Ok(request));
        }
    }

    #[test]
    fn one_encoding_for_each_request_and_no_other() {
        for request in samples() {
            let bytes = request.encode().unwrap();
            for length in 0..bytes.len() {
                // A prefix may be another request (a list cut between items is not), never the same.
                if let Ok(other) = Request::decode(&bytes[..length]) {
                    assert_ne!(other, request);
                    assert_eq!(other.encode().unwrap(), bytes[..length]);
                }
            }
            for index in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[index] ^= 1;
                if let Ok(other) = Request::decode(&damaged) {
                    assert_eq!(other.encode().unwrap(), damaged);
                }
            }
        }
    }

    #[test]
    fn fixed_size_requests_cut_or_extended_are_refused() {
        for request in &samples()[2..] {
            let bytes = request.encode().unwrap();
            let mut longer = bytes.clone();
            longer.push(0);
            if !matches!(request, Request::SendTransaction { .. }) {
                assert!(matches!(
                    Request::decode(&longer),
                    Err(Error::Trailing { got: 1, .. })
                ));
                for length in 0..bytes.len() {
                    let cut = Request::decode(&bytes[..length]);
                    assert!(matches!(cut, Err(Error::Truncated { .. })));
                }
            }
        }
    }

    #[test]
    fn every_bound_holds_on_both_sides() {
        let query = |slots| AccountQuery {
            address: Address::ZERO,
            slots: vec![B256::ZERO; slots],
        };
        let state = |accounts| Request::StateProof {
            block_hash: B256::ZERO,
            accounts,
        };
        let at_bound = [
            state(vec![query(0); MAX_ACCOUNTS]),
            state(vec![query(MAX_SLOTS / 2), query(MAX_SLOTS / 2)]),
            Request::SendTransaction {
                raw: vec![0; MAX_TRANSACTION_BYTES].into(),
            },
        ];
        for request in at_bound {
            let bytes = request.encode().unwrap();
            assert!(bytes.len() <= crate::frame::REQUEST_BYTES_MAX);
            assert_eq!(Request::decode(&bytes), Ok(request));
        }
        let beyond = [
            state(vec![query(0); MAX_ACCOUNTS + 1]),
            state(vec![query(MAX_SLOTS), query(1)]),
            Request::SendTransaction {
                raw: vec![0; MAX_TRANSACTION_BYTES + 1].into(),
            },
            Request::Headers {
                hash: B256::ZERO,
                count: 513,
            },
        ];
        for request in beyond {
            assert_eq!(request.encode().unwrap_err().fault(), Fault::Misuse);
        }
    }

    #[test]
    fn what_exceeds_a_bound_is_the_peers_fault() {
        let mut headers = vec![HEADERS];
        headers.extend([0; 32]);
        headers.extend(513_u16.to_le_bytes());
        let mut transaction = vec![SEND_TRANSACTION];
        transaction.resize(2 + MAX_TRANSACTION_BYTES, 0);
        let mut accounts = vec![STATE_PROOF];
        accounts.extend([0; 32]);
        accounts.extend(36_u32.to_le_bytes());
        accounts.extend((4 * 65_u32).to_le_bytes());
        accounts.resize(accounts.len() + 4 * 65, 0);
        for bytes in [headers, transaction, accounts] {
            let error = Request::decode(&bytes).unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
            assert_eq!(error.fault(), Fault::PeerMisbehaved);
        }
        assert!(matches!(
            Request::decode(&[6]),
            Err(Error::UnknownTag { got: 6, .. })
        ));
    }

    proptest! {
        #[test]
        fn never_panics(selector in 0_u8..7, body: Vec<u8>) {
            let mut bytes = vec![selector];
            bytes.extend(body);
            if let Ok(request) = Request::decode(&bytes) {
                prop_assert_eq!(request.encode(), Ok(bytes));
            }
        }

        #[test]
        fn offsets_never_panic(offsets: [u32; 6], small in prop::collection::vec(0_u32..99, 6)) {
            for words in [offsets.as_slice(), &small] {
                let mut bytes = vec![STATE_PROOF];
                bytes.extend([0; 32]);
                bytes.extend(36_u32.to_le_bytes());
                words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
                let _ = Request::decode(&bytes);
            }
        }
    }
}
