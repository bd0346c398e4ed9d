//! Asking peers until one gives an answer that verifies.
//!
//! Each question carries its own check, and only what passes it comes back. The best peers are asked
//! first, and a slow one is hedged: after some times its usual latency the next one is asked as well
//! ([`crate::peers`]). Every attempt runs to its end, even when
//! another answered first, so that a liar is found out and not merely outrun.

use std::{any::Any, rc::Rc};

use futures::{FutureExt, SinkExt, StreamExt, channel::mpsc, select_biased};
use lampyris_wire::{
    Protocol,
    state::{FailureCode, Request, Response},
};

use crate::{
    client::Inner,
    error::{Code, Error},
    misdeed::{Kind, Misdeed},
    peers::short,
    platform::{LocalFuture, Platform, RequestError},
};

/// Peers asked for one answer, at most.
const ATTEMPTS_MAX: usize = 4;

/// Why an answer was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The bytes are false: the peer is dropped.
    Lied(String),
    /// The bytes are true, but old.
    Stale(String),
    /// The peer says that it does not have it.
    Unavailable(String),
    /// The peer did not answer in time.
    Silent(String),
    /// The Ethereum node behind the peer refused, for a reason of its own.
    Refused(String),
    /// Our own fault.
    Bug(String),
}

impl From<lampyris_verify::Error> for Refusal {
    fn from(error: lampyris_verify::Error) -> Self {
        use lampyris_verify::Fault;
        match error.fault() {
            Fault::PeerMisbehaved => Self::Lied(error.to_string()),
            Fault::Unavailable => Self::Unavailable(error.to_string()),
            Fault::Misuse | Fault::Bug => Self::Bug(error.to_string()),
        }
    }
}

impl From<lampyris_wire::Error> for Refusal {
    fn from(error: lampyris_wire::Error) -> Self {
        use lampyris_wire::Fault;
        match error.fault() {
            Fault::PeerMisbehaved => Self::Lied(error.to_string()),
            Fault::Unavailable => Self::Unavailable(error.to_string()),
            Fault::Misuse | Fault::Bug => Self::Bug(error.to_string()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Lied(what) => Self::new(Code::PeerMisbehaved, what),
            Refusal::Stale(what) | Refusal::Unavailable(what) | Refusal::Silent(what) => {
                Self::unavailable(what)
            }
            Refusal::Refused(what) => Self::new(Code::Refused, what),
            Refusal::Bug(what) => Self::new(Code::Bug, what),
        }
    }
}

/// A question: where it goes, what is sent, and what makes an answer true.
pub(crate) struct Question<T> {
    pub(crate) kind: Kind,
    pub(crate) protocol: Protocol,
    pub(crate) body: Vec<u8>,
    pub(crate) check: Check<T>,
}

/// Turns a peer's bytes into a verified value.
pub(crate) type Check<T> = Rc<dyn Fn(Vec<u8>) -> Result<T, Refusal>>;

impl<T> Clone for Question<T> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            protocol: self.protocol,
            body: self.body.clone(),
            check: Rc::clone(&self.check),
        }
    }
}

impl<T> Question<T> {
    /// A question of our own protocol. A [`Response::Failed`] is dealt with here.
    pub(crate) fn of_state(
        kind: Kind,
        request: &Request,
        check: impl Fn(Response) -> Result<T, Refusal> + 'static,
    ) -> Result<Self, Error> {
        let body = request
            .encode()
            .map_err(|error| Error::invalid_argument(error.to_string()))?;
        Ok(Self {
            kind,
            protocol: Protocol::State,
            body,
            check: Rc::new(move |bytes| check(response(&bytes)?)),
        })
    }
}

impl<T: 'static> Question<T> {
    /// The same question with its answer in a box, so that asking is compiled once and not for
    /// every type of answer.
    fn boxed(self) -> Question<Box<dyn Any>> {
        let Self {
            kind,
            protocol,
            body,
            check,
        } = self;
        Question {
            kind,
            protocol,
            body,
            check: Rc::new(move |bytes| Ok(Box::new(check(bytes)?))),
        }
    }
}

/// An answer of our own protocol that is no failure.
fn response(bytes: &[u8]) -> Result<Response, Refusal> {
    match Response::decode(bytes)? {
        Response::Failed { code, message } => Err(match code {
            FailureCode::Refused => Refusal::Refused(message),
            FailureCode::InvalidRequest => Refusal::Bug(message),
            FailureCode::Unavailable | FailureCode::RateLimited => Refusal::Unavailable(message),
        }),
        response => Ok(response),
    }
}

/// An answer of any type, and the peer that gave it.
type Given = (Box<dyn Any>, String);

/// What was put in the box by [`Question::boxed`].
fn unboxed<T: 'static>(answer: Box<dyn Any>) -> Result<T, Refusal> {
    match answer.downcast() {
        Ok(value) => Ok(*value),
        Err(_) => Err(Refusal::Bug("an answer of another type".into())),
    }
}

/// The answer is of another kind than the question.
pub(crate) fn wrong_kind<T>() -> Result<T, Refusal> {
    Err(Refusal::Lied(
        "the answer is of another kind than the question".into(),
    ))
}

impl<P: Platform> Inner<P> {
    /// Asks connected peers until an answer passes the check; returns it with who gave it.
    pub(crate) fn ask<T: 'static>(
        self: &Rc<Self>,
        question: Question<T>,
    ) -> impl Future<Output = Result<(T, String), Error>> + use<T, P> {
        let answer = self.ask_any(question.boxed());
        async move {
            let (answer, peer) = answer.await?;
            Ok((unboxed(answer)?, peer))
        }
    }

    /// In a box, so that each caller's future holds a pointer and not all the state of asking.
    fn ask_any(
        self: &Rc<Self>,
        question: Question<Box<dyn Any>>,
    ) -> LocalFuture<Result<Given, Error>> {
        let client = Rc::clone(self);
        Box::pin(async move { client.ask_in_turn(question).await })
    }

    async fn ask_in_turn(
        self: &Rc<Self>,
        question: Question<Box<dyn Any>>,
    ) -> Result<Given, Error> {
        let mut random = [0; 2];
        self.platform.fill_entropy(&mut random);
        let order = self.peers.borrow().order(random);
        let mut peers = order.into_iter().take(ATTEMPTS_MAX);
        let (results, mut answers) = mpsc::channel(ATTEMPTS_MAX);
        let mut last = Error::new(Code::NoPeers, "no peer is connected");
        let mut running = 0_usize;
        // Gives how long the peer is waited for.
        let start = |peer: String| {
            let hedge_ms = self.peers.borrow().hedge_ms(&peer);
            let (client, question) = (Rc::clone(self), question.clone());
            let mut results = results.clone();
            self.platform.spawn(Box::pin(async move {
                let answer = client.ask_peer_any(&peer, question.clone()).await;
                let is_silent = matches!(answer, Err(Refusal::Silent(_)));
                // Nobody listens any more once another peer was faster.
                let _unheard = results.send((answer, peer.clone())).await;
                // Once may be an accident; a second time tells who withholds from who was busy.
                if is_silent {
                    let _on_record = client.ask_peer_any(&peer, question).await;
                }
            }));
            hedge_ms
        };
        let mut hedge_ms = 0;
        if let Some(peer) = peers.next() {
            hedge_ms = start(peer);
            running = 1;
        }
        while running > 0 {
            let mut hedge = self.platform.sleep(hedge_ms).fuse();
            select_biased! {
                answer = answers.next() => match answer {
                    Some((Ok(value), peer)) => return Ok((value, peer)),
                    Some((Err(refusal), _)) => {
                        running -= 1;
                        last = more_telling(last, refusal.into());
                        if let Some(peer) = peers.next() {
                            hedge_ms = start(peer);
                            running += 1;
                        }
                    }
                    None => break,
                },
                () = hedge => if let Some(peer) = peers.next() {
                    hedge_ms = start(peer);
                    running += 1;
                },
            }
        }
        Err(last)
    }

    /// Asks one peer and keeps the record of what it did.
    pub(crate) async fn ask_peer<T: 'static>(
        self: &Rc<Self>,
        peer: &str,
        question: Question<T>,
    ) -> Result<T, Refusal> {
        unboxed(self.ask_peer_any(peer, question.boxed()).await?)
    }

    async fn ask_peer_any(
        self: &Rc<Self>,
        peer: &str,
        question: Question<Box<dyn Any>>,
    ) -> Result<Box<dyn Any>, Refusal> {
        let Question {
            kind,
            protocol,
            body,
            check,
        } = question;
        let started = self.platform.unix_ms();
        self.peers.borrow_mut().asked(peer);
        let answer = self
            .platform
            .request(peer, protocol, body, protocol.timeout_ms())
            .await;
        let number = self.platform.last_answer();
        self.peers.borrow_mut().ended(peer);
        let now = self.platform.unix_ms();
        match answer {
            Ok(bytes) => {
                let latency = now.saturating_sub(started);
                self.peers
                    .borrow_mut()
                    .answered(peer, kind, bytes.len(), latency);
                let result = check(bytes);
                match &result {
                    Ok(_) => {
                        self.peers.borrow_mut().told_truth(peer, kind);
                        // Of updates, only the first are checked by now: see `take_updates`.
                        if kind != Kind::Update {
                            self.platform.keep(number);
                        }
                    }
                    Err(refusal) => self.refused(peer, kind, refusal),
                }
                result
            }
            Err(RequestError::Timeout) => {
                self.blame(peer, kind, &Misdeed::Silent);
                Err(Refusal::Silent(format!(
                    "{} did not answer in time",
                    short(peer)
                )))
            }
            Err(RequestError::TooLarge) => {
                self.blame(peer, kind, &Misdeed::Oversized);
                Err(Refusal::Lied(format!(
                    "{} sent more than is allowed",
                    short(peer)
                )))
            }
            Err(error) => Err(Refusal::Unavailable(format!(
                "{} could not be asked: {error}",
                short(peer)
            ))),
        }
    }

    /// Blames a peer for an answer that was not taken, if it is to blame.
    pub(crate) fn refused(&self, peer: &str, kind: Kind, refusal: &Refusal) {
        match refusal {
            Refusal::Lied(what) => self.blame(peer, kind, &Misdeed::Lied(what.clone())),
            Refusal::Stale(what) => self.blame(peer, kind, &Misdeed::Stale(what.clone())),
            _ => {}
        }
    }

    /// Records a misdeed and ends the connection if it weighs enough.
    pub(crate) fn blame(&self, peer: &str, kind: Kind, misdeed: &Misdeed) {
        let now = self.platform.unix_ms();
        let dropped = self.peers.borrow_mut().misbehaved(peer, kind, misdeed, now);
        if let Some(reason) = dropped {
            self.platform.disconnect(peer, &reason);
            self.emit_status();
        }
    }
}

/// Of several refusals, the one that tells the user most: a node's own words before a lie,
/// a lie before mere absence.
fn more_telling(one: Error, other: Error) -> Error {
    const fn weight(code: Code) -> u8 {
        match code {
            Code::Refused => 3,
            Code::PeerMisbehaved => 2,
            Code::Unavailable => 1,
            _ => 0,
        }
    }
    if weight(other.code) >= weight(one.code) {
        other
    } else {
        one
    }
}
