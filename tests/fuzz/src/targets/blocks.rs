//! Blocks: what a proven header accepts is what it commits to, and nothing else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use lampyris_vectors::files::Files;
use lampyris_vectors::{rpc_json, trusted};
use lampyris_verify::execution::{CompleteLogs, Header, LogFilter, Receipt, requests_hash};
use lampyris_verify::trie::{NodeSet, ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{B256, Bytes, Proven, keccak256};

use crate::items::{choose, cut, join};

/// The encoding of no uncles: an empty list.
const NO_UNCLES: [u8; 1] = [0xc0];

/// A recorded block of mainnet with all of its transactions and receipts.
pub(super) struct Fixture {
    pub(super) header: Header,
    transactions: Vec<Bytes>,
    pub(super) receipts: Vec<Bytes>,
    proven: Proven<Header>,
}

pub(super) fn fixture() -> &'static Fixture {
    static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
        let files = Files::ours();
        let read = |name: &str| {
            let path = format!("trin-mainnet-blocks-receipts/{name}-19433902.json");
            rpc_json::result(files.json(&files.find(|other| other == path)[0]))
        };
        let (block, receipts) = (read("block"), read("receipts"));
        let transactions = block["transactions"].as_array().unwrap().iter();
        let receipts = receipts.as_array().unwrap().iter();
        let header = rpc_json::header(&block);
        Fixture {
            proven: trusted::header(&header),
            header,
            transactions: transactions.map(rpc_json::transaction).collect(),
            receipts: receipts
                .map(|json| rpc_json::receipt(json).encode().into())
                .collect(),
        }
    });
    &FIXTURE
}

/// Nodes for a transaction and a receipt of a real block: they prove the truth, or nothing.
pub(super) fn by_index(input: &[u8]) {
    let (index, rest) = choose(input);
    let fixture = fixture();
    let Ok(set) = NodeSet::new(cut(rest)) else {
        return;
    };
    let place = usize::from(index);
    let index = u64::from(index);
    if let Ok(found) = fixture.proven.transaction(&set, index) {
        assert_eq!(Some(found.value()), fixture.transactions.get(place));
    }
    if let Ok(found) = fixture.proven.receipt(&set, index) {
        let encoded = Bytes::from(found.value().encode());
        assert_eq!(Some(&encoded), fixture.receipts.get(place));
    }
    let rlp = fixture.header.encode_rlp();
    if fixture.proven.parent(rest).is_ok() {
        assert_ne!(rest, rlp);
        assert_eq!(keccak256(rest), fixture.header.parent_hash);
    }
}

pub(super) fn by_index_seeds(_: &Files) -> Vec<Vec<u8>> {
    let fixture = fixture();
    let seed = |index: u8| {
        let transaction = ordered_trie_proof(&fixture.transactions, u64::from(index));
        let receipt = ordered_trie_proof(&fixture.receipts, u64::from(index));
        join(index, &[transaction, receipt].concat())
    };
    [0, 5, 127, 128].map(seed).to_vec()
}

/// A header made of arbitrary items accepts these and no others.
pub(super) fn bodies(input: &[u8]) {
    let (choice, rest) = choose(input);
    let items = cut(rest);
    let root = ordered_trie_root(&items);
    let header = Header {
        ommers_hash: keccak256(NO_UNCLES),
        transactions_root: root,
        receipts_root: root,
        base_fee_per_gas: Some(Default::default()),
        withdrawals_root: Some(root),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(requests_hash(&items)),
        ..Header::default()
    };
    let proven = trusted::header(&header);

    let mut other = items.clone();
    match other.get_mut(usize::from(choice) % items.len().max(1)) {
        Some(item) => *item = [item.as_ref(), &[0]].concat().into(),
        None => other.push(Bytes::from_static(&[1, 1])),
    }
    assert!(proven.body(&other, Some(&other)).is_err());
    assert!(proven.body(&items, None).is_err());
    assert!(proven.receipts(&other).is_err());
    assert!(proven.requests(&other).is_err());

    if let Ok(body) = proven.body(&items, Some(&items)) {
        for (transaction, item) in body.value().transactions.iter().zip(&items) {
            assert_eq!(transaction.encode(), item.as_ref());
        }
    }
    if let Ok(requests) = proven.requests(&items) {
        assert_eq!(requests.value(), &items);
    }
    let receipts = proven.receipts(&items);
    let given = BTreeMap::from([(0, items)]);
    let logs = proven.complete_logs(0, &LogFilter::default(), &[], &given);
    match receipts {
        Ok(receipts) => {
            let count: usize = receipts
                .value()
                .iter()
                .map(|r: &Receipt| r.logs.len())
                .sum();
            assert_eq!(logs.unwrap().value().logs.len(), count);
        }
        Err(error) => assert_eq!(logs.unwrap_err(), error),
    }
}

pub(super) fn body_seeds(_: &Files) -> Vec<Vec<u8>> {
    let fixture = fixture();
    let short = |items: &[Bytes]| {
        let short = items.iter().filter(|item| item.len() < 300).take(5);
        join(1, &short.cloned().collect::<Vec<_>>())
    };
    let requests = [[0, 1, 2], [1, 1, 2], [2, 1, 2]].map(|item| Bytes::copy_from_slice(&item));
    let withdrawal = lampyris_verify::execution::Withdrawal {
        index: 1,
        validator_index: 2,
        address: fixture.header.beneficiary,
        amount_gwei: 3,
    };
    vec![
        short(&fixture.transactions),
        short(&fixture.receipts),
        join(0, &requests),
        join(0, &[withdrawal.encode_rlp().into()]),
    ]
}

/// Three blocks of a chain: the first without logs, the second with the start of a real one's.
struct Range {
    tip: Proven<Header>,
    ancestors: Vec<Bytes>,
    receipts: Vec<Vec<Bytes>>,
    truth: Vec<(LogFilter, CompleteLogs)>,
}

fn range() -> &'static Range {
    static RANGE: LazyLock<Range> = LazyLock::new(|| {
        let some: Vec<_> = fixture().receipts.iter().take(4).cloned().collect();
        let receipts = vec![Vec::new(), some.clone(), some[..1].to_vec()];
        let mut headers: Vec<Header> = Vec::new();
        for (number, receipts) in (100..).zip(&receipts) {
            let logs = receipts
                .iter()
                .map(|r| Receipt::decode(r).unwrap().logs_bloom());
            headers.push(Header {
                number,
                parent_hash: headers.last().map(Header::hash).unwrap_or_default(),
                receipts_root: ordered_trie_root(receipts),
                logs_bloom: logs.fold(Default::default(), |all, one| all | one),
                ..Header::default()
            });
        }
        let tip = trusted::header(&headers[2]);
        let ancestors: Vec<_> = [1, 0]
            .map(|i: usize| headers[i].encode_rlp().into())
            .to_vec();
        let given = (100..).zip(receipts.clone()).collect();
        let address = Receipt::decode(&some[1])
            .unwrap()
            .logs
            .first()
            .map(|log| log.address);
        let filters = [
            LogFilter::default(),
            LogFilter {
                addresses: address.into_iter().collect(),
                ..LogFilter::default()
            },
        ];
        let truth = filters.map(|filter| {
            let logs = tip.complete_logs(100, &filter, &ancestors, &given).unwrap();
            (filter, logs.into_parts().0)
        });
        Range {
            tip,
            ancestors,
            receipts,
            truth: truth.to_vec(),
        }
    });
    &RANGE
}

/// Headers and receipts for a range of blocks: all logs of it, or an error.
pub(super) fn logs(input: &[u8]) {
    let (choice, rest) = choose(input);
    let range = range();
    let (filter, truth) = &range.truth[usize::from(choice & 1)];
    let from = 100 + u64::from(choice >> 1 & 3);
    let mut items = cut(rest);
    let headers = usize::from(choice >> 3 & 3).min(items.len());
    let lists = items.split_off(headers);
    // Each further item is the receipts of a block, cut again.
    let given = (100..).zip(&lists).filter(|(_, list)| !list.is_empty());
    let given = given
        .map(|(number, list)| (number, cut(&list[1..])))
        .collect();
    if let Ok(found) = range.tip.complete_logs(from, filter, &items, &given) {
        let expected = truth.logs.iter().filter(|log| log.block_number >= from);
        assert!(found.value().logs.iter().eq(expected));
        let numbers = found.value().blocks.iter().map(|block| block.number);
        assert!(numbers.eq(from..=102));
    }
}

pub(super) fn log_seeds(_: &Files) -> Vec<Vec<u8>> {
    let range = range();
    let lists = range.receipts.iter().map(|list| Bytes::from(join(0, list)));
    let lists: Vec<_> = lists.collect();
    let all = [&range.ancestors[..], &lists].concat();
    vec![
        join(2 << 3, &all),
        join(2 << 3 | 1, &all),
        join(2 << 3 | 1, &range.ancestors),
    ]
}
