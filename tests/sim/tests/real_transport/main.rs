//! The client's gossip rules under attack on the real transport: tabs that run `crate/client` over real
//! swarms, native WebRTC on this machine's loopback, and for each of them five liars. What
//! `src/rules.rs` says of one client in memory is measured here with all that lies between: each
//! signature check is counted on its tab's thread, and put on the account of the message that cost it.
//!
//! Two tabs are linked to the publisher. The third knows only these two, so that what reaches it was
//! forwarded, and what should not be forwarded would reach it.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod attacks;
#[path = "../../../../crate/net/tests/common/memory.rs"]
mod memory;
mod peers;
mod platform;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../../crate/net/tests/common/raw.rs"]
mod raw;
mod setting;
mod tab;

use std::{slice, sync::Arc};

use memory::memory_kb;
use peers::{Flooder, Liar, Publisher};
use setting::{CHECKPOINT_SLOT, Message, Setting, eventually, eventually_while};
use tab::{Tab, Tally};

/// The head that is there when the tabs come. What they finalize changes with the epochs, in the slot
/// of the equivocation next.
const FIRST_SLOT: u64 = 2 * 64 + 27;
/// What the third tab was told last when it was here before; the same is final then.
const LEFT_SLOT: u64 = 2 * 64 + 12;
/// What all attacks together may add to the process, in which the three tabs and all liars are.
const GROWTH_KB_MAX: u64 = 20_000;

/// Heads after the first.
const HEADS: u64 = 6;
/// What a tab checks of the publisher's answers: where the chain is when it comes, the next committee,
/// and the examination.
const ANSWERS_CHECKED_MAX: u64 = 6;
/// What a head costs, with whatever is said about it.
const ONE_CHECK: u64 = 1;

struct Scene {
    setting: Arc<Setting>,
    publisher: Publisher,
    /// Linked to the publisher, the first two; linked to these, the third.
    tabs: [Tab; 3],
    forgers: Vec<Liar>,
    replayers: Vec<Liar>,
    equivocators: Vec<Liar>,
    /// One for each tab.
    flooders: Vec<Flooder>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn liars_cost_tabs_little_and_keep_nothing_from_them() {
    let scene = Scene::new().await;
    let before = memory_kb();
    scene.deliver(FIRST_SLOT + 1).await;
    scene.stale_replay(FIRST_SLOT + 2).await;
    scene.forged_heads(FIRST_SLOT + 3).await;
    scene.flood_of_nonsense(FIRST_SLOT + 4).await;
    scene.equivocation(FIRST_SLOT + 5).await;
    scene.deliver(FIRST_SLOT + HEADS).await;
    scene.nothing_else_happened().await;
    let after = memory_kb();
    println!("memory: {before} kB before the attacks, {after} kB after them");
    assert!(after < before + GROWTH_KB_MAX);
}

impl Scene {
    /// Everybody is linked, and knows the first head but for the third tab, which hears of the next.
    async fn new() -> Self {
        let setting = Arc::new(Setting::new(FIRST_SLOT));
        let publisher = Publisher::start(&setting).await;
        let tab = |name, gateways, record| Tab::start(name, &setting, gateways, record);
        let first = tab("first", vec![publisher.address.clone()], None).await;
        let second = tab("second", vec![publisher.address.clone()], None).await;
        // It was here before, when there was a gateway that it reached.
        let record = setting.chain.client_record(CHECKPOINT_SLOT, LEFT_SLOT);
        let neighbours = vec![first.address.clone(), second.address.clone()];
        let third = tab("third", neighbours, Some(record)).await;
        eventually("tabs come to the first head by asking", || {
            [&first, &second].iter().all(|tab| tab.head() == FIRST_SLOT)
        })
        .await;
        eventually("the third tab is linked", || {
            third.is_connected_to(&first.id) && third.is_connected_to(&second.id)
        })
        .await;
        let tabs = [first, second, third];
        let [first, second, third] = &tabs;
        let all = [first, second, third];
        let several = async |count: usize, victims: &[&Tab]| {
            let mut liars = Vec::new();
            for _ in 0..count {
                liars.push(Liar::start(&setting, victims).await);
            }
            liars
        };
        Self {
            forgers: several(5, &all).await,
            replayers: several(5, &all).await,
            // The third hears of a head's variants only what the others forward.
            equivocators: several(4, &[first, second]).await,
            flooders: futures::future::join_all(all.map(Flooder::start)).await,
            tabs,
            setting,
            publisher,
        }
    }

    /// The publisher says a head until all tabs show it.
    async fn publish(&self, slot: u64) {
        let head = self.setting.head(&self.setting.chain.optimistic(slot));
        let shown = || self.tabs.iter().all(|tab| tab.head() == slot);
        eventually_while(&format!("all tabs show {slot}"), shown, async || {
            self.publisher.publish(&head).await;
        })
        .await;
        assert_eq!(self.setting.newest(), slot, "within its slot");
    }

    /// An undisturbed head: one check, and everybody has it.
    async fn deliver(&self, slot: u64) {
        self.setting.enter(slot);
        self.publish(slot).await;
        let head = self.setting.head(&self.setting.chain.optimistic(slot));
        for tab in &self.tabs {
            assert_eq!(
                tab.tally(slice::from_ref(&head)),
                once_accepted(1),
                "{}",
                tab.name
            );
        }
    }

    /// Returns when all tabs have judged all messages.
    async fn all_judge(&self, messages: &[Message]) {
        for tab in &self.tabs {
            let judged = || tab.tally(messages).judged == messages.len();
            eventually("all messages are judged", judged).await;
        }
    }

    /// Returns when all tabs have cut liars off, and say why.
    async fn all_drop(&self, liars: &[Liar], misdeed: &str) {
        for liar in liars {
            let dropped = || {
                self.tabs
                    .iter()
                    .all(|tab| tab.has_dropped(&liar.id, misdeed))
            };
            eventually(&format!("a liar is on record as {misdeed}"), dropped).await;
            eventually("its links end", || liar.is_alone()).await;
        }
    }

    /// All that tabs judged, and all that they checked, is accounted for.
    async fn nothing_else_happened(&self) {
        let forged = u64::try_from(self.forgers.len()).unwrap();
        // One head finalizes something, which is a message of its own.
        let checks = HEADS * ONE_CHECK + ONE_CHECK + forged * ONE_CHECK;
        let forwarded = usize::try_from(HEADS).unwrap() + 1;
        for tab in &self.tabs {
            // Its own account is as old as its last status.
            let told = tab.diary(|diary| diary.statuses);
            let newer = || tab.diary(|diary| diary.statuses) > told;
            eventually("a tab tells its state", newer).await;
            let (tally, name) = (tab.tally_if(|_| true), tab.name);
            let all = tab.diary(|diary| diary.signature_checks);
            println!(
                "the {name} tab: {tally:?}, and {} checks of answers",
                all - checks
            );
            assert_eq!(tally.signature_checks, checks, "{name}");
            assert_eq!(tally.accepted, forwarded, "{name}");
            assert!(all - checks <= ANSWERS_CHECKED_MAX, "{name}");
            let wrong = tab.diary(|diary| diary.wrong.clone());
            assert_eq!(wrong, Vec::<String>::new(), "{name}");
        }
        // What the third heard of its neighbours is what they heard, where the liars had versions of it
        // one of each neighbour's.
        let [first, second, third] = &self.tabs;
        let heard = [first, second].map(|tab| third.tally_of(&tab.id).judged);
        let sum: usize = heard.iter().sum();
        println!("forwarded to the third tab: {heard:?}");
        assert!((forwarded..=forwarded + 2).contains(&sum), "{heard:?}");
    }
}

/// Of so many messages one cost a check and went on.
fn once_accepted(judged: usize) -> Tally {
    Tally {
        judged,
        accepted: 1,
        rejected: 0,
        signature_checks: ONE_CHECK,
    }
}
