//! Thousands of tabs in one process: a simulation of the swarm by discrete events.
//!
//! **Real** are the client of every honest tab and of every honest gateway (`crate/client`, with all of
//! its tasks and timers), the rules by which it judges gossip, the chain's signatures and their checks,
//! the messages' bytes and ids. **Modelled** are time, the network, gossipsub's mesh and scores (with
//! the parameters of `crate/net`), how tabs find each other, and gateways but for their judgement. See
//! `docs/network.md`.
//!
//! **Architecture Invariant:** the same [`Options`] give the same [`Report`], on any machine: one
//! thread, a clock of its own, one seeded source of chance, and no table without an order.

mod answers;
pub mod chain;
mod credulous;
mod engine;
mod event;
mod liars;
mod links;
mod mesh;
mod options;
mod platform;
pub mod plot;
mod random;
mod report;
#[cfg(test)]
mod rules;
mod setting;
mod world;

pub use options::Options;
pub use report::{Delivery, Report, Trade};

/// Runs a simulation. With `tells_progress` it says on the standard error how far it is.
#[must_use]
pub fn run(options: &Options, tells_progress: bool) -> Report {
    let progress: fn(&world::World) = if tells_progress {
        |world| eprintln!("{}", report::progress_line(world))
    } else {
        |_| {}
    };
    let mut engine = engine::Engine::new(options.clone(), progress);
    engine.run();
    Report::new(&engine.world.borrow())
}
