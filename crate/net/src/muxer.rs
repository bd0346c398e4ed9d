//! Wrapping a WebRTC muxer against defects of the stock crates.
//!
//! * A write larger than the other side's buffer kills the stream: writes are cut.
//! * A small write followed by a large one without a flush makes a message beyond SCTP's limit: the
//!   shim flushes before each further write.
//! * Closing a connection whose other side is dead never returns: it is given [`CLOSE_TIME`].

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{
    AsyncRead, AsyncWrite, FutureExt,
    future::{self, Either},
};
use futures_timer::Delay;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};

/// What one message may carry: the native reader's buffer falls back to 8 192 bytes, less the frame's
/// header. A browser reads twice as much, but nothing is gained by it, and who dials a native peer may
/// be native too.
pub(crate) const WRITE_BYTES_MAX: usize = 8_176;
/// How long a graceful close may take.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// A muxer with bounded writes and a bounded close.
#[derive(Debug)]
pub(crate) struct Shim<M: StreamMuxer> {
    inner: M,
    /// The stream that [`Shim::first_stream`] waited for.
    first: Option<M::Substream>,
    closing: Option<Delay>,
}

impl<M: StreamMuxer + Unpin> Shim<M> {
    pub(crate) const fn new(inner: M) -> Self {
        Self {
            inner,
            first: None,
            closing: None,
        }
    }

    /// Waits until the other side opens a stream, or until `patience` is over. The stream is handed
    /// out afterwards as if it came then.
    #[cfg_attr(
        target_arch = "wasm32",
        expect(dead_code, reason = "a tab does not listen")
    )]
    pub(crate) async fn first_stream(&mut self, patience: Duration) -> Result<(), M::Error> {
        let first = poll_fn(|context| Pin::new(&mut self.inner).poll_inbound(context));
        match future::select(first, Delay::new(patience)).await {
            Either::Left((first, _)) => self.first = Some(first?),
            Either::Right(_) => {}
        }
        Ok(())
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for Shim<M>
where
    M::Substream: Unpin,
{
    type Substream = Stream<M::Substream>;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Ok(Stream::new(first)));
        }
        let stream = ready!(Pin::new(&mut self.inner).poll_inbound(context));
        Poll::Ready(stream.map(Stream::new))
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_outbound(context));
        Poll::Ready(stream.map(Stream::new))
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Self::Error>> {
        if let Poll::Ready(result) = Pin::new(&mut self.inner).poll_close(context) {
            return Poll::Ready(result);
        }
        let closing = self.closing.get_or_insert_with(|| Delay::new(CLOSE_TIME));
        closing.poll_unpin(context).map(Ok)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Pin::new(&mut self.inner).poll(context)
    }
}

/// A stream of a [`Shim`].
#[derive(Debug)]
pub(crate) struct Stream<S> {
    inner: S,
    unflushed: bool,
}

impl<S> Stream<S> {
    const fn new(inner: S) -> Self {
        Self {
            inner,
            unflushed: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_flush(context))?;
        let length = buffer.len().min(WRITE_BYTES_MAX);
        let part = buffer.get(..length).unwrap_or_default();
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, part))?;
        self.unflushed = true;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.inner).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(context)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{AsyncReadExt, AsyncWriteExt, StreamExt, channel::mpsc};

    use super::*;
    use crate::clock::Moment;

    /// Remembers what was written between two flushes, and fails as the stock crates do.
    #[derive(Debug, Default)]
    struct Recorder {
        pending: usize,
        messages: Vec<usize>,
    }

    impl AsyncRead for Recorder {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }
    }

    impl AsyncWrite for Recorder {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.pending += buffer.len();
            Poll::Ready(Ok(buffer.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            let message = std::mem::take(&mut self.pending);
            self.messages.push(message);
            Poll::Ready(if message > 8_192 {
                Err(io::ErrorKind::BrokenPipe.into())
            } else {
                Ok(())
            })
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A muxer whose close never returns, as that of a dead WebRTC connection, and to which these
    /// streams are opened.
    #[derive(Debug)]
    struct Opened(mpsc::Receiver<Recorder>);

    fn stuck() -> Shim<Opened> {
        Shim::new(Opened(mpsc::channel(0).1))
    }

    impl StreamMuxer for Opened {
        type Substream = Recorder;
        type Error = Infallible;

        fn poll_inbound(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Result<Recorder, Self::Error>> {
            match ready!(self.0.poll_next_unpin(context)) {
                Some(stream) => Poll::Ready(Ok(stream)),
                None => Poll::Pending,
            }
        }

        fn poll_outbound(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Recorder, Self::Error>> {
            Poll::Ready(Ok(Recorder::default()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Pending
        }

        fn poll(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
            Poll::Pending
        }
    }

    async fn stream() -> Stream<Recorder> {
        let mut muxer = stuck();
        poll_fn(|context| Pin::new(&mut muxer).poll_outbound(context))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_large_write_goes_out_in_messages_that_the_other_side_can_read() {
        let mut stream = stream().await;
        stream.write_all(&vec![1; 100_000]).await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(stream.inner.messages.iter().sum::<usize>(), 100_000);
        assert_eq!(stream.inner.messages.iter().max(), Some(&WRITE_BYTES_MAX));
    }

    #[tokio::test]
    async fn a_small_write_never_shares_a_message_with_the_next() {
        let mut stream = stream().await;
        stream.write_all(&[1; 8]).await.unwrap();
        stream.write_all(&[2; 8_176]).await.unwrap();
        stream.flush().await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(stream.inner.messages, [8, 8_176]);
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn the_first_stream_is_waited_for_and_handed_on() {
        let (mut opened, streams) = mpsc::channel(1);
        let mut muxer = Shim::new(Opened(streams));
        let patience = Duration::from_millis(50);
        muxer.first_stream(patience).await.unwrap();
        assert!(muxer.first.is_none());
        opened
            .try_send(Recorder {
                pending: 7,
                ..Recorder::default()
            })
            .unwrap();
        muxer.first_stream(10 * CLOSE_TIME).await.unwrap();
        let handed = poll_fn(|context| Pin::new(&mut muxer).poll_inbound(context)).await;
        assert_eq!(handed.unwrap().inner.pending, 7);
        assert!(muxer.first.is_none());
    }

    #[tokio::test]
    async fn a_close_that_never_returns_is_given_up() {
        let mut muxer = stuck();
        let start = Moment::now();
        poll_fn(|context| Pin::new(&mut muxer).poll_close(context))
            .await
            .unwrap();
        let elapsed = start.elapsed();
        assert!(
            elapsed >= CLOSE_TIME && elapsed < 2 * CLOSE_TIME,
            "{elapsed:?}"
        );
    }
}
