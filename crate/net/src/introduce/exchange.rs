//! One question of [`lampyris_wire::introduce`] on a stream of its own, from either side.

use std::{future::Future, io, time::Duration};

use futures::{
    SinkExt,
    channel::{mpsc, oneshot},
    future::{self, Either},
};
use futures_timer::Delay;
use lampyris_wire::{
    INTRODUCE_PROTOCOL,
    introduce::{REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, Refusal, Request, Response},
};
use libp2p::PeerId;

use super::{CARRY_TIME, Notice};
use crate::{
    driver,
    places::Place,
    requests::{Opener, once},
    streams::Stream,
};

/// A question is small and is sent at once.
const REQUEST_TIME: Duration = Duration::from_secs(5);
/// What an asker waits longer than its carrier.
const GRACE: Duration = Duration::from_secs(2);

/// Asks a neighbour. Whatever goes wrong is its silence.
pub(crate) async fn ask(opener: Opener, request: Request, patience: Patience) -> Response {
    let time = match patience {
        Patience::Carrier => CARRY_TIME,
        Patience::Asker => CARRY_TIME + GRACE,
    };
    match in_time(time, exchange(opener, request)).await {
        Some(Ok(response)) => response,
        Some(Err(error)) => {
            tracing::debug!(%error, "an introduction failed");
            Response::Refused(Refusal::Silent)
        }
        None => Response::Refused(Refusal::Silent),
    }
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Between the two.
    Carrier,
    /// One of the two.
    Asker,
}

/// Asks a neighbour for its peers, and tells the driver.
pub(crate) async fn list(opener: Opener, via: PeerId, mut notices: mpsc::Sender<driver::Notice>) {
    let Response::Peers(peers) = ask(opener, Request::List, Patience::Asker).await else {
        return;
    };
    let peers = peers
        .iter()
        .filter_map(|peer| PeerId::from_bytes(peer).ok())
        .collect();
    let listed = driver::Notice::Introduction(Notice::Listed { via, peers });
    // It fails only when the swarm has ended.
    let _ended = notices.send(listed).await;
}

/// Answers a question with what the driver says.
pub(crate) async fn serve(opener: Opener, mut stream: Stream, place: Place) {
    let Opener {
        connection,
        mut notices,
    } = opener;
    let read = once::read_bounded(&mut stream, REQUEST_BYTES_MAX);
    let Some(Ok(Some(bytes))) = in_time(REQUEST_TIME, read).await else {
        return;
    };
    let Ok(request) = Request::decode(&bytes) else {
        // Dropping the stream resets it.
        return;
    };
    let (answer, answered) = oneshot::channel();
    let asked = Notice::Asked {
        connection,
        request,
        answer,
    };
    let _ended = notices.send(driver::Notice::Introduction(asked)).await;
    let silent = Response::Refused(Refusal::Silent);
    let response = answered.await.unwrap_or(silent);
    if let Ok(bytes) = response.encode() {
        let _sent = in_time(REQUEST_TIME, once::send(&mut stream, &bytes)).await;
    }
    drop(place);
}

/// Waits for the transport's answer to an offer.
pub(crate) async fn answered(answer: oneshot::Receiver<Vec<u8>>) -> Response {
    match in_time(CARRY_TIME, answer).await {
        Some(Ok(answer)) => Response::Answer(answer),
        Some(Err(_)) | None => Response::Refused(Refusal::Unwilling),
    }
}

async fn exchange(mut opener: Opener, request: Request) -> io::Result<Response> {
    let bytes = request.encode().map_err(io::Error::other)?;
    let opened = opener.open(INTRODUCE_PROTOCOL).await;
    let mut stream = opened.map_err(io::Error::other)?;
    once::send(&mut stream, &bytes).await?;
    let response = once::read_bounded(&mut stream, RESPONSE_BYTES_MAX).await?;
    let response = response.ok_or_else(|| io::Error::other("the answer is too large"))?;
    Response::decode(&response).map_err(io::Error::other)
}

/// The result of work that is done in time.
pub(crate) async fn in_time<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    match future::select(Box::pin(work), Delay::new(time)).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(_) => None,
    }
}
