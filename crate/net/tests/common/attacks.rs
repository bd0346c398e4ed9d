//! Attacks on gossip by a peer that writes its frames by hand. Each asserts that the listener's work is
//! bounded, that the attacker is not heard any more, and that an honest peer still is.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lampyris_net::{Config, Event, Verdict};
use lampyris_wire::{gossip, mesh};

use super::{
    Over, Peer, dialler, finality_topic, listener,
    raw::{Raw, graft, have, message, prune, subscription, write},
};

/// How long a test waits for what must come; a slow machine is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener whose client judges: what begins with `good` is accepted, all else is invalid.
struct Victim {
    over: Over,
    address: String,
    /// Messages that were put to the client: each may cost it a signature check.
    judged: Arc<AtomicUsize>,
    accepted: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Victim {
    async fn start(over: Over) -> Self {
        // As a tab: it forwards, and publishes nothing of its own.
        let mut peer = Peer::start(Config {
            topics: vec![finality_topic()],
            ..over.listening()
        });
        let address = peer.address().await;
        let judged = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let victim = Self {
            over,
            address,
            judged: Arc::clone(&judged),
            accepted: Arc::clone(&accepted),
        };
        tokio::spawn(async move {
            loop {
                if let Event::Gossip {
                    peer: sender,
                    message_id,
                    data,
                    ..
                } = peer.next_forever().await
                {
                    judged.fetch_add(1, Ordering::SeqCst);
                    let plain = gossip::decompress(&data, gossip::MESSAGE_BYTES_MAX);
                    let plain = plain.unwrap_or_default();
                    let is_good = plain.starts_with(b"good");
                    let verdict = if is_good {
                        accepted.lock().unwrap().push(plain);
                        Verdict::Accept
                    } else {
                        Verdict::Reject
                    };
                    peer.handle.report(&message_id, &sender, verdict).unwrap();
                }
            }
        });
        victim
    }

    fn has(&self, text: &[u8]) -> bool {
        self.accepted.lock().unwrap().iter().any(|one| one == text)
    }

    fn judged(&self) -> usize {
        self.judged.load(Ordering::SeqCst)
    }

    /// Prints what an attack achieved.
    fn tell(&self, attack: &str) {
        println!("{attack}: {} messages judged", self.judged());
    }

    /// An honest peer says something, and it is heard.
    async fn hears(&self, honest: &Peer, text: &[u8]) {
        let data = gossip::compress(text);
        // The mesh may not be ready at once.
        eventually("the honest message", || async {
            let _not_yet = honest.handle.publish(&finality_topic(), data.clone()).await;
            self.has(text)
        })
        .await;
    }

    async fn honest(&self) -> Peer {
        let mut honest = dialler(self.over, true);
        honest.handle.subscribe(&finality_topic()).unwrap();
        honest.handle.dial(&self.address).unwrap();
        honest.subscribed().await;
        honest
    }

    /// Peers that say nothing fill its mesh before others come.
    async fn surrounded(&self) -> Vec<(Raw, libp2p::Stream)> {
        let topic = finality_topic();
        let mut sybils = Vec::new();
        for _ in 0..mesh::D_HIGH {
            let mut sybil = Raw::connect(&self.address, true).await;
            let mut stream = sybil.open().await;
            assert!(write(&mut stream, &subscription(&topic)).await);
            assert!(write(&mut stream, &graft(&topic)).await);
            sybils.push((sybil, stream));
        }
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        sybils
    }

    /// What an attacker says is not even looked at.
    async fn ignores(&self, stream: &mut libp2p::Stream) {
        let before = self.judged();
        let data = gossip::compress(b"good, says a liar");
        let _broken = write(stream, &message(&finality_topic(), &data)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!self.has(b"good, says a liar"));
        assert_eq!(self.judged(), before);
    }
}

async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "{what}");
}

pub(crate) async fn a_flood_of_invalid_gossip_is_looked_at_for_a_moment(over: Over) {
    let victim = Victim::start(over).await;
    let honest = victim.honest().await;
    let mut attacker = Raw::connect(&victim.address, true).await;
    let mut stream = attacker.open().await;
    assert!(write(&mut stream, &subscription(&finality_topic())).await);
    for number in 0_u32..2_000 {
        let data = gossip::compress(&number.to_le_bytes());
        if !write(&mut stream, &message(&finality_topic(), &data)).await {
            break;
        }
    }
    victim.hears(&honest, b"good after the flood").await;
    // One verdict is enough; until it is there, a burst may have come in.
    let burst = usize::try_from(mesh::GOSSIP_RATE.burst).unwrap();
    let honest_ones = 1;
    assert!(victim.judged() > honest_ones, "the flood did not arrive");
    assert!(
        victim.judged() <= burst + honest_ones,
        "{}",
        victim.judged()
    );
    victim.ignores(&mut stream).await;
    victim.tell("2,000 invalid messages");
}

pub(crate) async fn a_flood_of_announcements_is_followed_a_little(over: Over) {
    let victim = Victim::start(over).await;
    let honest = victim.honest().await;
    let mut attacker = Raw::connect(&victim.address, true).await;
    let mut stream = attacker.open().await;
    assert!(write(&mut stream, &subscription(&finality_topic())).await);
    let mut number = 0_u64;
    for _ in 0..200 {
        let ids = (0..100).map(|index: u64| [number + index, 0].map(u64::to_le_bytes).concat());
        let frame = have(&finality_topic(), ids);
        number += 100;
        assert!(write(&mut stream, &frame).await);
    }
    victim.hears(&honest, b"good among announcements").await;
    // Of 20 000 ids, with some heartbeats between the first and the last of them.
    let wanted = attacker.wanted();
    assert!(wanted > 0, "no announcement was followed");
    assert!(wanted <= 10 * mesh::IHAVE_IDS_MAX, "{wanted}");
    // What was promised does not come: after a while the peer is graylisted.
    tokio::time::sleep(mesh::IWANT_FOLLOWUP).await;
    eventually_graylisted(&mut attacker, &mut stream, &mut number).await;
    victim.ignores(&mut stream).await;
    victim.hears(&honest, b"good after announcements").await;
    victim.tell("20,000 announced messages");
}

/// Goes on announcing until nothing of it is wanted for a while.
async fn eventually_graylisted(attacker: &mut Raw, stream: &mut libp2p::Stream, number: &mut u64) {
    let mut unheard = 0;
    for _ in 0..30 {
        attacker.wanted();
        for _ in 0..10 {
            *number += 1;
            let id = [*number, 1].map(u64::to_le_bytes).concat();
            write(stream, &have(&finality_topic(), std::iter::once(id))).await;
        }
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        unheard = if attacker.wanted() == 0 {
            unheard + 1
        } else {
            0
        };
        if unheard == 3 {
            return;
        }
    }
    panic!("who breaks its promises is still believed");
}

pub(crate) async fn a_flood_of_grafts_is_the_end_of_a_peer(over: Over) {
    let victim = Victim::start(over).await;
    let honest = victim.honest().await;
    let topic = finality_topic();
    let mut attacker = Raw::connect(&victim.address, true).await;
    let mut stream = attacker.open().await;
    assert!(write(&mut stream, &subscription(&topic)).await);
    // Topics that nobody has joined, and that the network does not carry.
    for number in 0..2_000 {
        assert!(write(&mut stream, &graft(&format!("topic {number}"))).await);
    }
    victim.hears(&honest, b"good among grafts").await;
    assert!(write(&mut stream, &prune(&topic)).await);
    for _ in 0..50 {
        assert!(write(&mut stream, &graft(&topic)).await);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    victim.ignores(&mut stream).await;
    victim.hears(&honest, b"good after grafts").await;
    victim.tell("2,050 grafts");
}

pub(crate) async fn frames_that_are_too_large_break_their_stream_only(over: Over) {
    let victim = Victim::start(over).await;
    let honest = victim.honest().await;
    for frame in [
        message(&finality_topic(), &vec![7; 4 << 20]),
        have(
            &finality_topic(),
            (0..2_000_u64).map(|id| id.to_le_bytes().to_vec()),
        ),
        // Small, and more of them than one frame may hold: all of a frame would be judged.
        (0..=u64::try_from(mesh::FRAME_MESSAGES_MAX).unwrap())
            .flat_map(|number| message(&finality_topic(), &gossip::compress(&number.to_le_bytes())))
            .collect(),
    ] {
        let mut attacker = Raw::connect(&victim.address, true).await;
        let mut stream = attacker.open().await;
        let topic = finality_topic();
        write(&mut stream, &subscription(&topic)).await;
        write(&mut stream, &frame).await;
        let data = gossip::compress(b"good behind a frame that is too large");
        write(&mut stream, &message(&topic, &data)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!victim.has(b"good behind a frame that is too large"));
        assert_eq!(victim.judged(), victim.accepted.lock().unwrap().len());
    }
    victim.hears(&honest, b"good after large frames").await;
    victim.tell("frames that are too large");
}

pub(crate) async fn who_reads_nothing_holds_nobody_up(over: Over) {
    let topic = finality_topic();
    let mut gateway = listener(over, &[&topic]);
    let address = gateway.address().await;
    let mut honest = dialler(over, false);
    honest.handle.subscribe(&topic).unwrap();
    honest.connect(&mut gateway).await;
    gateway.subscribed().await;
    let mut slow = Raw::connect(&address, false).await;
    let mut stream = slow.open().await;
    assert!(write(&mut stream, &subscription(&topic)).await);
    assert!(write(&mut stream, &graft(&topic)).await);
    gateway.subscribed().await;

    let publisher = gateway.handle.clone();
    // More than all buffers on the way to the slow one hold: 20 messages of 60 kB, noise that does not
    // compress, then as many again.
    let mut noise = 1_u64;
    for number in 0..40_u8 {
        let body: Vec<u8> = (0..60_000)
            .map(|_| {
                noise = noise
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                noise.to_be_bytes()[0]
            })
            .chain([number])
            .collect();
        let publishing = publisher.publish(&topic, gossip::compress(&body));
        let published = tokio::time::timeout(PATIENCE, publishing).await;
        assert!(published.is_ok(), "publishing waits for the slow one");
        let (.., received) = honest.gossip_patiently().await;
        let received = gossip::decompress(&received, gossip::MESSAGE_BYTES_MAX).unwrap();
        assert_eq!(received, body, "message {number}");
    }
}

pub(crate) async fn sybils_that_withhold_do_not_keep_a_message_from_anybody(over: Over) {
    // Five that say nothing for each honest neighbour, and the whole mesh is theirs.
    let victim = Victim::start(over).await;
    let _sybils = victim.surrounded().await;
    let publisher = victim.honest().await;
    let mut end = victim.honest().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    victim.hears(&publisher, b"good among sybils").await;
    let (.., received) = end.gossip_patiently().await;
    assert_eq!(received, gossip::compress(b"good among sybils"));
    victim.tell("ten sybils and two honest ones");
}

pub(crate) async fn who_announces_and_withholds_only_delays_a_message(over: Over) {
    let topic = finality_topic();
    let between = Victim::start(over).await;
    let _sybils = between.surrounded().await;
    let publisher = between.honest().await;
    // In nobody's mesh: all that it is told are announcements, and it believes the first.
    let mut end = listener(over, &[&topic]);
    end.handle.dial(&between.address).unwrap();
    end.subscribed().await;
    let mut liar = Raw::connect(&end.address().await, true).await;
    let mut stream = liar.open().await;
    assert!(write(&mut stream, &subscription(&topic)).await);
    // Gossipsub's first heartbeat is late; then it announces each second.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let data = gossip::compress(b"good, and announced by a liar");
    let id = gossip::message_id(&topic, &data).to_vec();
    assert!(write(&mut stream, &have(&topic, std::iter::once(id))).await);
    let asked = async {
        while liar.wanted() == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asked).await.is_ok());
    let published = publisher.handle.publish(&topic, data.clone()).await;
    published.unwrap();
    let (.., received) = end.gossip_patiently().await;
    assert_eq!(received, data);
}
