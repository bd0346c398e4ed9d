//! What liars do, each in a slot of its own, and what it may cost.

use lampyris_sim::chain::FORK;
use lampyris_wire::{gossip, mesh};

use crate::{
    ONE_CHECK, Scene, once_accepted,
    setting::{Message, eventually},
    tab::{Tab, Tally},
};

/// Members whose signatures do not suffice for a head.
const FEW: usize = 16;
/// Members whose signatures suffice for a final one.
const TWO_THIRDS: usize = 22;
/// Messages of the flood.
const FLOOD: u32 = 600;
/// Frames between a link and the swarm when it is cut off, which are judged still: seven in libp2p's
/// queue, one that waits for a place in it, and the one with which it went too far.
const ON_THE_WAY: usize = 9;

impl Scene {
    /// What was true, with signers that it never had, and what is not yet.
    pub(crate) async fn stale_replay(&self, slot: u64) {
        self.setting.enter(slot);
        let chain = &self.setting.chain;
        let known = slot - 1;
        let mut said = Vec::new();
        for (replayer, signers) in self.replayers.iter().zip(28..) {
            let mut own = Vec::new();
            for age in 0..=8 {
                own.push(self.setting.head(&chain.variant(known - age, signers - 1)));
                own.push(
                    self.setting
                        .finality(&chain.finality_by(known - age, signers)),
                );
                let salt = u8::try_from(signers).unwrap();
                own.push(self.setting.head(&chain.forgery(known - age, salt)));
            }
            let early = u8::try_from(signers + 1).unwrap();
            own.push(self.setting.head(&chain.forgery(slot + 1, early)));
            for message in &own {
                assert!(replayer.say(message).await);
            }
            said.extend(own);
        }
        self.all_judge(&said).await;
        for (replayer, signers) in self.replayers.iter().zip(1..) {
            // So old that who says it is behind, or wants others to be.
            let old = self.setting.head(&chain.variant(known - 9, signers));
            assert!(replayer.say(&old).await);
            said.push(old);
        }
        self.all_judge(&said).await;
        self.all_drop(&self.replayers, "stale").await;
        for tab in &self.tabs {
            let ignored = Tally {
                judged: said.len(),
                ..Tally::default()
            };
            assert_eq!(tab.tally(&said), ignored, "{}", tab.name);
        }
        println!("stale replay: {} messages, no signature check", said.len());
        self.publish(slot).await;
    }

    /// Well-formed blocks that are not there, before those that are.
    pub(crate) async fn forged_heads(&self, slot: u64) {
        self.setting.enter(slot);
        let forge = |salt| self.setting.head(&self.setting.chain.forgery(slot, salt));
        let forged: Vec<_> = (1..).take(self.forgers.len()).map(forge).collect();
        for (forger, message) in self.forgers.iter().zip(&forged) {
            assert!(forger.say(message).await);
        }
        self.all_judge(&forged).await;
        self.all_drop(&self.forgers, "lied").await;
        let others = (101..).take(self.forgers.len()).map(forge);
        let returning = self.forgers.iter().zip(others);
        futures::future::join_all(returning.map(async |(forger, message)| {
            forger.return_in_vain(&message).await;
        }))
        .await;
        for tab in &self.tabs {
            for forger in &self.forgers {
                let once = Tally {
                    judged: 1,
                    rejected: 1,
                    signature_checks: ONE_CHECK,
                    ..Tally::default()
                };
                assert_eq!(tab.tally_of(&forger.id), once, "{}", tab.name);
            }
        }
        let count = forged.len();
        println!("forged heads: {count} of {count} liars, {count} signature checks");
        self.publish(slot).await;
    }

    /// Bytes without meaning, while a head comes out.
    pub(crate) async fn flood_of_nonsense(&self, slot: u64) {
        self.setting.enter(slot);
        let update = self.setting.chain.optimistic(slot).encode(FORK);
        let nonsense = (0..FLOOD).map(|number| {
            let bytes = number.to_le_bytes().to_vec();
            self.setting.raw(match number % 3 {
                0 => bytes,
                1 => gossip::compress(&bytes),
                _ => gossip::compress(&[&update[..200], &bytes].concat()),
            })
        });
        let nonsense: Vec<_> = nonsense.collect();
        let started = self.setting.unix_ms();
        let flood = self.flooders.iter();
        let flood = flood.map(|flooder| flooder.flood(&nonsense));
        tokio::join!(futures::future::join_all(flood), self.publish(slot));
        let seconds = (self.setting.unix_ms() - started).div_ceil(1_000);
        let rate = mesh::GOSSIP_RATE;
        let most = u64::from(rate.burst) + seconds * u64::from(rate.per_second);
        let most = usize::try_from(most).unwrap() + ON_THE_WAY * mesh::FRAME_MESSAGES_MAX;
        for (tab, flooder) in self.tabs.iter().zip(&self.flooders) {
            let dropped = || tab.has_dropped(&flooder.id, "lied");
            eventually("a flooder is on record", dropped).await;
            let tally = tab.tally_of(&flooder.id);
            println!(
                "flood of {FLOOD} messages to the {} tab: {tally:?}",
                tab.name
            );
            assert!(tally.judged <= most, "{tally:?}");
            let rejected = Tally {
                judged: tally.judged,
                rejected: tally.judged,
                ..Tally::default()
            };
            assert_eq!(tally, rejected, "{}", tab.name);
        }
    }

    /// A head by whoever may have signed it, also by few, and before the publisher has it; then the
    /// same with what it finalizes, which is news in this slot.
    pub(crate) async fn equivocation(&self, slot: u64) {
        self.setting.enter(slot);
        let chain = &self.setting.chain;
        let members = chain.members();
        let heads: Vec<_> = (1..=members)
            .map(|signers| self.setting.head(&chain.variant(slot, signers)))
            .collect();
        let finals: Vec<_> = (1..=members)
            .map(|signers| self.setting.finality(&chain.finality_by(slot, signers)))
            .collect();
        let (few, enough) = heads.split_at(FEW);
        self.equivocate(few).await;
        for tab in &self.tabs[..2] {
            let ignored = Tally {
                judged: FEW,
                ..Tally::default()
            };
            assert_eq!(tab.tally(few), ignored, "{}", tab.name);
        }
        self.equivocate(enough).await;
        eventually("all tabs show a version", || {
            self.tabs.iter().all(|tab| tab.head() == slot)
        })
        .await;
        let (half, most) = finals.split_at(TWO_THIRDS - 1);
        self.equivocate(half).await;
        self.equivocate(most).await;
        let final_slot = chain.finalized_slot(slot);
        eventually("all tabs show what is final", || {
            let known = |tab: &Tab| tab.diary(|diary| diary.finalized);
            self.tabs.iter().all(|tab| known(tab) == final_slot)
        })
        .await;
        for tab in &self.tabs[..2] {
            assert_eq!(tab.tally(&heads), once_accepted(members), "{}", tab.name);
            assert_eq!(tab.tally(&finals), once_accepted(members), "{}", tab.name);
        }
        // What the others forwarded, each one version or the same.
        let third = &self.tabs[2];
        for versions in [&heads, &finals] {
            let tally = third.tally(versions);
            assert!(tally.judged <= 2, "{tally:?}");
            assert_eq!(tally, once_accepted(tally.judged), "{}", third.name);
        }
        for (what, versions) in [("a head", &heads), ("its finality", &finals)] {
            let tallies = self.tabs.each_ref().map(|tab| tab.tally(versions));
            println!("equivocation: {members} versions of {what}: {tallies:?}");
        }
        self.publish(slot).await;
    }

    /// Versions in equal parts by all equivocators; returns when they were judged.
    async fn equivocate(&self, versions: &[Message]) {
        for (liar, message) in self.equivocators.iter().cycle().zip(versions) {
            assert!(liar.say(message).await);
        }
        for tab in &self.tabs[..2] {
            let judged = || tab.tally(versions).judged == versions.len();
            eventually("all versions are judged", judged).await;
        }
    }
}
