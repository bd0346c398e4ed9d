//! Ethereum's light-client requests as questions: how they are asked and how answers are read.

use std::rc::Rc;

use lampyris_verify::{
    B256,
    config::{Fork, Network},
    containers::{LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate},
    light_client::{LightClientStore, initialize_light_client_store},
};
use lampyris_wire::{
    Protocol,
    req_resp::{Chunk, decode_chunks, encode_request},
};

use crate::{
    misdeed::Kind,
    requests::{Question, Refusal},
    updates::Updates,
};

/// A mainnet update has some 27 kB; this leaves room for the forks to come.
pub(crate) const OBJECT_BYTES_MAX: usize = 64 * 1024;

/// Asks for the bootstrap of a block root; the answer is a store that starts there.
pub(crate) fn bootstrap(network: &Network, root: B256) -> Question<LightClientStore> {
    let network = network.clone();
    Question {
        kind: Kind::Bootstrap,
        protocol: Protocol::LightClientBootstrap,
        body: encode_request(root.as_slice()),
        check: Rc::new(move |bytes| {
            let (chunk, fork) = single(&bytes, &network)?;
            let bootstrap = LightClientBootstrap::decode(&chunk.ssz, fork, &network.preset)?;
            fork_fits(&network, fork, bootstrap.header.beacon.slot)?;
            Ok(initialize_light_client_store(root, &bootstrap, &network)?)
        }),
    }
}

/// Asks for the best updates of `count` periods from `start` on.
pub(crate) fn updates<T>(
    start: u64,
    count: u64,
    apply: impl Fn(Updates) -> Result<T, Refusal> + 'static,
) -> Question<T> {
    let mut request = start.to_le_bytes().to_vec();
    request.extend(count.to_le_bytes());
    Question {
        kind: Kind::Update,
        protocol: Protocol::LightClientUpdatesByRange,
        body: encode_request(&request),
        check: Rc::new(move |bytes| {
            if bytes.is_empty() {
                return Err(Refusal::Unavailable(format!(
                    "no update of period {start} yet"
                )));
            }
            apply(Updates::new(bytes, start..start.saturating_add(count)))
        }),
    }
}

/// Asks for the newest finality update.
pub(crate) fn finality_update<T>(
    network: &Network,
    apply: impl Fn(&LightClientFinalityUpdate) -> Result<T, Refusal> + 'static,
) -> Question<T> {
    let network = network.clone();
    Question {
        kind: Kind::Finality,
        protocol: Protocol::LightClientFinalityUpdate,
        body: Vec::new(),
        check: Rc::new(move |bytes| {
            let (chunk, fork) = single(&bytes, &network)?;
            let update = LightClientFinalityUpdate::decode(&chunk.ssz, fork, &network.preset)?;
            fork_fits(&network, fork, update.attested_header.beacon.slot)?;
            apply(&update)
        }),
    }
}

/// Asks for the newest optimistic update.
pub(crate) fn optimistic_update<T>(
    network: &Network,
    apply: impl Fn(&LightClientOptimisticUpdate) -> Result<T, Refusal> + 'static,
) -> Question<T> {
    let network = network.clone();
    Question {
        kind: Kind::Optimistic,
        protocol: Protocol::LightClientOptimisticUpdate,
        body: Vec::new(),
        check: Rc::new(move |bytes| {
            let (chunk, fork) = single(&bytes, &network)?;
            let update = LightClientOptimisticUpdate::decode(&chunk.ssz, fork, &network.preset)?;
            fork_fits(&network, fork, update.attested_header.beacon.slot)?;
            apply(&update)
        }),
    }
}

/// Splits an answer into its chunks.
fn chunks(bytes: &[u8], count: u64) -> Result<Vec<Chunk>, Refusal> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(decode_chunks(bytes, OBJECT_BYTES_MAX, count)?)
}

fn single(bytes: &[u8], network: &Network) -> Result<(Chunk, Fork), Refusal> {
    let chunk = chunks(bytes, 1)?
        .into_iter()
        .next()
        .ok_or_else(|| Refusal::Unavailable("the answer is empty".into()))?;
    let fork = fork_of(network, &chunk)?;
    Ok((chunk, fork))
}

pub(crate) fn fork_of(network: &Network, chunk: &Chunk) -> Result<Fork, Refusal> {
    let (fork, _) = network
        .fork_by_digest(chunk.digest)
        .ok_or_else(|| Refusal::Lied(format!("unknown fork digest {:02x?}", chunk.digest)))?;
    Ok(fork)
}

/// The digest in front of an object must be of the fork that its slot lies in.
pub(crate) fn fork_fits(network: &Network, fork: Fork, slot: u64) -> Result<(), Refusal> {
    let expected = network.fork_at_slot(slot);
    if fork != expected {
        return Err(Refusal::Lied(format!(
            "an object of slot {slot} in {} form, expected {}",
            fork.name(),
            expected.name()
        )));
    }
    Ok(())
}
