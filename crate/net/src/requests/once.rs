//! A request with a stream of its own, as Ethereum's protocols have it.

use std::io;

use futures::{
    AsyncRead, AsyncReadExt, AsyncWriteExt, FutureExt,
    future::{self, Either},
};
use lampyris_wire::{Fault, Protocol};

use super::{Answer, Opener, not_opened};
use crate::{error::RequestError, streams::Stream};

/// Asks, and answers the caller; stops when the caller waits no more.
pub(crate) async fn ask(opener: Opener, protocol: Protocol, body: Vec<u8>, mut answer: Answer) {
    let exchanged = exchange(opener, protocol, &body).boxed();
    let response = match future::select(exchanged, answer.cancellation()).await {
        Either::Left((response, _)) => response,
        Either::Right(((), _)) => return,
    };
    let _gone = answer.send(response);
}

async fn exchange(
    mut opener: Opener,
    protocol: Protocol,
    body: &[u8],
) -> Result<Vec<u8>, RequestError> {
    let mut stream = opener
        .open(protocol.name())
        .await
        .map_err(|error| not_opened(protocol, &error))?;
    send(&mut stream, body)
        .await
        .map_err(|error| lost(&error))?;
    let maximum = protocol.response_bytes_max();
    match read_bounded(&mut stream, maximum).await {
        Ok(Some(response)) => Ok(response),
        Ok(None) => {
            let fault = Fault::PeerMisbehaved;
            Err(RequestError::TooLarge {
                what: "the answer",
                maximum,
                fault,
            })
        }
        Err(error) => Err(lost(&error)),
    }
}

/// Writes all and half-closes.
pub(crate) async fn send(stream: &mut Stream, body: &[u8]) -> io::Result<()> {
    stream.write_all(body).await?;
    stream.flush().await?;
    stream.close().await
}

/// Reads to the end; none when there is more than `bytes_max`.
pub(crate) async fn read_bounded(
    stream: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let limit = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    stream.take(limit).read_to_end(&mut bytes).await?;
    Ok((bytes.len() <= bytes_max).then_some(bytes))
}

fn lost(error: &io::Error) -> RequestError {
    RequestError::unavailable(format!("the stream broke: {error}"))
}
