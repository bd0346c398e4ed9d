//! Catching up over the updates of twelve periods, from peers that lie, or stop, on the way.

use lampyris_client::event::PeerView;

use crate::recording::{FIRST_PERIOD, Lie, end_of_period_ms};
use crate::world::World;

/// The last period that a checkpoint of the first one reaches.
const LAST_PERIOD: u64 = 1_358;
const PERIODS: u64 = LAST_PERIOD + 1 - FIRST_PERIOD;
/// Of the updates that are verified together: the first, and one in the middle; the same of those
/// behind.
const PLACES: [u64; 5] = [1_347, 1_350, 1_354, 1_355, 1_357];
/// Whom a question goes to first: between equals, the name decides.
const FIRST: &str = "a first";

fn world() -> World {
    World::behind(end_of_period_ms(LAST_PERIOD))
}

fn is_caught_up(world: &World) -> bool {
    world.progress().last() == Some(&(LAST_PERIOD as f64))
}

fn peer(world: &World, id: &str) -> PeerView {
    let peers = world.status().peers;
    let peer = peers.into_iter().find(|peer| peer.id == id);
    peer.expect("listed")
}

/// One request, and news for the page while it is worked off.
#[test]
fn one_request_for_all_periods() {
    let mut world = world();
    world.add_peer("honest", Lie::None);
    world.run_ms(2_000);
    assert!(is_caught_up(&world), "{:?}", world.progress());
    assert_eq!(world.asked_updates(), [(FIRST_PERIOD, PERIODS)]);
    assert_eq!(world.progress(), [1_347.0, 1_354.0, 1_358.0]);
    assert!(peer(&world, "honest").faults.is_empty());
    assert!(world.status().finalized.is_some());
    assert!(world.kept("honest").contains(&"updates"));
    let mut again = world.reload();
    again.add_peer("honest", Lie::None);
    again.run_ms(400);
    assert_eq!(again.progress(), [1_358.0], "it was stored");
}

/// Whatever is wrong with one update: who sent it is dropped with the fault named, those before it
/// stay, and the rest is asked of another.
#[test]
fn a_liar_in_the_middle() {
    for period in PLACES {
        for (lie, fault) in lies(period) {
            let at = format!("{lie:?}");
            let mut world = world();
            world.add_peer(FIRST, lie);
            world.add_peer("honest", Lie::None);
            world.run_ms(4_000);
            assert!(is_caught_up(&world), "{at}: {:?}", world.progress());
            let liar = peer(&world, FIRST);
            let reason = liar.reason.expect("a reason");
            assert_eq!(liar.state, "dropped", "{at}");
            assert!(reason.contains("lied: committee update"), "{at}: {reason}");
            assert!(reason.contains(fault), "{at}: {reason}");
            assert!(reason.contains(&period.to_string()), "{at}: {reason}");
            assert!(peer(&world, "honest").faults.is_empty(), "{at}");
            assert!(
                !world.kept(FIRST).contains(&"updates"),
                "{at}: a lie is kept"
            );
            // An answer that goes wrong among the first few is none: then another gets the same
            // question, and what is known of its answer is passed over.
            let (first, second) = (world.asked_updates()[0], world.asked_updates()[1]);
            assert_eq!(first, (FIRST_PERIOD, PERIODS), "{at}");
            let is_early = period < FIRST_PERIOD + 8;
            let is_rest = second == (period, LAST_PERIOD + 1 - period);
            assert!(is_rest || (is_early && second == first), "{at}: {second:?}");
        }
    }
}

/// A liar alone takes the client as far as it tells the truth, and no further.
#[test]
fn only_a_liar() {
    for period in PLACES {
        for (lie, _) in lies(period) {
            let at = format!("{lie:?}");
            let mut world = world();
            world.add_peer("a liar", lie);
            world.run_ms(4_000);
            assert_eq!(peer(&world, "a liar").state, "dropped", "{at}");
            assert!(!world.kept("a liar").contains(&"updates"), "{at}");
            let reached = (period - 1).max(FIRST_PERIOD) as f64;
            assert_eq!(world.progress().last(), Some(&reached), "{at}");
        }
    }
}

/// Ways to get the update of a period wrong, and what is said of them.
fn lies(period: u64) -> Vec<(Lie, &'static str)> {
    let mut lies = Vec::new();
    // A key of the next committee, its branch.
    for byte in [3_000, 24_700] {
        lies.push((Lie::FlipUpdate(period, byte), "next sync committee"));
    }
    // A participant, the signature, the proposer of the header that is signed.
    for byte in [25_000, 25_100, 25_160] {
        lies.push((Lie::FlipUpdate(period, byte), "signature does not verify"));
    }
    if period < LAST_PERIOD {
        lies.push((Lie::LeaveOut(period), "was asked for"));
    }
    lies
}

/// That the rest is not at hand is no lie.
#[test]
fn an_answer_that_ends_early() {
    for period in PLACES {
        let mut world = world();
        world.add_peer(FIRST, Lie::GiveUp(period));
        world.add_peer("honest", Lie::None);
        world.run_ms(4_000);
        assert!(is_caught_up(&world), "{period}: {:?}", world.progress());
        assert!(peer(&world, FIRST).faults.is_empty(), "{period}");
        assert!(peer(&world, "honest").faults.is_empty(), "{period}");
        let asked = world.asked_updates();
        let rest = (period, LAST_PERIOD + 1 - period);
        assert!(asked.contains(&rest), "{period}: {asked:?}");
    }
}

#[test]
fn more_than_was_asked_for() {
    let mut world = world();
    world.add_peer(FIRST, Lie::OneMore);
    world.add_peer("honest", Lie::None);
    world.run_ms(4_000);
    assert!(is_caught_up(&world), "{:?}", world.progress());
    let reason = peer(&world, FIRST).reason.expect("a reason");
    assert!(
        reason.contains("more updates than were asked for"),
        "{reason}"
    );
    assert!(!world.kept(FIRST).contains(&"updates"));
}
