//! A peer that stops without a word is noticed by either half of the heartbeat.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use common::{Peer, memory_dialler, memory_listener};

/// Two missed beats of five seconds, and the time until the first.
const NOTICED_AFTER: std::ops::Range<Duration> = Duration::from_secs(9)..Duration::from_secs(17);

/// A peer on a thread of its own, which stands still from the moment it is told.
struct Freezable {
    id: String,
    address: Option<String>,
    freeze: mpsc::Sender<()>,
}

impl Freezable {
    /// Starts a peer that dials an address, or listens.
    fn start(dial: Option<String>) -> Self {
        let (freeze, frozen) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let mut peer = if dial.is_some() {
                    memory_dialler(false)
                } else {
                    memory_listener(&[])
                };
                let address = match dial {
                    Some(address) => {
                        peer.handle.dial(&address).unwrap();
                        None
                    }
                    None => Some(peer.address().await),
                };
                tell.send((peer.id(), address)).unwrap();
                while frozen.try_recv().is_err() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                // Nothing of this runtime runs until the test has ended.
                let _ended = frozen.recv_timeout(Duration::from_secs(60));
            });
        });
        let (id, address) = told.recv().unwrap();
        Self {
            id,
            address,
            freeze,
        }
    }
}

async fn notices(peer: &mut Peer, frozen: &Freezable) {
    peer.until_connected(&frozen.id).await;
    // Longer than the silence that is allowed: the beats keep the connection.
    tokio::time::sleep(Duration::from_secs(17)).await;
    frozen.freeze.send(()).unwrap();
    let start = Instant::now();
    let reason = peer.disconnected().await;
    let elapsed = start.elapsed();
    assert!(NOTICED_AFTER.contains(&elapsed), "{elapsed:?}");
    assert!(reason.contains("fell silent"), "{reason}");
}

#[tokio::test]
async fn the_dialler_notices_a_frozen_listener() {
    let frozen = Freezable::start(None);
    let mut dialler = memory_dialler(false);
    dialler
        .handle
        .dial(frozen.address.as_deref().unwrap())
        .unwrap();
    notices(&mut dialler, &frozen).await;
}

#[tokio::test]
async fn the_listener_notices_a_frozen_dialler() {
    let mut listener = memory_listener(&[]);
    let frozen = Freezable::start(Some(listener.address().await));
    notices(&mut listener, &frozen).await;
}
