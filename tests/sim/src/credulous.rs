//! A tab that believes all that can be decoded, in the place of the client: the measurement must see
//! what that does. For tests only.

use lampyris_client::Verdict;
use lampyris_verify::containers::{LightClientFinalityUpdate, LightClientOptimisticUpdate};
use lampyris_wire::gossip;

use crate::{
    chain::FORK,
    event::{Id, MessageId},
    world::{Head, World},
};

pub(crate) fn judge(world: &mut World, node: Id, message: MessageId) {
    let Some(message) = world.messages.get(message) else {
        return;
    };
    let ssz = gossip::decompress(&message.data, gossip::MESSAGE_BYTES_MAX).unwrap_or_default();
    let preset = &world.chain.network.preset;
    let header = if message.topic == 0 {
        LightClientFinalityUpdate::decode(&ssz, FORK, preset).map(|update| update.attested_header)
    } else {
        LightClientOptimisticUpdate::decode(&ssz, FORK, preset).map(|update| update.attested_header)
    };
    let Ok(header) = header else { return };
    let (slot, now) = (header.beacon.slot, world.now);
    let known = world.nodes.get(node).map_or(0, |node| node.optimistic.slot);
    if slot > known
        && let Some(execution) = header.execution
    {
        let hash = execution.block_hash;
        world.observe(node, false, Head { slot, hash }, now);
        world.verdict = Some(Verdict::Accept);
    }
}
