//! Ethereum's gossip of light-client updates: topics, compression, message ids.
//!
//! See the consensus specification, `altair/p2p-interface.md` (message ids) and
//! `altair/light-client/p2p-interface.md` (topics).

use alloy_primitives::hex;
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    snappy,
};

/// The largest gossiped object, uncompressed: a finality update is 2.2 kB on mainnet.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// A message's id.
pub type MessageId = [u8; 20];

const MESSAGE_DOMAIN_INVALID_SNAPPY: [u8; 4] = [0, 0, 0, 0];
const MESSAGE_DOMAIN_VALID_SNAPPY: [u8; 4] = [1, 0, 0, 0];

/// What a topic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// `LightClientFinalityUpdate`.
    FinalityUpdate,
    /// `LightClientOptimisticUpdate`.
    OptimisticUpdate,
}

impl TopicKind {
    const fn name(self) -> &'static str {
        match self {
            Self::FinalityUpdate => "light_client_finality_update",
            Self::OptimisticUpdate => "light_client_optimistic_update",
        }
    }
}

/// The topic of a kind of updates in a fork.
#[must_use]
pub fn topic_name(digest: [u8; 4], kind: TopicKind) -> String {
    format!("/eth2/{}/{}/ssz_snappy", hex::encode(digest), kind.name())
}

/// The fork digest and kind of a topic.
pub fn parse_topic(topic: &str) -> Result<([u8; 4], TopicKind)> {
    let digest = topic
        .strip_prefix("/eth2/")
        .and_then(|rest| rest.get(..8))
        .and_then(|text| hex::decode_to_array(text).ok());
    // Written out and compared, so that each topic has one name only.
    digest
        .and_then(|digest| {
            [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate]
                .into_iter()
                .find(|kind| topic_name(digest, *kind) == topic)
                .map(|kind| (digest, kind))
        })
        .ok_or_else(|| Error::Topic {
            got: topic
                .chars()
                .filter(char::is_ascii_graphic)
                .take(100)
                .collect(),
        })
}

/// Compresses an object for gossip.
#[must_use]
pub fn compress(ssz: &[u8]) -> Vec<u8> {
    snappy::compress_block(ssz)
}

/// Decompresses a gossiped message of at most `bytes_max` bytes.
pub fn decompress(data: &[u8], bytes_max: usize) -> Result<Vec<u8>> {
    snappy::decompress_block(data, bytes_max)
}

/// The id of a message, by Altair's rule.
#[must_use]
pub fn message_id(topic: &str, data: &[u8]) -> MessageId {
    let decompressed = decompress(data, MESSAGE_BYTES_MAX);
    let (domain, content) = match &decompressed {
        Ok(content) => (MESSAGE_DOMAIN_VALID_SNAPPY, content.as_slice()),
        Err(_) => (MESSAGE_DOMAIN_INVALID_SNAPPY, data),
    };
    let digest: [u8; 32] = Sha256::new()
        .chain_update(domain)
        .chain_update((topic.len() as u64).to_le_bytes())
        .chain_update(topic)
        .chain_update(content)
        .finalize()
        .into();
    let mut id = [0; 20];
    id.iter_mut()
        .zip(digest)
        .for_each(|(into, byte)| *into = byte);
    id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOPIC: &str = "/eth2/8c9f62fe/light_client_finality_update/ssz_snappy";

    #[test]
    fn topics_round_trip_and_have_one_name() {
        let digest = [0x8c, 0x9f, 0x62, 0xfe];
        assert_eq!(topic_name(digest, TopicKind::FinalityUpdate), TOPIC);
        for kind in [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate] {
            assert_eq!(parse_topic(&topic_name(digest, kind)), Ok((digest, kind)));
        }
        for wrong in [
            "",
            "/eth2/",
            "/eth2/8C9F62FE/light_client_finality_update/ssz_snappy",
            "/eth2/8c9f62fe/beacon_block/ssz_snappy",
            "/eth2/8c9f62fe/light_client_finality_update/ssz_snappy/",
            "/eth2/8c9f62f/light_client_finality_update/ssz_snappy",
            "/eth2/8c9f62füü",
        ] {
            assert!(
                matches!(parse_topic(wrong), Err(Error::Topic { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn ids_follow_altair() {
        // The sums were made by a second implementation (Python's hashlib).
        let valid = message_id(TOPIC, &compress(b"lampyris"));
        assert_eq!(
            hex::encode(valid),
            "5c13aa7d840da8e9993732e3218d3b90c8e6037f"
        );
        let invalid = message_id(TOPIC, b"\xff\xff\xff\xff\xff\xff");
        assert_eq!(
            hex::encode(invalid),
            "cec73273e63e8307ce8a7c55efe8f82dab2bf48e"
        );
    }

    #[test]
    fn a_bomb_has_the_id_of_an_invalid_message() {
        let bomb = compress(&vec![0; MESSAGE_BYTES_MAX + 1]);
        assert!(decompress(&bomb, MESSAGE_BYTES_MAX).is_err());
        let mut hash = Sha256::new();
        hash.update([0; 4]);
        hash.update((TOPIC.len() as u64).to_le_bytes());
        hash.update(TOPIC);
        hash.update(&bomb);
        assert_eq!(message_id(TOPIC, &bomb), hash.finalize()[..20]);
    }

    #[test]
    fn messages_cut_anywhere_are_refused() {
        let data = compress(&b"update".repeat(40));
        for length in 0..data.len() {
            assert!(decompress(&data[..length], MESSAGE_BYTES_MAX).is_err());
        }
    }

    proptest! {
        #[test]
        fn never_panics(topic: String, data: Vec<u8>) {
            let _ = parse_topic(&topic);
            let _ = message_id(&topic, &data);
        }
    }
}
