//! Patience with stock peers, who miss what comes early. They know version 1 only.

use std::{future::poll_fn, task::Poll, time::Duration};

use futures::FutureExt;
use futures_timer::Delay;

use super::link::Link;
use crate::{error::Result, muxer::Muxer, upgrade::Role, version::Version};

/// How long a listener says nothing once data channel 0 is open. It speaks first, since the listener
/// begins Noise, and the stock native crate opens its end of the channel only some time after SCTP: what
/// comes before makes webrtc-rs take the channel for another one ("there already exists a stream with
/// identifier"), and the dial hangs until its timeout, as most did. Nothing on the wire says when it is
/// ready.
const SILENCE: Duration = Duration::from_millis(200);
/// How long a listener opens no stream while the dialler opens none. The stock diallers listen for
/// streams only some time after their handshake, on a busy page more than 200 ms, and then open one; what
/// comes before is lost, and gossip never begins.
const LISTENER_PATIENCE: Duration = Duration::from_secs(3);
/// The same for a dialler, who is the first to know that the handshake is over: a stock listener listens
/// for streams right after its last word.
const DIALLER_PATIENCE: Duration = Duration::from_millis(200);

/// For how long we open no stream on a new connection, unless the other side does.
pub(super) const fn before_streams(role: Role, version: Version) -> Option<Duration> {
    match (role, version) {
        (Role::Listener, _) => Some(LISTENER_PATIENCE),
        (Role::Dialler, Version::V1) => Some(DIALLER_PATIENCE),
        (Role::Dialler, Version::V2) => None,
    }
}

/// Drives a connection without a word until data channel 0 has been open for a while. The dialler only
/// answers, so that nothing is missed meanwhile.
pub(super) async fn keep_silent(muxer: &mut Muxer<Link>) -> Result<()> {
    let mut delay = None;
    poll_fn(|context| {
        if let Poll::Ready(error) = muxer.poll_drive(context) {
            return Poll::Ready(Err(error));
        }
        if !muxer.backend().is_open {
            return Poll::Pending;
        }
        let delay = delay.get_or_insert_with(|| Delay::new(SILENCE));
        delay.poll_unpin(context).map(Ok)
    })
    .await
}
