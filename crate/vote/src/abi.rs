//! The little of Solidity's ABI that is needed here.

use crate::Action;
use alloc::vec::Vec;
use alloy_primitives::{B256, U256};
use lampyris_verify::keccak256;

/// `hashProposal`: `keccak256(abi.encode(targets, values, calldatas, descriptionHash))`.
pub(crate) fn hash_proposal(actions: &[Action], description_hash: B256) -> B256 {
    let count = actions.len();
    let (mut targets, mut values) = (word(count), word(count));
    let (mut offsets, mut calldatas) = (Vec::new(), Vec::new());
    for action in actions {
        targets.extend(action.target.into_word());
        values.extend(action.value.to_be_bytes::<32>());
        offsets.extend(word(32 * count + calldatas.len()));
        calldatas.extend(bytes(&action.calldata));
    }

    const HEAD_BYTES: usize = 4 * 32;
    let mut encoding = word(HEAD_BYTES);
    encoding.extend(word(HEAD_BYTES + targets.len()));
    encoding.extend(word(HEAD_BYTES + targets.len() + values.len()));
    encoding.extend(description_hash);
    encoding.extend(targets);
    encoding.extend(values);
    encoding.extend(word(count));
    encoding.extend(offsets);
    encoding.extend(calldatas);
    keccak256(encoding)
}

/// A number as a word.
pub(crate) fn word(number: usize) -> Vec<u8> {
    U256::from(number).to_be_bytes::<32>().into()
}

/// `bytes` or a `string`: its length and its content, filled up to whole words.
pub(crate) fn bytes(content: &[u8]) -> Vec<u8> {
    let mut encoding = word(content.len());
    encoding.extend(content);
    encoding.resize(32 + content.len().next_multiple_of(32), 0);
    encoding
}
