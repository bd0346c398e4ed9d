//! A connection in memory, for tests: the smallest that keeps an order and an end.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use futures::{AsyncRead, AsyncWrite};

#[derive(Default)]
struct Half {
    bytes: VecDeque<u8>,
    is_closed: bool,
    reader: Option<Waker>,
}

pub(crate) struct Duplex {
    incoming: Arc<Mutex<Half>>,
    outgoing: Arc<Mutex<Half>>,
}

pub(crate) fn duplex() -> (Duplex, Duplex) {
    let (one, other) = <(Arc<Mutex<Half>>, Arc<Mutex<Half>>)>::default();
    let near = Duplex {
        incoming: one.clone(),
        outgoing: other.clone(),
    };
    (
        near,
        Duplex {
            incoming: other,
            outgoing: one,
        },
    )
}

impl AsyncRead for Duplex {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut half = self.incoming.lock().unwrap();
        let length = half.bytes.len().min(buffer.len());
        if length == 0 && !half.is_closed {
            half.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        for (into, byte) in buffer.iter_mut().zip(half.bytes.drain(..length)) {
            *into = byte;
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut half = self.outgoing.lock().unwrap();
        half.bytes.extend(buffer);
        if let Some(reader) = half.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut half = self.outgoing.lock().unwrap();
        half.is_closed = true;
        if let Some(reader) = half.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(()))
    }
}
