//! What strangers send, for a fuzzer: it takes any bytes, and panics if what they meet is wrong.

use std::sync::{Arc, Mutex};

use futures::FutureExt;
use libp2p::{Multiaddr, identity::Keypair};

use crate::{
    handle::lock,
    records::{Acquaintance, BATCH_MAX, RECORD_BYTES_MAX, Scope, Table, crafted::numbered, verify},
};

/// Records of gateways, as one peer tells them: whatever is kept is signed by the peer it is about, no more
/// is kept than one may tell, and who hears it from us keeps the same.
pub fn records(input: &[u8]) {
    let (listener, told) = hear(input);
    let kept = lock(&listener.table).records();
    assert!(kept.len() <= BATCH_MAX);
    for record in &kept {
        assert!(record.envelope.len() <= RECORD_BYTES_MAX);
        let verified = verify(&record.envelope, Scope::Machine).expect("what is kept is signed");
        assert_eq!(verified.peer.to_string(), record.peer);
        assert!(!record.addresses.is_empty());
        for address in &record.addresses {
            assert!(address.ends_with(&record.peer), "{address}");
        }
    }
    if told.is_ok() && !kept.is_empty() {
        let envelopes = kept.iter().map(|record| &record.envelope);
        let bytes: Vec<u8> = envelopes.flat_map(|envelope| framed(envelope)).collect();
        let (other, told) = hear(&bytes);
        assert_eq!(told, Ok(true));
        let again = lock(&other.table).records();
        assert!(kept.iter().all(|record| again.contains(record)));
    }
}

/// What peers tell: one record, several with addresses of all kinds, one of somebody else.
pub fn record_seeds() -> Vec<Vec<u8>> {
    let certificate = "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g";
    let addresses: Vec<Multiaddr> = [
        "/ip4/192.0.2.1/tcp/443/ws".into(),
        "/dns4/gateway.example/tcp/443/tls/ws".into(),
        "/ip6/2001:db8::1/tcp/443/wss".into(),
        format!("/ip4/127.0.0.1/udp/9100/webrtc-direct/certhash/{certificate}"),
    ]
    .iter()
    .map(|address: &String| address.parse().expect("an address"))
    .collect();
    let record = |number: u8, peer: u8, addresses: &[Multiaddr]| {
        let peer = key(peer).public().to_peer_id();
        framed(&numbered(&key(number), peer, u64::from(number), addresses))
    };
    let several = addresses.iter().zip(4..);
    let several =
        several.map(|(address, number)| record(number, number, std::slice::from_ref(address)));
    let several: Vec<u8> = several.flatten().collect();
    vec![
        record(3, 3, &addresses[..2]),
        several,
        record(3, 4, &addresses[..1]),
    ]
}

/// A newcomer who is told these bytes.
fn hear(bytes: &[u8]) -> (Acquaintance, Result<bool, String>) {
    let own = key(1);
    let listener = Acquaintance {
        table: Arc::new(Mutex::new(Table::new(own))),
        peer: key(2).public().to_peer_id(),
        scope: Scope::Machine,
    };
    let told = listener.read(&mut &*bytes).now_or_never();
    let told = told.expect("a slice never waits");
    (listener, told)
}

fn framed(envelope: &[u8]) -> Vec<u8> {
    let length = u16::try_from(envelope.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes(), envelope].concat()
}

fn key(number: u8) -> Keypair {
    Keypair::ed25519_from_bytes([number; 32]).expect("32 bytes are a key")
}
