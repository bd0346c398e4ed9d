//! Records as somebody may craft them, for tests and for seeds of a fuzzer: the same bytes each time.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use libp2p::{Multiaddr, PeerId, core::SignedEnvelope, identity::Keypair};

/// A record with the sequence of choice, as its owner may sign it.
pub(crate) fn numbered(
    key: &Keypair,
    peer: PeerId,
    sequence: u64,
    addresses: &[Multiaddr],
) -> Vec<u8> {
    fn field(to: &mut Vec<u8>, number: u8, bytes: &[u8]) {
        to.push(number << 3 | 2);
        assert!(bytes.len() < 128);
        to.push(u8::try_from(bytes.len()).unwrap());
        to.extend_from_slice(bytes);
    }
    let mut payload = Vec::new();
    field(&mut payload, 1, &peer.to_bytes());
    payload.push(2 << 3);
    let mut rest = sequence;
    while rest >= 128 {
        payload.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    payload.push(u8::try_from(rest).unwrap());
    for address in addresses {
        let mut info = Vec::new();
        field(&mut info, 1, &address.to_vec());
        field(&mut payload, 3, &info);
    }
    let envelope = SignedEnvelope::new(key, "libp2p-peer-record".into(), vec![0x03, 0x01], payload);
    envelope.unwrap().into_protobuf_encoding()
}
