//! Whole blocks against their headers.

use lampyris_verify::execution::{Body, Header, Withdrawal, requests_hash};
use lampyris_verify::{B256, Bytes, Error, Fault, Proven};
use serde_json::Value;

use crate::blocks;
use lampyris_vectors::trusted::header as proven;

struct Block {
    header: Header,
    transactions: Vec<Bytes>,
    withdrawals: Vec<Bytes>,
}

impl Block {
    fn read(json: &Value) -> Self {
        Self {
            header: blocks::header(json),
            transactions: blocks::encoded_transactions(json),
            withdrawals: blocks::encoded_withdrawals(json).unwrap(),
        }
    }

    fn transactions(&mut self) -> &mut Vec<Bytes> {
        &mut self.transactions
    }

    fn withdrawals(&mut self) -> &mut Vec<Bytes> {
        &mut self.withdrawals
    }

    fn verify(&self, header: &Proven<Header>) -> Result<Proven<Body>, Error> {
        header.body(&self.transactions, Some(&self.withdrawals))
    }
}

#[test]
fn every_whole_block() {
    for path in blocks::WHOLE {
        let json = blocks::json(path);
        let block = Block::read(&json);
        let header = proven(&block.header);
        assert_eq!(header.value().hash(), blocks::field::<B256>(&json, "hash"));
        let body = block.verify(&header).unwrap();
        assert_eq!(body.value().transactions, blocks::transactions(&json));
        assert_eq!(body.value().withdrawals, blocks::withdrawals(&json));
        assert_eq!(body.evidence(), header.evidence());
        // Without withdrawals it would be a block of another fork.
        assert!(header.body(&block.transactions, None).is_err());
    }
}

/// Each transaction and withdrawal changed, left out, doubled and moved: none passes.
#[test]
fn every_change_of_a_body_is_refused() {
    let mut refused = 0;
    for path in &blocks::WHOLE[..4] {
        let mut block = Block::read(&blocks::json(path));
        let header = proven(&block.header);
        let mut refuse = |block: &Block| {
            let error = block.verify(&header).unwrap_err();
            assert_eq!(error.fault(), Fault::PeerMisbehaved, "{error}");
            refused += 1;
        };
        for list in [Block::transactions, Block::withdrawals] {
            let original = list(&mut block).clone();
            // Tries over thousands of nodes: a sample is enough.
            for index in (0..original.len()).step_by(1 + original.len() / 12) {
                for change in CHANGES {
                    let mut changed = original.clone();
                    change(&mut changed, index);
                    if changed != original {
                        *list(&mut block) = changed;
                        refuse(&block);
                    }
                }
            }
            *list(&mut block) = original;
        }
        block.verify(&header).unwrap();
    }
    println!("{refused} changed bodies, all refused");
    assert!(refused > 300, "{refused}");
}

type Change = fn(&mut Vec<Bytes>, usize);

/// One item left out, doubled, exchanged with the last, or with its first or last byte broken.
const CHANGES: [Change; 5] = [
    |list, index| drop(list.remove(index)),
    |list, index| list.insert(index, list[index].clone()),
    |list, index| {
        let last = list.len() - 1;
        list.swap(index, last);
    },
    |list, index| broken(list, index, 0),
    |list, index| {
        let last = list[index].len() - 1;
        broken(list, index, last);
    },
];

fn broken(list: &mut [Bytes], index: usize, at: usize) {
    let mut bytes = list[index].to_vec();
    bytes[at] ^= 1;
    list[index] = bytes.into();
}

#[test]
fn every_field_of_a_withdrawal_counts() {
    let json = blocks::json(blocks::WHOLE[1]);
    let block = Block::read(&json);
    let header = proven(&block.header);
    let changes: [fn(&mut Withdrawal); 4] = [
        |withdrawal| withdrawal.index += 1,
        |withdrawal| withdrawal.validator_index += 1,
        |withdrawal| withdrawal.address.0[19] ^= 1,
        |withdrawal| withdrawal.amount_gwei += 1,
    ];
    for (index, withdrawal) in blocks::withdrawals(&json).unwrap().into_iter().enumerate() {
        let bytes = withdrawal.encode_rlp();
        assert_eq!(Withdrawal::decode_rlp(&bytes), Ok(withdrawal));
        for change in changes {
            let mut changed = withdrawal;
            change(&mut changed);
            let mut withdrawals = block.withdrawals.clone();
            withdrawals[index] = changed.encode_rlp().into();
            let error = header
                .body(&block.transactions, Some(&withdrawals))
                .unwrap_err();
            assert!(matches!(
                error,
                Error::Hash {
                    what: "withdrawals",
                    ..
                }
            ));
        }
    }
}

#[test]
fn every_receipt_of_a_block() {
    for [block, receipts] in blocks::WITH_RECEIPTS {
        let header = proven(&blocks::header(&blocks::json(block)));
        let receipts = blocks::receipts(&blocks::json(receipts));
        let encoded = blocks::encoded_receipts(&receipts);
        assert_eq!(header.receipts(&encoded).unwrap().value(), &receipts);
        for index in (0..receipts.len()).step_by(1 + receipts.len() / 12) {
            for change in CHANGES {
                let mut changed = encoded.clone();
                change(&mut changed, index);
                if changed != encoded {
                    assert!(header.receipts(&changed).is_err(), "{block} {index}");
                }
            }
        }
    }
}

/// Mainnet's first block with requests, which has none, and requests of our own.
#[test]
fn requests_of_a_block() {
    let before = proven(&blocks::header(&blocks::json(blocks::WHOLE[0])));
    assert!(before.requests(&[]).is_err());
    let header = blocks::header(&blocks::json(blocks::WHOLE[1]));
    assert_eq!(
        proven(&header).requests(&[]).unwrap().value(),
        &Vec::<Bytes>::new()
    );

    // Block 22431088 has some, and so it does not have none.
    let busy = proven(&blocks::header(&blocks::json(blocks::WHOLE[5])));
    assert!(busy.requests(&[]).is_err());

    let [deposit, withdrawal, consolidation] =
        [(0, 192), (1, 76), (2, 116)].map(|(kind, length)| {
            let mut request = vec![7; length + 1];
            request[0] = kind;
            Bytes::from(request)
        });
    let requests = vec![deposit, withdrawal, consolidation];
    let header = proven(&Header {
        requests_hash: Some(requests_hash(&requests)),
        ..header
    });
    assert_eq!(header.requests(&requests).unwrap().value(), &requests);
    for index in 0..requests.len() {
        for change in CHANGES {
            let mut changed = requests.clone();
            change(&mut changed, index);
            if changed == requests {
                continue;
            }
            let error = header.requests(&changed).unwrap_err();
            assert_eq!(error.fault(), Fault::PeerMisbehaved, "{index}: {error}");
        }
    }
    let mut changed = requests.clone();
    changed.reverse();
    assert!(header.requests(&changed).is_err());
    // A request without data changes no hash; a block holds none.
    let mut changed = requests;
    changed.push(Bytes::from_static(&[3]));
    assert!(header.requests(&changed).is_err());
}

/// A later fork's transaction is refused as what it is, and not as a lie.
#[test]
fn a_block_with_an_unknown_type_of_transaction() {
    let items = vec![Bytes::from_static(&[5, 0xc0])];
    let root = lampyris_verify::trie::ordered_trie_root(&items);
    let header = proven(&Header {
        transactions_root: root,
        receipts_root: root,
        ommers_hash: blocks::header(&blocks::json(blocks::WHOLE[1])).ommers_hash,
        ..Header::default()
    });
    let error = header.body(&items, None).unwrap_err();
    assert_eq!(error, Error::UnsupportedTransaction { tx_type: 5 });
    let error = header.receipts(&items).unwrap_err();
    assert!(matches!(error, Error::UnsupportedReceipt { .. }), "{error}");
    assert_eq!(error.fault(), Fault::Unavailable);
}

#[test]
fn more_than_a_block_can_hold_is_refused_before_it_is_hashed() {
    let header = proven(&blocks::header(&blocks::json(blocks::WHOLE[1])));
    let many = vec![Bytes::new(); 65_537];
    let large = vec![Bytes::from(vec![0; 1 << 20]); 65];
    for list in [&many, &large] {
        for error in [
            header.body(list, Some(&[])).unwrap_err(),
            header.receipts(list).unwrap_err(),
            header.requests(list).unwrap_err(),
        ] {
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        }
    }
}
