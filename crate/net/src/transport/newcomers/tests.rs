//! Over a transport whose other sides come from where the test says, and do what it says.

use futures::{StreamExt, channel::mpsc, channel::oneshot, task::noop_waker_ref};

use super::*;

const LIMITS: Limits = Limits {
    all: 6,
    per_address: 2,
};

type Upgrade = BoxFuture<'static, io::Result<u32>>;

/// A listener that says who comes.
struct Arrivals(mpsc::UnboundedReceiver<(Multiaddr, Upgrade)>);

impl Transport for Arrivals {
    type Output = u32;
    type Error = io::Error;
    type ListenerUpgrade = Upgrade;
    type Dial = Upgrade;

    fn listen_on(&mut self, _: ListenerId, _: Multiaddr) -> Result<(), TransportError<io::Error>> {
        Ok(())
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        false
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        _: DialOpts,
    ) -> Result<Upgrade, TransportError<io::Error>> {
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Upgrade, io::Error>> {
        match ready!(self.0.poll_next_unpin(context)) {
            Some((send_back_addr, upgrade)) => Poll::Ready(TransportEvent::Incoming {
                listener_id: ListenerId::next(),
                local_addr: Multiaddr::empty(),
                send_back_addr,
                upgrade,
            }),
            None => Poll::Pending,
        }
    }
}

/// The bounded listener, and who comes.
struct Door {
    transport: Bounded<u32>,
    arrivals: mpsc::UnboundedSender<(Multiaddr, Upgrade)>,
}

/// Finishes a newcomer's handshake; dropped, that fails.
type Finish = oneshot::Sender<u32>;

impl Door {
    fn new() -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "a test's own queue, as long as the test"
        )]
        let (arrivals, receiver) = mpsc::unbounded();
        let transport = Bounded::new(Arrivals(receiver).boxed(), LIMITS);
        Self {
            transport,
            arrivals,
        }
    }

    /// Lets one come. Its handshake, if it is let in, and how to finish that.
    fn come(&mut self, address: &str) -> (Option<Upgrade>, Finish) {
        let (finish, finished) = oneshot::channel();
        let upgrade = finished.map(|result| result.map_err(io::Error::other));
        let address = address.parse().unwrap();
        self.arrivals
            .unbounded_send((address, upgrade.boxed()))
            .unwrap();
        let mut context = Context::from_waker(noop_waker_ref());
        let upgrade = match Pin::new(&mut self.transport).poll(&mut context) {
            Poll::Ready(event) => event.into_incoming().map(|(upgrade, _)| upgrade),
            Poll::Pending => None,
        };
        (upgrade, finish)
    }

    fn present(&self) -> usize {
        lock(&self.transport.newcomers).present.len()
    }
}

/// An address of the internet.
fn stranger(number: usize) -> String {
    format!("/ip4/192.0.2.{number}/tcp/4000/ws")
}

#[test]
fn one_address_has_its_share_and_leaves_the_others_theirs() {
    let mut door = Door::new();
    let refused = newcomers_refused();
    let (first, finish) = door.come(&stranger(1));
    let mut first = first.unwrap();
    let (_second, _finish) = door.come(&stranger(1));
    for _ in 0..1_000 {
        let (upgrade, finish) = door.come(&stranger(1));
        assert!(upgrade.is_none());
        assert!(finish.is_canceled(), "the connection is kept");
    }
    assert_eq!(door.present(), 2);
    assert!(newcomers_refused() >= refused + 1_000);
    let (other, _other_finish) = door.come(&stranger(2));
    assert!(other.is_some());
    // Who was let in is not disturbed, and when it is done another may come.
    assert!((&mut first).now_or_never().is_none());
    finish.send(7).unwrap();
    assert_eq!(first.now_or_never().unwrap().unwrap(), 7);
    assert!(door.come(&stranger(1)).0.is_some());
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let mut door = Door::new();
    let upgrades: Vec<_> = (1..=5)
        .map(|last| door.come(&format!("/ip6/2001:db8::{last}/tcp/4000/ws")))
        .filter_map(|(upgrade, _)| upgrade)
        .collect();
    assert_eq!(upgrades.len(), 2);
}

#[test]
fn a_place_is_given_back_however_a_handshake_ends() {
    let mut door = Door::new();
    let (failing, finish) = door.come(&stranger(1));
    let (dropped, _finish) = door.come(&stranger(1));
    assert_eq!(door.present(), 2);
    drop(finish);
    assert!(failing.unwrap().now_or_never().unwrap().is_err());
    assert_eq!(door.present(), 1);
    drop(dropped);
    assert_eq!(door.present(), 0);
}

#[test]
fn of_too_many_the_oldest_makes_room() {
    let mut door = Door::new();
    let refused = newcomers_refused();
    let mut waiting: Vec<_> = (1..=LIMITS.all + 2)
        .map(|number| door.come(&stranger(number)))
        .map(|(upgrade, finish)| (upgrade.unwrap(), finish))
        .collect();
    assert_eq!(door.present(), LIMITS.all);
    assert!(newcomers_refused() >= refused + 2);
    for (number, (upgrade, finish)) in waiting.drain(..).enumerate() {
        let is_gone = number < 2;
        let finished = finish.send(7);
        let result = upgrade.now_or_never().unwrap();
        assert_eq!(result.is_err(), is_gone, "number {number}");
        assert!(is_gone || finished.is_ok());
    }
    assert_eq!(door.present(), 0);
}

#[test]
fn who_comes_through_a_proxy_on_this_machine_shares_only_the_whole() {
    for address in [
        "/ip4/127.0.0.1/tcp/4000/ws",
        "/ip6/::1/tcp/4000/ws",
        "/ip6/::ffff:127.0.0.1/tcp/4000/ws",
    ] {
        let mut door = Door::new();
        let waiting: Vec<_> = (0..LIMITS.all * 3).map(|_| door.come(address)).collect();
        assert!(waiting.iter().all(|(upgrade, _)| upgrade.is_some()));
        assert_eq!(door.present(), LIMITS.all);
    }
}
