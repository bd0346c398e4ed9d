//! Noticing that a peer died: neither WebRTC stack of the stock crates tells.
//!
//! The dialler sends eight bytes every five seconds on a stream of its own, the listener sends them
//! back. Each side counts the time in which *nothing* arrived on the connection, and closes it after
//! two missed beats. Peers of other implementations ping instead, less often. Time in which our own timers were late (a throttled tab, a sleeping laptop) does
//! not count against the peer: one tick counts for at most [`TICK_MAX`].

use std::time::Duration;

use futures::{
    AsyncReadExt, AsyncWriteExt, FutureExt, channel::oneshot, future::FusedFuture, io, select,
};
use futures_timer::Delay;

use crate::{
    clock::Moment,
    streams::{Activity, Stream},
};

/// What other implementations know whether we live by: bytes there and back, like our heartbeat.
/// See <https://github.com/libp2p/specs/blob/master/ping/ping.md>.
pub(crate) const PING_PROTOCOL: &str = "/ipfs/ping/1.0.0";
/// How many streams of pings a connection may have: one is enough, and the next may come before the
/// last is closed.
pub(crate) const PINGS_MAX: usize = 4;

/// Time between two beats.
const INTERVAL: Duration = Duration::from_secs(5);
/// Time between two looks at the clock. Hidden tabs have timers of one second.
const TICK: Duration = Duration::from_secs(1);
/// What a tick counts for at most.
const TICK_MAX: Duration = Duration::from_millis(1_500);
/// Two beats without an echo, and 1.5 s for the second echo to arrive.
const SILENCE_MAX: Duration = Duration::from_millis(11_500);
/// The listener hears the beats later by what a throttled tab's timers are late, and by an opening.
const LISTENER_SILENCE_MAX: Duration = Duration::from_millis(14_500);
/// For a dialler without our heartbeat: stock peers ping every ten (js) or fifteen seconds (Rust).
const STRANGER_SILENCE_MAX: Duration = Duration::from_secs(25);
/// As much as is sent back at a time: more than an honest peer sends before it has the answer.
const MIRROR_BYTES: usize = 1_024;

/// Beats on a stream that we opened. Returns when the peer is gone, with the reason.
pub(crate) async fn beat(stream: Stream) -> String {
    let activity = stream.activity();
    let (mut reader, mut writer) = stream.split();
    let mut pulse = Pulse::new(SILENCE_MAX);
    let echoes = async { drain(&mut reader).await }.fuse();
    let beats = async {
        let mut number = 0_u64;
        let mut last = Moment::now();
        loop {
            if pulse.beat_is_due() {
                writer.write_all(&number.to_le_bytes()).await?;
                writer.flush().await?;
                number += 1;
            }
            Delay::new(TICK).await;
            let elapsed = last.elapsed();
            last = Moment::now();
            if pulse.tick(elapsed, activity.count()) == Verdict::Dead {
                return Ok(());
            }
        }
    }
    .fuse();
    futures::pin_mut!(echoes, beats);
    select! {
        ended = echoes => ended,
        result = beats => ended(result),
    }
}

/// Echoes on the stream that the peer opens. Returns when the peer is gone, with the reason.
pub(crate) async fn echo(opened: oneshot::Receiver<Stream>, activity: Activity) -> String {
    let mut pulse = Pulse::new(STRANGER_SILENCE_MAX);
    let mut opened = opened.fuse();
    let echoes = futures::future::Fuse::terminated();
    futures::pin_mut!(echoes);
    let mut last = Moment::now();
    let mut tick = Delay::new(TICK).fuse();
    loop {
        select! {
            stream = opened => {
                if let Ok(stream) = stream {
                    pulse.silence_max = LISTENER_SILENCE_MAX;
                    echoes.set(mirror(stream).fuse());
                }
            }
            reason = echoes => return reason,
            () = tick => {
                let elapsed = last.elapsed();
                last = Moment::now();
                if pulse.tick(elapsed, activity.count()) == Verdict::Dead {
                    return silence();
                }
                tick = Delay::new(TICK).fuse();
            }
        }
        debug_assert!(!tick.is_terminated(), "the tick is renewed");
    }
}

/// Sends all back as it comes. Returns when the peer is done, with the reason.
pub(crate) async fn mirror(stream: Stream) -> String {
    let (mut reader, mut writer) = stream.split();
    let mut bytes = vec![0; MIRROR_BYTES];
    let result: io::Result<()> = async {
        loop {
            let length = reader.read(&mut bytes).await?;
            if length == 0 {
                writer.close().await?;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            writer.write_all(&bytes[..length]).await?;
            writer.flush().await?;
        }
    }
    .await;
    ended(result)
}

async fn drain(reader: &mut (impl io::AsyncRead + Unpin)) -> String {
    let mut echo = [0; 8];
    loop {
        if let Err(error) = reader.read_exact(&mut echo).await {
            return ended(Err(error));
        }
    }
}

fn ended(result: io::Result<()>) -> String {
    match result {
        Ok(()) => silence(),
        Err(error) if is_end(&error) => "the peer left".into(),
        Err(error) => format!("the heartbeat's stream broke: {error}"),
    }
}

/// Whether the other side ended the stream, however deep that is wrapped.
fn is_end(error: &io::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected,
        ) = kind
        {
            return true;
        }
        cause = error.source();
    }
    false
}

fn silence() -> String {
    "the peer fell silent: two heartbeats without an answer".into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Alive,
    Dead,
}

/// Counts silence.
#[derive(Debug)]
struct Pulse {
    silence_max: Duration,
    silence: Duration,
    since_beat: Duration,
    activity: u64,
}

impl Pulse {
    const fn new(silence_max: Duration) -> Self {
        // The first beat is due at once.
        Self {
            silence_max,
            silence: Duration::ZERO,
            since_beat: INTERVAL,
            activity: 0,
        }
    }

    /// Whether to send a beat now; if so, it counts as sent.
    fn beat_is_due(&mut self) -> bool {
        let is_due = self.since_beat >= INTERVAL;
        if is_due {
            self.since_beat = Duration::ZERO;
        }
        is_due
    }

    /// Our own timer fired after `elapsed`, and by now `activity` things have arrived.
    fn tick(&mut self, elapsed: Duration, activity: u64) -> Verdict {
        self.since_beat += elapsed;
        if activity == self.activity {
            self.silence += elapsed.min(TICK_MAX);
        } else {
            self.activity = activity;
            self.silence = Duration::ZERO;
        }
        if self.silence >= self.silence_max {
            Verdict::Dead
        } else {
            Verdict::Alive
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_dies_after_two_missed_beats() {
        let mut pulse = Pulse::new(SILENCE_MAX);
        let mut beats = 0;
        let mut seconds = 0;
        loop {
            beats += u32::from(pulse.beat_is_due());
            seconds += 1;
            if pulse.tick(TICK, 0) == Verdict::Dead {
                break;
            }
        }
        assert_eq!((seconds, beats), (12, 3));
    }

    #[test]
    fn a_stream_that_the_peer_ended_says_that_it_left() {
        #[derive(Debug, thiserror::Error)]
        #[error("wrapped: {0}")]
        struct Wrapped(#[source] io::Error);

        let inner = || io::Error::from(io::ErrorKind::BrokenPipe);
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, Wrapped(inner()));
        assert_eq!(ended(Err(inner())), "the peer left");
        assert_eq!(ended(Err(wrapped)), "the peer left");
        assert!(ended(Err(io::Error::other("noise"))).contains("noise"));
        assert!(ended(Ok(())).contains("silent"));
    }

    #[test]
    fn whatever_arrives_is_a_sign_of_life() {
        let mut pulse = Pulse::new(SILENCE_MAX);
        for activity in 0..100 {
            for _ in 0..11 {
                assert_eq!(pulse.tick(TICK, activity), Verdict::Alive);
            }
        }
    }

    #[test]
    fn our_own_late_timers_are_not_the_peers_misses() {
        let mut pulse = Pulse::new(SILENCE_MAX);
        // A tab that slept for a week, and one whose timers fire once a minute.
        assert_eq!(pulse.tick(Duration::from_secs(604_800), 0), Verdict::Alive);
        assert!(pulse.beat_is_due());
        for _ in 0..6 {
            assert_eq!(pulse.tick(Duration::from_secs(60), 0), Verdict::Alive);
        }
        assert_eq!(pulse.tick(Duration::from_secs(60), 0), Verdict::Dead);
    }
}
