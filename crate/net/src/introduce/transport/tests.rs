//! Carriers that lie: the test is the driver, and so the carrier, of both sides.

use std::future::poll_fn;

use lampyris_wire::introduce::Refusal;
use libp2p::core::{
    Endpoint,
    transport::{PortUse, TransportEvent},
};

use super::*;
use crate::{config, key::Key};

/// One tab's transport, with the ends that its driver has.
struct Tab {
    id: PeerId,
    transport: Connections,
    notices: mpsc::Receiver<driver::Notice>,
    offers: mpsc::Sender<Offered>,
}

impl Tab {
    fn new() -> Self {
        let config = Config {
            key: Key::generate(),
            transport: config::Transport::Memory { listen: None },
            ..Config::default()
        };
        let (sender, notices) = mpsc::channel(8);
        let (other, _) = crate::transport::build(&config).unwrap();
        let (transport, inlet) = join(other, &config, sender);
        Self {
            id: config.key.id(),
            transport,
            notices,
            offers: inlet.offers,
        }
    }

    /// Begins to dial a peer; gives the dial and what is to be carried.
    async fn dial(&mut self, peer: PeerId) -> (Dialling, Wish) {
        let via = PeerId::random();
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::Reuse,
        };
        let address = Address { via, peer }.to_multiaddr();
        let dial = tokio::spawn(self.transport.dial(address, options).unwrap());
        match self.notices.next().await {
            Some(driver::Notice::Introduction(Notice::Wish(wish))) => (dial, wish),
            notice => panic!("{notice:?}"),
        }
    }

    /// Hands an offer over as if from `from`; gives the acceptance and the answer.
    async fn take(&mut self, from: PeerId, offer: Vec<u8>) -> (Dialling, Option<Vec<u8>>) {
        let (answer, answered) = oneshot::channel();
        let via = PeerId::random();
        let offered = Offered {
            via,
            from,
            offer: Offer::Carried { offer, answer },
        };
        self.offers.try_send(offered).unwrap();
        let event = poll_fn(|context| Pin::new(&mut self.transport).poll(context)).await;
        let TransportEvent::Incoming { upgrade, .. } = event else {
            panic!("{event:?}")
        };
        (tokio::spawn(upgrade), answered.await.ok())
    }
}

type Dialling = tokio::task::JoinHandle<io::Result<Output>>;

async fn who(dialling: Dialling) -> Result<PeerId, String> {
    let result = dialling.await.unwrap();
    result
        .map(|(peer, _)| peer)
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn an_honest_carrier_connects_two() {
    let (mut one, mut other) = (Tab::new(), Tab::new());
    let (dial, wish) = one.dial(other.id).await;
    assert_eq!(wish.to, other.id);
    let (acceptance, answer) = other.take(one.id, wish.offer).await;
    wish.answer.send(Ok(answer.unwrap())).unwrap();
    assert_eq!(who(dial).await, Ok(other.id));
    assert_eq!(who(acceptance).await, Ok(one.id));
}

#[tokio::test]
async fn another_peer_than_the_one_sought_is_refused() {
    let (mut one, sought, mut another) = (Tab::new(), Tab::new(), Tab::new());
    let (dial, wish) = one.dial(sought.id).await;
    let (_acceptance, answer) = another.take(one.id, wish.offer).await;
    wish.answer.send(Ok(answer.unwrap())).unwrap();
    let refused = who(dial).await.unwrap_err();
    assert!(
        refused.contains(&format!("introduced {}", another.id)),
        "{refused}"
    );
}

#[tokio::test]
async fn another_peer_than_the_one_announced_is_refused() {
    let (mut one, mut other) = (Tab::new(), Tab::new());
    let (_dial, wish) = one.dial(other.id).await;
    let announced = PeerId::random();
    let (acceptance, answer) = other.take(announced, wish.offer).await;
    wish.answer.send(Ok(answer.unwrap())).unwrap();
    let refused = who(acceptance).await.unwrap_err();
    assert!(refused.contains(&format!("as {announced}")), "{refused}");
}

#[tokio::test]
async fn an_answer_serves_once() {
    let (mut one, mut other) = (Tab::new(), Tab::new());
    let (dial, wish) = one.dial(other.id).await;
    let (acceptance, answer) = other.take(one.id, wish.offer).await;
    let answer = answer.unwrap();
    wish.answer.send(Ok(answer.clone())).unwrap();
    assert_eq!(who(dial).await, Ok(other.id));
    assert_eq!(who(acceptance).await, Ok(one.id));
    let (replayed, wish) = one.dial(other.id).await;
    wish.answer.send(Ok(answer)).unwrap();
    assert!(who(replayed).await.is_err());
}

#[tokio::test]
async fn refusals_and_nonsense_end_the_dial() {
    let (mut one, mut other) = (Tab::new(), Tab::new());
    let (dial, wish) = one.dial(other.id).await;
    wish.answer.send(Err(Refusal::Unwilling)).unwrap();
    let refused = who(dial).await.unwrap_err();
    assert_eq!(refused, Refusal::Unwilling.to_string());
    let (dial, wish) = one.dial(other.id).await;
    wish.answer.send(Ok(vec![0xff; 100])).unwrap();
    assert!(who(dial).await.is_err());
    let (dial, wish) = one.dial(other.id).await;
    drop(wish);
    assert!(who(dial).await.is_err());
    let (acceptance, answer) = other.take(one.id, b"nonsense".to_vec()).await;
    assert_eq!(answer, None);
    assert!(who(acceptance).await.is_err());
}
