//! Where a simulated tab runs: the simulation's clock, chance and network.

use std::{cell::RefCell, future::poll_fn, rc::Rc};

use futures::{
    FutureExt,
    channel::oneshot,
    executor::LocalSpawner,
    task::{LocalSpawnExt, Poll},
};
use lampyris_client::{
    B256, Event as ClientEvent, LocalFuture, Platform, RequestError, Verdict, event::HeadView,
};
use lampyris_verify::counting::signature_checks;
use lampyris_wire::Protocol;

use crate::{
    event::{Event, Id},
    links::{node_of, shun},
    world::{Head, World, whole},
};

pub(crate) struct SimPlatform {
    pub(crate) node: Id,
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) spawner: LocalSpawner,
}

impl SimPlatform {
    fn observe(&self, is_final: bool, view: Option<&HeadView>) {
        if let Some(view) = view {
            let hash = B256::from(view.block_hash.0);
            let slot = whole(view.slot);
            let mut world = self.world.borrow_mut();
            let at = world.now;
            world.observe(self.node, is_final, Head { slot, hash }, at);
        }
    }
}

impl Platform for SimPlatform {
    fn unix_ms(&self) -> u64 {
        self.world.borrow().unix_ms(self.node)
    }

    fn fill_entropy(&self, bytes: &mut [u8]) {
        self.world.borrow_mut().random.fill(bytes);
    }

    fn sleep(&self, ms: u32) -> LocalFuture<()> {
        let (wake, woken) = oneshot::channel();
        let delay = u64::from(ms) * 1_000;
        self.world.borrow_mut().after(delay, Event::Wake(wake));
        Box::pin(woken.map(|_| ()))
    }

    /// Tasks end with their tab, and their signature checks are on its account.
    fn spawn(&self, mut task: LocalFuture<()>) {
        let (world, node) = (Rc::clone(&self.world), self.node);
        let task = poll_fn(move |context| {
            let is_here = |node: &crate::world::Node| node.is_here();
            if !world.borrow().nodes.get(node).is_some_and(is_here) {
                return Poll::Ready(());
            }
            let before = signature_checks();
            let progress = task.poll_unpin(context);
            let checks = signature_checks() - before;
            if let Some(node) = world.borrow_mut().nodes.get_mut(node) {
                node.traffic.signature_checks += checks;
            }
            progress
        });
        if let Err(error) = self.spawner.spawn_local(task) {
            unreachable!("the executor outlives the tabs: {error}");
        }
    }

    fn request(
        &self,
        peer: &str,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> LocalFuture<Result<Vec<u8>, RequestError>> {
        let (sender, answer) = oneshot::channel();
        let (from, to) = (self.node, node_of(peer));
        let mut world = self.world.borrow_mut();
        let delay = to.and_then(|to| Some((to, world.transmit(from, to, body.len() + 60)?)));
        let Some((to, delay)) = delay else {
            return Box::pin(async { Err(RequestError::Disconnected) });
        };
        let answer_to = Rc::new(RefCell::new(Some(sender)));
        let timeout = Event::Timeout {
            from,
            to,
            answer: Rc::clone(&answer_to),
        };
        world.after(u64::from(timeout_ms) * 1_000, timeout);
        let request = Event::Request {
            from,
            to,
            protocol,
            body,
            answer: answer_to,
        };
        world.after(delay, request);
        Box::pin(answer.map(|answer| answer.unwrap_or(Err(RequestError::Disconnected))))
    }

    fn dial(&self, address: &str) {
        let mut world = self.world.borrow_mut();
        let (from, to) = (self.node, node_of(address));
        crate::links::dial(&mut world, from, to, address);
    }

    fn disconnect(&self, peer: &str, reason: &str) {
        if let Some(peer) = node_of(peer) {
            shun(&mut self.world.borrow_mut(), self.node, peer, reason);
        }
    }

    fn subscribe(&self, _topic: &str) {}

    fn unsubscribe(&self, _topic: &str) {}

    fn report(&self, _message_id: &[u8], _peer: &str, verdict: Verdict) {
        self.world.borrow_mut().verdict = Some(verdict);
    }

    /// Tabs come for the first time; gateways know the chain.
    fn load(&self, key: &str) -> LocalFuture<Option<Vec<u8>>> {
        let world = self.world.borrow();
        let is_gateway = world
            .nodes
            .get(self.node)
            .is_some_and(|node| node.is_gateway);
        let record = key.starts_with("light-client/") && is_gateway;
        let record = record.then(|| world.gateway_record.clone());
        Box::pin(async { record })
    }

    fn keys(&self, _prefix: &str) -> LocalFuture<Vec<String>> {
        Box::pin(async { Vec::new() })
    }

    fn save(&self, _key: &str, _value: Option<Vec<u8>>) -> LocalFuture<bool> {
        Box::pin(async { true })
    }

    fn emit(&self, event: ClientEvent) {
        match event {
            ClientEvent::Head(head) => self.observe(false, Some(&head)),
            ClientEvent::Status(status) => {
                self.observe(false, status.optimistic.as_ref());
                self.observe(true, status.finalized.as_ref());
            }
            ClientEvent::Transaction(_) => {}
        }
    }
}
