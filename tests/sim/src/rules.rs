//! The client's gossip rules under attack, with its signature checks counted: in memory, with the clock
//! in the test's hand. The judge is an honest gateway's client, which knows the chain.

use lampyris_client::Verdict;
use lampyris_verify::counting::signature_checks;

use crate::{
    Options,
    chain::FORK,
    engine::Engine,
    event::{Id, MessageId},
    liars::{forgery, truth},
    world::{FIRST_SLOT, World},
};

const JUDGE: Id = 0;
const FINALITY: usize = 0;
const HEADS: usize = 1;

struct Bench {
    engine: Engine,
    sender: Id,
}

impl Bench {
    /// At the instant at which the first head comes out.
    fn new() -> Self {
        let text = "sim --peers 4 --gateways 1 --churn 0";
        let options = <Options as clap::Parser>::parse_from(text.split(' '));
        let mut engine = Engine::new(options, |_| {});
        engine.run_until(1_000_000);
        let mut bench = Self { engine, sender: 1 };
        bench.at(FIRST_SLOT, 0);
        bench
    }

    fn world<T>(&self, of: impl FnOnce(&mut World) -> T) -> T {
        of(&mut self.engine.world.borrow_mut())
    }

    /// Sets the clock to so many milliseconds behind the instant of a head.
    fn at(&mut self, slot: u64, ms: u64) {
        self.world(|world| {
            world.nodes[JUDGE].skew_ms = 200;
            world.now = world.published(slot) + ms * 1_000;
        });
    }

    fn variant(&self, slot: u64, participants: usize) -> MessageId {
        self.world(|world| {
            let ssz = world.chain.variant(slot, participants).encode(FORK);
            world.message(HEADS, &ssz)
        })
    }

    fn finality(&self, slot: u64, participants: usize) -> MessageId {
        self.world(|world| {
            let ssz = world.chain.finality_by(slot, participants).encode(FORK);
            world.message(FINALITY, &ssz)
        })
    }

    fn truth(&self, slot: u64) -> MessageId {
        self.world(|world| truth(world, HEADS, slot))
    }

    fn forgery(&self, slot: u64, salt: usize) -> MessageId {
        self.world(|world| forgery(world, slot, salt))
    }

    /// The verdict on a message of another sender each time, and how many signatures were checked.
    fn judge(&mut self, message: MessageId) -> (Option<Verdict>, u64) {
        self.sender += 1;
        let before = signature_checks();
        let sender = self.sender.to_string();
        let verdict = self.engine.judge(JUDGE, self.sender, &sender, message);
        (verdict, signature_checks() - before)
    }

    fn head(&self) -> u64 {
        self.world(|world| world.nodes[JUDGE].optimistic.slot)
    }
}

const ACCEPTED: (Option<Verdict>, u64) = (Some(Verdict::Accept), 1);
const IGNORED: (Option<Verdict>, u64) = (Some(Verdict::Ignore), 0);
const REJECTED: (Option<Verdict>, u64) = (Some(Verdict::Reject), 1);

#[test]
fn a_head_costs_one_check_and_its_variants_none() {
    let mut bench = Bench::new();
    let truth = bench.truth(FIRST_SLOT);
    assert_eq!(bench.judge(truth), ACCEPTED);
    for participants in 1..32 {
        let variant = bench.variant(FIRST_SLOT, participants);
        assert_eq!(bench.judge(variant), IGNORED, "{participants} signers");
    }
    // A variant that comes first is as good; then the original is one variant more.
    bench.at(FIRST_SLOT + 1, 0);
    let variant = bench.variant(FIRST_SLOT + 1, 30);
    assert_eq!(bench.judge(variant), ACCEPTED);
    let truth = bench.truth(FIRST_SLOT + 1);
    assert_eq!(bench.judge(truth), IGNORED);
    assert_eq!(bench.head(), FIRST_SLOT + 1);
}

#[test]
fn few_signers_move_nothing_and_cost_nothing() {
    let mut bench = Bench::new();
    for participants in 1..=16 {
        let few = bench.variant(FIRST_SLOT, participants);
        assert_eq!(bench.judge(few), IGNORED, "{participants} signers");
    }
    // They do not stand in the way of the true one either.
    let truth = bench.truth(FIRST_SLOT);
    assert_eq!(bench.judge(truth), ACCEPTED);
}

#[test]
fn what_is_old_is_not_checked() {
    let mut bench = Bench::new();
    let truth = bench.truth(FIRST_SLOT);
    assert_eq!(bench.judge(truth), ACCEPTED);
    for age in 1..=20 {
        let old = bench.variant(FIRST_SLOT - age, 31);
        assert_eq!(bench.judge(old), IGNORED, "{age} slots old");
        let forged = bench.forgery(FIRST_SLOT - age, 1);
        assert_eq!(bench.judge(forged), IGNORED, "forged, {age} slots old");
    }
}

#[test]
fn what_is_early_waits_for_its_time() {
    let mut bench = Bench::new();
    let slot = FIRST_SLOT + 1;
    let slot_ms = 12_000;
    bench.at(FIRST_SLOT, slot_ms - 501);
    let truth = bench.truth(slot);
    assert_eq!(bench.judge(truth), IGNORED);
    let forged = bench.forgery(slot + 5, 1);
    assert_eq!(bench.judge(forged), IGNORED);
    bench.at(FIRST_SLOT, slot_ms - 500);
    assert_eq!(bench.judge(truth), ACCEPTED);
}

#[test]
fn a_forgery_costs_one_check_and_its_sender() {
    let mut bench = Bench::new();
    for salt in 0..8 {
        let forged = bench.forgery(FIRST_SLOT, salt);
        assert_eq!(bench.judge(forged), REJECTED);
        let (sender, now) = (bench.sender, bench.world(|world| world.now));
        assert!(bench.world(|world| world.nodes[JUDGE].mesh.is_graylisted(sender, now)));
    }
    let truth = bench.truth(FIRST_SLOT);
    assert_eq!(bench.judge(truth), ACCEPTED);
    assert_eq!(bench.head(), FIRST_SLOT);
}

#[test]
fn finality_is_forwarded_once_it_has_its_supermajority() {
    let mut bench = Bench::new();
    let slot = FIRST_SLOT + 2;
    bench.at(slot, 0);
    // 20 of 32 are more than half: a newer head, but not final. It is taken and not forwarded.
    let half = bench.finality(slot, 20);
    assert_eq!(bench.judge(half), (Some(Verdict::Ignore), 1));
    assert_eq!(bench.head(), slot);
    for participants in 17..=21 {
        let more = bench.finality(slot, participants);
        if more != half {
            assert_eq!(bench.judge(more), IGNORED, "{participants} signers");
        }
    }
    let upgrade = bench.finality(slot, 22);
    assert_eq!(bench.judge(upgrade), ACCEPTED);
    for participants in 23..=32 {
        let more = bench.finality(slot, participants);
        assert_eq!(bench.judge(more), IGNORED, "{participants} signers");
    }
}

#[test]
fn nonsense_is_rejected_without_a_check() {
    let mut bench = Bench::new();
    let mut ssz = bench.world(|world| world.chain.optimistic(FIRST_SLOT).encode(FORK));
    // A bit of the execution header: its branch leads elsewhere.
    if let Some(byte) = ssz.get_mut(300) {
        *byte ^= 1;
    }
    let tampered = bench.world(|world| world.message(HEADS, &ssz));
    assert_eq!(bench.judge(tampered), (Some(Verdict::Reject), 0));
    let cut = bench.world(|world| world.message(HEADS, &ssz[..100]));
    assert_eq!(bench.judge(cut), (Some(Verdict::Reject), 0));
    let other = bench.world(|world| world.message(FINALITY, &ssz));
    assert_eq!(bench.judge(other), (Some(Verdict::Reject), 0));
}
