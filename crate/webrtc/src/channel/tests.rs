use std::task::Waker;

use super::*;
use crate::clock;

/// Two ends, and what the network between them does.
struct Pair {
    ends: [Channel; 2],
    now: Instant,
}

const A: usize = 0;
const B: usize = 1;

impl Pair {
    fn new() -> Self {
        Self {
            ends: [Closer::We, Closer::They].map(|closer| Channel::new(closer, Signal::default())),
            now: clock::now(),
        }
    }

    /// Delivers until nobody has more to say; what was said, by either.
    fn deliver(&mut self) -> usize {
        let mut frames = 0;
        loop {
            let before = frames;
            for (from, to) in [(A, B), (B, A)] {
                while let Some(frame) = self.ends[from].next_frame(self.now) {
                    self.ends[to].on_message(&frame, self.now).unwrap();
                    frames += 1;
                }
                self.ends[from].flushed();
            }
            if frames == before {
                return frames;
            }
        }
    }

    fn done(&self) -> [bool; 2] {
        std::array::from_fn(|end| self.ends[end].is_done(self.now))
    }

    fn later(&mut self, time: Duration) {
        self.now += time;
    }
}

fn write(channel: &mut Channel, bytes: &[u8]) -> Poll<Result<usize, io::ErrorKind>> {
    let context = Context::from_waker(Waker::noop());
    channel
        .poll_write(&context, bytes)
        .map_err(|error| error.kind())
}

fn read(channel: &mut Channel) -> Poll<Result<Vec<u8>, io::ErrorKind>> {
    let context = Context::from_waker(Waker::noop());
    let mut buffer = [0; 100_000];
    channel
        .poll_read(&context, &mut buffer)
        .map_ok(|length| buffer[..length].to_vec())
        .map_err(|error| error.kind())
}

fn close(channel: &mut Channel) -> Poll<Result<(), io::ErrorKind>> {
    let context = Context::from_waker(Waker::noop());
    channel.poll_close(&context).map_err(|error| error.kind())
}

fn ready<T>(value: T) -> Poll<Result<T, io::ErrorKind>> {
    Poll::Ready(Ok(value))
}

fn failed<T>(kind: io::ErrorKind) -> Poll<Result<T, io::ErrorKind>> {
    Poll::Ready(Err(kind))
}

#[test]
fn a_request_and_its_answer_end_with_both_data_channels_done() {
    let mut pair = Pair::new();
    assert_eq!(write(&mut pair.ends[A], b"ask"), ready(3));
    assert_eq!(close(&mut pair.ends[A]), Poll::Pending);
    pair.deliver();
    assert_eq!(close(&mut pair.ends[A]), ready(()));
    assert_eq!(read(&mut pair.ends[B]), ready(b"ask".to_vec()));
    assert_eq!(read(&mut pair.ends[B]), ready(Vec::new()));
    assert_eq!(read(&mut pair.ends[A]), Poll::Pending);
    assert_eq!(write(&mut pair.ends[B], b"answer"), ready(6));
    assert_eq!(pair.done(), [false, false]);
    assert_eq!(close(&mut pair.ends[B]), Poll::Pending);
    pair.deliver();
    assert_eq!(pair.done(), [true, false]);
    assert_eq!(pair.deliver(), 0);
    // Who did not open it only closes it when the other one does not.
    let now = pair.now;
    pair.ends[B].drop_stream(now);
    assert!(!pair.ends[B].is_done(now));
    assert!(pair.ends[B].is_done(now + LINGER));
    // The data channel may go before its owner has read.
    pair.ends[A].on_closed();
    assert_eq!(read(&mut pair.ends[A]), ready(b"answer".to_vec()));
    assert_eq!(read(&mut pair.ends[A]), ready(Vec::new()));
    assert_eq!(
        write(&mut pair.ends[A], b"more"),
        failed(io::ErrorKind::BrokenPipe)
    );
}

#[test]
fn an_acknowledgement_waits_for_our_own_end_but_not_for_ever() {
    let mut pair = Pair::new();
    assert_eq!(close(&mut pair.ends[A]), Poll::Pending);
    // FIN, and no answer to it yet: the stock crates would break.
    assert_eq!(pair.deliver(), 1);
    pair.later(ACKNOWLEDGE_TIME - Duration::from_millis(1));
    assert_eq!(pair.deliver(), 0);
    assert!(pair.ends[B].deadline().is_some());
    pair.later(Duration::from_millis(1));
    assert_eq!(pair.deliver(), 1);
    assert_eq!(pair.ends[A].writing, Writing::Acknowledged);
    assert_eq!(pair.ends[B].deadline(), None);
    // The other direction goes on.
    assert_eq!(write(&mut pair.ends[B], b"still"), ready(5));
    pair.deliver();
    assert_eq!(read(&mut pair.ends[A]), ready(b"still".to_vec()));
    assert_eq!(pair.done(), [false, false]);
}

#[test]
fn a_dropped_stream_breaks_both_directions() {
    let mut pair = Pair::new();
    assert_eq!(write(&mut pair.ends[B], b"unread"), ready(6));
    pair.deliver();
    assert_eq!(pair.ends[A].signal.unread(), 6);
    let now = pair.now;
    pair.ends[A].drop_stream(now);
    assert_eq!(pair.ends[A].signal.unread(), 0);
    pair.deliver();
    assert_eq!(pair.done(), [true, false]);
    assert_eq!(
        read(&mut pair.ends[B]),
        failed(io::ErrorKind::ConnectionReset)
    );
    assert_eq!(
        write(&mut pair.ends[B], b"more"),
        failed(io::ErrorKind::ConnectionReset)
    );
}

#[test]
fn who_has_written_all_and_reads_no_more_stops_the_other() {
    let mut pair = Pair::new();
    assert_eq!(close(&mut pair.ends[A]), Poll::Pending);
    pair.deliver();
    let now = pair.now;
    pair.ends[A].drop_stream(now);
    assert_eq!(write(&mut pair.ends[B], b"in vain"), ready(7));
    pair.deliver();
    assert_eq!(
        write(&mut pair.ends[B], b"more"),
        failed(io::ErrorKind::BrokenPipe)
    );
    assert_eq!(close(&mut pair.ends[B]), ready(()));
    pair.deliver();
    assert_eq!(pair.done(), [true, false]);
}

#[test]
fn the_last_words_are_waited_for_only_so_long() {
    let mut pair = Pair::new();
    let now = pair.now;
    assert_eq!(close(&mut pair.ends[A]), Poll::Pending);
    // The other side never answers, as the stock crates never do.
    while pair.ends[A].next_frame(now).is_some() {}
    pair.ends[A].drop_stream(now);
    while pair.ends[A].next_frame(now).is_some() {}
    assert!(!pair.ends[A].is_done(now));
    assert_eq!(pair.ends[A].deadline(), Some(now + LINGER));
    assert!(pair.ends[A].is_done(now + LINGER));
}

#[test]
fn a_writer_waits_while_too_much_is_on_its_way() {
    let mut channel = Channel::new(Closer::We, Signal::default());
    let mut written = 0;
    while let Poll::Ready(length) = write(&mut channel, &[1; 100_000]) {
        assert_eq!(length, Ok(PAYLOAD_BYTES_MAX));
        written += PAYLOAD_BYTES_MAX;
    }
    assert!(
        (SENDING_BYTES_MAX..2 * SENDING_BYTES_MAX).contains(&written),
        "{written}"
    );
    let frame = channel.next_frame(clock::now()).unwrap();
    // What is put back comes first again.
    channel.put_back(frame.clone());
    assert_eq!(channel.next_frame(clock::now()), Some(frame));
    assert!(matches!(write(&mut channel, &[1; 10]), Poll::Ready(Ok(10))));
}

#[test]
fn what_the_other_side_no_longer_reads_is_not_sent() {
    let mut channel = Channel::new(Closer::We, Signal::default());
    assert_eq!(write(&mut channel, &[1; 1_000]), ready(1_000));
    let stop = frame::flag(Flag::StopSending);
    channel.on_message(&stop, clock::now()).unwrap();
    assert_eq!(channel.next_frame(clock::now()), None);
    let context = Context::from_waker(Waker::noop());
    assert!(channel.poll_flush(&context).is_ready());
}

#[test]
fn a_data_channel_that_vanishes_is_an_end_only_after_fin() {
    let mut vanished = Channel::new(Closer::We, Signal::default());
    vanished.on_closed();
    assert_eq!(read(&mut vanished), failed(io::ErrorKind::ConnectionReset));
    assert_eq!(close(&mut vanished), failed(io::ErrorKind::ConnectionReset));
    let mut ended = Channel::new(Closer::We, Signal::default());
    ended
        .on_message(&frame::flag(Flag::Fin), clock::now())
        .unwrap();
    ended.on_closed();
    assert_eq!(read(&mut ended), ready(Vec::new()));
    assert_eq!(close(&mut ended), ready(()));
}

#[test]
fn flags_out_of_place_change_nothing() {
    let mut channel = Channel::new(Closer::We, Signal::default());
    let now = clock::now();
    // An acknowledgement of what was never ended, a second end, data after the end.
    channel.on_message(&frame::flag(Flag::FinAck), now).unwrap();
    assert_eq!(write(&mut channel, b"x"), ready(1));
    channel.on_message(&frame::flag(Flag::Fin), now).unwrap();
    channel.on_message(&frame::flag(Flag::Fin), now).unwrap();
    channel.on_message(&frame::data(b"late"), now).unwrap();
    assert_eq!(read(&mut channel), ready(Vec::new()));
    assert_eq!(channel.signal.unread(), 0);
}
