//! Headers and what they commit to.

use std::collections::BTreeMap;

use lampyris_vectors::files::Files;
use lampyris_vectors::{rpc_json, trusted};
use lampyris_verify::execution::{Header, LogFilter, Receipt, requests_hash};
use lampyris_verify::trie::{ordered_trie_proof, ordered_trie_root};
use lampyris_verify::{B256, Error, Proven, U256};

use crate::fixtures::{block, bytes, json, set, some, vectors};
use crate::object::{Bits, Object};
use crate::state::other_order;
use crate::tally::Tally;

/// A header as the execution layer encodes it, under the hash that the consensus layer proves.
pub(crate) fn header(files: &Files, tally: &mut Tally) {
    let header = block(files).header;
    let block = trusted::block(&header);
    let valid = vec![vec![header.encode_rlp()]];
    let verify = |object: &Object| Ok(block.header(&object[0].concat())?.into_parts());
    tally.attack("header", &valid, Bits::Each, verify, |_| None);
}

/// Mainnet's blocks 22431085 to 22431083: each names the one before.
pub(crate) fn header_chain(files: &Files, tally: &mut Tally) {
    let read = |number: u64| {
        let path = format!("nimbus-mainnet-el-blocks/{number}.json");
        rpc_json::header(&json(files, &path))
    };
    let [child, parent, grandparent] = [22_431_085, 22_431_084, 22_431_083].map(read);
    let child = trusted::header(&child);
    let valid = vec![vec![parent.encode_rlp(), grandparent.encode_rlp()]];
    let verify = |object: &Object| {
        let [parent, grandparent] = object[0].as_slice() else {
            return Err(nothing());
        };
        Ok(child.parent(parent)?.parent(grandparent)?.into_parts())
    };
    tally.attack("chain of headers", &valid, Bits::Each, verify, |_| None);
}

pub(crate) fn transaction(files: &Files, tally: &mut Tally) {
    let block = block(files);
    let header = trusted::header(&block.header);
    let index = shortest(&block.transactions);
    let valid = vec![vectors(ordered_trie_proof(
        &bytes(&block.transactions),
        index,
    ))];
    let verify = |object: &Object| {
        let found = header.transaction(&set(&object[0])?, index)?;
        Ok(found.into_parts())
    };
    let nodes = other_order(&valid, 0);
    tally.attack("transaction by index", &valid, Bits::Each, verify, nodes);
}

pub(crate) fn receipt(files: &Files, tally: &mut Tally) {
    let block = block(files);
    let header = trusted::header(&block.header);
    let index = shortest(&block.receipts);
    let valid = vec![vectors(ordered_trie_proof(&bytes(&block.receipts), index))];
    let verify = |object: &Object| {
        let found = header.receipt(&set(&object[0])?, index)?;
        Ok(found.into_parts())
    };
    let nodes = other_order(&valid, 0);
    tally.attack("receipt by index", &valid, Bits::Each, verify, nodes);
}

/// Real transactions of each type and real withdrawals, in a block that has few of them.
pub(crate) fn body(files: &Files, tally: &mut Tally) {
    let block = block(files);
    let (transactions, withdrawals) = (some(&block.transactions, 8), block.withdrawals);
    let header = trusted::header(&Header {
        transactions_root: ordered_trie_root(&bytes(&transactions)),
        withdrawals_root: Some(ordered_trie_root(&bytes(&withdrawals))),
        ..block.header
    });
    let valid = vec![transactions, withdrawals];
    let verify = |object: &Object| {
        let body = header.body(&bytes(&object[0]), Some(&bytes(&object[1])))?;
        Ok(body.into_parts())
    };
    tally.attack(
        "body: transactions, withdrawals",
        &valid,
        Bits::Each,
        verify,
        |_| None,
    );
    assert!(block.json["transactions"].is_array());
}

pub(crate) fn requests(tally: &mut Tally) {
    let request = |kind: u8, length: usize| [vec![kind], vec![kind + 7; length]].concat();
    let requests = vec![request(0, 192), request(1, 76), request(2, 116)];
    let header = trusted::header(&header_with(|header| {
        header.requests_hash = Some(requests_hash(&bytes(&requests)));
    }));
    let valid = vec![requests];
    let verify = |object: &Object| Ok(header.requests(&bytes(&object[0]))?.into_parts());
    tally.attack("requests", &valid, Bits::Each, verify, |_| None);
}

pub(crate) fn receipts(files: &Files, tally: &mut Tally) {
    let receipts = some(&block(files).receipts, 8);
    let header = trusted::header(&header_with(|header| {
        header.receipts_root = ordered_trie_root(&bytes(&receipts));
    }));
    let valid = vec![receipts];
    let verify = |object: &Object| Ok(header.receipts(&bytes(&object[0]))?.into_parts());
    tally.attack("receipts", &valid, Bits::Each, verify, |_| None);
}

/// Three blocks: of the first, a Bloom filter excludes what is looked for, and its receipts are
/// given all the same. Ancestors, then the receipts of each block.
pub(crate) fn complete_logs(files: &Files, tally: &mut Tally) {
    let all = block(files).receipts;
    let with_logs: Vec<_> = all
        .iter()
        .filter(|bytes| !logs_of(bytes).is_empty())
        .collect();
    let (first, last) = (with_logs[0].clone(), with_logs[with_logs.len() - 1].clone());
    let filter = LogFilter {
        addresses: vec![logs_of(&last)[0].address],
        ..LogFilter::default()
    };
    let blocks = [vec![first.clone()], vec![last.clone(), first], vec![last]];
    let mut headers: Vec<Header> = Vec::new();
    for (number, receipts) in (100..).zip(&blocks) {
        let blooms = receipts
            .iter()
            .map(|bytes| Receipt::decode(bytes).unwrap().logs_bloom());
        headers.push(header_with(|header| {
            header.number = number;
            header.parent_hash = headers.last().map(Header::hash).unwrap_or_default();
            header.receipts_root = ordered_trie_root(&bytes(receipts));
            header.logs_bloom = blooms.fold(Default::default(), |all, one| all | one);
        }));
    }
    assert!(
        !filter.may_match(&headers[0].logs_bloom),
        "the first block is not excluded"
    );
    let tip: Proven<Header> = trusted::header(&headers[2]);
    let ancestors = [1, 0]
        .map(|index: usize| headers[index].encode_rlp())
        .to_vec();
    let valid: Object = [vec![ancestors], blocks.to_vec()].concat();
    let verify = |object: &Object| {
        let given = (100..)
            .zip(&object[1..])
            .filter(|(_, list)| !list.is_empty());
        let given: BTreeMap<_, _> = given.map(|(number, list)| (number, bytes(list))).collect();
        let logs = tip.complete_logs(100, &filter, &bytes(&object[0]), &given)?;
        Ok(logs.into_parts().0.logs)
    };
    let excuse = |object: &Object| {
        let only_first = object[0] == valid[0] && object[2..] == valid[2..];
        let reason = "no receipts of a block that the Bloom filter excludes: its logs don't fit";
        (only_first && object[1].is_empty()).then_some(reason)
    };
    tally.attack("complete logs", &valid, Bits::Each, verify, excuse);
}

fn logs_of(receipt: &[u8]) -> Vec<lampyris_verify::execution::Log> {
    Receipt::decode(receipt).unwrap().logs
}

/// A header of Prague with something particular.
fn header_with(change: impl FnOnce(&mut Header)) -> Header {
    let mut header = Header {
        base_fee_per_gas: Some(U256::from(7)),
        withdrawals_root: Some(B256::ZERO),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::ZERO),
        ..Header::default()
    };
    change(&mut header);
    header
}

fn shortest(items: &[Vec<u8>]) -> u64 {
    let (index, _) = (0..).zip(items).min_by_key(|(_, item)| item.len()).unwrap();
    index
}

fn nothing() -> Error {
    Error::Malformed {
        what: "object",
        reason: "not as many items",
    }
}
