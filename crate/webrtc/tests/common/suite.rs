//! What every pair of implementations has to do.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use futures::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Make, Pair, bytes, within};

/// A test for each of these functions.
macro_rules! cases {
    ($dialler:expr => $listener:expr; $($case:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::suite::$case($dialler, $listener).await;
        }
    )*};
}

pub(crate) async fn streams_carry_all_sizes_both_ways(dialler: Make, listener: Make) {
    let Pair {
        dialler,
        listener,
        nodes: _nodes,
    } = Pair::connect(dialler, listener).await;
    listener.echo();
    for length in [
        0, 1, 127, 128, 8_175, 8_176, 8_177, 16_384, 100_000, 1_000_000,
    ] {
        let request = bytes(length);
        assert!(
            dialler.exchange(&request).await == request,
            "{length} bytes"
        );
    }
}

pub(crate) async fn a_half_closed_stream_is_answered(dialler: Make, listener: Make) {
    let mut pair = Pair::connect(dialler, listener).await;
    let mut asking = pair.dialler.open().await;
    asking.write_all(b"question").await.unwrap();
    asking.close().await.unwrap();
    let mut answering = pair.listener.accept().await;
    let mut question = Vec::new();
    within(answering.read_to_end(&mut question)).await.unwrap();
    assert_eq!(question, b"question");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    answering.write_all(b"answer").await.unwrap();
    answering.close().await.unwrap();
    let mut answer = Vec::new();
    within(asking.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"answer");
}

pub(crate) async fn a_dropped_stream_breaks_at_the_other_side(dialler: Make, listener: Make) {
    let mut pair = Pair::connect(dialler, listener).await;
    let mut dropped = pair.dialler.open().await;
    dropped.write_all(b"half").await.unwrap();
    dropped.flush().await.unwrap();
    let mut broken = pair.listener.accept().await;
    let mut four = [0; 4];
    within(broken.read_exact(&mut four)).await.unwrap();
    assert_eq!(&four, b"half");
    drop(dropped);
    assert!(within(broken.read_exact(&mut four)).await.is_err());
}

pub(crate) async fn many_streams_at_once(dialler: Make, listener: Make) {
    exchanges_at_once(dialler, listener, 10, 60).await;
}

/// Several rounds of so many streams at once.
pub(crate) async fn exchanges_at_once(
    dialler: Make,
    listener: Make,
    rounds: usize,
    streams: usize,
) {
    let pair = Pair::connect(dialler, listener).await;
    pair.listener.echo();
    let request = bytes(10_000);
    for round in 0..rounds {
        let exchanges = (0..streams).map(|_| pair.dialler.exchange(&request));
        let answers = futures::future::join_all(exchanges).await;
        assert!(answers.iter().all(|answer| *answer == request), "{round}");
    }
}

pub(crate) async fn the_listener_opens_streams_as_well(dialler: Make, listener: Make) {
    let Pair {
        dialler,
        listener,
        nodes: _nodes,
    } = Pair::connect(dialler, listener).await;
    dialler.echo();
    let request = bytes(20_000);
    for _ in 0..5 {
        assert!(listener.exchange(&request).await == request);
    }
}
