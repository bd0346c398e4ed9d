//! Asking on `/lampyris/state/1`: many requests at a time on one long-lived stream.
//!
//! The stream is opened with the first request and again after a failure. A silent peer costs each
//! caller its own timeout and nobody else anything.

use std::{
    collections::HashMap,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{AsyncRead, AsyncWrite, StreamExt, channel::mpsc};
use lampyris_wire::{Protocol, frame};

use super::{Answer, IN_FLIGHT_MAX, Opener, not_opened};
use crate::error::RequestError;

/// Bytes read from the stream at a time.
const READ_BYTES: usize = 16 * 1024;

/// A request that waits to be sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    pub(crate) answer: Answer,
}

/// Sends the requests of one connection, for as long as it lives.
pub(crate) async fn run(mut opener: Opener, mut requests: mpsc::Receiver<Request>) {
    while let Some(request) = requests.next().await {
        if request.answer.is_canceled() {
            continue;
        }
        match opener.open(Protocol::State.name()).await {
            Ok(stream) => {
                let mut conversation = Conversation::new(stream, &mut requests);
                conversation.ask(request);
                let error = poll_fn(|context| conversation.poll(context)).await;
                conversation.fail(&error);
            }
            Err(error) => {
                let _gone = request
                    .answer
                    .send(Err(not_opened(Protocol::State, &error)));
            }
        }
    }
}

/// Requests and answers on one stream, both directions at once.
struct Conversation<'a, S> {
    stream: S,
    requests: &'a mut mpsc::Receiver<Request>,
    in_flight: HashMap<u32, Answer>,
    next_id: u32,
    /// How many requests the peer may still answer though nobody waits.
    given_up: usize,
    /// What is still to be written, and from where.
    outgoing: Vec<u8>,
    written: usize,
    unflushed: bool,
    incoming: Incoming,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, S> {
    fn new(stream: S, requests: &'a mut mpsc::Receiver<Request>) -> Self {
        Self {
            stream,
            requests,
            in_flight: HashMap::new(),
            next_id: 0,
            given_up: 0,
            outgoing: Vec::new(),
            written: 0,
            unflushed: false,
            incoming: Incoming::default(),
        }
    }

    /// Goes on until the stream fails, and says why.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<RequestError> {
        if let Poll::Ready(error) = self.poll_read(context) {
            return Poll::Ready(error);
        }
        if let Poll::Ready(error) = self.poll_write(context) {
            return Poll::Ready(RequestError::unavailable(format!(
                "the stream broke: {error}"
            )));
        }
        Poll::Pending
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<RequestError> {
        loop {
            match ready!(
                self.incoming
                    .poll_frame(Pin::new(&mut self.stream), context)
            ) {
                Ok((id, payload)) => {
                    if let Some(answer) = self.in_flight.remove(&id) {
                        let _gone = answer.send(Ok(payload));
                    } else if self.given_up > 0 {
                        // The late answer to a request that nobody waits for any more.
                        self.given_up -= 1;
                    } else {
                        let reason = format!("an answer to request {id}, which nobody made");
                        return Poll::Ready(RequestError::misbehaved(reason));
                    }
                }
                Err(error) => return Poll::Ready(error),
            }
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            while let Some(rest) = self
                .outgoing
                .get(self.written..)
                .filter(|rest| !rest.is_empty())
            {
                match ready!(Pin::new(&mut self.stream).poll_write(context, rest)) {
                    Ok(0) => return Poll::Ready(io::ErrorKind::WriteZero.into()),
                    Ok(length) => self.written += length,
                    Err(error) => return Poll::Ready(error),
                }
                self.unflushed = true;
            }
            // Whoever waits no more makes room for the next; this also registers for that.
            let before = self.in_flight.len();
            self.in_flight
                .retain(|_, answer| answer.poll_canceled(context).is_pending());
            self.given_up += before - self.in_flight.len();
            let next = if self.in_flight.len() < IN_FLIGHT_MAX {
                self.requests.poll_next_unpin(context)
            } else {
                Poll::Pending
            };
            match next {
                Poll::Ready(Some(request)) => self.ask(request),
                Poll::Ready(None) | Poll::Pending if !self.unflushed => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => {
                    match ready!(Pin::new(&mut self.stream).poll_flush(context)) {
                        Ok(()) => self.unflushed = false,
                        Err(error) => return Poll::Ready(error),
                    }
                }
            }
        }
    }

    /// Takes a request to be written. The caller has made sure that nothing else is being written.
    fn ask(&mut self, request: Request) {
        if request.answer.is_canceled() {
            return;
        }
        match frame::encode(self.next_id, &request.body, frame::REQUEST_BYTES_MAX) {
            Ok(frame) => {
                self.outgoing = frame;
                self.written = 0;
                self.in_flight.insert(self.next_id, request.answer);
                self.next_id = self.next_id.wrapping_add(1);
            }
            Err(error) => {
                let fault = error.fault();
                let reason = error.to_string();
                let _gone = request
                    .answer
                    .send(Err(RequestError::Failed { reason, fault }));
            }
        }
    }

    fn fail(self, error: &RequestError) {
        for (_, answer) in self.in_flight {
            let _gone = answer.send(Err(error.clone()));
        }
    }
}

/// A frame as it arrives.
#[derive(Default)]
struct Incoming {
    bytes: Vec<u8>,
}

impl Incoming {
    /// Reads one frame. Memory grows with what arrives, never with what is announced.
    fn poll_frame(
        &mut self,
        mut stream: Pin<&mut (impl AsyncRead + ?Sized)>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(u32, Vec<u8>), RequestError>> {
        let mut buffer = [0; READ_BYTES];
        loop {
            let missing = match self.missing() {
                Ok(missing) => missing,
                Err(error) => return Poll::Ready(Err(RequestError::misbehaved(error.to_string()))),
            };
            if missing == 0 {
                return Poll::Ready(Ok(self.take()));
            }
            let length = missing.min(READ_BYTES);
            let part = buffer.get_mut(..length).unwrap_or_default();
            match ready!(stream.as_mut().poll_read(context, part)) {
                Ok(0) => {
                    let reason = "the peer closed the stream";
                    return Poll::Ready(Err(RequestError::unavailable(reason)));
                }
                Ok(length) => {
                    self.bytes
                        .extend_from_slice(part.get(..length).unwrap_or_default());
                }
                Err(error) => {
                    let reason = format!("the stream broke: {error}");
                    return Poll::Ready(Err(RequestError::unavailable(reason)));
                }
            }
        }
    }

    /// How many bytes are missing: of the header, then of the payload.
    fn missing(&self) -> lampyris_wire::Result<usize> {
        let Some(header) = self.bytes.first_chunk() else {
            return Ok(frame::HEADER_BYTES.saturating_sub(self.bytes.len()));
        };
        let header = frame::Header::decode(*header, frame::RESPONSE_BYTES_MAX)?;
        Ok((frame::HEADER_BYTES + header.payload_bytes).saturating_sub(self.bytes.len()))
    }

    fn take(&mut self) -> (u32, Vec<u8>) {
        let mut bytes = std::mem::take(&mut self.bytes);
        let id = bytes
            .first_chunk()
            .and_then(|header| frame::Header::decode(*header, frame::RESPONSE_BYTES_MAX).ok())
            .map_or(0, |header| header.request_id);
        bytes.drain(..frame::HEADER_BYTES.min(bytes.len()));
        (id, bytes)
    }
}

#[cfg(test)]
mod tests;
