//! OpenZeppelin's `Checkpoints.Trace208`: an array of (time, value), only ever appended to.
//!
//! So the value at any past time is provable at the *newest* block: an entry that is not later
//! than that time, whose successor is (or does not exist).

use crate::reader::{Reader, all, unexpected};
use crate::storage::{item_slot, packed_field};
use crate::{Error, Storage};
use alloy_primitives::{Address, U256};

/// How many entries are asked for in one round. A binary search would need a round for each
/// halving; with 16 at once, a thousand checkpoints take three rounds, and up to 16 take one.
const PROBES: u64 = 16;

/// `upperLookup`: the value of the last checkpoint whose time is not after `timepoint`, zero when
/// there is none. While the time is not known yet, what is needed anyway is asked for.
pub(crate) fn upper_lookup<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    contract: Address,
    trace: U256,
    timepoint: Option<u64>,
) -> Result<Option<U256>, Error> {
    let length = reader.number::<u32>(contract, trace, "the number of checkpoints")?;
    let Some(length) = length.map(u64::from) else {
        return Ok(None);
    };

    // Checkpoints before `low` are not after the timepoint, those from `high` on are.
    let (mut low, mut high) = (0, length);
    let mut value = U256::ZERO;
    while low < high {
        let entries = all(probes(low, high).map(|index| {
            let entry = entry(reader, contract, trace, index)?;
            Ok(entry.map(|entry| (index, entry)))
        }))?;
        let (Some(entries), Some(timepoint)) = (entries, timepoint) else {
            return Ok(None);
        };
        check_order(contract, &entries)?;

        for (index, entry) in entries {
            if entry.time <= timepoint {
                low = index + 1;
                value = entry.value;
            } else {
                high = index;
                break;
            }
        }
    }
    Ok(Some(value))
}

/// Up to [`PROBES`] indices from `low` to `high`, evenly spread; the last is always among them,
/// because most questions are about recent times.
fn probes(low: u64, high: u64) -> impl Iterator<Item = u64> {
    let span = high - low;
    let count = span.min(PROBES);
    (1..=count).map(move |probe| low + span * probe / count - 1)
}

struct Entry {
    time: u64,
    value: U256,
}

fn entry<S: Storage + ?Sized>(
    reader: &mut Reader<'_, S>,
    contract: Address,
    trace: U256,
    index: u64,
) -> Result<Option<Entry>, Error> {
    let slot = item_slot(trace, index);
    let Some(word) = reader.word(contract, slot) else {
        return Ok(None);
    };
    let time = u64::try_from(packed_field(word, 0, 6))
        .map_err(|_| unexpected(contract, "a checkpoint", slot, word))?;
    Ok(Some(Entry {
        time,
        value: packed_field(word, 6, 26),
    }))
}

fn check_order(contract: Address, entries: &[(u64, Entry)]) -> Result<(), Error> {
    for (before, after) in entries.iter().zip(entries.iter().skip(1)) {
        if before.1.time >= after.1.time {
            return Err(Error::CheckpointOrder {
                contract,
                index: after.0,
            });
        }
    }
    Ok(())
}
