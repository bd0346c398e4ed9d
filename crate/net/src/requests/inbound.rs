//! Serving a request that came on a stream of its own, and handing requests to the application.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{
    FutureExt,
    channel::{mpsc, oneshot},
    future::{self, Either},
};
use futures_timer::Delay;
use lampyris_wire::{Protocol, req_resp};

use super::once;
use crate::{
    event::{Event, Responder},
    handle::lock,
    places::Places,
    rate::{self, Bucket},
    streams::Stream,
};

/// Streams of one peer that are served at a time: two for each protocol are allowed by Ethereum.
const STREAMS_MAX: usize = 16;
/// A request is small and is sent at once.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// The application may ask its own node first.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// A response of 5 MB on a slow link.
pub(super) const WRITE_TIME: Duration = Duration::from_secs(60);

/// What is known of the requests of one peer.
#[derive(Clone, Debug)]
pub(crate) struct Requester {
    peer: String,
    events: Arc<Mutex<mpsc::Sender<Event>>>,
    bucket: Arc<Mutex<Bucket>>,
    streams: Places,
}

/// Why a request is not handed to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The peer asks too often.
    TooMany,
    /// The application does not keep up, or does not answer.
    Unavailable,
}

impl Requester {
    pub(crate) fn new(peer: String, events: Arc<Mutex<mpsc::Sender<Event>>>) -> Self {
        let bucket = Arc::new(Mutex::new(Bucket::new(rate::REQUESTS)));
        Self {
            peer,
            events,
            bucket,
            streams: Places::new(STREAMS_MAX),
        }
    }

    /// Hands a request over and waits for its answer.
    pub(super) async fn ask(&self, protocol: Protocol, body: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        if !lock(&self.bucket).take() {
            return Err(Refusal::TooMany);
        }
        let (sender, answer) = oneshot::channel();
        let responder = Responder(sender);
        let event = Event::Inbound {
            peer: self.peer.clone(),
            protocol,
            body,
            responder,
        };
        lock(&self.events)
            .try_send(event)
            .map_err(|_| Refusal::Unavailable)?;
        match future::select(answer, Delay::new(ANSWER_TIME)).await {
            Either::Left((Ok(answer), _)) => Ok(answer),
            Either::Left((Err(_), _)) | Either::Right(_) => Err(Refusal::Unavailable),
        }
    }

    /// Serves a request on a stream of its own.
    pub(crate) async fn serve(self, protocol: Protocol, mut stream: Stream) {
        let Some(_place) = self.streams.take() else {
            // Dropping the stream resets it: this peer opens more than any honest one.
            return;
        };
        let read = once::read_bounded(&mut stream, protocol.request_bytes_max()).boxed();
        let body = match future::select(read, Delay::new(REQUEST_TIME)).await {
            Either::Left((Ok(Some(body)), _)) => body,
            Either::Left(_) | Either::Right(_) => return,
        };
        let response = match self.ask(protocol, body).await {
            Ok(response) if response.len() <= protocol.response_bytes_max() => response,
            Ok(_) => req_resp::encode_error(req_resp::code::SERVER_ERROR, "response too large"),
            Err(Refusal::TooMany) => {
                req_resp::encode_error(req_resp::code::RATE_LIMITED, "too many requests")
            }
            Err(Refusal::Unavailable) => {
                req_resp::encode_error(req_resp::code::SERVER_ERROR, "no answer")
            }
        };
        // A peer that does not read its answer loses the stream, and that is all.
        let send = once::send(&mut stream, &response).boxed();
        let _sent = future::select(send, Delay::new(WRITE_TIME)).await;
    }
}
