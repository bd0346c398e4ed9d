//! Who is there, and what is foreseen from the beginning.

use lampyris_client::Config;

use crate::{
    event::{Event, Id, Time},
    liars::{self, Lie},
    links::{self, address_of},
    options::Options,
    world::{FIRST_SLOT, Node, WARM_UP, World, whole},
};

/// How long after another the gateways' Ethereum nodes have a head.
const UPSTREAM_MS: f64 = 400.0;
/// In which all tabs of the beginning come.
const JOINING: Time = 5_000_000;
/// Heads before the first measured one, so that the meshes have something to say.
pub(crate) const EARLY_HEADS: u64 = 3;

/// A client's configuration: gateways know none, tabs some by chance.
pub(crate) fn config(world: &mut World, node: Id) -> Config {
    let mut gateways: Vec<Id> = (0..world.options.gateways).collect();
    world.random.shuffle(&mut gateways);
    gateways.truncate(world.options.known);
    if node < world.options.gateways {
        gateways.clear();
    }
    Config {
        network: world.chain.network.clone(),
        checkpoint: world.checkpoint,
        gateways: gateways.into_iter().map(address_of).collect(),
        tokens: Vec::new(),
        governors: Vec::new(),
        fixed_clock_unix_ms: None,
    }
}

/// Gateways first, then tabs; liars among both, the trades in turn.
pub(crate) fn populate(world: &mut World) {
    let (gateways, tabs) = (world.options.gateways, world.options.peers);
    for (count, is_gateway) in [(gateways, true), (tabs, false)] {
        let others = world.options.byzantine_gateways.filter(|_| is_gateway);
        let share = others.unwrap_or(world.options.byzantine);
        let liars = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * share;
        let liars = usize::try_from(whole(liars)).unwrap_or(0);
        let mut places: Vec<bool> = (0..count).map(|index| index < liars).collect();
        world.random.shuffle(&mut places);
        let mut number = 0;
        for is_liar in places {
            let lie = if is_liar { Lie::of(number) } else { None };
            number += usize::from(is_liar);
            let node = Node::new(is_gateway, lie, &mut world.random);
            world.nodes.push(node);
        }
    }
}

/// Foresees all that does not depend on what happens.
pub(crate) fn plan(world: &mut World) {
    for node in 0..world.nodes.len() {
        let joining = if node < world.options.gateways {
            0
        } else {
            world.random.next() % JOINING
        };
        if let Some(node) = world.nodes.get_mut(node) {
            node.joined = joining;
        }
        world.queue.push(joining, Event::Join(node));
    }
    let first = FIRST_SLOT - EARLY_HEADS;
    for slot in first..=world.last_slot() {
        let published = world.published(slot);
        for gateway in 0..world.options.gateways {
            let late = whole(world.random.between(0.0, UPSTREAM_MS) * 1_000.0);
            world
                .queue
                .push(published + late, Event::Upstream { gateway, slot });
        }
        if slot >= FIRST_SLOT {
            liars::plan(world, slot);
            world.queue.push(published, Event::Progress);
        }
    }
    if world.options.kill > 0.0 {
        let middle = FIRST_SLOT + world.options.heads / 2;
        let at = world.published(middle).saturating_sub(1);
        world.queue.push(at, Event::Kill);
    }
    if world.options.churn > 0.0 {
        world.queue.push(WARM_UP / 2, Event::Churn);
    }
}

/// Kills honest gateways, in the order of their names, without a word.
pub(crate) fn kill(world: &mut World) {
    let gateways = world.options.gateways;
    let share = f64::from(u32::try_from(gateways).unwrap_or(u32::MAX)) * world.options.kill;
    let count = usize::try_from(whole(share)).unwrap_or(0);
    let honest: Vec<Id> = (0..gateways)
        .filter(|id| world.nodes.get(*id).is_some_and(Node::is_honest))
        .take(count)
        .collect();
    for gateway in honest {
        links::leave(world, gateway, false);
    }
}

/// Microseconds between two tabs that leave.
pub(crate) fn churn_pause(options: &Options) -> f64 {
    let tabs = f64::from(u32::try_from(options.peers).unwrap_or(u32::MAX));
    60.0e6 / (tabs * options.churn)
}
