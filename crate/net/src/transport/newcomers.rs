//! Who connects over TCP and has not said yet who it is.
//!
//! Such a connection costs its sender one packet, and us a file descriptor and a place among the
//! swarm's handshakes until its time is over. So there are few of one address, and when there are too
//! many of all, the oldest makes room: whoever means it is done within a second or two, and whoever
//! says nothing is sent away instead of keeping the door shut.

use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use futures::{
    FutureExt,
    future::{AbortHandle, AbortRegistration, Abortable, BoxFuture},
};
use lampyris_webrtc::network;
use libp2p::{
    Multiaddr, Transport,
    core::transport::{Boxed, DialOpts, ListenerId, TransportError, TransportEvent},
    multiaddr::Protocol,
};

use crate::handle::lock;

/// Handshakes at a time, as many as WebRTC has. Each holds a file descriptor, and of one WebSocket message
/// what has arrived.
const NEWCOMERS_MAX: usize = 128;
/// Of these, those of one address: as many as may come at once by WebRTC, for all tabs behind one router
/// come back when their gateway does. It takes four addresses to make the oldest go.
const NEWCOMERS_PER_ADDRESS_MAX: usize = 32;
/// Connections that are closed in a row before others get to run.
const REFUSALS_IN_A_ROW_MAX: usize = 64;

static REFUSED: AtomicU64 = AtomicU64::new(0);

/// The WebSocket connections of this process that were closed before they had said who they are, because
/// there were too many such.
#[must_use]
pub fn newcomers_refused() -> u64 {
    REFUSED.load(Ordering::Relaxed)
}

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    all: usize,
    per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            all: NEWCOMERS_MAX,
            per_address: NEWCOMERS_PER_ADDRESS_MAX,
        }
    }
}

/// A transport with a bound on the connections whose other side is not known yet.
pub(super) struct Bounded<O> {
    inner: Boxed<O>,
    newcomers: Arc<Mutex<Newcomers>>,
}

impl<O> Bounded<O> {
    /// Bounds a transport that itself bounds the time of a handshake.
    pub(super) fn new(inner: Boxed<O>, limits: Limits) -> Self {
        let newcomers = Newcomers {
            limits,
            present: BTreeMap::new(),
            next: 0,
        };
        Self {
            inner,
            newcomers: Arc::new(Mutex::new(newcomers)),
        }
    }
}

impl<O: Send + 'static> Transport for Bounded<O> {
    type Output = O;
    type Error = io::Error;
    type ListenerUpgrade = BoxFuture<'static, io::Result<O>>;
    type Dial = BoxFuture<'static, io::Result<O>>;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<io::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<io::Error>> {
        self.inner.dial(address, options)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        for _ in 0..REFUSALS_IN_A_ROW_MAX {
            let event = match ready!(Pin::new(&mut self.inner).poll(context)) {
                TransportEvent::Incoming {
                    listener_id,
                    upgrade,
                    local_addr,
                    send_back_addr,
                } => match Newcomers::admit(&self.newcomers, network_of(&send_back_addr)) {
                    Some((place, leave)) => TransportEvent::Incoming {
                        listener_id,
                        upgrade: upgrade_in(place, Abortable::new(upgrade, leave)),
                        local_addr,
                        send_back_addr,
                    },
                    // It is closed by being dropped.
                    None => continue,
                },
                event => event,
            };
            return Poll::Ready(event);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Those who are in their handshake.
#[derive(Debug)]
struct Newcomers {
    limits: Limits,
    /// In the order of their coming.
    present: BTreeMap<u64, Newcomer>,
    next: u64,
}

#[derive(Debug)]
struct Newcomer {
    network: Option<IpAddr>,
    abort: AbortHandle,
}

impl Newcomers {
    /// Lets one in, if its address has not too many; then the oldest of all makes room.
    fn admit(
        this: &Arc<Mutex<Self>>,
        network: Option<IpAddr>,
    ) -> Option<(Place, AbortRegistration)> {
        let mut newcomers = lock(this);
        if !newcomers.has_room(network) {
            REFUSED.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        if newcomers.present.len() >= newcomers.limits.all
            && let Some((_, oldest)) = newcomers.present.pop_first()
        {
            oldest.abort.abort();
            REFUSED.fetch_add(1, Ordering::Relaxed);
        }
        let (abort, leave) = AbortHandle::new_pair();
        let number = newcomers.next;
        newcomers.next += 1;
        newcomers
            .present
            .insert(number, Newcomer { network, abort });
        let newcomers = Arc::clone(this);
        Some((Place { newcomers, number }, leave))
    }

    fn has_room(&self, network: Option<IpAddr>) -> bool {
        let theirs = self.present.values();
        let theirs = theirs.filter(|newcomer| newcomer.network == network);
        network.is_none() || theirs.count() < self.limits.per_address
    }
}

/// One's place among the newcomers, until its handshake is over in any way.
#[derive(Debug)]
struct Place {
    newcomers: Arc<Mutex<Newcomers>>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.newcomers).present.remove(&self.number);
    }
}

fn upgrade_in<O: Send + 'static>(
    place: Place,
    upgrade: Abortable<BoxFuture<'static, io::Result<O>>>,
) -> BoxFuture<'static, io::Result<O>> {
    async move {
        let result = upgrade.await;
        drop(place);
        result.unwrap_or_else(|_| Err(io::Error::other("it made room for others")))
    }
    .boxed()
}

/// Whose address it is, as far as it is counted. All who come through a proxy on this machine share its
/// loopback address; whether one of them has too many, only the proxy knows.
fn network_of(address: &Multiaddr) -> Option<IpAddr> {
    let address = match address.iter().next()? {
        Protocol::Ip4(address) => IpAddr::from(address),
        Protocol::Ip6(address) => IpAddr::from(address).to_canonical(),
        _ => return None,
    };
    (!address.is_loopback()).then(|| network(address))
}

#[cfg(test)]
mod tests;
