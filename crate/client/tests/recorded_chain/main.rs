//! The client on recorded mainnet data (Fulu, April 2026), natively, with peers that are honest,
//! lying, stale or silent, in virtual time.

mod catching_up;
mod recording;
mod world;

use lampyris_client::{BlockTag, Code, event::Phase};
use recording::{CHECKPOINT, FIXED_CLOCK_MS, Lie};
use world::{ANSWER_MS, World};

const HEAD_SLOT: f64 = 14_018_019.0;
const FINALIZED_SLOT: f64 = 14_017_952.0;
const FINALIZED_BLOCK: f64 = 24_784_163.0;

#[test]
fn it_follows_the_chain_from_the_checkpoint_to_the_head() {
    let mut world = World::new(FIXED_CLOCK_MS);
    world.add_peer("honest", Lie::None);
    world.run_ms(3_000);
    let status = world.status();
    assert_eq!(status.phase, Phase::Synced, "{}", status.message);
    assert_eq!(status.optimistic.expect("a head").slot, HEAD_SLOT);
    let finalized = status.finalized.expect("a finalized head");
    assert_eq!(
        (finalized.slot, finalized.block_number),
        (FINALIZED_SLOT, FINALIZED_BLOCK)
    );
    assert!(status.peers[0].faults.is_empty());
    let mut kept = world.kept("honest");
    kept.sort_unstable();
    kept.dedup();
    assert_eq!(
        kept,
        [
            "bootstrap",
            "finality_update",
            "optimistic_update",
            "updates"
        ]
    );
}

#[test]
fn who_connects_is_asked_at_once_and_the_first_head_needs_two_answers() {
    let mut world = World::new(FIXED_CLOCK_MS);
    // In the midst of a pause between two rounds.
    world.run_ms(130);
    world.add_peer("honest", Lie::None);
    world.run_ms(0);
    assert_eq!(world.asked(), ["bootstrap"]);
    // While the bootstrap is on its way, another peer does not begin a second round.
    world.add_peer("another", Lie::None);
    world.run_ms(2 * ANSWER_MS);
    assert_eq!(
        world.asked(),
        ["bootstrap", "finality_update", "optimistic_update"]
    );
    let status = world.status();
    assert_eq!(status.phase, Phase::Synced, "{}", status.message);
    assert_eq!(status.optimistic.expect("a head").slot, HEAD_SLOT);
    // The committee of the next period follows.
    world.run_ms(1_000);
    assert!(world.asked().contains(&"updates"));
}

#[test]
fn a_liar_is_dropped_and_named_and_the_honest_peer_serves() {
    for lie in Lie::ALL {
        for byte in [0, 5, 40, 400, 900] {
            let mut world = World::new(FIXED_CLOCK_MS);
            world.add_peer("a liar", lie(byte));
            world.add_peer("honest", Lie::None);
            world.run_ms(40_000);
            let status = world.status();
            let name = format!("{:?}", lie(byte));
            assert_eq!(status.phase, Phase::Synced, "{name}: {}", status.message);
            assert_eq!(status.optimistic.expect("a head").slot, HEAD_SLOT, "{name}");
            let liar = status
                .peers
                .iter()
                .find(|peer| peer.id == "a liar")
                .expect("listed");
            assert_eq!(liar.state, "dropped", "{name}");
            assert!(liar.reason.is_some(), "{name}");
            let lied_in = [
                "bootstrap",
                "updates",
                "finality_update",
                "optimistic_update",
            ]
            .into_iter()
            .find(|kind| name.contains(&format!("{kind}\"")));
            let kept = world.kept("a liar");
            assert!(lied_in.is_none_or(|kind| !kept.contains(&kind)), "{name}");
            let honest = status
                .peers
                .iter()
                .find(|peer| peer.id == "honest")
                .expect("listed");
            assert!(honest.faults.is_empty(), "{name}: {:?}", honest.faults);
        }
    }
}

#[test]
fn with_only_a_liar_there_is_no_head() {
    for lie in [
        Lie::Flip("bootstrap", 500),
        Lie::Flip("optimistic_update", 300),
    ] {
        let mut world = World::new(FIXED_CLOCK_MS);
        let name = format!("{lie:?}");
        world.add_peer("a liar", lie);
        world.run_ms(20_000);
        let status = world.status();
        assert_ne!(status.phase, Phase::Synced, "{name}");
        let refused = world.balance_error(BlockTag::Latest);
        assert!(
            matches!(refused, Code::NotSynced | Code::NoPeers | Code::Unavailable),
            "{name}"
        );
    }
}

#[test]
fn a_peer_that_falls_silent_is_waited_for_as_long_as_its_latency_says() {
    let mut world = World::new(FIXED_CLOCK_MS);
    // Both answer after 20 ms, and between equals the first is asked.
    world.add_peer("a", Lie::Silent("finality_update"));
    world.add_peer("b", Lie::None);
    world.run_ms(1_000);
    let status = world.status();
    assert_eq!(status.phase, Phase::Synced, "{}", status.message);
    assert!(status.finalized.is_some());
}

#[test]
fn a_reload_goes_on_from_what_was_stored() {
    let mut world = World::new(FIXED_CLOCK_MS);
    world.add_peer("honest", Lie::None);
    world.run_ms(3_000);
    let mut second = world.reload();
    second.add_peer("honest", Lie::None);
    // Enough for the head's round trips, too little for the newcomer's examination to matter.
    second.run_ms(1_200);
    assert_eq!(second.status().phase, Phase::Synced);
    assert_eq!(second.first_protocol(), Some("finality_update"));
}

#[test]
fn a_stored_state_of_another_format_is_not_used_silently() {
    let mut world = World::new(FIXED_CLOCK_MS);
    world.add_peer("honest", Lie::None);
    world.run_ms(3_000);
    world.spoil_storage();
    let mut second = world.reload();
    second.run_ms(100);
    assert!(
        second.status().message.contains("stored state"),
        "{}",
        second.status().message
    );
    second.add_peer("honest", Lie::None);
    second.run_ms(3_000);
    assert_eq!(second.status().phase, Phase::Synced);
}

#[test]
fn a_checkpoint_beyond_the_weak_subjectivity_period_is_refused() {
    const YEAR_MS: u64 = 365 * 24 * 3_600 * 1_000;
    let mut world = World::new(FIXED_CLOCK_MS + YEAR_MS);
    world.add_peer("honest", Lie::None);
    world.run_ms(3_000);
    let status = world.status();
    assert_eq!(status.phase, Phase::StaleCheckpoint);
    assert_eq!(status.checkpoint.to_string(), CHECKPOINT);
    assert!(status.optimistic.is_none() && status.finalized.is_none());
    assert_eq!(world.balance_error(BlockTag::Latest), Code::StaleCheckpoint);
}

#[test]
fn gossip_is_judged_by_the_rules() {
    use lampyris_client::Verdict;
    let mut world = World::new(FIXED_CLOCK_MS + 12_000);
    world.add_peer("honest", Lie::None);
    world.run_ms(3_000);
    // Valid, but nothing new any more.
    assert_eq!(
        world.gossip("honest", "optimistic_update", |_| {}),
        Some(Verdict::Ignore)
    );
    // The same signature over slots that would be new.
    let forged = world.gossip("forger", "optimistic_update", |ssz| {
        recording::one_slot_later(ssz)
    });
    assert_eq!(forged, Some(Verdict::Reject));
    // Garbage.
    assert_eq!(
        world.gossip("noise", "optimistic_update", Vec::clear),
        Some(Verdict::Reject)
    );
}
