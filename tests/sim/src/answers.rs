//! How nodes answer light-client requests: gateways with the newest, tabs with what their client has,
//! liars according to their trade.

use lampyris_wire::{Protocol, gossip, req_resp};

use crate::{
    chain::{Chain, FORK},
    event::{Id, MessageId},
    liars::{Lie, forgery, truth},
    world::{CHECKPOINT_SLOT, UPDATE_OFFSET, World},
};

/// How old a liar's stale answer is.
const STALE_SLOTS: u64 = 20;

/// The answer of a node; `None` if it leaves the question open.
pub(crate) fn answer(
    world: &mut World,
    node: Id,
    protocol: Protocol,
    body: &[u8],
) -> Option<Vec<u8>> {
    let record = world.nodes.get(node)?;
    let (lie, is_gateway) = (record.lie, record.is_gateway);
    let (own_head, own_final) = (record.optimistic.slot, record.finalized.slot);
    if lie == Some(Lie::Withhold) {
        return None;
    }
    let newest = world.true_slot();
    let slot = match lie {
        Some(Lie::Replay) => newest.saturating_sub(STALE_SLOTS).max(CHECKPOINT_SLOT),
        None if !is_gateway => own_head,
        _ => newest,
    };
    let topic = usize::from(protocol == Protocol::LightClientOptimisticUpdate);
    Some(match protocol {
        Protocol::LightClientBootstrap => {
            let make = |chain: &Chain| chain.bootstrap(CHECKPOINT_SLOT).encode(FORK);
            kept(world, 0, make)
        }
        Protocol::LightClientUpdatesByRange => updates(world, body),
        Protocol::LightClientOptimisticUpdate | Protocol::LightClientFinalityUpdate => {
            if slot <= CHECKPOINT_SLOT || (topic == 0 && lie.is_none() && own_final == 0) {
                return Some(unavailable());
            }
            let message = if lie == Some(Lie::Forge) && topic == 1 {
                forgery(world, slot, 0)
            } else {
                truth(world, topic, slot)
            };
            object(world, message)
        }
        Protocol::State => unavailable(),
    })
}

fn updates(world: &mut World, body: &[u8]) -> Vec<u8> {
    let request = req_resp::decode_request(body, 16).unwrap_or_default();
    let number = |from: usize| -> u64 {
        let bytes = request.get(from..from + 8).unwrap_or_default();
        bytes.try_into().map_or(0, u64::from_le_bytes)
    };
    let (start, count) = (number(0), number(8).min(4));
    let period = world.chain.network.preset.slots_per_period();
    let mut answer = Vec::new();
    for slot in (start..start + count).map(|period_number| period_number * period + UPDATE_OFFSET) {
        if slot <= world.true_slot() {
            answer.extend(kept(world, slot, |chain| chain.update(slot).encode(FORK)));
        }
    }
    answer
}

/// Signing takes longer than all the rest, so that what is asked for often is kept.
fn kept(world: &mut World, slot: u64, make: impl Fn(&Chain) -> Vec<u8>) -> Vec<u8> {
    if let Some(answer) = world.kept.get(&slot) {
        return answer.clone();
    }
    let answer = chunk(world, &make(&world.chain));
    world.kept.insert(slot, answer.clone());
    answer
}

fn object(world: &World, message: MessageId) -> Vec<u8> {
    let data = world.messages.get(message).map(|message| &message.data);
    let ssz = data.and_then(|data| gossip::decompress(data, gossip::MESSAGE_BYTES_MAX).ok());
    ssz.map_or_else(unavailable, |ssz| chunk(world, &ssz))
}

fn chunk(world: &World, ssz: &[u8]) -> Vec<u8> {
    req_resp::encode_chunk(world.chain.network.compute_fork_digest(0), ssz)
}

fn unavailable() -> Vec<u8> {
    req_resp::encode_error(req_resp::code::RESOURCE_UNAVAILABLE, "not here")
}
