//! Gossip of heads, judged by the rules of the light-client p2p specification:
//! ignore what is early or not newer, reject what does not verify, accept the rest.
//! Cheap checks come before signatures.

use std::rc::Rc;

use lampyris_verify::{
    config::Fork,
    containers::{LightClientFinalityUpdate, LightClientOptimisticUpdate},
};
use lampyris_wire::gossip::{TopicKind, decompress, parse_topic, topic_name};

use crate::{
    client::Inner,
    light_client_requests::fork_fits,
    misdeed::{Kind, Misdeed},
    platform::{Platform, Verdict},
    requests::Refusal,
    sync::CLOCK_DISPARITY_MS,
};

/// The largest gossiped light-client object is some 3 kB.
const OBJECT_BYTES_MAX: usize = 16 * 1024;

impl<P: Platform> Inner<P> {
    /// Joins the topics of this epoch's fork digest and leaves those of a fork that is over.
    pub(crate) fn subscribe_topics(&self) {
        let network = &self.config.network;
        let epoch = network.epoch_at_slot(self.current_slot());
        for (at, join) in [
            (epoch.saturating_sub(2), false),
            (epoch, true),
            (epoch + 1, true),
        ] {
            let digest = network.compute_fork_digest(at);
            let over = digest != network.compute_fork_digest(epoch);
            for kind in [TopicKind::FinalityUpdate, TopicKind::OptimisticUpdate] {
                let topic = topic_name(digest, kind);
                match (join, over) {
                    (true, _) => self.platform.subscribe(&topic),
                    (false, true) => self.platform.unsubscribe(&topic),
                    (false, false) => {}
                }
            }
        }
    }

    /// Judges one message, and takes from it what is new.
    pub(crate) fn judge_gossip(self: &Rc<Self>, peer: &str, topic: &str, data: &[u8]) -> Verdict {
        let now = self.platform.unix_ms();
        self.chain.borrow_mut().gossip_arrived(now);
        match self.take_gossip(topic, data) {
            Ok(true) => {
                self.peers.borrow_mut().gossiped(peer, data.len());
                self.heads_changed(peer);
                Verdict::Accept
            }
            Ok(false) => {
                self.peers.borrow_mut().gossiped(peer, data.len());
                Verdict::Ignore
            }
            Err(Refusal::Lied(what)) => {
                self.blame(peer, Kind::Gossip, &Misdeed::Lied(what));
                Verdict::Reject
            }
            Err(Refusal::Stale(what)) => {
                self.blame(peer, Kind::Gossip, &Misdeed::Stale(what));
                Verdict::Ignore
            }
            Err(_) => Verdict::Ignore,
        }
    }

    /// Whether the message was new; an error if it is false.
    fn take_gossip(&self, topic: &str, data: &[u8]) -> Result<bool, Refusal> {
        let network = &self.config.network;
        let Ok((digest, kind)) = parse_topic(topic) else {
            return Ok(false);
        };
        let Some((fork, _)) = network.fork_by_digest(digest) else {
            return Ok(false);
        };
        if self.chain.borrow().store.is_none() {
            return Ok(false);
        }
        let ssz = decompress(data, OBJECT_BYTES_MAX)?;
        match kind {
            TopicKind::FinalityUpdate => self.take_finality(fork, &ssz),
            TopicKind::OptimisticUpdate => self.take_optimistic(fork, &ssz),
        }
    }

    fn take_finality(&self, fork: Fork, ssz: &[u8]) -> Result<bool, Refusal> {
        let network = &self.config.network;
        let update = LightClientFinalityUpdate::decode(ssz, fork, &network.preset)?;
        fork_fits(network, fork, update.attested_header.beacon.slot)?;
        if self.is_early(update.signature_slot) {
            return Ok(false);
        }
        self.refuse_stale(update.attested_header.beacon.slot)?;
        self.apply_finality(&update)
    }

    fn take_optimistic(&self, fork: Fork, ssz: &[u8]) -> Result<bool, Refusal> {
        let network = &self.config.network;
        let update = LightClientOptimisticUpdate::decode(ssz, fork, &network.preset)?;
        fork_fits(network, fork, update.attested_header.beacon.slot)?;
        if self.is_early(update.signature_slot) {
            return Ok(false);
        }
        self.refuse_stale(update.attested_header.beacon.slot)?;
        self.apply_optimistic(&update)
    }

    /// "received after the block at `signature_slot` was given enough time to propagate": one
    /// third of the slot has passed, give or take the clocks' disparity.
    fn is_early(&self, signature_slot: u64) -> bool {
        let network = &self.config.network;
        let due = network
            .slot_start_unix_ms(signature_slot)
            .saturating_add(network.slot_duration_ms / 3);
        self.chain_ms().saturating_add(CLOCK_DISPARITY_MS) < due
    }
}
