//! What a state remembers of the past.

use std::collections::BTreeMap;

use lampyris_vectors::trusted;
use lampyris_verify::execution::{
    BEACON_ROOTS_ADDRESS, HISTORY_BUFFER_LENGTH, HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS,
    Header,
};
use lampyris_verify::{Address, B256, Bytes, Error, ExecutionBlock, Proven, U256};

use crate::fixtures::{set, vectors};
use crate::object::{Bits, Object};
use crate::state::{needed, other_order};
use crate::tally::Tally;

type Accounts = [(Address, BTreeMap<u64, U256>)];

/// A block with such a state, and of its nodes those without which `verify` fails.
fn state(
    number: u64,
    accounts: &Accounts,
    verify: impl Fn(&Proven<ExecutionBlock>, &[Vec<u8>]) -> Result<(), Error>,
) -> (Proven<ExecutionBlock>, Vec<Vec<u8>>) {
    let (header, nodes) = trusted::state(number, accounts);
    let block = trusted::block(&header);
    let needed = needed(&vectors(nodes), |nodes| verify(&block, &nodes).is_ok());
    (block, needed)
}

/// EIP-2935: the nodes, and the header that they name.
pub(crate) fn ancestor(tally: &mut Tally) {
    let number = 22_431_084;
    let header = Header {
        number,
        timestamp: 1_746_612_311,
        base_fee_per_gas: Some(U256::from(7)),
        extra_data: Bytes::from_static(b"an ancestor"),
        ..Header::default()
    };
    let slot = number % HISTORY_SERVE_WINDOW;
    let words = (0..40).map(|slot| (slot, U256::from(slot + 1)));
    let mut storage: BTreeMap<_, _> = words.collect();
    storage.insert(slot, header.hash().into());
    let accounts = [
        (HISTORY_STORAGE_ADDRESS, storage),
        (
            Address::repeat_byte(1),
            BTreeMap::from([(1, U256::from(1))]),
        ),
        (Address::repeat_byte(2), BTreeMap::new()),
    ];
    let rlp = header.encode_rlp();
    let (block, nodes) = state(number + 100, &accounts, |block, nodes| {
        block.ancestor(&set(nodes)?, number, &rlp).map(drop)
    });
    let valid = vec![nodes, vec![rlp]];
    let verify = |object: &Object| {
        let rlp = object[1].concat();
        let header = block.ancestor(&set(&object[0])?, number, &rlp)?;
        Ok(header.into_parts())
    };
    let nodes = other_order(&valid, 0);
    tally.attack("ancestor, EIP-2935", &valid, Bits::Each, verify, nodes);
}

/// EIP-4788: the nodes of two slots.
pub(crate) fn beacon_root(tally: &mut Tally) {
    let timestamp = 1_746_612_311;
    let index = timestamp % HISTORY_BUFFER_LENGTH;
    let words = (0..40).map(|slot| (slot, U256::from(slot + 1)));
    let mut storage: BTreeMap<_, _> = words.collect();
    storage.insert(index, U256::from(timestamp));
    storage.insert(
        index + HISTORY_BUFFER_LENGTH,
        B256::repeat_byte(0x44).into(),
    );
    let accounts = [
        (BEACON_ROOTS_ADDRESS, storage),
        (
            Address::repeat_byte(1),
            BTreeMap::from([(1, U256::from(1))]),
        ),
    ];
    let (block, nodes) = state(1_000, &accounts, |block, nodes| {
        block
            .parent_beacon_block_root(&set(nodes)?, timestamp)
            .map(drop)
    });
    let valid = vec![nodes];
    let verify = |object: &Object| {
        let root = block.parent_beacon_block_root(&set(&object[0])?, timestamp)?;
        Ok(root.into_parts())
    };
    let nodes = other_order(&valid, 0);
    tally.attack("beacon root, EIP-4788", &valid, Bits::Each, verify, nodes);
}
