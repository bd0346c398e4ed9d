//! All logs of a range, and that none can be left out.

use std::collections::BTreeMap;

use lampyris_verify::execution::{
    BlockCoverage, Coverage, Header, Log, LogFilter, MAX_BLOCKS, Receipt,
};
use lampyris_verify::{Address, B256, Bytes, Error, Fault, Proven};

use crate::blocks;
use lampyris_vectors::trusted::header as proven;

type Receipts = BTreeMap<u64, Vec<Bytes>>;

/// A block whose receipts we have, then two of ours on top: one with logs, one without.
struct Range {
    head: Proven<Header>,
    ancestors: Vec<Bytes>,
    receipts: Receipts,
    real: Vec<Receipt>,
    first: u64,
}

impl Range {
    fn new([block, receipts]: [&str; 2]) -> Self {
        let first = blocks::header(&blocks::json(block));
        let real = blocks::receipts(&blocks::json(receipts));
        let ours = Receipt {
            tx_type: 4,
            success: true,
            cumulative_gas_used: 21_000,
            logs: vec![Log {
                address: Address::repeat_byte(0x77),
                topics: vec![B256::repeat_byte(1), B256::repeat_byte(2)],
                data: Bytes::from_static(b"data"),
            }],
        };
        let encoded = blocks::encoded_receipts(std::slice::from_ref(&ours));
        let second = Header {
            parent_hash: first.hash(),
            number: first.number + 1,
            logs_bloom: ours.logs_bloom(),
            receipts_root: lampyris_verify::trie::ordered_trie_root(&encoded),
            ..Header::default()
        };
        let third = Header {
            parent_hash: second.hash(),
            number: first.number + 2,
            ..Header::default()
        };
        Self {
            head: proven(&third),
            ancestors: [&second, &first]
                .map(|header| header.encode_rlp().into())
                .into(),
            receipts: [
                (first.number, blocks::encoded_receipts(&real)),
                (second.number, encoded),
            ]
            .into(),
            real,
            first: first.number,
        }
    }

    fn all(filter: LogFilter, receipts: &[Receipt]) -> Vec<Log> {
        let logs = receipts.iter().flat_map(|receipt| receipt.logs.clone());
        logs.filter(|log| filter.matches(log)).collect()
    }
}

fn of_address(address: Address) -> LogFilter {
    LogFilter {
        addresses: vec![address],
        ..LogFilter::default()
    }
}

/// The filters of every address and every topic that a real block's logs have.
#[test]
fn every_log_of_a_real_block_is_found() {
    for files in blocks::WITH_RECEIPTS {
        let range = Range::new(files);
        let logs = Range::all(LogFilter::default(), &range.real);
        let mut filters = vec![LogFilter::default()];
        for log in logs.iter().step_by(1 + logs.len() / 12) {
            filters.push(of_address(log.address));
            for (at, topic) in log.topics.iter().enumerate() {
                let mut filter = LogFilter::default();
                filter.topics[at].push(*topic);
                filters.push(filter.clone());
                filter.addresses.push(log.address);
                filters.push(filter);
            }
        }
        for filter in filters {
            let complete = range
                .head
                .complete_logs(range.first, &filter, &range.ancestors, &range.receipts)
                .unwrap();
            assert_eq!(complete.evidence(), range.head.evidence());
            let complete = complete.value();
            assert_eq!((complete.from, complete.to), (range.first, range.first + 2));
            let covered: Vec<_> = complete
                .blocks
                .iter()
                .map(|block| (block.number, block.coverage))
                .collect();
            let expected = [Coverage::Receipts, Coverage::Receipts, Coverage::Bloom];
            assert_eq!(covered, (range.first..).zip(expected).collect::<Vec<_>>());
            let found: Vec<_> = complete
                .logs
                .iter()
                .filter(|entry| entry.block_number == range.first)
                .map(|entry| entry.log.clone())
                .collect();
            assert_eq!(found, Range::all(filter, &range.real));
            // What the filter does not exclude cannot be left out.
            let mut fewer = range.receipts.clone();
            fewer.remove(&range.first);
            let error = range
                .head
                .complete_logs(range.first, &LogFilter::default(), &range.ancestors, &fewer)
                .unwrap_err();
            let block_number = range.first;
            assert_eq!(error, Error::Uncovered { block_number });
            assert_eq!(error.fault(), Fault::PeerMisbehaved);
        }
    }
}

/// Places of logs as the node that was recorded names them.
#[test]
fn places_of_logs_are_those_of_the_recorded_node() {
    for [block, receipts] in blocks::WITH_RECEIPTS {
        let header = proven(&blocks::header(&blocks::json(block)));
        let json = blocks::json(receipts);
        let encoded = blocks::encoded_receipts(&blocks::receipts(&json));
        let number = header.value().number;
        let receipts = Receipts::from([(number, encoded)]);
        let complete = header
            .complete_logs(number, &LogFilter::default(), &[], &receipts)
            .unwrap();
        let recorded: Vec<_> = json
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|receipt| receipt["logs"].as_array().unwrap())
            .collect();
        assert_eq!(complete.value().logs.len(), recorded.len());
        for (entry, log) in complete.value().logs.iter().zip(recorded) {
            assert_eq!(entry.block_number, blocks::number(log, "blockNumber"));
            assert_eq!(entry.block_hash, blocks::field::<B256>(log, "blockHash"));
            assert_eq!(entry.log_index, blocks::number(log, "logIndex"));
            let index = blocks::number(log, "transactionIndex");
            assert_eq!(entry.transaction_index, index);
        }
    }
}

/// Three real blocks of mainnet in a row, whose Bloom filters exclude an address.
#[test]
fn real_blocks_that_their_bloom_filters_exclude() {
    let headers = [2, 1, 0].map(|index| blocks::header(&blocks::json(blocks::WHOLE[index])));
    let ancestors: [Bytes; 2] = [1, 2].map(|index: usize| headers[index].encode_rlp().into());
    let head = proven(&headers[0]);
    let none = Receipts::new();
    let may_match = |address: Address| {
        let filter = of_address(address);
        headers
            .iter()
            .any(|header| filter.may_match(&header.logs_bloom))
    };
    let candidates = (0..=u8::MAX).map(Address::repeat_byte);
    let (mut excluded, mut possible) = (0, 0);
    for address in candidates {
        let complete = head.complete_logs(22_431_083, &of_address(address), &ancestors, &none);
        match complete {
            Ok(complete) => {
                let expected: Vec<_> = headers
                    .iter()
                    .rev()
                    .map(|header| BlockCoverage {
                        number: header.number,
                        hash: header.hash(),
                        coverage: Coverage::Bloom,
                    })
                    .collect();
                assert!(!may_match(address));
                assert_eq!(complete.value().blocks, expected);
                assert!(complete.value().logs.is_empty());
                excluded += 1;
            }
            Err(error) => {
                assert!(may_match(address));
                assert!(matches!(error, Error::Uncovered { .. }), "{error}");
                possible += 1;
            }
        }
    }
    assert!(excluded > 0 && possible > 0, "{excluded} and {possible}");
}

#[test]
fn every_change_of_a_range_is_refused() {
    let range = Range::new(blocks::WITH_RECEIPTS[2]);
    let filter = LogFilter::default();
    let refuse = |from: u64, ancestors: &[Bytes], receipts: &Receipts| {
        let result = range.head.complete_logs(from, &filter, ancestors, receipts);
        result.unwrap_err()
    };
    // Headers: any byte of any.
    for index in 0..range.ancestors.len() {
        for at in 0..range.ancestors[index].len() {
            let mut ancestors = range.ancestors.clone();
            let mut bytes = ancestors[index].to_vec();
            bytes[at] ^= 1;
            ancestors[index] = bytes.into();
            let error = refuse(range.first, &ancestors, &range.receipts);
            assert!(matches!(error, Error::Hash { .. }), "{error}");
        }
        let mut ancestors = range.ancestors.clone();
        ancestors.remove(index);
        refuse(range.first, &ancestors, &range.receipts);
    }
    let mut ancestors = range.ancestors.clone();
    ancestors.reverse();
    refuse(range.first, &ancestors, &range.receipts);
    // Receipts: each left out, or with one log less or another.
    for (number, encoded) in &range.receipts {
        for (index, bytes) in encoded.iter().enumerate() {
            let mut receipts = range.receipts.clone();
            receipts.get_mut(number).unwrap().remove(index);
            refuse(range.first, &range.ancestors, &receipts);
            let mut receipt = Receipt::decode(bytes).unwrap();
            if receipt.logs.pop().is_some() {
                let mut receipts = range.receipts.clone();
                receipts.get_mut(number).unwrap()[index] = receipt.encode().into();
                let error = refuse(range.first, &range.ancestors, &receipts);
                assert!(matches!(error, Error::Hash { .. }), "{error}");
            }
        }
    }
    // Receipts of one block do not do for another.
    let mut receipts = range.receipts.clone();
    let own = receipts.remove(&range.first).unwrap();
    receipts.insert(range.first + 1, own);
    refuse(range.first, &range.ancestors, &receipts);
    // Ranges.
    refuse(range.first - 1, &range.ancestors, &range.receipts);
    refuse(range.first + 1, &range.ancestors, &range.receipts);
    for from in [range.first + 3, range.first + 2 - MAX_BLOCKS, u64::MAX, 0] {
        let error = refuse(from, &[], &range.receipts);
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
}

/// What is there is never excluded, by the block's filter or by that of the receipt alone.
#[test]
fn bloom_filters_never_miss_a_real_log() {
    let mut checked = 0;
    for [block, receipts] in blocks::WITH_RECEIPTS {
        let header = blocks::header(&blocks::json(block));
        for receipt in blocks::receipts(&blocks::json(receipts)) {
            for log in &receipt.logs {
                let mut filter = of_address(log.address);
                for (wanted, topic) in filter.topics.iter_mut().zip(&log.topics) {
                    wanted.push(*topic);
                }
                assert!(filter.matches(log));
                assert!(filter.may_match(&header.logs_bloom));
                assert!(filter.may_match(&receipt.logs_bloom()));
                checked += 1;
            }
        }
        let nothing = alloy_primitives::Bloom::ZERO;
        assert!(!LogFilter::default().may_match(&nothing));
    }
    println!("{checked} logs, none excluded");
    assert!(checked > 800, "{checked}");
}

#[test]
fn filters_by_topic_want_the_topic_to_be_there() {
    let log = Log {
        address: Address::repeat_byte(1),
        topics: vec![B256::repeat_byte(2)],
        data: Bytes::new(),
    };
    let mut filter = LogFilter::default();
    assert!(filter.matches(&log));
    filter.topics[1].push(B256::repeat_byte(2));
    assert!(!filter.matches(&log));
    filter.topics[1].clear();
    filter.topics[0] = vec![B256::repeat_byte(3), B256::repeat_byte(2)];
    assert!(filter.matches(&log));
    filter.addresses.push(Address::repeat_byte(3));
    assert!(!filter.matches(&log));
    filter.addresses.push(Address::repeat_byte(1));
    assert!(filter.matches(&log));
}
