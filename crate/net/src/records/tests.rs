use std::sync::{Arc, Mutex};

use libp2p::identity::Keypair;

use super::{crafted::numbered, *};
use crate::{handle::lock, records::table::TABLE_MAX, requests::pipe};

fn key(number: u8) -> Keypair {
    Keypair::ed25519_from_bytes([number; 32]).unwrap()
}

fn id(key: &Keypair) -> PeerId {
    key.public().to_peer_id()
}

fn address(port: u16) -> Multiaddr {
    format!("/ip4/192.0.2.1/tcp/{port}/ws").parse().unwrap()
}

fn signed(key: &Keypair, addresses: Vec<Multiaddr>) -> Vec<u8> {
    let record = PeerRecord::new_interop(key, addresses).unwrap();
    record.into_signed_envelope().into_protobuf_encoding()
}

fn table(number: u8) -> Table {
    Table::new(key(number))
}

fn with(table: &Shared, peer: u8) -> Acquaintance {
    Acquaintance {
        table: table.clone(),
        peer: id(&key(peer)),
        scope: Scope::Global,
    }
}

fn shared(number: u8) -> Shared {
    Arc::new(Mutex::new(table(number)))
}

#[test]
fn a_record_is_its_peers_own_words() {
    let gateway = key(1);
    let verified = verify(&signed(&gateway, vec![address(1)]), Scope::Global).unwrap();
    assert_eq!(verified.peer, id(&gateway));
    let whole = address(1).with(Protocol::P2p(id(&gateway)));
    assert_eq!(verified.addresses, [whole]);
}

#[test]
fn each_bit_of_a_record_is_signed() {
    let honest = signed(&key(1), vec![address(1)]);
    let original = verify(&honest, Scope::Global).unwrap();
    for byte in 0..honest.len() {
        for bit in 0..8 {
            let mut tampered = honest.clone();
            tampered[byte] ^= 1 << bit;
            if let Ok(taken) = verify(&tampered, Scope::Global) {
                // Protobuf has several encodings of one message; none says anything else.
                assert_eq!(taken.peer, original.peer);
                assert_eq!(taken.addresses, original.addresses);
                assert_eq!(taken.sequence, original.sequence);
            }
        }
        assert!(
            verify(&honest[..byte], Scope::Global).is_err(),
            "cut at {byte}"
        );
    }
}

#[test]
fn nobody_speaks_for_another_peer() {
    let (liar, victim) = (key(1), key(2));
    let forged = numbered(&liar, id(&victim), 1, &[address(1)]);
    assert!(verify(&forged, Scope::Global).is_err());
    let own = numbered(&liar, id(&liar), 1, &[address(1)]);
    assert!(verify(&own, Scope::Global).is_ok());
    // An address that leads to somebody else is not in it.
    let elsewhere = address(1).with(Protocol::P2p(id(&victim)));
    let verified = verify(&signed(&liar, vec![elsewhere]), Scope::Global).unwrap();
    assert!(verified.addresses.is_empty());
}

#[test]
fn only_what_a_tab_can_dial_and_its_teller_may_know_is_taken() {
    let certhash = "uEiDikp5KVUgkLta1EjUN-IKbHk-dUBg8VzKgf5nXxLK46w";
    let direct = |ip: &str| format!("/{ip}/udp/9/webrtc-direct/certhash/{certhash}");
    let taken = |text: &str, scope| {
        let envelope = signed(&key(1), vec![text.parse().unwrap()]);
        !verify(&envelope, scope).unwrap().addresses.is_empty()
    };
    for global in [
        direct("ip4/192.0.2.1"),
        direct("ip6/2001:db8::1"),
        "/dns4/gateway.example/tcp/443/wss".into(),
        "/dns/gateway.example/tcp/443/tls/ws".into(),
    ] {
        assert!(taken(&global, Scope::Global), "{global}");
    }
    for private in [
        direct("ip4/192.168.1.1"),
        direct("ip4/10.0.0.1"),
        direct("ip4/100.64.0.1"),
        direct("ip4/169.254.1.1"),
        direct("ip6/fd00::1"),
        direct("ip6/::ffff:10.0.0.1"),
        "/dns4/printer/tcp/443/wss".into(),
        "/dns4/router.local/tcp/443/wss".into(),
    ] {
        assert!(!taken(&private, Scope::Global), "{private}");
        assert!(taken(&private, Scope::Private), "{private}");
    }
    for machine in [
        direct("ip4/127.0.0.1"),
        direct("ip4/0.0.0.0"),
        direct("ip6/::1"),
        "/dns4/localhost/tcp/22/ws".into(),
        "/dns4/a.localhost./tcp/22/ws".into(),
        "/dns4/127.0.0.1/tcp/22/ws".into(),
        "/dns4/0x7f.1/tcp/22/ws".into(),
        "/dns4/127.0.0.0x1/tcp/22/ws".into(),
    ] {
        assert!(!taken(&machine, Scope::Private), "{machine}");
        assert!(taken(&machine, Scope::Machine), "{machine}");
    }
    for other in [
        "/ip4/192.0.2.1/tcp/9".into(),
        "/ip4/192.0.2.1/udp/9/quic-v1".into(),
        "/ip4/192.0.2.1/udp/9/webrtc-direct".into(),
        "/dnsaddr/gateway.example".into(),
        format!("{}/p2p-circuit", direct("ip4/192.0.2.1")),
    ] {
        assert!(!taken(&other, Scope::Machine), "{other}");
    }
}

#[test]
fn only_a_newer_record_replaces_another() {
    let (mut table, gateway) = (table(9), key(1));
    let peer = id(&gateway);
    let mut insert = |sequence, port| {
        let record = numbered(&gateway, peer, sequence, &[address(port)]);
        table.insert(&record, None, Scope::Global).unwrap()
    };
    assert!(insert(5, 1));
    assert!(!insert(5, 2), "of the same age");
    assert!(!insert(4, 3), "older");
    assert!(insert(6, 4));
    let records = table.records();
    assert_eq!(records.len(), 1);
    assert!(records[0].addresses[0].contains("/tcp/4/"));
    let own = signed(&key(9), vec![address(1)]);
    assert!(
        !table.insert(&own, None, Scope::Global).unwrap(),
        "about ourselves"
    );
    let large = vec![0; RECORD_BYTES_MAX + 1];
    assert!(table.insert(&large, None, Scope::Global).is_err());
}

#[test]
fn who_floods_displaces_its_own_records_and_none_that_worked() {
    let mut table = table(200);
    let teller = |number| Some(id(&key(number)));
    let tell = |table: &mut Table, number: u8, by| {
        let record = signed(&key(number), vec![address(1)]);
        table.insert(&record, by, Scope::Global).unwrap()
    };
    for number in 1..=4 {
        assert!(tell(&mut table, number, teller(100)));
    }
    table.worked(&id(&key(1)));
    for number in 110..190 {
        tell(&mut table, number, teller(101));
    }
    assert_eq!(table.records().len(), 4 + BATCH_MAX, "one peer's flood");
    for number in 5..=4 + 64 {
        tell(&mut table, number, teller(number + 100));
    }
    assert_eq!(table.records().len(), TABLE_MAX, "a flood of many");
    let first = id(&key(1)).to_string();
    assert!(table.records().iter().any(|it| it.peer == first));
    for record in table.records() {
        table.worked(&record.peer.parse().unwrap());
    }
    assert!(
        !tell(&mut table, 199, teller(100)),
        "nothing that worked goes"
    );
    table.forget(&id(&key(1)));
    assert!(tell(&mut table, 199, teller(100)));
}

#[test]
fn what_is_told_begins_with_ourselves_and_what_worked() {
    let mut table = table(9);
    assert!(table.batch(id(&key(100))).is_empty());
    table.listen(&[address(7), "/ip4/192.0.2.1/tcp/9".parse().unwrap()]);
    for number in 10..40 {
        let record = signed(&key(number), vec![address(1)]);
        table.insert(&record, None, Scope::Global).unwrap();
    }
    table.worked(&id(&key(20)));
    let batch = table.batch(id(&key(10)));
    assert_eq!(batch.len(), BATCH_MAX);
    let peers: Vec<PeerId> = batch
        .iter()
        .map(|envelope| verify(envelope, Scope::Global).unwrap().peer)
        .collect();
    assert_eq!(peers[..2], [id(&key(9)), id(&key(20))]);
    assert!(!peers.contains(&id(&key(10))), "it knows of itself");
    let own = verify(&batch[0], Scope::Global).unwrap();
    assert_eq!(own.addresses.len(), 1);
}

#[tokio::test]
async fn both_sides_of_an_exchange_learn() {
    let (left, right) = (shared(1), shared(2));
    lock(&left).listen(&[address(1)]);
    lock(&right).listen(&[address(2)]);
    let known = signed(&key(3), vec![address(3)]);
    lock(&right).insert(&known, None, Scope::Global).unwrap();
    let (near, far) = pipe::duplex();
    let (asking, answering) = (with(&left, 2), with(&right, 1));
    let (asked, answered) = futures::join!(asking.ask(near), answering.answer(far));
    assert_eq!((asked, answered), (Ok(true), Ok(true)));
    assert_eq!(lock(&left).batch(id(&key(9))).len(), 3);
    let first = lock(&left).batch(id(&key(9))).remove(1);
    let worked = verify(&first, Scope::Global).unwrap().peer;
    assert_eq!(worked, id(&key(2)), "whom we dialled");
    let peers = |table: &Shared| {
        let mut peers: Vec<String> = lock(table)
            .records()
            .into_iter()
            .map(|it| it.peer)
            .collect();
        peers.sort();
        peers
    };
    let name = |number| id(&key(number)).to_string();
    let mut expected = vec![name(2), name(3)];
    expected.sort();
    assert_eq!(peers(&left), expected);
    let mut expected = vec![name(1), name(3)];
    expected.sort();
    assert_eq!(peers(&right), expected);
}

#[tokio::test]
async fn false_and_oversized_records_are_faults_and_a_cut_is_none() {
    use futures::AsyncWriteExt;
    let told = async |bytes: Vec<u8>| {
        let table = shared(2);
        let answering = with(&table, 1);
        let (mut near, far) = pipe::duplex();
        let tell = async move {
            let _broken = near.write_all(&bytes).await;
            let _closed = near.close().await;
        };
        let (answer, ()) = futures::join!(answering.answer(far), tell);
        let count = lock(&table).records().len();
        (answer, count)
    };
    let framed = |envelope: &[u8]| {
        let mut bytes = u16::try_from(envelope.len())
            .unwrap()
            .to_le_bytes()
            .to_vec();
        bytes.extend_from_slice(envelope);
        bytes
    };
    let honest = framed(&signed(&key(3), vec![address(3)]));
    assert_eq!(told(Vec::new()).await, (Ok(false), 0));
    assert_eq!(told(honest.clone()).await, (Ok(true), 1));
    assert_eq!(
        told(honest[..honest.len() - 1].to_vec()).await,
        (Ok(false), 0)
    );
    let forged = numbered(&key(3), id(&key(4)), 1, &[address(1)]);
    let (refusal, count) = told([honest, framed(&forged)].concat()).await;
    assert!(refusal.unwrap_err().contains("false peer record"));
    assert_eq!(count, 1, "what came before was true");
    let (refusal, _) = told(vec![0xff, 0xff]).await;
    assert!(refusal.unwrap_err().contains("65535"));
    // More than may be told: nobody reads on.
    let many = (10..100).flat_map(|number| framed(&signed(&key(number), vec![address(3)])));
    assert_eq!(told(many.collect()).await, (Ok(true), BATCH_MAX));
}
