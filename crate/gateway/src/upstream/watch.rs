//! Looks at every node once in a while, those that are set aside too: whether it answers, is of our
//! network, and is at the chain's head. What a consensus node says is taken in, so that the head is
//! the newest that any of them knows.

use super::{Upstreams, health::Outcome, pool::Pool};
use crate::{Error, chain::Chain, clock::monotonic};
use futures::future::join_all;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// How often nodes are looked at: twice a slot of mainnet, and on a fast network not more often than
/// this. A look is 1 kB.
const EVERY_MIN: Duration = Duration::from_secs(2);
const EVERY_MAX: Duration = Duration::from_secs(6);

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// How far a node may be behind the verified head: blocks arrive late, and polls between blocks.
const SLOTS_BEHIND_MAX: u64 = 3;
const BLOCKS_BEHIND_MAX: u64 = 3;

/// Looks after the nodes.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    chain: Arc<Chain>,
    upstreams: Upstreams,
    /// Nodes that were found to be of our network, by role and index.
    known: Arc<Mutex<HashSet<(Role, usize)>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    Beacon,
    Execution,
}

impl Watch {
    /// Looks after `upstreams`.
    pub(crate) fn new(chain: Arc<Chain>, upstreams: Upstreams) -> Self {
        Self {
            chain,
            upstreams,
            known: Arc::default(),
        }
    }

    /// Looks for ever.
    pub(crate) async fn run(self) {
        let slot = Duration::from_millis(self.chain.network().slot_duration_ms);
        let every = slot.clamp(EVERY_MIN, EVERY_MAX);
        loop {
            tokio::join!(self.look_at_beacons(), self.look_at_executions());
            sleep(every).await;
        }
    }

    /// Checks that nodes are of our network; an error only if all nodes of a kind are of another.
    pub(crate) async fn check_networks(&self) -> Result<(), Error> {
        let Upstreams {
            beacons,
            executions,
        } = &self.upstreams;
        let (first, second) = tokio::join!(
            join_all((0..beacons.len()).map(|index| self.check_beacon(index))),
            join_all((0..executions.len()).map(|index| self.check_execution(index))),
        );
        all_wrong(first)?;
        all_wrong(second)
    }

    async fn look_at_beacons(&self) {
        let pool = &self.upstreams.beacons;
        let looks = (0..pool.len()).map(|index| self.look_at_beacon(index));
        let slots = join_all(looks).await;
        // Compared when all of them have spoken: one may have brought a newer head.
        let latest = self.chain.optimistic();
        let head = latest
            .borrow()
            .as_ref()
            .map(|latest| latest.rank.attested_slot);
        for (index, slot) in slots.into_iter().enumerate() {
            let complaint = match (slot, head) {
                (Ok(slot), Some(head)) if slot.saturating_add(SLOTS_BEHIND_MAX) < head => {
                    Some(format!("{} slots behind the verified head", head - slot))
                }
                (Err(Error::Status { status: 404, .. }), Some(_)) => Some("has no head".into()),
                (Ok(_), _) => None,
                (Err(_), _) => continue,
            };
            pool.note_freshness(index, complaint);
        }
    }

    async fn look_at_beacon(&self, index: usize) -> Result<u64, Error> {
        self.check_beacon(index).await?;
        let pool = &self.upstreams.beacons;
        let beacon = pool.node(index).ok_or(Error::Missing("node"))?;
        let looked = look(pool, index, async {
            let update = beacon.optimistic_update().await?;
            match self.chain.take_optimistic(&update) {
                // Our own store may be what is behind.
                Err(Error::Verify(lampyris_verify::Error::Period { .. })) => {}
                taken => drop(taken?),
            }
            Ok(update.attested_header.beacon.slot)
        });
        looked.await
    }

    async fn look_at_executions(&self) {
        let pool = &self.upstreams.executions;
        let looks = (0..pool.len()).map(|index| self.look_at_execution(index));
        let heights = join_all(looks).await;
        let blocks = self.chain.recent_blocks();
        let head = blocks.iter().map(|block| block.number).max();
        // In a replay the nodes hold what was recorded, and no head.
        let head = head.filter(|_| !self.chain.clock().is_fixed());
        for (index, height) in heights.into_iter().enumerate() {
            let Ok(height) = height else { continue };
            let behind = head.map_or(0, |head| head.saturating_sub(height));
            let complaint = (behind > BLOCKS_BEHIND_MAX)
                .then(|| format!("{behind} blocks behind the verified head"));
            pool.note_freshness(index, complaint);
        }
    }

    async fn look_at_execution(&self, index: usize) -> Result<u64, Error> {
        self.check_execution(index).await?;
        let pool = &self.upstreams.executions;
        let execution = pool.node(index).ok_or(Error::Missing("node"))?;
        look(pool, index, execution.height()).await
    }

    async fn check_beacon(&self, index: usize) -> Result<(), Error> {
        let pool = &self.upstreams.beacons;
        self.check(Role::Beacon, pool, index, |beacon| async move {
            beacon.check_network().await
        })
        .await
    }

    async fn check_execution(&self, index: usize) -> Result<(), Error> {
        let pool = &self.upstreams.executions;
        let chain_id = self.chain.network().chain_id;
        self.check(Role::Execution, pool, index, |execution| async move {
            execution.check_chain_id(chain_id).await
        })
        .await
    }

    async fn check<N: Clone, F>(
        &self,
        role: Role,
        pool: &Pool<N>,
        index: usize,
        check: impl FnOnce(N) -> F,
    ) -> Result<(), Error>
    where
        F: Future<Output = Result<(), Error>>,
    {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&(role, index)) {
            return Ok(());
        }
        let Some(node) = pool.node(index) else {
            return Ok(());
        };
        let checked = check(node).await;
        match &checked {
            Ok(()) => drop(known().insert((role, index))),
            Err(error @ Error::WrongNetwork { .. }) => pool.note_other_network(index, error),
            Err(error) => pool.note(index, Outcome::of(&checked), Some(error)),
        }
        checked
    }
}

/// Asks one node in particular, and takes in how it did.
async fn look<N: Clone, T>(
    pool: &Pool<N>,
    index: usize,
    question: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let began = monotonic();
    let result = timeout(PATIENCE, question).await.unwrap_or_else(|_| {
        Err(Error::Unreachable {
            url: "node".into(),
            reason: "no answer in time".into(),
        })
    });
    let outcome = Outcome::of(&result);
    pool.note(index, outcome, result.as_ref().err());
    if outcome == Outcome::Answered {
        pool.note_latency(index, began.elapsed());
    }
    result
}

fn all_wrong(checks: Vec<Result<(), Error>>) -> Result<(), Error> {
    let is_wrong = |check: &Result<(), Error>| matches!(check, Err(Error::WrongNetwork { .. }));
    if !checks.iter().all(is_wrong) {
        return Ok(());
    }
    checks.into_iter().next().unwrap_or(Ok(()))
}
