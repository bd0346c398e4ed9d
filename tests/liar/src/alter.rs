//! Altering what is true. Payloads are altered before they are framed and compressed, so that their
//! content is what is wrong.

use alloy_primitives::Bytes;
use lampyris_gateway::{Latest, Reply};
use lampyris_wire::{
    Protocol,
    gossip::{self, MESSAGE_BYTES_MAX},
    req_resp,
    state::{MAX_NODE_BYTES, Response},
};

/// More than the largest object of any light-client protocol.
const OBJECT_BYTES_MAX: usize = 33 * 1024;

/// How to alter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// One bit of one byte.
    Flip {
        /// Chooses the byte.
        seed: u64,
    },
    /// The second half is missing.
    Cut,
    /// Longer than anyone accepts.
    Oversize,
}

/// Which part of a state response is altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The first node of a proof: the root of the account trie.
    First,
    /// The last part: a node of a storage trie, a receipt's leaf, a header, code.
    Last,
}

/// Alters a reply; errors are left as they are.
pub(crate) fn reply(reply: Reply, change: Change, part: Part) -> Reply {
    match decoded(reply) {
        Reply::Chunks(chunks) => Reply::Chunks(alter_one(chunks, change)),
        Reply::Latest(latest) => {
            let ssz = object(&latest.encoded.ssz, change);
            Reply::Bytes(req_resp::encode_chunk(latest.encoded.digest, &ssz))
        }
        Reply::State(response) => state(response, change, part),
        other => other,
    }
}

/// Alters what is published.
pub(crate) fn message(latest: &Latest, change: Change) -> Vec<u8> {
    let mut ssz = object(&latest.encoded.ssz, change);
    if matches!(change, Change::Oversize) {
        ssz.resize(MESSAGE_BYTES_MAX + 1, 0);
    }
    gossip::compress(&ssz)
}

/// A reply of the state protocol in the form in which it can be altered.
pub(crate) fn decoded(reply: Reply) -> Reply {
    match reply {
        Reply::EncodedState(bytes) => match Response::decode(&bytes) {
            Ok(response) => Reply::State(response),
            Err(_) => Reply::EncodedState(bytes),
        },
        other => other,
    }
}

fn alter_one(mut chunks: Vec<Bytes>, change: Change) -> Vec<Bytes> {
    let bytes_max = Protocol::LightClientUpdatesByRange.chunk_bytes_max();
    if let Some(first) = chunks.first_mut()
        && let Ok(decoded) = req_resp::decode_chunks(first, bytes_max, 1)
        && let Some(chunk) = decoded.into_iter().next()
    {
        *first = req_resp::encode_chunk(chunk.digest, &object(&chunk.ssz, change)).into();
    }
    chunks
}

fn object(ssz: &[u8], change: Change) -> Vec<u8> {
    let mut ssz = ssz.to_vec();
    match change {
        Change::Flip { seed } => {
            // The signature slot ends the fixed part, whose length is the first offset. It is not
            // signed: another slot in it may be as true.
            let fixed = ssz
                .first_chunk::<4>()
                .map_or(0, |bytes| u32::from_le_bytes(*bytes));
            let fixed = usize::try_from(fixed).unwrap_or(usize::MAX);
            let unsigned = fixed.saturating_sub(8)..fixed;
            flip(&mut ssz, seed, |position| unsigned.contains(&position));
        }
        Change::Cut => ssz.truncate(ssz.len() / 2),
        Change::Oversize => ssz.resize(OBJECT_BYTES_MAX, 0),
    }
    ssz
}

fn state(mut response: Response, change: Change, part: Part) -> Reply {
    if matches!(response, Response::Failed { .. }) {
        return Reply::State(response);
    }
    match change {
        Change::Flip { seed } => {
            flip_state(&mut response, seed, part);
            Reply::State(response)
        }
        Change::Cut => {
            let mut bytes = response.encode().unwrap_or_default();
            bytes.truncate(bytes.len() / 2);
            Reply::Bytes(bytes)
        }
        Change::Oversize => {
            // Every response ends with an item of variable length, which is at most this long.
            let mut bytes = response.encode().unwrap_or_default();
            bytes.resize(bytes.len() + MAX_NODE_BYTES + 1, 0);
            Reply::Bytes(bytes)
        }
    }
}

fn flip_state(response: &mut Response, seed: u64, part: Part) {
    let bytes = match response {
        Response::StateProof { nodes } if part == Part::First => nodes.first_mut(),
        Response::StateProof { nodes } => nodes.last_mut(),
        Response::Code { code } => Some(code),
        Response::Headers { rlp } => rlp.first_mut(),
        Response::Transaction(proof) => proof.receipt_nodes.last_mut(),
        Response::Preimage { bytes } => Some(bytes),
        Response::Sent { .. } | Response::Failed { .. } => None,
    };
    if let Some(bytes) = bytes {
        let mut altered = bytes.to_vec();
        flip(&mut altered, seed, |_| false);
        *bytes = altered.into();
    }
}

/// Flips a bit of the byte that `seed` chooses among those that are not spared.
fn flip(bytes: &mut [u8], seed: u64, is_spared: impl Fn(usize) -> bool) {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    // Neighbouring seeds are far apart, by the golden ratio.
    let start = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .checked_rem(length)
        .unwrap_or(0);
    let start = usize::try_from(start).unwrap_or(0);
    let position = (start..bytes.len())
        .chain(0..start)
        .find(|position| !is_spared(*position));
    if let Some(byte) = position.and_then(|position| bytes.get_mut(position)) {
        *byte ^= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_alters_one_bit_that_counts() {
        let mut ssz = vec![0; 100];
        ssz[0] = 60;
        for seed in 0..1_000 {
            let altered = object(&ssz, Change::Flip { seed });
            let changed: Vec<_> = (0..100).filter(|i| altered[*i] != ssz[*i]).collect();
            assert_eq!(changed.len(), 1);
            assert!(!(52..60).contains(&changed[0]), "{seed}");
        }
        assert_eq!(object(&ssz, Change::Cut).len(), 50);
    }
}
