//! What liars do. None of them forwards anything, and each has a trade of its own besides.

use crate::{
    event::{Event, Id, MessageId, Rpc},
    world::World,
};

/// A liar's trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lie {
    /// Gossips blocks that do not exist, signed by others, and answers with them.
    Forge,
    /// Gossips what was true some slots ago, with other signers so that it is new, and answers with
    /// what is old.
    Replay,
    /// Gossips many versions of the head, each truly signed by other members, some by very few.
    Equivocate,
    /// Says nothing: announces messages that it never sends, and leaves questions open.
    Withhold,
}

/// Forgeries of a head, in the world: many liars tell the same, as sybils do.
const FORGERIES: usize = 8;
/// Versions of a head by an equivocator, from all signers downwards.
const VARIANTS: usize = 8;
/// Signers that an attacker may have bought.
const FEW: usize = 5;
/// How old a replayed head is.
const REPLAYED: [u64; 3] = [1, 3, 20];
/// The optimistic topic.
const HEADS: usize = 1;

impl Lie {
    pub(crate) const ALL: [Self; 4] = [Self::Forge, Self::Replay, Self::Equivocate, Self::Withhold];

    /// The trades go round.
    pub(crate) fn of(index: usize) -> Option<Self> {
        Self::ALL.get(index % Self::ALL.len()).copied()
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Forge => "forge",
            Self::Replay => "replay",
            Self::Equivocate => "equivocate",
            Self::Withhold => "withhold",
        }
    }
}

/// A liar's turn, right when a head comes out.
pub(crate) fn attack(world: &mut World, liar: Id, slot: u64) {
    let Some(node) = world.nodes.get(liar).filter(|node| node.is_here()) else {
        return;
    };
    let peers: Vec<Id> = node.links.keys().copied().collect();
    let messages: Vec<MessageId> = match node.lie {
        Some(Lie::Forge) => {
            // Two each, so that the second shows whether the first had consequences.
            let salts = [liar % FORGERIES, (liar + 1) % FORGERIES];
            salts.map(|salt| forgery(world, slot, salt)).to_vec()
        }
        Some(Lie::Replay) => {
            let old = REPLAYED.map(|age| variant(world, slot.saturating_sub(age), 1));
            old.to_vec()
        }
        Some(Lie::Equivocate) => {
            let few = world.chain.members() - FEW;
            let absent = (1..=VARIANTS).chain([few]);
            absent.map(|absent| variant(world, slot, absent)).collect()
        }
        Some(Lie::Withhold) => {
            let truth = truth(world, HEADS, slot);
            for peer in peers {
                world.send(liar, peer, Rpc::Have(vec![truth]));
            }
            return;
        }
        None => return,
    };
    for peer in peers {
        for message in &messages {
            world.send(liar, peer, Rpc::Message(*message));
        }
    }
}

/// The true update of a slot as a message.
pub(crate) fn truth(world: &mut World, topic: usize, slot: u64) -> MessageId {
    if let Some(known) = world.known.get(&(topic, slot, 0)) {
        return *known;
    }
    let ssz = if topic == HEADS {
        world.chain.optimistic(slot).encode(crate::chain::FORK)
    } else {
        world.chain.finality(slot).encode(crate::chain::FORK)
    };
    let message = world.message(topic, &ssz);
    world.known.insert((topic, slot, 0), message);
    message
}

fn variant(world: &mut World, slot: u64, absent: usize) -> MessageId {
    if let Some(known) = world.known.get(&(HEADS, slot, absent)) {
        return *known;
    }
    let participants = world.chain.members().saturating_sub(absent);
    let update = world.chain.variant(slot, participants);
    let message = world.message(HEADS, &update.encode(crate::chain::FORK));
    world.known.insert((HEADS, slot, absent), message);
    message
}

/// A forged block of a slot as a message.
pub(crate) fn forgery(world: &mut World, slot: u64, salt: usize) -> MessageId {
    // Beyond the number of members, so that it is no variant.
    let key = (HEADS, slot, 1_000 + salt);
    if let Some(known) = world.known.get(&key) {
        return *known;
    }
    let salt = u8::try_from(salt + 1).unwrap_or(u8::MAX);
    let update = world.chain.forgery(slot, salt);
    let message = world.message(HEADS, &update.encode(crate::chain::FORK));
    world.known.insert(key, message);
    message
}

/// Plans the turns of all liars for a head.
pub(crate) fn plan(world: &mut World, slot: u64) {
    let at = world.published(slot);
    let liars: Vec<Id> = (0..world.nodes.len())
        .filter(|id| world.nodes.get(*id).is_some_and(|node| !node.is_honest()))
        .collect();
    for node in liars {
        // They are quicker than most gateways.
        let at = at + world.random.next() % 100_000;
        world.queue.push(at, Event::Attack { node, slot });
    }
}
