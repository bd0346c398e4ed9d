//! The answer to `light_client_updates_by_range`, which is read piece by piece: of mainnet's committees
//! it holds some 27 kB for each period.

use std::ops::Range;

use lampyris_verify::{config::Network, containers::LightClientUpdate};
use lampyris_wire::req_resp::decode_chunk;

use crate::{
    light_client_requests::{OBJECT_BYTES_MAX, fork_fits, fork_of},
    requests::Refusal,
};

/// Updates that are verified before others have their turn: some 50 ms in a browser.
const TURN_MAX: usize = 8;

/// What is left of an answer.
#[derive(Debug)]
pub(crate) struct Updates {
    bytes: Vec<u8>,
    /// How many of the bytes are read.
    read: usize,
    /// The periods of which updates may follow.
    periods: Range<u64>,
    /// The answer's number, as long as each update that was read has been verified.
    pub(crate) proven: Option<u32>,
}

impl Updates {
    /// An answer with updates of all of these periods, or of the first ones.
    pub(crate) const fn new(bytes: Vec<u8>, periods: Range<u64>) -> Self {
        let read = 0;
        Self {
            bytes,
            read,
            periods,
            proven: None,
        }
    }

    /// Whether nothing is left.
    pub(crate) const fn is_read(&self) -> bool {
        self.read >= self.bytes.len()
    }

    /// Decodes the next updates, as many as are verified at once.
    ///
    /// What is wrong with one of them is said when those before it are out of the way.
    pub(crate) fn next_turn(
        &mut self,
        network: &Network,
    ) -> Result<Vec<LightClientUpdate>, Refusal> {
        let mut turn = Vec::new();
        while !self.is_read() && turn.len() < TURN_MAX {
            match self.next(network) {
                Ok(update) => turn.extend(update),
                Err(refusal) if turn.is_empty() => return Err(refusal),
                Err(_) => break,
            }
        }
        Ok(turn)
    }

    /// The next update, or nothing if an error ends the answer.
    fn next(&mut self, network: &Network) -> Result<Option<LightClientUpdate>, Refusal> {
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let (chunk, behind) = match decode_chunk(rest, OBJECT_BYTES_MAX) {
            Err(lampyris_wire::Error::Refused { .. }) if self.read > 0 => {
                self.read = self.bytes.len();
                return Ok(None);
            }
            chunk => chunk?,
        };
        let behind = behind.len();
        if self.periods.is_empty() {
            return Err(Refusal::Lied("more updates than were asked for".into()));
        }
        let fork = fork_of(network, &chunk)?;
        let update = LightClientUpdate::decode(&chunk.ssz, fork, &network.preset)?;
        let slot = update.attested_header.beacon.slot;
        fork_fits(network, fork, slot)?;
        let (period, got) = (
            self.periods.start,
            network.sync_committee_period_at_slot(slot),
        );
        if got != period {
            return Err(Refusal::Lied(format!(
                "period {got} when {period} was asked for"
            )));
        }
        self.periods.next();
        self.read = self.bytes.len().saturating_sub(behind);
        Ok(Some(update))
    }
}
