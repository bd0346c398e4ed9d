//! Serving `/lampyris/state/1`: framed requests on one long-lived stream.
//!
//! What is not served yet stays unread, so that the peer's own transport holds it back.

use std::{future::poll_fn, task::Poll};

use futures::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Stream as _, StreamExt,
    future::{self, Either},
    io::{self, ReadHalf, WriteHalf},
    stream::{self, FuturesUnordered},
};
use futures_timer::Delay;
use lampyris_wire::{
    Protocol, frame,
    state::{FailureCode, Response},
};

use super::inbound::{Refusal, Requester, WRITE_TIME};

/// Requests of one peer that are worked on at a time. Their answers wait in memory for a slow reader,
/// so this times 4 MiB is what one peer can hold.
const SERVED_MAX: usize = 8;

/// A request's id and its body, or its encoded answer.
type Numbered = (u32, Vec<u8>);

enum Step {
    Asked(Option<Numbered>),
    Answered(Numbered),
}

/// Serves until the peer closes the stream, misbehaves or does not read its answers.
pub(crate) async fn serve(requester: Requester, stream: impl AsyncRead + AsyncWrite) {
    let (reader, mut writer) = stream.split();
    let requests = stream::unfold(reader, next_request);
    futures::pin_mut!(requests);
    let mut served = FuturesUnordered::new();
    let mut is_open = true;
    while is_open || !served.is_empty() {
        let step = poll_fn(|context| {
            if let Poll::Ready(Some(answered)) = served.poll_next_unpin(context) {
                return Poll::Ready(Step::Answered(answered));
            }
            if is_open && served.len() < SERVED_MAX {
                return requests.as_mut().poll_next(context).map(Step::Asked);
            }
            Poll::Pending
        });
        match step.await {
            Step::Asked(Some(request)) => served.push(answer(&requester, request)),
            Step::Asked(None) => is_open = false,
            Step::Answered(answered) => {
                let write = write_frame(&mut writer, answered);
                futures::pin_mut!(write);
                match future::select(write, Delay::new(WRITE_TIME)).await {
                    Either::Left((Ok(()), _)) => {}
                    Either::Left((Err(_), _)) | Either::Right(_) => return,
                }
            }
        }
    }
}

async fn answer(requester: &Requester, (id, body): Numbered) -> Numbered {
    let response = match requester.ask(Protocol::State, body).await {
        Ok(response) if response.len() <= frame::RESPONSE_BYTES_MAX => response,
        Ok(_) => failure(FailureCode::Unavailable, "the response is too large"),
        Err(Refusal::TooMany) => failure(FailureCode::RateLimited, "too many requests"),
        Err(Refusal::Unavailable) => failure(FailureCode::Unavailable, "no answer"),
    };
    (id, response)
}

fn failure(code: FailureCode, message: &str) -> Vec<u8> {
    // A short failure always encodes; an empty answer would be refused by the requester.
    Response::Failed {
        code,
        message: message.into(),
    }
    .encode()
    .unwrap_or_default()
}

async fn write_frame(
    writer: &mut WriteHalf<impl AsyncWrite>,
    (id, response): Numbered,
) -> io::Result<()> {
    let frame = frame::encode(id, &response, frame::RESPONSE_BYTES_MAX)
        .map_err(|error| io::Error::other(error.to_string()))?;
    writer.write_all(&frame).await?;
    writer.flush().await
}

/// Reads one frame; none at the end or when it is malformed, and the stream is given up.
async fn next_request<S: AsyncRead>(mut reader: ReadHalf<S>) -> Option<(Numbered, ReadHalf<S>)> {
    let mut header = [0; frame::HEADER_BYTES];
    reader.read_exact(&mut header).await.ok()?;
    let header = frame::Header::decode(header, frame::REQUEST_BYTES_MAX).ok()?;
    let length = u64::try_from(header.payload_bytes).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    (&mut reader)
        .take(length)
        .read_to_end(&mut body)
        .await
        .ok()?;
    (body.len() == header.payload_bytes).then_some(((header.request_id, body), reader))
}

#[cfg(test)]
mod tests;
