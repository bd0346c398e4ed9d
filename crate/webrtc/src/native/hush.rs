//! A silence before the first word.

use std::{future::poll_fn, task::Poll, time::Duration};

use futures::FutureExt;
use futures_timer::Delay;

use super::link::Link;
use crate::{error::Result, muxer::Muxer};

/// How long a listener says nothing once data channel 0 is open. It speaks first, since the listener
/// begins Noise, and the stock native crate opens its end of the channel only some time after SCTP: what
/// comes before makes webrtc-rs take the channel for another one ("there already exists a stream with
/// identifier"), and the dial hangs until its timeout, as most did. Nothing on the wire says when it is
/// ready.
const HUSH: Duration = Duration::from_millis(200);

/// Drives a connection without a word until data channel 0 has been open for a while. The dialler only
/// answers, so that nothing is missed meanwhile.
pub(super) async fn hush(muxer: &mut Muxer<Link>) -> Result<()> {
    let mut delay = None;
    poll_fn(|context| {
        if let Poll::Ready(error) = muxer.poll_drive(context) {
            return Poll::Ready(Err(error));
        }
        if !muxer.backend().is_open {
            return Poll::Pending;
        }
        let delay = delay.get_or_insert_with(|| Delay::new(HUSH));
        delay.poll_unpin(context).map(Ok)
    })
    .await
}
