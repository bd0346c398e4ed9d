//! Somebody in between, who passes on every byte of Noise.

use std::task::Context;

use bytes::Bytes;
use futures::{StreamExt, channel::mpsc, future};

use super::*;
use crate::{backend::Event, channel::Closer, signal::Signal};

/// One end of a connection with data channel 0 alone.
#[derive(Debug)]
struct End {
    incoming: mpsc::Receiver<Bytes>,
    outgoing: mpsc::Sender<Bytes>,
}

impl Backend for End {
    type Id = u8;

    const UNREAD_BYTES_MAX: usize = 1_024 * 1_024;

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Event<u8>>> {
        self.incoming
            .poll_next_unpin(context)
            .map(|message| match message {
                Some(message) => Ok(Event::Message(0, message)),
                None => Err(Error::Closed),
            })
    }

    fn open(&mut self) -> Result<u8> {
        Err(Error::Closed)
    }

    fn send(&mut self, _: u8, message: &[u8]) -> Result<bool> {
        let message = Bytes::copy_from_slice(message);
        self.outgoing
            .try_send(message)
            .map(|()| true)
            .map_err(|_| Error::Closed)
    }

    fn close_channel(&mut self, _: u8) {}

    fn close(&mut self) {
        self.outgoing.close_channel();
    }
}

fn fingerprint(byte: u8) -> Fingerprint {
    Fingerprint::raw([byte; 32])
}

fn fingerprints(dialler: u8, listener: u8) -> Fingerprints {
    Fingerprints {
        dialler: fingerprint(dialler),
        listener: fingerprint(listener),
    }
}

/// Both sides' handshakes, each with the certificates that it has seen: who each says is there.
fn handshakes(
    dialler: (Keypair, Fingerprints),
    listener: (Keypair, Fingerprints),
) -> [Result<PeerId>; 2] {
    let (to_listener, from_dialler) = mpsc::channel(16);
    let (to_dialler, from_listener) = mpsc::channel(16);
    let side = |end: End, role: Role, (keys, certificates): (Keypair, Fingerprints)| async move {
        let mut muxer = Muxer::new(end, Signal::default());
        let stream = muxer.adopt(0, Closer::We);
        let (peer, _) = authenticate(muxer, stream, keys, role, certificates).await?;
        Ok(peer)
    };
    let dialler_end = End {
        incoming: from_listener,
        outgoing: to_listener,
    };
    let listener_end = End {
        incoming: from_dialler,
        outgoing: to_dialler,
    };
    let (at_dialler, at_listener) = futures::executor::block_on(future::join(
        side(dialler_end, Role::Dialler, dialler),
        side(listener_end, Role::Listener, listener),
    ));
    [at_dialler, at_listener]
}

fn two() -> [Keypair; 2] {
    [1, 2].map(|byte| Keypair::ed25519_from_bytes([byte; 32]).unwrap())
}

#[test]
fn who_sees_the_same_certificates_learns_who_is_there() {
    let [dialler, listener] = two();
    let expected = [&listener, &dialler].map(|keys| keys.public().to_peer_id());
    let seen = fingerprints(1, 2);
    let peers = handshakes((dialler, seen), (listener, seen)).map(|peer| peer.unwrap());
    assert_eq!(peers, expected);
}

#[test]
fn somebody_in_between_has_other_certificates_and_gains_nothing() {
    // With own certificates towards both, towards one alone, or with the two confused.
    let seen = [
        (fingerprints(1, 9), fingerprints(9, 2)),
        (fingerprints(1, 9), fingerprints(1, 2)),
        (fingerprints(1, 2), fingerprints(9, 2)),
        (fingerprints(1, 2), fingerprints(2, 1)),
    ];
    for (at_dialler, at_listener) in seen {
        let [dialler, listener] = two();
        let results = handshakes((dialler, at_dialler), (listener, at_listener));
        assert!(results.iter().all(Result::is_err), "{results:?}");
    }
}
