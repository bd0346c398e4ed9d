//! A flood of TCP connections that say nothing, at the port for WebSocket.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use common::{Peer, websocket_listener};
use lampyris_net::{Config, Event, newcomers_refused};

/// Far more than there may be.
const FLOOD: usize = 400;
/// As many of them as may be in their handshakes.
const PRESENT_MAX: usize = 128;
/// Much longer than a handshake may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn socket_address(address: &str) -> SocketAddr {
    let parts: Vec<&str> = address.split('/').collect();
    format!("{}:{}", parts[2], parts[4]).parse().unwrap()
}

/// Connections of which each says this, and no more.
fn flood(address: SocketAddr, words: &[u8]) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        // It may be closed already.
        let _closed = stream.write_all(words);
        stream
    };
    (0..FLOOD).map(connect).collect()
}

/// Waits until the other side closes.
fn wait_for_end(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answer = [0; 1_024];
    loop {
        match stream.read(&mut answer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// While it is flooded by those who say this, somebody honest gets in by each transport; and the flood
/// ends up outside.
async fn bears(words: &'static [u8]) {
    let (listener, webrtc, websocket) = websocket_listener(&common::finality_topic()).await;
    let before = newcomers_refused();
    let target = socket_address(&websocket);
    let flood = tokio::task::spawn_blocking(move || flood(target, words));
    let flood = flood.await.unwrap();
    for address in [websocket, webrtc] {
        let mut dialler = Peer::start(Config::default());
        dialler.handle.dial(&address).unwrap();
        match dialler.next().await {
            Event::Connected { peer, .. } => assert_eq!(peer, listener.id()),
            event => panic!("{event:?}"),
        }
    }
    // Those who were too many are sent away before their time is over.
    let too_many = u64::try_from(FLOOD - PRESENT_MAX).unwrap();
    assert!(newcomers_refused() >= before + too_many);
    let ends = tokio::task::spawn_blocking(move || {
        for stream in &flood {
            wait_for_end(stream).unwrap();
        }
    });
    ends.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mute_connections_keep_nobody_out() {
    bears(b"").await;
}

/// As behind a proxy, which lets nobody through who does not ask for a WebSocket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn websockets_that_say_nothing_keep_nobody_out() {
    bears(
        b"GET / HTTP/1.1\r\nHost: gateway.example\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    .await;
}
