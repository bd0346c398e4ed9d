//! Gossip of heads, judged by the rules of the light-client p2p specification:
//! ignore what is early or brings no newer header, reject what does not verify, accept the rest.
//! Cheap checks come before signatures, so that a slot's variants cost one check, and a forgery costs
//! its sender the connection. The store remembers what was forwarded: each of it moved a header.

use std::rc::Rc;

use lampyris_verify::{
    containers::{LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate},
    light_client::gossip::{advances_finalized, advances_optimistic, is_too_early},
};
use lampyris_wire::gossip::{TopicKind, decompress, parse_topic, topic_name};

use crate::{
    client::Inner,
    light_client_requests::fork_fits,
    misdeed::Kind,
    platform::{Platform, Verdict},
    requests::Refusal,
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
        let verdict = self.take_gossip(peer, topic, data);
        let verdict = verdict.inspect_err(|refusal| self.refused(peer, Kind::Gossip, refusal));
        match verdict {
            Err(Refusal::Lied(_)) => return Verdict::Reject,
            Err(Refusal::Stale(_)) => return Verdict::Ignore,
            _ => self.peers.borrow_mut().gossiped(peer, data.len()),
        }
        verdict.unwrap_or(Verdict::Ignore)
    }

    fn take_gossip(
        self: &Rc<Self>,
        peer: &str,
        topic: &str,
        data: &[u8],
    ) -> Result<Verdict, Refusal> {
        let network = &self.config.network;
        let fork_of = |digest| network.fork_by_digest(digest);
        let known = parse_topic(topic).ok().and_then(|(digest, kind)| {
            let (fork, _) = fork_of(digest)?;
            Some((kind, fork))
        });
        let Some((kind, fork)) = known else {
            return Ok(Verdict::Ignore);
        };
        let ssz = decompress(data, OBJECT_BYTES_MAX)?;
        let preset = &network.preset;
        let update: LightClientUpdate = match kind {
            TopicKind::FinalityUpdate => {
                LightClientFinalityUpdate::decode(&ssz, fork, preset)?.into()
            }
            TopicKind::OptimisticUpdate => {
                LightClientOptimisticUpdate::decode(&ssz, fork, preset)?.into()
            }
        };
        let slot = update.attested_header.beacon.slot;
        fork_fits(network, fork, slot)?;
        if is_too_early(update.signature_slot, self.chain_ms(), network) {
            return Ok(Verdict::Ignore);
        }
        self.refuse_stale(slot)?;
        let is_forwarded = match (&self.chain.borrow().store, kind) {
            (None, _) => return Ok(Verdict::Ignore),
            (Some(store), TopicKind::FinalityUpdate) => advances_finalized(store, &update),
            (Some(store), TopicKind::OptimisticUpdate) => advances_optimistic(store, &update),
        };
        // What is not forwarded may still bring us a newer header.
        if self.apply(&update)? {
            self.heads_changed(peer);
        }
        Ok(if is_forwarded {
            Verdict::Accept
        } else {
            Verdict::Ignore
        })
    }
}
