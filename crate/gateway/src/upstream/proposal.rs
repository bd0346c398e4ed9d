//! The text of a governor's proposal, which the chain keeps only in an event.
//!
//! `ProposalCreated` has the same form in OpenZeppelin 4 and 5 and in Compound Bravo: nine values,
//! the last of them the description.

use super::receipt::Log;
use alloy_primitives::{B256, b256};

/// keccak of `ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)`.
pub(crate) const PROPOSAL_CREATED: B256 =
    b256!("7d84a6263ae0d98d3329bd7b46bb4e8d6f98cd35a7adb45c274c8b7fd5ebd5e0");

/// Where the description's offset is among the event's values.
const DESCRIPTION_OFFSET_AT: usize = 8 * 32;

/// The description in a `ProposalCreated` log, or nothing when the log is another or malformed.
pub(crate) fn description(log: &Log) -> Option<&[u8]> {
    if log.topics.first() != Some(&PROPOSAL_CREATED) {
        return None;
    }
    let offset = word(&log.data, DESCRIPTION_OFFSET_AT)?;
    let length = word(&log.data, offset)?;
    let start = offset.checked_add(32)?;
    log.data.get(start..start.checked_add(length)?)
}

/// The number at `offset`, when it can be a position at all.
fn word(data: &[u8], offset: usize) -> Option<usize> {
    let word = data.get(offset..offset.checked_add(32)?)?;
    let (high, low) = word.split_at(24);
    if high.iter().any(|byte| *byte != 0) {
        return None;
    }
    usize::try_from(u64::from_be_bytes(low.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;
    use lampyris_verify::keccak256;

    fn log(data: Vec<u8>) -> Log {
        Log {
            address: Address::ZERO,
            topics: vec![PROPOSAL_CREATED],
            data: data.into(),
        }
    }

    fn encoded(description: &[u8]) -> Vec<u8> {
        let mut data = vec![0u8; 9 * 32];
        data[9 * 32 - 2..].copy_from_slice(&(9u16 * 32).to_be_bytes());
        let mut length = [0u8; 32];
        length[24..].copy_from_slice(&(description.len() as u64).to_be_bytes());
        data.extend_from_slice(&length);
        data.extend_from_slice(description);
        data
    }

    #[test]
    fn the_topic_is_the_hash_of_the_signature() {
        let signature = "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],\
                         uint256,uint256,string)";
        assert_eq!(keccak256(signature), PROPOSAL_CREATED);
    }

    #[test]
    fn the_description_is_found() {
        assert_eq!(
            description(&log(encoded(b"Pay the gardener"))),
            Some(&b"Pay the gardener"[..])
        );
        assert_eq!(description(&log(encoded(b""))), Some(&b""[..]));
    }

    #[test]
    fn malformed_logs_have_no_description() {
        let whole = encoded(b"Pay the gardener");
        for length in 0..whole.len() {
            assert_eq!(
                description(&log(whole[..length].to_vec())),
                None,
                "{length}"
            );
        }
        let mut far = whole.clone();
        far[8 * 32..9 * 32].fill(0xff);
        assert_eq!(description(&log(far)), None);
        let mut long = whole;
        long[9 * 32..10 * 32].fill(0xff);
        assert_eq!(description(&log(long)), None);
    }
}
