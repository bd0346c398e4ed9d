//! What peers answer with: recorded mainnet data, and falsified copies of it.

use std::{collections::BTreeMap, fs, path::Path};

use lampyris_client::RequestError;
use lampyris_verify::{
    config::{Fork, Network},
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate,
    },
};
use lampyris_wire::req_resp::{code, encode_chunk, encode_error};
use serde_json::Value;

pub(crate) const CHECKPOINT: &str =
    "0x9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b";
/// Eight seconds into the slot in which the recorded head was signed.
pub(crate) const FIXED_CLOCK_MS: u64 = (1_606_824_023 + 14_018_020 * 12 + 8) * 1_000;
/// The first of the periods of which there are updates.
pub(crate) const FIRST_PERIOD: u64 = 1_347;
const SLOTS_PER_PERIOD: u64 = 8_192;

/// The last slot of a period.
pub(crate) const fn end_of_period_ms(period: u64) -> u64 {
    (1_606_824_023 + ((period + 1) * SLOTS_PER_PERIOD - 1) * 12) * 1_000
}

/// How a peer treats one kind of question.
#[derive(Clone, Debug)]
pub(crate) enum Lie {
    None,
    /// One byte of the content is changed.
    Flip(&'static str, usize),
    /// One byte of the update of a period is changed.
    FlipUpdate(u64, usize),
    /// The update of a period is missing.
    LeaveOut(u64),
    /// The updates end with an error before that of a period.
    GiveUp(u64),
    /// Behind the updates that were asked for comes one more.
    OneMore,
    /// The answer ends early.
    Cut(&'static str),
    /// The answer is larger than the protocol allows.
    Oversized(&'static str),
    /// There is never an answer.
    Silent(&'static str),
}

impl Lie {
    /// Each way, for each kind.
    pub(crate) const ALL: [fn(usize) -> Self; 20] = [
        |byte| Self::Flip("bootstrap", byte),
        |byte| Self::Flip("updates", byte),
        |byte| Self::Flip("finality_update", byte),
        |byte| Self::Flip("optimistic_update", byte),
        |_| Self::Cut("bootstrap"),
        |_| Self::Cut("updates"),
        |_| Self::Cut("finality_update"),
        |_| Self::Cut("optimistic_update"),
        |_| Self::Oversized("bootstrap"),
        |_| Self::Oversized("updates"),
        |_| Self::Oversized("finality_update"),
        |_| Self::Oversized("optimistic_update"),
        |_| Self::Silent("bootstrap"),
        |_| Self::Silent("updates"),
        |_| Self::Silent("finality_update"),
        |_| Self::Silent("optimistic_update"),
        |byte| Self::Flip("digest bootstrap", byte),
        |byte| Self::Flip("digest updates", byte),
        |byte| Self::Flip("digest finality_update", byte),
        |byte| Self::Flip("digest optimistic_update", byte),
    ];

    fn answer(
        &self,
        kind: &str,
        digest: [u8; 4],
        ssz: &[u8],
    ) -> Option<Result<Vec<u8>, RequestError>> {
        let (mut digest, mut ssz) = (digest, ssz.to_vec());
        match self {
            Self::Flip(of, byte) if *of == kind => {
                let place = byte % ssz.len();
                ssz[place] ^= 1;
            }
            Self::Flip(of, byte) if of.strip_prefix("digest ") == Some(kind) => {
                digest[byte % 4] ^= 1;
            }
            Self::Cut(of) if *of == kind => {
                let mut bytes = encode_chunk(digest, &ssz);
                bytes.truncate(bytes.len() / 2);
                return Some(Ok(bytes));
            }
            Self::Oversized(of) if *of == kind => return Some(Err(RequestError::TooLarge)),
            Self::Silent(of) if *of == kind => return None,
            _ => {}
        }
        Some(Ok(encode_chunk(digest, &ssz)))
    }
}

/// The recorded objects as SSZ.
#[derive(Clone, Default)]
pub(crate) struct Recording {
    pub(crate) checkpoint: &'static str,
    digest: [u8; 4],
    /// By the names that [`Lie`] uses.
    objects: BTreeMap<&'static str, Vec<u8>>,
    /// By their period.
    updates: BTreeMap<u64, Vec<u8>>,
}

impl Recording {
    /// Bootstrap, update and head of April 2026.
    pub(crate) fn head() -> Self {
        let network = Network::mainnet();
        let (preset, fork) = (network.preset, Fork::Fulu);
        let read = |name: &str| -> Value {
            let json = vector("nimbus-verified-proxy-mainnet-fulu", name);
            let json: Value = serde_json::from_slice(&json).expect("the vector is JSON");
            if json.is_array() {
                json[0]["data"].clone()
            } else {
                json["data"].clone()
            }
        };
        let bootstrap = LightClientBootstrap::from_json(&read("lc_bootstrap.json"), fork, &preset);
        let update = LightClientUpdate::from_json(&read("lc_updates.json"), fork, &preset);
        let finality =
            LightClientFinalityUpdate::from_json(&read("lc_finality.json"), fork, &preset);
        let optimistic =
            LightClientOptimisticUpdate::from_json(&read("lc_optimistic.json"), fork, &preset);
        Self {
            checkpoint: CHECKPOINT,
            digest: network.compute_fork_digest(network.epoch_at_slot(14_018_019)),
            objects: BTreeMap::from([
                ("bootstrap", bootstrap.expect("valid").encode(fork)),
                ("finality_update", finality.expect("valid").encode(fork)),
                ("optimistic_update", optimistic.expect("valid").encode(fork)),
            ]),
            updates: BTreeMap::from([(1_711, update.expect("valid").encode(fork))]),
        }
    }

    /// A bootstrap of February 2025, and updates of 46 periods from there on. No head.
    pub(crate) fn periods() -> Self {
        let network = Network::mainnet();
        let list = vector("colibri-mainnet", "lc/updates_1347_count46.ssz");
        // u64 length, fork digest and object, again and again.
        let (mut rest, mut updates) = (list.as_slice(), BTreeMap::new());
        for period in FIRST_PERIOD.. {
            let Some((length, behind)) = rest.split_first_chunk() else {
                break;
            };
            let length = usize::try_from(u64::from_le_bytes(*length)).expect("short");
            let (update, behind) = behind.split_at(length);
            updates.insert(period, update[4..].to_vec());
            rest = behind;
        }
        let bootstrap = vector("colibri-mainnet", "lc/bootstrap_period1347.ssz");
        Self {
            checkpoint: "0x2e522016a5ac7d8d57d758b633a25491a43d12750db8f417fd6cf264b7ec5650",
            digest: network.compute_fork_digest(network.epoch_at_slot(11_034_656)),
            objects: BTreeMap::from([("bootstrap", bootstrap)]),
            updates,
        }
    }

    /// An object and its fork digest.
    pub(crate) fn object(&self, kind: &str) -> Option<([u8; 4], Vec<u8>)> {
        Some((self.digest, self.objects.get(kind)?.clone()))
    }

    /// The answer of a peer; nothing from one that is silent.
    pub(crate) fn answer(
        &self,
        lie: &Lie,
        kind: &str,
        (start, count): (u64, u64),
    ) -> Option<Result<Vec<u8>, RequestError>> {
        if kind != "updates" {
            return match self.objects.get(kind) {
                Some(ssz) => lie.answer(kind, self.digest, ssz),
                None => Some(Err(RequestError::Unsupported)),
            };
        }
        let count = count + u64::from(matches!(lie, Lie::OneMore));
        let mut answer = Vec::new();
        for (period, ssz) in self.updates.range(start..start + count) {
            let mut ssz = ssz.clone();
            match lie {
                Lie::FlipUpdate(of, byte) if of == period => ssz[*byte] ^= 1,
                Lie::LeaveOut(of) if of == period => continue,
                Lie::GiveUp(of) if of == period => {
                    answer.extend(encode_error(code::SERVER_ERROR, "out of order"));
                    break;
                }
                _ => {}
            }
            match lie.answer(kind, self.digest, &ssz)? {
                Ok(chunk) => answer.extend(chunk),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(answer))
    }
}

fn vector(folder: &str, name: &str) -> Vec<u8> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    fs::read(vectors.join(folder).join(name)).expect("the vector is there")
}

/// Moves an optimistic update one slot on, without signing it anew.
pub(crate) fn one_slot_later(ssz: &mut [u8]) {
    const SIGNATURE_SLOT: usize = 4 + 160;
    let header = u32::from_le_bytes(ssz[..4].try_into().expect("four bytes")) as usize;
    for place in [SIGNATURE_SLOT, header] {
        let slot = u64::from_le_bytes(ssz[place..place + 8].try_into().expect("eight bytes"));
        ssz[place..place + 8].copy_from_slice(&(slot + 1).to_le_bytes());
    }
}
