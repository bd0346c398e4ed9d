//! Who is on the other side: Noise over data channel 0, bound to both certificates.

use std::{future::poll_fn, pin::pin, task::Poll};

use futures::FutureExt;
use libp2p_identity::{Keypair, PeerId};
use libp2p_webrtc_utils::{Fingerprint, noise};

use crate::{
    backend::Backend,
    error::{Error, Result},
    muxer::Muxer,
    substream::Substream,
};

/// Which side of a connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Dialler,
    Listener,
}

/// The certificates of both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fingerprints {
    pub(crate) dialler: Fingerprint,
    pub(crate) listener: Fingerprint,
}

/// Drives the connection until Noise has said who is there. `stream` is data channel 0. Streams that the
/// other side opens meanwhile wait in the muxer; nobody sees them before it is authenticated.
pub(crate) async fn authenticate<B: Backend>(
    mut muxer: Muxer<B>,
    stream: Substream,
    keys: Keypair,
    role: Role,
    certificates: Fingerprints,
) -> Result<(PeerId, Muxer<B>)> {
    let Fingerprints { dialler, listener } = certificates;
    let noise = async move {
        match role {
            Role::Dialler => noise::outbound(keys, stream, listener, dialler).await,
            Role::Listener => noise::inbound(keys, stream, dialler, listener).await,
        }
    };
    let mut noise = pin!(noise);
    let peer = poll_fn(|context| {
        // Before the end of the connection is looked at: what came just before it may be the answer.
        let driven = muxer.poll_drive(context);
        match (noise.poll_unpin(context), driven) {
            (Poll::Ready(result), _) => {
                Poll::Ready(result.map_err(|error| Error::Authentication {
                    reason: error.to_string(),
                }))
            }
            (Poll::Pending, Poll::Ready(error)) => Poll::Ready(Err(error)),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        }
    })
    .await?;
    Ok((peer, muxer))
}

#[cfg(test)]
mod tests;
