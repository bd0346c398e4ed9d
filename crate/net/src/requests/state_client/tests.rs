//! Against a peer that is written by hand, so that it can misbehave.

use futures::{AsyncReadExt, AsyncWriteExt, channel::oneshot};
use lampyris_wire::Fault;

use super::*;
use crate::requests::pipe::{self, Duplex as End};

/// A request and where its answer comes.
fn request(body: &[u8]) -> (Request, oneshot::Receiver<Result<Vec<u8>, RequestError>>) {
    let (answer, answered) = oneshot::channel();
    (
        Request {
            body: body.to_vec(),
            answer,
        },
        answered,
    )
}

/// Starts a conversation; gives the queue of requests and the peer's end.
fn conversation() -> (mpsc::Sender<Request>, End) {
    let (near, far) = pipe::duplex();
    let (sender, mut requests) = mpsc::channel(super::super::WAITING_MAX);
    tokio::spawn(async move {
        let mut conversation = Conversation::new(near, &mut requests);
        let error = poll_fn(|context| conversation.poll(context)).await;
        conversation.fail(&error);
    });
    (sender, far)
}

async fn read_frame(peer: &mut End) -> (u32, Vec<u8>) {
    let mut header = [0; frame::HEADER_BYTES];
    peer.read_exact(&mut header).await.unwrap();
    let header = frame::Header::decode(header, frame::REQUEST_BYTES_MAX).unwrap();
    let mut payload = vec![0; header.payload_bytes];
    peer.read_exact(&mut payload).await.unwrap();
    (header.request_id, payload)
}

async fn write_frame(peer: &mut End, id: u32, payload: &[u8]) {
    let frame = frame::encode(id, payload, frame::RESPONSE_BYTES_MAX).unwrap();
    peer.write_all(&frame).await.unwrap();
}

#[tokio::test]
async fn answers_in_any_order_find_their_requests() {
    let (mut requests, mut peer) = conversation();
    let mut answered = Vec::new();
    for body in [b"a", b"b", b"c"] {
        let (request, answer) = request(body);
        requests.try_send(request).unwrap();
        answered.push((body.to_vec(), answer));
    }
    let mut frames = Vec::new();
    for _ in 0..3 {
        frames.push(read_frame(&mut peer).await);
    }
    for (id, body) in frames.into_iter().rev() {
        write_frame(&mut peer, id, &body).await;
    }
    for (body, answer) in answered {
        assert_eq!(answer.await.unwrap(), Ok(body));
    }
}

#[tokio::test]
async fn no_more_than_the_bound_are_on_their_way_and_who_gives_up_makes_room() {
    let (mut requests, mut peer) = conversation();
    let mut answered = Vec::new();
    for _ in 0..IN_FLIGHT_MAX + 2 {
        let (request, answer) = request(b"x");
        requests.try_send(request).unwrap();
        answered.push(answer);
    }
    for _ in 0..IN_FLIGHT_MAX {
        read_frame(&mut peer).await;
    }
    let wait = std::time::Duration::from_millis(100);
    assert!(
        tokio::time::timeout(wait, read_frame(&mut peer))
            .await
            .is_err()
    );
    drop(answered.remove(0));
    let (id, _) = read_frame(&mut peer).await;
    assert_eq!(id, 32);
    // The late answer to the one that was given up is dropped, the next one counts.
    write_frame(&mut peer, 0, b"late").await;
    write_frame(&mut peer, 1, b"in time").await;
    assert_eq!(answered.remove(0).await.unwrap(), Ok(b"in time".to_vec()));
    let (id, _) = read_frame(&mut peer).await;
    assert_eq!(id, 33);
    // Once is enough.
    write_frame(&mut peer, 0, b"late again").await;
    let error = answered.remove(0).await.unwrap().unwrap_err();
    assert_eq!(error.fault(), Fault::PeerMisbehaved);
}

#[tokio::test]
async fn misbehaviour_fails_what_is_on_its_way() {
    let unasked = frame::encode(7, b"unasked", 100).unwrap();
    let oversized = [u32::MAX.to_le_bytes(), [0; 4]].concat();
    for (bytes, fault) in [
        (unasked, Fault::PeerMisbehaved),
        (oversized, Fault::PeerMisbehaved),
    ] {
        let (mut requests, mut peer) = conversation();
        let (request, answer) = request(b"x");
        requests.try_send(request).unwrap();
        read_frame(&mut peer).await;
        peer.write_all(&bytes).await.unwrap();
        assert_eq!(answer.await.unwrap().unwrap_err().fault(), fault);
    }
}

#[tokio::test]
async fn an_answer_cut_short_fails() {
    let (mut requests, mut peer) = conversation();
    let (request, answer) = request(b"x");
    requests.try_send(request).unwrap();
    let (id, _) = read_frame(&mut peer).await;
    let frame = frame::encode(id, b"whole", 100).unwrap();
    peer.write_all(&frame[..10]).await.unwrap();
    peer.close().await.unwrap();
    assert_eq!(
        answer.await.unwrap().unwrap_err().fault(),
        Fault::Unavailable
    );
}
