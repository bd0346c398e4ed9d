//! A connection with a peer that signals as libp2p's `/webrtc` has it, over a connection that is already
//! authenticated.
//!
//! There is no Noise on it: the certificates' hashes came over that other connection, and DTLS checks them.
//! What the other side says is read into a [`Description`], as with tabs that were introduced, and never
//! handed to the browser. Source: <https://github.com/libp2p/specs/blob/master/webrtc/webrtc.md>.

use std::fmt;

use futures_timer::Delay;
use libp2p_core::muxing::StreamMuxerBox;

use super::{
    binding::candidate_of,
    introduced::{Pending, TICK, described, pending},
    link::Link,
};
use crate::{
    description::{CANDIDATES_MAX, Description, Side, later_candidate},
    error::Error,
    muxer::Muxer,
    signal::Signal,
};

/// Whoever begins opens a data channel of this name, without which an offer would be empty.
const FIRST_CHANNEL: &str = "init";

/// The side that was asked, with its answer given.
pub struct Signalled {
    link: Link,
    signal: Signal,
    /// How many more addresses of the other side are tried.
    room: usize,
}

/// Answers the SDP of an offer with SDP that says all there is to say of us. `stun` are URLs of servers that
/// tell us our public address.
#[must_use]
pub fn answer_sdp(stun: Vec<String>, offer: String) -> Pending<(String, Signalled)> {
    pending(async move {
        let theirs = Description::from_sdp(&offer).ok_or(Error::Description)?;
        let signal = Signal::default();
        let link = Link::new(signal.clone(), &stun)?;
        link.expect_channel(FIRST_CHANNEL);
        let connection = link.connection();
        let sdp = theirs.to_trickling_sdp(Side::Offerer);
        connection.set_remote_offer(&sdp).await?;
        let answer = connection.answer().await?;
        connection.set_local_answer(&answer).await?;
        let ours = described(&link).await?.to_sdp(Side::Answerer);
        let signalled = Signalled {
            link,
            signal,
            room: CANDIDATES_MAX,
        };
        Ok((ours, signalled))
    })
}

impl Signalled {
    /// Takes an address of the other side, as the JSON of an `RTCIceCandidate`. What is no address over UDP,
    /// or one too many, is passed over.
    pub fn add_candidate(&mut self, json: &str) {
        let candidate = candidate_of(json).and_then(|text| later_candidate(&text));
        let (Some(candidate), Some(room)) = (candidate, self.room.checked_sub(1)) else {
            return;
        };
        self.room = room;
        let connection = self.link.connection().clone();
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(error) = connection.add_candidate(&candidate).await {
                tracing::debug!(%error, "an address is not tried");
            }
        });
    }

    /// Waits until the two are connected.
    #[must_use]
    pub fn connected(&self) -> Pending<()> {
        let connection = self.link.connection().clone();
        pending(async move {
            while !connection.is_connected() {
                if connection.is_over() {
                    return Err(Error::Closed);
                }
                Delay::new(TICK).await;
            }
            Ok(())
        })
    }

    /// The connection's streams.
    #[must_use]
    pub fn into_muxer(self) -> StreamMuxerBox {
        StreamMuxerBox::new(Muxer::new(self.link, self.signal))
    }
}

impl fmt::Debug for Signalled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signalled").finish_non_exhaustive()
    }
}
