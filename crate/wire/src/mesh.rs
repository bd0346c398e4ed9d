//! How the mesh of our gossip is kept, and how its peers score each other: the parameters with which
//! `crate/net` runs gossipsub v1.1, and which the simulation models. For few topics with a message a
//! slot, and tabs that come, sleep and go.
//!
//! Names are those of the
//! [specification](https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md).

use std::time::Duration;

/// Neighbours that get each message in full.
pub const D: usize = 6;
/// With fewer, others are grafted.
pub const D_LOW: usize = 4;
/// With more, some are pruned.
pub const D_HIGH: usize = 10;
/// Of those that remain when some are pruned, the ones with the best scores.
pub const D_SCORE: usize = 4;
/// Neighbours outside of the mesh that are told what there is, at least …
pub const D_LAZY: usize = 6;
/// … and this share of them.
pub const GOSSIP_FACTOR: f64 = 0.25;
/// The pulse of the mesh.
pub const HEARTBEAT: Duration = Duration::from_secs(1);
/// Heartbeats for which a message can be had, and for which a verdict may take.
pub const HISTORY_LENGTH: usize = 12;
/// Heartbeats for which it is told that there is a message: for [`IWANT_FOLLOWUP`] nobody else is asked for
/// it, so that who announces first and then dies, or lies, must be outlasted; twice, and some beats more.
pub const HISTORY_GOSSIP: usize = 10;
/// How long a message is remembered as seen: two epochs of mainnet, as Ethereum has it.
pub const SEEN_TIME: Duration = Duration::from_secs(768);
/// How long who was pruned must not be grafted.
pub const PRUNE_BACKOFF: Duration = Duration::from_secs(60);
/// Who announces a message must send it within this time when it is wanted.
pub const IWANT_FOLLOWUP: Duration = Duration::from_secs(3);
/// Announcements that a peer may make between two heartbeats …
pub const IHAVE_MESSAGES_MAX: usize = 10;
/// … and how many of the messages that it names are asked for. There are two messages a slot.
pub const IHAVE_IDS_MAX: usize = 64;
/// Bytes of a frame's control messages: as many ids, and the rest of the frame.
pub const CONTROL_BYTES_MAX: usize = 4 * 1024;
/// Messages in a frame. All of a frame are judged, however the first of them turns out, so that this is what
/// a peer can add to its [`GOSSIP_RATE`]. Gossipsub's own senders put one into each.
pub const FRAME_MESSAGES_MAX: usize = 16;

/// Below this score a peer is told of no messages.
pub const GOSSIP_THRESHOLD: f64 = -10.0;
/// Below this score a peer gets nothing that we publish.
pub const PUBLISH_THRESHOLD: f64 = -30.0;
/// Below this score nothing that a peer says is looked at.
pub const GRAYLIST_THRESHOLD: f64 = -60.0;

/// The scores' clock.
pub const DECAY_INTERVAL: Duration = Duration::from_secs(1);
/// Each minute in the mesh is worth a point, up to this many.
pub const TIME_IN_MESH_CAP: f64 = 10.0;
/// Each message brought first is worth a point, up to this many …
pub const FIRST_DELIVERIES_CAP: f64 = 20.0;
/// … and forgotten in this time.
pub const FIRST_DELIVERIES_DECAY: Duration = Duration::from_secs(600);
/// An invalid message, squared: one is enough for the gray list, whatever the merits …
pub const INVALID_WEIGHT: f64 = -100.0;
/// … for a good part of this time.
pub const INVALID_DECAY: Duration = Duration::from_secs(3_600);
/// Broken promises and floods of GRAFTs beyond the threshold, squared …
pub const BEHAVIOUR_WEIGHT: f64 = -10.0;
/// … of which some are accidents …
pub const BEHAVIOUR_THRESHOLD: f64 = 6.0;
/// … and forgotten in this time.
pub const BEHAVIOUR_DECAY: Duration = Duration::from_secs(600);

/// New gossip of one peer: two topics with two messages a slot each, at slots of a second.
pub const GOSSIP_RATE: Rate = Rate {
    burst: 64,
    per_second: 8,
};

/// A burst, and what may follow each second.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// And from then on.
    pub per_second: u32,
}

/// The factor by which a counter falls each [`DECAY_INTERVAL`], so that it is a hundredth after `time`.
#[must_use]
pub fn decay(time: Duration) -> f64 {
    0.01_f64.powf(DECAY_INTERVAL.as_secs_f64() / time.as_secs_f64())
}
