//! Ethereum's light-client requests.

use super::Server;
use crate::{
    Error,
    hook::{Reply, Request},
};
use alloy_primitives::B256;
use lampyris_verify::Fault;
use lampyris_wire::{Protocol, req_resp};

/// The longest request: a root.
const REQUEST_BYTES_MAX: usize = 32;

/// Reads a request of one of Ethereum's protocols.
pub(super) fn decode(protocol: Protocol, body: &[u8]) -> Option<Request> {
    let ssz = req_resp::decode_request(body, REQUEST_BYTES_MAX).ok()?;
    match protocol {
        Protocol::LightClientBootstrap => Some(Request::Bootstrap(B256::from(
            <[u8; 32]>::try_from(ssz).ok()?,
        ))),
        Protocol::LightClientUpdatesByRange => {
            let (start, count) = ssz.split_first_chunk::<8>()?;
            Some(Request::Updates {
                start: u64::from_le_bytes(*start),
                count: u64::from_le_bytes(count.try_into().ok()?),
            })
        }
        Protocol::LightClientFinalityUpdate => ssz.is_empty().then_some(Request::Finality),
        Protocol::LightClientOptimisticUpdate => ssz.is_empty().then_some(Request::Optimistic),
        Protocol::State => None,
    }
}

/// The bytes of a reply.
pub(super) fn encode(reply: Reply) -> Option<Vec<u8>> {
    match reply {
        Reply::Chunks(chunks) => Some(chunks.concat()),
        Reply::Latest(latest) => Some(latest.response.clone()),
        Reply::Error { code, message } => Some(req_resp::encode_error(code, &message)),
        Reply::Bytes(bytes) => Some(bytes),
        Reply::State(_) | Reply::EncodedState(_) | Reply::Silence => None,
    }
}

impl Server {
    pub(super) async fn bootstrap(&self, root: B256) -> Reply {
        match self.bootstraps.find(root).await {
            Ok(bootstrap) => Reply::Chunks(vec![bootstrap]),
            Err(error) => failure(&error),
        }
    }

    pub(super) async fn updates(&self, start: u64, count: u64) -> Reply {
        if count == 0 {
            return super::refusal(Protocol::LightClientUpdatesByRange, super::Why::Malformed);
        }
        match self.archive.updates(start, count).await {
            Ok(updates) if updates.is_empty() => failure(&Error::Missing("update")),
            Ok(updates) => Reply::Chunks(updates),
            Err(error) => failure(&error),
        }
    }

    pub(super) fn finality(&self) -> Reply {
        match &*self.chain.finality().borrow() {
            Some(latest) => Reply::Latest(latest.clone()),
            None => failure(&Error::Missing("finality update")),
        }
    }

    pub(super) fn optimistic(&self) -> Reply {
        match &*self.chain.optimistic().borrow() {
            Some(latest) => Reply::Latest(latest.clone()),
            None => failure(&Error::Missing("optimistic update")),
        }
    }
}

/// Why there is no answer, without naming the nodes behind us.
fn failure(error: &Error) -> Reply {
    let code = match error.fault() {
        Fault::Bug | Fault::Misuse => req_resp::code::SERVER_ERROR,
        Fault::Unavailable | Fault::PeerMisbehaved => req_resp::code::RESOURCE_UNAVAILABLE,
    };
    Reply::Error {
        code,
        message: super::public_message(error),
    }
}
