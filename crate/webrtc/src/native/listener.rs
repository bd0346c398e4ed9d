//! A socket that others dial.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, channel::mpsc};
use libp2p_core::transport::ListenerId;
use tokio::{net::UdpSocket, task::AbortHandle};

use super::{
    interfaces::{Change, Interfaces},
    socket::{self, DATAGRAM_BYTES_MAX, failed},
    stun::Mirror,
    table::{Arrival, Datagram, Limits, Table},
};
use crate::{
    clock,
    error::{Error, Result},
};

/// New connections that wait for the swarm. What comes beyond is dropped, and tries again.
const ARRIVALS_WAITING_MAX: usize = 32;
/// How long a socket that fails is left alone.
const REST: Duration = Duration::from_millis(100);

/// What a listener tells.
#[derive(Debug)]
pub(crate) enum Event {
    Address(SocketAddr),
    NoAddress(SocketAddr),
    Arrival(Arrival),
    Problem(Error),
}

/// Listens until it is dropped.
pub(crate) struct Listener {
    pub(crate) id: ListenerId,
    pub(crate) socket: Arc<UdpSocket>,
    pub(crate) address: SocketAddr,
    addresses: VecDeque<SocketAddr>,
    interfaces: Option<Interfaces>,
    arrivals: mpsc::Receiver<Arrival>,
    receiving: AbortHandle,
}

impl Listener {
    /// Needs a tokio runtime.
    pub(crate) fn new(id: ListenerId, address: SocketAddr, limits: Limits) -> Result<Self> {
        let runtime = tokio::runtime::Handle::try_current();
        let runtime = runtime.map_err(|error| Error::Platform {
            action: "listening",
            reason: error.to_string(),
        })?;
        let socket = Arc::new(socket::listen(address)?);
        let address = socket.local_addr();
        let address = address.map_err(|error| failed("listening", &error))?;
        let is_everywhere = address.ip().is_unspecified();
        let (sender, arrivals) = mpsc::channel(ARRIVALS_WAITING_MAX);
        let table = Table::new(limits, clock::now());
        let receiving = runtime.spawn(receive(Arc::clone(&socket), table, sender));
        Ok(Self {
            id,
            socket,
            address,
            addresses: (!is_everywhere).then_some(address).into_iter().collect(),
            interfaces: is_everywhere
                .then(|| Interfaces::watch(address))
                .transpose()?,
            arrivals,
            receiving: receiving.abort_handle(),
        })
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if let Some(address) = self.addresses.pop_front() {
            return Poll::Ready(Event::Address(address));
        }
        if let Some(interfaces) = &mut self.interfaces
            && let Poll::Ready(change) = interfaces.poll(context)
        {
            return Poll::Ready(match change {
                Ok(Change::Up(address)) => Event::Address(address),
                Ok(Change::Down(address)) => Event::NoAddress(address),
                Err(error) => {
                    self.interfaces = None;
                    Event::Problem(error)
                }
            });
        }
        match self.arrivals.poll_next_unpin(context) {
            Poll::Ready(Some(arrival)) => Poll::Ready(Event::Arrival(arrival)),
            // The task lives as long as this.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.receiving.abort();
    }
}

/// Hands datagrams to their connections. It is a task of its own so that no swarm that is busy keeps
/// connections from their datagrams.
async fn receive(
    socket: Arc<UdpSocket>,
    table: Arc<Mutex<Table>>,
    mut arrivals: mpsc::Sender<Arrival>,
) {
    let mut space = [0; DATAGRAM_BYTES_MAX];
    let mut mirror = Mirror::new(clock::now());
    loop {
        let (length, source) = match socket.recv_from(&mut space).await {
            Ok(received) => received,
            Err(error) => {
                tracing::debug!(%error, "the socket failed");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let bytes = space.get(..length).unwrap_or_default();
        let now = clock::now();
        if let Some(answer) = mirror.answer(bytes, source, now) {
            // It asks again if this does not get through.
            let _sent = socket.try_send_to(&answer, source);
            continue;
        }
        let bytes = Bytes::copy_from_slice(bytes);
        let datagram = Datagram { source, bytes };
        if let Some(arrival) = Table::route(&table, datagram, now)
            && let Err(error) = arrivals.try_send(arrival)
        {
            tracing::debug!(%error, "a newcomer is dropped");
        }
    }
}
