//! A trie of nodes that an attacker chose, root included: a lookup ends, and does not panic.
#![no_main]

use lampyris_verify::trie::{NodeSet, lookup};
use lampyris_verify::{Bytes, keccak256};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((key, bytes)) = input.split_at_checked(4) else {
        return;
    };
    let nodes: Vec<_> = bytes.chunks(200).map(Bytes::copy_from_slice).collect();
    let Some(root) = nodes.first().map(keccak256) else {
        return;
    };
    if let Ok(nodes) = NodeSet::new(nodes) {
        let _ = lookup(root, key, &nodes);
    }
});
