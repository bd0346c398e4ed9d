//! A connection between two tabs whom somebody introduces.
//!
//! The offer and its answer travel by hands that nobody trusts. Whoever carries them can spoil them, or
//! stand in between with certificates of its own; but Noise is bound to both certificates, and says who is
//! really there, so that all this comes to is no connection.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use futures::future::{self, Either};
use futures_timer::Delay;
use libp2p_core::muxing::StreamMuxerBox;
use libp2p_identity::{Keypair, PeerId};
use send_wrapper::SendWrapper;

use super::link::{Id, Link};
use crate::{
    channel::Closer,
    clock,
    description::{Description, Side},
    error::{Error, Result},
    muxer::Muxer,
    signal::Signal,
    upgrade::{Fingerprints, Role, authenticate},
};

/// How long our own addresses are looked for; what is found later is not told.
const GATHERING_TIME: Duration = Duration::from_secs(1);
/// How often it is looked whether all are found. A hidden tab's timers are slower.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// How long connecting and the handshake may take once both sides know of each other.
const HANDSHAKE_SECONDS: u64 = 10;

/// An authenticated connection.
pub type Introduced = (PeerId, StreamMuxerBox);
/// What is still to come. It stays on the page's thread.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// The side that begins, before it has an answer.
pub struct Offerer(SendWrapper<Half>);

/// The side that was asked, with its answer given.
pub struct Answerer {
    half: SendWrapper<Half>,
    theirs: Description,
}

/// Makes an offer, to be carried to the other side. `stun` are URLs of servers that tell us our public
/// address.
#[must_use]
pub fn offer(keys: Keypair, stun: Vec<String>) -> Pending<(Vec<u8>, Offerer)> {
    pending(async move {
        let begun = Begun::new(&stun)?;
        let connection = begun.link.connection();
        let offer = connection.offer().await?;
        connection.set_offer(&offer).await?;
        let half = begun.described(keys).await?;
        Ok((half.ours.encode(), Offerer(SendWrapper::new(half))))
    })
}

/// Answers an offer; the answer is to be carried back. `stun` as in [`offer`].
#[must_use]
pub fn answer(keys: Keypair, stun: Vec<String>, offer: Vec<u8>) -> Pending<(Vec<u8>, Answerer)> {
    pending(async move {
        let theirs = Description::decode(&offer).ok_or(Error::Description)?;
        let begun = Begun::new(&stun)?;
        let connection = begun.link.connection();
        let sdp = theirs.to_sdp(Side::Offerer);
        connection.set_remote_offer(&sdp).await?;
        let answer = connection.answer().await?;
        connection.set_local_answer(&answer).await?;
        let half = begun.described(keys).await?;
        let ours = half.ours.encode();
        let half = SendWrapper::new(half);
        Ok((ours, Answerer { half, theirs }))
    })
}

impl Offerer {
    /// Connects with whoever answered, and says who that is.
    #[must_use]
    pub fn connect(self, answer: Vec<u8>) -> Pending<Introduced> {
        pending(async move {
            let half = self.0.take();
            let theirs = Description::decode(&answer).ok_or(Error::Description)?;
            let connection = half.begun.link.connection();
            let sdp = theirs.to_sdp(Side::Answerer);
            connection.set_answer(&sdp).await?;
            half.connect(Role::Dialler, &theirs).await
        })
    }
}

impl Answerer {
    /// Connects with whoever made the offer, and says who that is.
    #[must_use]
    pub fn connect(self) -> Pending<Introduced> {
        pending(async move {
            let Self { half, theirs } = self;
            half.take().connect(Role::Listener, &theirs).await
        })
    }
}

/// A connection of our browser with data channel 0. Dropping it closes it.
struct Begun {
    link: Link,
    signal: Signal,
    channel: Id,
}

impl Begun {
    fn new(stun: &[String]) -> Result<Self> {
        let signal = Signal::default();
        let link = Link::new(signal.clone(), stun)?;
        // Before an offer, which would be empty without it.
        let channel = link.handshake_channel()?;
        Ok(Self {
            link,
            signal,
            channel,
        })
    }

    async fn described(self, keys: Keypair) -> Result<Half> {
        let ours = described(&self.link).await?;
        let begun = self;
        Ok(Half { keys, begun, ours })
    }
}

/// Waits for our own addresses and describes us.
pub(super) async fn described(link: &Link) -> Result<Description> {
    let connection = link.connection();
    let end = clock::now() + GATHERING_TIME;
    while !connection.has_gathered() && clock::now() < end {
        Delay::new(TICK).await;
    }
    Description::from_sdp(&connection.local_sdp()?).ok_or(Error::Description)
}

/// A connection of which the other side does not know yet, or we not of it.
struct Half {
    keys: Keypair,
    begun: Begun,
    ours: Description,
}

impl Half {
    async fn connect(self, role: Role, theirs: &Description) -> Result<Introduced> {
        let Self { keys, begun, ours } = self;
        let (certificates, closer) = match role {
            Role::Dialler => (
                Fingerprints {
                    dialler: ours.fingerprint,
                    listener: theirs.fingerprint,
                },
                Closer::We,
            ),
            Role::Listener => (
                Fingerprints {
                    dialler: theirs.fingerprint,
                    listener: ours.fingerprint,
                },
                Closer::They,
            ),
        };
        let mut muxer = Muxer::new(begun.link, begun.signal);
        let stream = muxer.adopt(begun.channel, closer);
        let handshake = Box::pin(authenticate(muxer, stream, keys, role, certificates));
        let limit = Delay::new(Duration::from_secs(HANDSHAKE_SECONDS));
        match future::select(handshake, limit).await {
            Either::Left((result, _)) => {
                result.map(|(peer, muxer)| (peer, StreamMuxerBox::new(muxer)))
            }
            Either::Right(_) => Err(Error::Timeout {
                seconds: HANDSHAKE_SECONDS,
            }),
        }
    }
}

impl fmt::Debug for Offerer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Offerer").finish()
    }
}

impl fmt::Debug for Answerer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Answerer").finish()
    }
}

pub(super) fn pending<T>(future: impl Future<Output = Result<T>> + 'static) -> Pending<T> {
    Box::pin(SendWrapper::new(future))
}
