//! Against a peer that is written by hand, so that it can misbehave.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::channel::mpsc;

use super::*;
use crate::{
    event::{EVENTS_MAX, Event, Responder},
    requests::pipe::{self, Duplex},
};

/// How long a test waits for what must not come.
const SILENCE: Duration = Duration::from_millis(100);

/// A server; the peer's end, and what the application sees.
fn server() -> (Duplex, mpsc::Receiver<Event>) {
    let (near, far) = pipe::duplex();
    let (sender, events) = mpsc::channel(EVENTS_MAX);
    let requester = Requester::new("peer".into(), Arc::new(Mutex::new(sender)));
    tokio::spawn(serve(requester, near));
    (far, events)
}

async fn ask(peer: &mut Duplex, id: u32, body: &[u8]) {
    let frame = frame::encode(id, body, frame::REQUEST_BYTES_MAX).unwrap();
    peer.write_all(&frame).await.unwrap();
}

async fn asked(events: &mut mpsc::Receiver<Event>) -> Option<(Vec<u8>, Responder)> {
    match tokio::time::timeout(SILENCE, events.next()).await {
        Ok(Some(Event::Inbound {
            body, responder, ..
        })) => Some((body, responder)),
        _ => None,
    }
}

async fn answered(peer: &mut Duplex) -> (u32, Vec<u8>) {
    let mut header = [0; frame::HEADER_BYTES];
    peer.read_exact(&mut header).await.unwrap();
    let header = frame::Header::decode(header, frame::RESPONSE_BYTES_MAX).unwrap();
    let mut payload = vec![0; header.payload_bytes];
    peer.read_exact(&mut payload).await.unwrap();
    (header.request_id, payload)
}

#[tokio::test]
async fn answers_go_out_as_they_come() {
    let (mut peer, mut events) = server();
    ask(&mut peer, 3, b"slow").await;
    ask(&mut peer, 4, b"quick").await;
    let (slow, slow_responder) = asked(&mut events).await.unwrap();
    let (quick, quick_responder) = asked(&mut events).await.unwrap();
    assert_eq!(
        (slow.as_slice(), quick.as_slice()),
        (b"slow".as_slice(), b"quick".as_slice())
    );
    quick_responder.reply(b"second".to_vec());
    assert_eq!(answered(&mut peer).await, (4, b"second".to_vec()));
    slow_responder.reply(b"first".to_vec());
    assert_eq!(answered(&mut peer).await, (3, b"first".to_vec()));
}

#[tokio::test]
async fn what_is_not_served_yet_is_not_read() {
    let (mut peer, mut events) = server();
    for id in 0..20 {
        ask(&mut peer, id, b"x").await;
    }
    let mut responders = Vec::new();
    while let Some((_, responder)) = asked(&mut events).await {
        responders.push(responder);
    }
    assert_eq!(responders.len(), SERVED_MAX);
    responders.pop().unwrap().reply(b"y".to_vec());
    assert!(asked(&mut events).await.is_some());
}

#[tokio::test]
async fn a_dropped_responder_is_a_refusal() {
    let (mut peer, mut events) = server();
    ask(&mut peer, 9, b"x").await;
    drop(asked(&mut events).await);
    let (id, answer) = answered(&mut peer).await;
    let failure = Response::decode(&answer).unwrap();
    assert!(matches!(
        failure,
        Response::Failed {
            code: FailureCode::Unavailable,
            ..
        }
    ));
    assert_eq!(id, 9);
}

#[tokio::test]
async fn malformed_frames_end_the_stream_and_nothing_else() {
    let oversized = [u32::MAX.to_le_bytes(), [0; 4]].concat();
    let cut = frame::encode(1, b"whole", 100).unwrap()[..10].to_vec();
    for bytes in [oversized, cut] {
        let (mut peer, mut events) = server();
        ask(&mut peer, 1, b"before").await;
        peer.write_all(&bytes).await.unwrap();
        peer.close().await.unwrap();
        // What was asked before is still answered.
        let (_, responder) = asked(&mut events).await.unwrap();
        responder.reply(b"answer".to_vec());
        assert_eq!(answered(&mut peer).await, (1, b"answer".to_vec()));
        assert!(asked(&mut events).await.is_none());
    }
}
