//! The responses' encoding.

use alloy_primitives::{B256, Bytes};

use super::{
    FailureCode, MAX_CODE_BYTES, MAX_HEADER_BYTES, MAX_HEADERS, MAX_MESSAGE_BYTES, MAX_NODE_BYTES,
    MAX_NODES, MAX_PREIMAGE_BYTES, Response, TransactionProof,
};
use crate::{
    error::{Error, Result},
    frame,
    ssz::{self, OFFSET_BYTES, Reader},
};

const STATE_PROOF: u8 = 0;
const CODE: u8 = 1;
const HEADERS: u8 = 2;
const SENT: u8 = 3;
const TRANSACTION: u8 = 4;
const PREIMAGE: u8 = 5;
const FAILED: u8 = 6;
const KINDS: u8 = 7;

impl Response {
    /// Encodes it; fails when it exceeds a bound that every receiver enforces. A failure's message
    /// is cut instead, for it may come from elsewhere.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        match self {
            Self::StateProof { nodes } => {
                output.push(STATE_PROOF);
                ssz::encode_bytes_list("nodes", nodes, MAX_NODES, MAX_NODE_BYTES, &mut output)?;
            }
            Self::Code { code } => {
                ssz::check_to_send("code", code.len(), MAX_CODE_BYTES)?;
                output.push(CODE);
                output.extend(code);
            }
            Self::Headers { rlp } => {
                output.push(HEADERS);
                ssz::encode_bytes_list("headers", rlp, MAX_HEADERS, MAX_HEADER_BYTES, &mut output)?;
            }
            Self::Sent { hash } => {
                output.push(SENT);
                output.extend(hash);
            }
            Self::Transaction(proof) => {
                output.push(TRANSACTION);
                encode_transaction(proof, &mut output)?;
            }
            Self::Preimage { bytes } => {
                ssz::check_to_send("preimage", bytes.len(), MAX_PREIMAGE_BYTES)?;
                output.push(PREIMAGE);
                output.extend(bytes);
            }
            Self::Failed { code, message } => {
                output.push(FAILED);
                output.push(failure_tag(*code));
                let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
                output.extend(message.get(..end).unwrap_or_default().as_bytes());
            }
        }
        ssz::check_to_send("response", output.len(), frame::RESPONSE_BYTES_MAX)?;
        Ok(output)
    }

    /// Decodes it, strictly: one encoding for each response.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        ssz::check_maximum("response", bytes.len(), frame::RESPONSE_BYTES_MAX)?;
        let (selector, body) = bytes.split_first().ok_or(Error::Truncated {
            what: "response",
            expected: 1,
            got: 0,
        })?;
        match *selector {
            STATE_PROOF => {
                let nodes = ssz::decode_bytes_list("nodes", body, MAX_NODES, MAX_NODE_BYTES)?;
                Ok(Self::StateProof { nodes })
            }
            CODE => Ok(Self::Code {
                code: ssz::decode_bytes("code", body, MAX_CODE_BYTES)?,
            }),
            HEADERS => {
                let rlp = ssz::decode_bytes_list("headers", body, MAX_HEADERS, MAX_HEADER_BYTES)?;
                Ok(Self::Headers { rlp })
            }
            SENT => {
                let mut reader = Reader::new("transaction hash", body, 32)?;
                let hash = B256::new(reader.array()?);
                reader.finish()?;
                Ok(Self::Sent { hash })
            }
            TRANSACTION => decode_transaction(body).map(Self::Transaction),
            PREIMAGE => {
                let bytes = ssz::decode_bytes("preimage", body, MAX_PREIMAGE_BYTES)?;
                Ok(Self::Preimage { bytes })
            }
            FAILED => decode_failure(body),
            got => Err(Error::UnknownTag {
                what: "response",
                expected: KINDS,
                got,
            }),
        }
    }
}

/// Hash, index, three offsets.
const TRANSACTION_FIXED_BYTES: usize = 32 + 8 + 3 * OFFSET_BYTES;

fn encode_transaction(proof: &TransactionProof, output: &mut Vec<u8>) -> Result<()> {
    ssz::check_to_send("header", proof.header_rlp.len(), MAX_HEADER_BYTES)?;
    output.extend(proof.block_hash);
    output.extend(proof.index.to_le_bytes());
    let transactions_at = TRANSACTION_FIXED_BYTES + proof.header_rlp.len();
    let receipts_at = transactions_at + ssz::bytes_list_size(&proof.transaction_nodes);
    ssz::encode_offset(TRANSACTION_FIXED_BYTES, output)?;
    ssz::encode_offset(transactions_at, output)?;
    ssz::encode_offset(receipts_at, output)?;
    output.extend(&proof.header_rlp);
    let mut nodes = |what, nodes: &[Bytes]| {
        ssz::encode_bytes_list(what, nodes, MAX_NODES, MAX_NODE_BYTES, output)
    };
    nodes("transaction nodes", &proof.transaction_nodes)?;
    nodes("receipt nodes", &proof.receipt_nodes)
}

fn decode_transaction(body: &[u8]) -> Result<TransactionProof> {
    let mut reader = Reader::new("transaction proof", body, TRANSACTION_FIXED_BYTES)?;
    let block_hash = B256::new(reader.array()?);
    let index = u64::from_le_bytes(reader.array()?);
    reader.first_offset()?;
    let header = reader.variable_before_next_offset()?;
    let transactions = reader.variable_before_next_offset()?;
    let receipts = reader.last_variable()?;
    let nodes = |what, bytes| ssz::decode_bytes_list(what, bytes, MAX_NODES, MAX_NODE_BYTES);
    Ok(TransactionProof {
        block_hash,
        index,
        header_rlp: ssz::decode_bytes("header", header, MAX_HEADER_BYTES)?,
        transaction_nodes: nodes("transaction nodes", transactions)?,
        receipt_nodes: nodes("receipt nodes", receipts)?,
    })
}

const fn failure_tag(code: FailureCode) -> u8 {
    match code {
        FailureCode::Unavailable => 0,
        FailureCode::InvalidRequest => 1,
        FailureCode::RateLimited => 2,
        FailureCode::Refused => 3,
    }
}

fn decode_failure(body: &[u8]) -> Result<Response> {
    let (tag, message) = body.split_first().ok_or(Error::Truncated {
        what: "failure",
        expected: 1,
        got: 0,
    })?;
    let code = match *tag {
        0 => FailureCode::Unavailable,
        1 => FailureCode::InvalidRequest,
        2 => FailureCode::RateLimited,
        3 => FailureCode::Refused,
        got => {
            return Err(Error::UnknownTag {
                what: "failure",
                expected: 4,
                got,
            });
        }
    };
    ssz::check_maximum("failure message", message.len(), MAX_MESSAGE_BYTES)?;
    let message = core::str::from_utf8(message).map_err(|_| Error::Text { what: "message" })?;
    Ok(Response::Failed {
        code,
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Fault;

    fn nodes(count: usize, length: usize) -> Vec<Bytes> {
        vec![vec![7; length].into(); count]
    }

    fn proof() -> TransactionProof {
        TransactionProof {
            block_hash: B256::repeat_byte(1),
            index: 42,
            header_rlp: Bytes::from_static(b"header"),
            transaction_nodes: vec![Bytes::from_static(b"branch"), Bytes::from_static(b"leaf")],
            receipt_nodes: vec![Bytes::new(), Bytes::from_static(b"receipt")],
        }
    }

    fn samples() -> Vec<Response> {
        vec![
            Response::StateProof { nodes: vec![] },
            Response::StateProof {
                nodes: vec![Bytes::from_static(b"root"), Bytes::new()],
            },
            Response::Code {
                code: Bytes::from_static(b"\x60\x00"),
            },
            Response::Headers { rlp: nodes(3, 5) },
            Response::Sent {
                hash: B256::repeat_byte(2),
            },
            Response::Transaction(proof()),
            Response::Transaction(TransactionProof {
                header_rlp: Bytes::new(),
                transaction_nodes: vec![],
                receipt_nodes: vec![],
                ..proof()
            }),
            Response::Preimage {
                bytes: Bytes::from_static(b"# A proposal"),
            },
            Response::Failed {
                code: FailureCode::Refused,
                message: "nonce too low".into(),
            },
            Response::Failed {
                code: FailureCode::Unavailable,
                message: String::new(),
            },
        ]
    }

    #[test]
    fn round_trip() {
        for response in samples() {
            assert_eq!(Response::decode(&response.encode().unwrap()), Ok(response));
        }
    }

    #[test]
    fn cut_and_damaged_responses_are_refused_or_another_response() {
        for response in samples() {
            let bytes = response.encode().unwrap();
            for length in 0..bytes.len() {
                if let Ok(other) = Response::decode(&bytes[..length]) {
                    assert_ne!(other, response);
                    assert_eq!(other.encode().unwrap(), bytes[..length]);
                }
            }
            for index in 0..bytes.len() {
                for bit in 0..8 {
                    let mut damaged = bytes.clone();
                    damaged[index] ^= 1 << bit;
                    if let Ok(other) = Response::decode(&damaged) {
                        assert_eq!(other.encode().unwrap(), damaged);
                    }
                }
            }
        }
    }

    #[test]
    fn every_bound_holds_when_sending() {
        let beyond = [
            Response::StateProof {
                nodes: nodes(MAX_NODES + 1, 0),
            },
            Response::StateProof {
                nodes: nodes(1, MAX_NODE_BYTES + 1),
            },
            Response::StateProof {
                nodes: nodes(3, MAX_NODE_BYTES),
            },
            Response::Code {
                code: vec![0; MAX_CODE_BYTES + 1].into(),
            },
            Response::Headers {
                rlp: nodes(MAX_HEADERS + 1, 1),
            },
            Response::Headers {
                rlp: nodes(1, MAX_HEADER_BYTES + 1),
            },
            Response::Preimage {
                bytes: vec![0; MAX_PREIMAGE_BYTES + 1].into(),
            },
            Response::Transaction(TransactionProof {
                header_rlp: vec![0; MAX_HEADER_BYTES + 1].into(),
                ..proof()
            }),
        ];
        for response in beyond {
            assert_eq!(response.encode().unwrap_err().fault(), Fault::Misuse);
        }
        let long = Response::Failed {
            code: FailureCode::Refused,
            message: "ä".repeat(600),
        };
        let decoded = Response::decode(&long.encode().unwrap());
        let message = "ä".repeat(MAX_MESSAGE_BYTES / 2);
        assert_eq!(
            decoded,
            Ok(Response::Failed {
                code: FailureCode::Refused,
                message
            })
        );
    }

    #[test]
    fn every_bound_holds_when_receiving() {
        let list = |selector: u8, items: &[Bytes]| {
            let mut bytes = vec![selector];
            ssz::encode_list(items, &mut bytes).unwrap();
            bytes
        };
        let plain = |selector: u8, length: usize| {
            let mut bytes = vec![selector];
            bytes.resize(1 + length, 0);
            bytes
        };
        let beyond = [
            list(STATE_PROOF, &nodes(MAX_NODES + 1, 0)),
            list(STATE_PROOF, &nodes(1, MAX_NODE_BYTES + 1)),
            list(HEADERS, &nodes(MAX_HEADERS + 1, 1)),
            list(HEADERS, &nodes(1, MAX_HEADER_BYTES + 1)),
            plain(CODE, MAX_CODE_BYTES + 1),
            plain(PREIMAGE, MAX_PREIMAGE_BYTES + 1),
            plain(FAILED, MAX_MESSAGE_BYTES + 2),
            plain(STATE_PROOF, frame::RESPONSE_BYTES_MAX),
        ];
        for bytes in beyond {
            let error = Response::decode(&bytes).unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
            assert_eq!(error.fault(), Fault::PeerMisbehaved);
        }
        assert!(matches!(
            Response::decode(&[FAILED, 4]),
            Err(Error::UnknownTag { .. })
        ));
        assert!(matches!(
            Response::decode(&[FAILED, 0, 0xff]),
            Err(Error::Text { .. })
        ));
        assert!(matches!(
            Response::decode(&[7]),
            Err(Error::UnknownTag { .. })
        ));
    }

    proptest! {
        #[test]
        fn never_panics(selector in 0_u8..8, body: Vec<u8>) {
            let mut bytes = vec![selector];
            bytes.extend(body);
            if let Ok(response) = Response::decode(&bytes) {
                prop_assert_eq!(response.encode(), Ok(bytes));
            }
        }

        #[test]
        fn offsets_never_panic(words in prop::collection::vec(0_u32..120, 3..20)) {
            let mut bytes = vec![TRANSACTION];
            bytes.extend([0; 40]);
            words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
            if let Ok(response) = Response::decode(&bytes) {
                prop_assert_eq!(response.encode(), Ok(bytes));
            }
        }
    }
}
