//! Fetches and proves what a reader asks for, until it answers.

use lampyris_vote::storage::{ROUNDS_MAX, SLOTS_MAX};
use lampyris_vote::{Address, B256, Error, Need, Storage, U256};
use std::collections::BTreeMap;

/// Storage of contracts; what is not in it is zero.
pub(crate) type World = BTreeMap<(Address, B256), U256>;

/// An answer and what it took.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Solved<T> {
    pub(crate) answer: Result<T, Error>,
    /// How often something was fetched.
    pub(crate) rounds: usize,
    /// How many words were fetched.
    pub(crate) words: usize,
}

pub(crate) fn solve<T>(
    world: &World,
    read: impl Fn(&BTreeMap<(Address, B256), U256>) -> Result<T, Need>,
) -> Solved<T> {
    let mut witness = BTreeMap::new();
    for rounds in 0..=ROUNDS_MAX {
        let answer = match read(&witness) {
            Err(Need::Slots(slots)) => {
                assert!(
                    !slots.is_empty() && slots.len() <= SLOTS_MAX,
                    "{} slots",
                    slots.len()
                );
                assert!(slots.is_sorted_by(|one, other| one < other), "each once");
                for slot in slots {
                    let word = world.get(&slot).copied().unwrap_or_default();
                    let known = witness.insert(slot, word);
                    assert!(known.is_none(), "asked again for a word that was given");
                }
                continue;
            }
            Err(Need::Refused(error)) => Err(error),
            Ok(answer) => Ok(answer),
        };
        return Solved {
            answer,
            rounds,
            words: witness.len(),
        };
    }
    panic!("no answer after {ROUNDS_MAX} rounds");
}

#[test]
fn a_witness_is_storage() {
    let mut witness = World::new();
    let (contract, slot) = (Address::repeat_byte(1), B256::repeat_byte(2));
    assert_eq!(witness.read(contract, slot), None);
    witness.insert((contract, slot), U256::ZERO);
    assert_eq!(witness.read(contract, slot), Some(U256::ZERO));
}
