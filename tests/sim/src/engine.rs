//! The simulation: takes one event after the other and lets the clients run between them.
//!
//! One thread, one clock that jumps from event to event, one source of chance: nothing depends on how
//! fast the machine is.

mod gossip;

use std::{cell::RefCell, rc::Rc};

use futures::{
    executor::{LocalPool, LocalSpawner},
    task::LocalSpawnExt,
};
use lampyris_client::{Client, NetEvent, RequestError, event::PeerKind};

use crate::{
    answers::answer,
    event::{Event, Id, Time},
    liars::{attack, truth},
    links::{self, address_of, is_welcome, link},
    options::Options,
    platform::SimPlatform,
    setting::{EARLY_HEADS, churn_pause, config, kill, plan, populate},
    world::{FIRST_SLOT, Node, World, whole},
};

/// A heartbeat of the mesh.
const HEARTBEAT: Time = 1_000_000;

pub(crate) struct Engine {
    pub(crate) world: Rc<RefCell<World>>,
    clients: Vec<Option<Client<SimPlatform>>>,
    pool: LocalPool,
    progress: fn(&World),
}

impl Engine {
    pub(crate) fn new(options: Options, progress: fn(&World)) -> Self {
        let mut world = World::new(options);
        populate(&mut world);
        plan(&mut world);
        let clients = world.nodes.iter().map(|_| None).collect();
        Self {
            world: Rc::new(RefCell::new(world)),
            clients,
            pool: LocalPool::new(),
            progress,
        }
    }

    /// Runs to the end.
    pub(crate) fn run(&mut self) {
        let end = self.world.borrow().end();
        self.run_until(end);
    }

    pub(crate) fn run_until(&mut self, end: Time) {
        loop {
            self.pool.run_until_stalled();
            let next = {
                let mut world = self.world.borrow_mut();
                let next = world.queue.pop();
                if let Some((at, _)) = &next {
                    world.now = *at;
                    world.events += 1;
                }
                next
            };
            match next {
                Some((at, event)) if at < end => self.step(event),
                _ => return,
            }
        }
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Wake(wake) => {
                // Whoever waited may have gone.
                let _gone = wake.send(());
            }
            Event::Rpc { from, to, rpc } => self.on_rpc(from, to, rpc),
            Event::Forward {
                node,
                message,
                source,
            } => self.forward(node, message, source),
            Event::Request {
                from,
                to,
                protocol,
                body,
                answer: reply,
            } => {
                let world = &mut *self.world.borrow_mut();
                if world.nodes.get(to).is_some_and(Node::is_here)
                    && let Some(bytes) = answer(world, to, protocol, &body)
                    && let Some(delay) = world.transmit(to, from, bytes.len() + 60)
                {
                    world.after(
                        delay,
                        Event::Response {
                            answer: reply,
                            bytes,
                        },
                    );
                }
            }
            Event::Response { answer, bytes } => {
                if let Some(answer) = answer.take() {
                    let _gone = answer.send(Ok(bytes));
                }
            }
            Event::Timeout { from, to, answer } => {
                if let Some(answer) = answer.take() {
                    let world = self.world.borrow();
                    let is_linked = |node: &Node| node.links.contains_key(&to);
                    let error = match world.nodes.get(from).is_some_and(is_linked) {
                        true => RequestError::Timeout,
                        false => RequestError::Disconnected,
                    };
                    drop(world);
                    let _gone = answer.send(Err(error));
                }
            }
            event => self.step_of_links(event),
        }
    }

    fn step_of_links(&mut self, event: Event) {
        match event {
            Event::Dialled { from, to, address } => self.dialled(from, to, address),
            Event::Introduced { one, other } => {
                let welcome = is_welcome(&self.world.borrow(), one, other);
                if welcome && !self.is_linked(one, other) {
                    self.connect(one, other);
                }
            }
            Event::Lost { node, peer } => {
                links::unlink(&mut self.world.borrow_mut(), node, peer, "no heartbeat");
            }
            Event::Disconnected { node, peer, reason } => {
                let peer = peer.to_string();
                self.tell(node, NetEvent::Disconnected { peer, reason });
            }
            Event::Heartbeat(node) => self.heartbeat(node),
            Event::Upstream { gateway, slot } => self.upstream(gateway, slot),
            Event::Republish(gateway) => {
                let slot = {
                    let mut world = self.world.borrow_mut();
                    let record = world.nodes.get_mut(gateway).filter(|node| node.is_here());
                    record.map(|record| {
                        record.republishes = false;
                        record.optimistic.slot
                    })
                };
                if let Some(slot) = slot.filter(|slot| *slot >= FIRST_SLOT - EARLY_HEADS) {
                    let message = truth(&mut self.world.borrow_mut(), 1, slot);
                    self.flood(gateway, message);
                }
            }
            Event::Attack { node, slot } => attack(&mut self.world.borrow_mut(), node, slot),
            Event::Join(node) => self.join(node),
            Event::Churn => self.churn(),
            Event::Kill => kill(&mut self.world.borrow_mut()),
            Event::Progress => (self.progress)(&self.world.borrow()),
            _ => {}
        }
    }

    // ---- links

    fn is_linked(&self, one: Id, other: Id) -> bool {
        let world = self.world.borrow();
        let node = world.nodes.get(one);
        node.is_some_and(|node| node.links.contains_key(&other))
    }

    fn kind(&self, node: Id) -> PeerKind {
        match self.world.borrow().nodes.get(node) {
            Some(node) if node.is_gateway => PeerKind::Gateway,
            _ => PeerKind::Tab,
        }
    }

    fn connect(&mut self, from: Id, to: Id) {
        link(&mut self.world.borrow_mut(), from, to);
        for (node, peer) in [(from, to), (to, from)] {
            let (address, kind) = (address_of(peer), self.kind(peer));
            let peer = peer.to_string();
            let event = NetEvent::Connected {
                peer,
                address,
                kind,
            };
            self.tell(node, event);
        }
    }

    fn dialled(&mut self, from: Id, to: Id, address: String) {
        if self.is_linked(from, to) {
            let (peer, kind) = (to.to_string(), self.kind(to));
            let event = NetEvent::Connected {
                peer,
                address,
                kind,
            };
            return self.tell(from, event);
        }
        let welcome = is_welcome(&self.world.borrow(), from, to);
        if welcome {
            self.connect(from, to);
        } else {
            let reason = "no answer, or no place".into();
            self.tell(from, NetEvent::DialFailed { address, reason });
        }
    }

    /// Tells a tab's client. Gateways' clients only judge.
    fn tell(&mut self, node: Id, event: NetEvent) {
        let is_tab = {
            let world = self.world.borrow();
            let node = world.nodes.get(node);
            node.is_some_and(|node| node.is_here() && !node.is_gateway)
        };
        if is_tab && let Some(Some(client)) = self.clients.get(node) {
            client.handle(event);
        }
    }

    // ---- coming and going

    fn join(&mut self, node: Id) {
        let (config, is_honest) = {
            let mut world = self.world.borrow_mut();
            let pulse = world.random.next() % HEARTBEAT;
            world.after(pulse, Event::Heartbeat(node));
            let is_honest = world.nodes.get(node).is_some_and(Node::is_honest);
            (config(&mut world, node), is_honest)
        };
        if !is_honest {
            // Without a client: it dials the same gateways.
            let mut world = self.world.borrow_mut();
            for address in &config.gateways {
                links::dial(&mut world, node, links::node_of(address), address);
            }
            return;
        }
        let platform = SimPlatform {
            node,
            world: Rc::clone(&self.world),
            spawner: self.pool.spawner(),
        };
        let client = Client::new(config, platform);
        start(&self.pool.spawner(), client.clone());
        if let Some(place) = self.clients.get_mut(node) {
            *place = Some(client);
        }
    }

    /// A tab goes, and another comes in its place.
    fn churn(&mut self) {
        let world = &mut *self.world.borrow_mut();
        let gateways = world.options.gateways;
        let tabs = world.nodes.len() - gateways;
        // Some of those tried have gone already.
        let candidate = (0..10)
            .map(|_| gateways + world.random.below(tabs))
            .find(|id| {
                let node = world.nodes.get(*id);
                node.is_some_and(|node| node.is_here() && node.is_honest())
            });
        if let Some(candidate) = candidate {
            let says_goodbye = world.random.chance(0.5);
            links::leave(world, candidate, says_goodbye);
            let newcomer = world.nodes.len();
            let mut node = Node::new(false, None, &mut world.random);
            node.joined = world.now;
            world.nodes.push(node);
            world.after(0, Event::Join(newcomer));
            self.clients.push(None);
            if let Some(place) = self.clients.get_mut(candidate) {
                *place = None;
            }
        }
        let pause = churn_pause(&world.options);
        let pause = whole(world.random.between(0.0, 2.0 * pause));
        world.after(pause, Event::Churn);
    }
}

/// Starts a client as a task.
fn start(spawner: &LocalSpawner, client: Client<SimPlatform>) {
    let starting = async move { client.start().await };
    if let Err(error) = spawner.spawn_local(starting) {
        unreachable!("the executor outlives the tabs: {error}");
    }
}
