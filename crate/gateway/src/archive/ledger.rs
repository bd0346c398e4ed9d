//! How far the archive has come, and the rules by which it goes on.

use super::past::Meeting;
use crate::{Error, chain::Chain};
use lampyris_verify::{
    containers::{LightClientUpdate, SyncCommittee},
    light_client::{LightClientStore, process_light_client_update},
};

/// What the archive holds. The files of `first..next` are for ever.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    pub(super) first: u64,
    pub(super) next: u64,
    /// Verifies the update of `next`.
    pub(super) walker: LightClientStore,
    /// The committee of `first`.
    pub(super) meeting: Meeting,
    /// The best update of `next` so far.
    pub(super) running: Option<LightClientUpdate>,
    /// The length of its file.
    running_bytes: u64,
    /// The length of all files.
    pub(super) bytes: u64,
}

impl Inner {
    /// An empty archive that begins where `anchor` stands.
    pub(super) fn new(anchor: LightClientStore, chain: &Chain) -> Self {
        let period = anchor.committee_period(chain.network());
        // Who knows the next committee may be past the update that brought it.
        let (first, committee) = match anchor.next_sync_committee() {
            Some(next) => (period.saturating_add(1), next),
            None => (period, anchor.current_sync_committee()),
        };
        let committee = committee.hash_tree_root();
        Self {
            first,
            next: first,
            meeting: Meeting {
                period: first,
                committee,
            },
            walker: anchor,
            running: None,
            running_bytes: 0,
            bytes: 0,
        }
    }

    /// Takes `update`, whose file has `bytes`, for the best of the period `next`.
    pub(super) fn run(&mut self, update: LightClientUpdate, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(self.running_bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        self.running_bytes = bytes;
        self.running = Some(update);
    }

    /// Ends the period `next` with the best update there is, if the committee after it is known
    /// then.
    pub(super) fn seal(&mut self, chain: &Chain) -> bool {
        let Some(update) = &self.running else {
            return false;
        };
        let mut walker = self.walker.clone();
        if walk(&mut walker, self.next, update, chain).is_err()
            || walker.committee_period(chain.network()) != self.next
            || walker.next_sync_committee().is_none()
        {
            return false;
        }
        self.walker = walker;
        self.next = self.next.saturating_add(1);
        self.running = None;
        self.running_bytes = 0;
        true
    }
}

/// Verifies the update of a period and follows it.
pub(super) fn walk(
    walker: &mut LightClientStore,
    period: u64,
    update: &LightClientUpdate,
    chain: &Chain,
) -> Result<(), Error> {
    let network = chain.network();
    let attested_slot = update.attested_header.beacon.slot;
    if network.sync_committee_period_at_slot(attested_slot) != period {
        let reason = format!("not of period {period}");
        return Err(Error::malformed("updates", reason));
    }
    process_light_client_update(walker, update, chain.current_slot(), network)?;
    let own = chain.committee(period.saturating_add(1));
    match (own, &update.next_sync_committee) {
        (Some(own), Some(next)) => expect_committee(&own, next),
        (None, Some(_)) => Ok(()),
        (_, None) => Err(Error::malformed("updates", "no next sync committee")),
    }
}

pub(super) fn expect_committee(own: &SyncCommittee, got: &SyncCommittee) -> Result<(), Error> {
    if own == got {
        return Ok(());
    }
    Err(Error::Mismatch {
        what: "sync committee",
        expected: own.hash_tree_root(),
        got: got.hash_tree_root(),
    })
}
