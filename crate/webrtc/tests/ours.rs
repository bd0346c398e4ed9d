//! What ours promises beyond what every implementation has to do.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::time::{Duration, Instant};

use common::{Connection, PATIENCE, Pair, bytes, ours, ours_v1, within};
use futures::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

const LOOPBACK: &str = "/ip4/127.0.0.1/udp/0/webrtc-direct";

async fn pair() -> Pair {
    Pair::connect(ours, ours).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_one_after_the_other_leave_no_channel_behind() {
    let pair = pair().await;
    pair.listener.echo();
    // Twice what may be open at a time: were they not closed, the rest would wait for ever.
    for number in 0..1_100_u32 {
        let request = number.to_le_bytes();
        assert_eq!(pair.dialler.exchange(&request).await, request);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_dropped_or_never_answered_leave_no_channel_behind() {
    let mut pair = pair().await;
    for number in 0..1_100_u32 {
        let mut stream = within(pair.dialler.open()).await;
        stream.write_all(&number.to_le_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let accepted = pair.listener.accept().await;
        // In turn: neither closes, one does, the other does.
        if number % 3 == 1 {
            stream.close().await.unwrap();
        }
        drop(stream);
        drop(accepted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_notice_a_close_at_once() {
    let Pair {
        dialler,
        mut listener,
        nodes: _nodes,
    } = pair().await;
    let mut stream = dialler.open().await;
    stream.write_all(b"x").await.unwrap();
    stream.flush().await.unwrap();
    let mut accepted = listener.accept().await;
    let started = Instant::now();
    drop(dialler);
    assert_eq!(listener.ended().await, "the connection is closed");
    assert!(started.elapsed() < Duration::from_secs(2));
    // Streams do not wait for ever either.
    assert!(within(accepted.read_to_end(&mut Vec::new())).await.is_err());
    assert!(within(stream.read(&mut [0])).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_needs_no_flush() {
    let pair = Pair::connect(ours, ours).await;
    pair.listener.echo();
    let (mut reader, mut writer) = pair.dialler.open().await.split();
    let request = bytes(1_000_000);
    let send = async {
        for part in request.chunks(10_007) {
            writer.write_all(part).await?;
        }
        writer.close().await
    };
    let mut answer = Vec::new();
    let receive = reader.read_to_end(&mut answer);
    let (sent, received) = within(async { futures::join!(send, receive) }).await;
    assert!(sent.is_ok() && received.is_ok() && answer == request);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_serves_both_versions_on_one_port() {
    let mut listening = ours();
    let address = listening.listen(LOOPBACK).await;
    for version in [ours_v1, ours, ours_v1, ours] {
        let mut dialling = version();
        let (dialled, accepted) = tokio::join!(dialling.dial(address.clone()), listening.accept());
        accepted.echo();
        assert_eq!(dialled.unwrap().exchange(b"hello").await, b"hello");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_than_the_address_says_is_refused() {
    let mut listening = ours();
    let address = listening.listen(LOOPBACK).await;
    let other = common::with_other_certificate(&address);
    tokio::spawn(async move { listening.accept().await });
    let error = ours().dial(other).await.err().unwrap();
    assert!(error.contains("fingerprint"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_to_nobody_fails_at_once_and_one_to_a_wall_after_ten_seconds() {
    let mut listening = ours();
    let address = listening.listen(LOOPBACK).await;
    drop(listening);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    let error = ours().dial(address.clone()).await.err().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{error}");
    let wall = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = wall.local_addr().unwrap().port().to_string();
    let text = address.to_string();
    let old_port = text.split('/').nth(4).unwrap();
    let address = text.replacen(old_port, &port, 1).parse().unwrap();
    let error = ours().dial(address).await.err().unwrap();
    assert_eq!(error, "no connection within 10 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_on_the_listeners_port_harms_nobody() {
    let mut listening = ours();
    let address = listening.listen(LOOPBACK).await;
    let port = address.to_string().split('/').nth(4).unwrap().to_owned();
    let target = format!("127.0.0.1:{port}");
    let rubbish = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut dialling = ours();
    let (dialled, accepted) = tokio::join!(dialling.dial(address), listening.accept());
    let dialled = dialled.unwrap();
    accepted.echo();
    for length in 0..1_500 {
        let mut datagram = bytes(length);
        // STUN, DTLS, RTP, anything.
        if let Some(first) = datagram.first_mut() {
            *first = [0, 1, 20, 22, 23, 63, 128, 200][length % 8];
        }
        rubbish.send_to(&datagram, &target).await.unwrap();
    }
    assert_eq!(dialled.exchange(b"still here").await, b"still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_not_filled() {
    let mut pair = pair().await;
    let mut stream = pair.dialler.open().await;
    stream.write_all(b"x").await.unwrap();
    stream.flush().await.unwrap();
    // It stays unread.
    let _accepted = pair.listener.accept().await;
    let mut written = 0;
    let part = bytes(50_000);
    let flood = async {
        loop {
            stream.write_all(&part).await?;
            stream.flush().await?;
            written += part.len();
        }
    };
    let flooded: Result<Result<(), std::io::Error>, _> =
        tokio::time::timeout(PATIENCE, flood).await;
    assert!(flooded.unwrap().is_err());
    assert!(written < 2_000_000, "{written} bytes were taken");
    // The connection lives, and so do other streams.
    pair.listener.echo();
    assert_eq!(pair.dialler.exchange(b"next").await, b"next");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_megabytes_pass_in_seconds() {
    let pair = pair().await;
    pair.listener.echo();
    let request = bytes(4 * 1_024 * 1_024);
    let started = Instant::now();
    assert!(pair.dialler.exchange(&request).await == request);
    println!("4 MiB there and back: {:?}", started.elapsed());
}

/// A network that can be cut.
async fn relay(listener: String) -> (String, tokio::task::JoinHandle<()>) {
    let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = near.local_addr().unwrap().to_string();
    let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    far.connect(listener).await.unwrap();
    let task = tokio::spawn(async move {
        let (mut there, mut back) = ([0; 2_048], [0; 2_048]);
        let mut client = None;
        loop {
            tokio::select! {
                Ok((length, source)) = near.recv_from(&mut there) => {
                    client = Some(source);
                    let _lost = far.send(&there[..length]).await;
                }
                Ok(length) = far.recv(&mut back) => {
                    if let Some(client) = client {
                        let _lost = near.send_to(&back[..length], client).await;
                    }
                }
            }
        }
    });
    (address, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_vanished_is_noticed_by_both_within_thirty_seconds() {
    let mut listening = ours();
    let address = listening.listen(LOOPBACK).await.to_string();
    let port = address.split('/').nth(4).unwrap().to_owned();
    let (relay, network) = relay(format!("127.0.0.1:{port}")).await;
    let relay_port = relay.split(':').nth(1).unwrap();
    let address = address.replacen(&port, relay_port, 1).parse().unwrap();
    let mut dialling = ours();
    let (dialled, accepted) = tokio::join!(dialling.dial(address), listening.accept());
    let (mut dialled, mut accepted): (Connection, Connection) = (dialled.unwrap(), accepted);
    network.abort();
    let started = Instant::now();
    let (first, second) = tokio::join!(dialled.ended(), accepted.ended());
    assert_eq!([first, second], ["the other side fell silent"; 2]);
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_listener_tells_strangers_their_address() {
    let mut listening = ours();
    let address = listening.listen(LOOPBACK).await;
    let port = address.to_string().split('/').nth(4).unwrap().to_owned();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let request = [
        0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ];
    let listener = format!("127.0.0.1:{port}");
    socket.send_to(&request, &listener).await.unwrap();
    let mut answer = [0; 100];
    let length = within(socket.recv(&mut answer)).await.unwrap();
    assert_eq!((length, &answer[..4]), (32, &[1, 1, 0, 12][..]));
    assert_eq!(answer[4..20], request[4..20]);
    let masked = u16::from_be_bytes([answer[26], answer[27]]);
    assert_eq!(masked ^ 0x2112, socket.local_addr().unwrap().port());
}
