//! Requests and answers: Ethereum's, a stream each, and our own on one long-lived stream.

pub(crate) mod inbound;
pub(crate) mod once;
#[cfg(test)]
pub(crate) mod pipe;
pub(crate) mod state_client;
pub(crate) mod state_server;

use futures::channel::{mpsc, oneshot};
use lampyris_wire::Protocol;
use libp2p::{StreamProtocol, swarm::ConnectionId};

use crate::{
    driver::Notice,
    error::RequestError,
    streams::{OpenError, Stream},
};

/// How many requests to one peer are on their way at a time.
pub(crate) const IN_FLIGHT_MAX: usize = 32;
/// How many more wait for that.
pub(crate) const WAITING_MAX: usize = 256;

/// Takes the answer to a request.
pub(crate) type Answer = oneshot::Sender<Result<Vec<u8>, RequestError>>;

/// Opens streams on one connection.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    pub(crate) connection: ConnectionId,
    pub(crate) notices: mpsc::Sender<Notice>,
}

impl Opener {
    /// Opens a stream.
    pub(crate) async fn open(&mut self, protocol: &'static str) -> Result<Stream, OpenError> {
        let (answer, opened) = oneshot::channel();
        let protocol = StreamProtocol::new(protocol);
        self.notify(Notice::Open {
            connection: self.connection,
            protocol,
            answer,
        })
        .await;
        opened.await.unwrap_or(Err(OpenError::Closed))
    }

    /// Closes the connection.
    pub(crate) async fn close(mut self, reason: String) {
        self.notify(Notice::Close {
            connection: self.connection,
            reason,
        })
        .await;
    }

    async fn notify(&mut self, notice: Notice) {
        // It fails only when the swarm has ended, and this task with it.
        let _ended = futures::SinkExt::send(&mut self.notices, notice).await;
    }
}

/// What not getting a stream means for a request.
fn not_opened(protocol: Protocol, error: &OpenError) -> RequestError {
    match error {
        OpenError::Unsupported => RequestError::Unsupported {
            protocol: protocol.name(),
        },
        OpenError::Closed => RequestError::Disconnected,
        OpenError::Busy | OpenError::Timeout | OpenError::Lost(_) => {
            RequestError::unavailable(error.to_string())
        }
    }
}

/// Refuses a request that no peer would take.
pub(crate) fn check_request(protocol: Protocol, body: &[u8]) -> Result<(), RequestError> {
    let maximum = protocol.request_bytes_max();
    if body.len() > maximum {
        let fault = lampyris_wire::Fault::Misuse;
        return Err(RequestError::TooLarge {
            what: "the request",
            maximum,
            fault,
        });
    }
    Ok(())
}
