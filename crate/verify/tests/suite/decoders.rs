//! No input panics: garbage, and real objects with a few bytes changed, go through every decoder.

use lampyris_verify::Bytes;
use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    BeaconBlockHeader, ExecutionPayloadHeader, LightClientBootstrap, LightClientFinalityUpdate,
    LightClientHeader, LightClientOptimisticUpdate, LightClientUpdate, SyncAggregate,
    SyncCommittee,
};
use lampyris_verify::execution::{Account, Header, Log, Receipt};
use lampyris_verify::light_client::LightClientStore;
use lampyris_verify::trie::{NodeSet, lookup};
use proptest::prelude::*;

const FORKS: [Fork; 8] = [
    Fork::Phase0,
    Fork::Altair,
    Fork::Bellatrix,
    Fork::Capella,
    Fork::Deneb,
    Fork::Electra,
    Fork::Fulu,
    Fork::Gloas,
];

/// Feeds bytes to every decoder; what is decoded has one encoding only.
fn decode_everything(bytes: &[u8], fork: Fork) {
    let preset = &Preset::MINIMAL;
    macro_rules! check {
        ($decoded:expr, $encode:expr) => {
            if let Ok(value) = $decoded {
                assert!($encode(&value) == bytes, "two encodings of one value");
            }
        };
    }
    check!(BeaconBlockHeader::decode(bytes), BeaconBlockHeader::encode);
    check!(SyncCommittee::decode(bytes, preset), SyncCommittee::encode);
    check!(SyncAggregate::decode(bytes, preset), SyncAggregate::encode);
    check!(
        ExecutionPayloadHeader::decode(bytes, fork),
        |value: &ExecutionPayloadHeader| value.encode(fork)
    );
    check!(
        LightClientHeader::decode(bytes, fork),
        |value: &LightClientHeader| value.encode(fork)
    );
    check!(
        LightClientBootstrap::decode(bytes, fork, preset),
        |value: &LightClientBootstrap| value.encode(fork)
    );
    check!(
        LightClientUpdate::decode(bytes, fork, preset),
        |value: &LightClientUpdate| value.encode(fork)
    );
    check!(
        LightClientFinalityUpdate::decode(bytes, fork, preset),
        |value: &LightClientFinalityUpdate| value.encode(fork)
    );
    check!(
        LightClientOptimisticUpdate::decode(bytes, fork, preset),
        |value: &LightClientOptimisticUpdate| value.encode(fork)
    );
    check!(Header::decode_rlp(bytes), Header::encode_rlp);
    check!(Receipt::decode(bytes), Receipt::encode);
    let _ = Account::decode_rlp(bytes);
    let mut network = Network::mainnet();
    network.preset = Preset::MINIMAL;
    let _ = LightClientStore::decode(bytes, &network);
    let root = lampyris_verify::keccak256(bytes);
    let nodes = NodeSet::new(vec![Bytes::copy_from_slice(bytes)]).unwrap();
    let _ = lookup(root, &[0x12, 0x34], &nodes);
}

/// Lengths that containers expect, so that garbage gets further than the first check.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..1200),
        prop::collection::vec(0..4_u8, 0..1200),
        (
            prop::collection::vec(any::<u8>(), 100..700),
            prop::collection::vec(0xc0..=0xff_u8, 1..4)
        )
            .prop_map(|(rest, start)| [start, rest].concat()),
    ]
}

fn log() -> impl Strategy<Value = Log> {
    let topics = prop::collection::vec(any::<[u8; 32]>(), 0..=4);
    let data = prop::collection::vec(any::<u8>(), 0..100);
    (any::<[u8; 20]>(), topics, data).prop_map(|(address, topics, data)| Log {
        address: address.into(),
        topics: topics.into_iter().map(Into::into).collect(),
        data: data.into(),
    })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let logs = prop::collection::vec(log(), 0..5);
    (0..=4_u8, any::<bool>(), any::<u64>(), logs).prop_map(
        |(tx_type, success, cumulative_gas_used, logs)| Receipt {
            tx_type,
            success,
            cumulative_gas_used,
            logs,
        },
    )
}

/// A header whose optional fields end somewhere.
fn header() -> impl Strategy<Value = Header> {
    (
        any::<[u8; 32]>(),
        any::<u64>(),
        0..=6_usize,
        prop::collection::vec(any::<u8>(), 0..32),
    )
        .prop_map(|(hash, number, fields, extra)| Header {
            parent_hash: hash.into(),
            number,
            extra_data: extra.into(),
            base_fee_per_gas: (fields > 0)
                .then(|| hash.into())
                .map(|h: lampyris_verify::B256| h.into()),
            withdrawals_root: (fields > 1).then(|| hash.into()),
            blob_gas_used: (fields > 2).then_some(number),
            excess_blob_gas: (fields > 3).then_some(number),
            parent_beacon_block_root: (fields > 4).then(|| hash.into()),
            requests_hash: (fields > 5).then(|| hash.into()),
            ..Header::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn garbage_never_panics(bytes in bytes(), fork in prop::sample::select(&FORKS[..])) {
        decode_everything(&bytes, fork);
    }

    #[test]
    fn receipts_survive_a_round_trip(receipt in receipt(), place: prop::sample::Index, flip: u8) {
        let mut bytes = receipt.encode();
        prop_assert_eq!(Receipt::decode(&bytes), Ok(receipt));
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        decode_everything(&bytes, Fork::Fulu);
    }

    #[test]
    fn headers_survive_a_round_trip(header in header(), place: prop::sample::Index, flip: u8) {
        let mut bytes = header.encode_rlp();
        prop_assert_eq!(Header::decode_rlp(&bytes), Ok(header));
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        decode_everything(&bytes, Fork::Fulu);
    }
}
