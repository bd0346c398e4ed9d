//! Many updates at once, as a catch-up has them: their signatures are checked by one equation.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use super::validation::validate_all_but_signature;
use super::{LightClientStore, follow, process_light_client_update};
use crate::Error;
use crate::bls::{self, SignatureSet};
use crate::config::Network;
use crate::containers::LightClientUpdate;

/// The most signatures that one equation checks. What it saves shrinks with each more; what a wrong
/// one costs grows, for then each is checked by itself.
pub const MAX_BATCH: usize = 32;

/// Takes in updates one after the other, each following from the one before.
///
/// The outcome is that of [`process_light_client_update`] for each until the first one that is
/// refused, which the error names by its index: those before it are taken in, those behind it are
/// not looked at. So a client keeps what is true of a liar's answer, and asks another for the rest.
///
/// `seed` must be 32 bytes of entropy that no peer can know or influence: the factors of the
/// equation come from it. Who guesses them can make wrong signatures that pass together.
pub fn process_light_client_updates(
    store: &mut LightClientStore,
    updates: &[LightClientUpdate],
    current_slot: u64,
    network: &Network,
    seed: &[u8; 32],
) -> Result<(), (usize, Error)> {
    let mut done = 0_usize;
    for updates in updates.chunks(MAX_BATCH) {
        let mut batch = Batch::new(store, current_slot, network);
        let refused = batch.add_all(updates);
        if let Some(verified) = batch.verified(seed) {
            *store = verified;
            refused
        } else {
            one_by_one(store, updates, current_slot, network)
        }
        .map_err(|(index, error)| (done.saturating_add(index), error))?;
        done = done.saturating_add(updates.len());
    }
    Ok(())
}

/// Finds the signature that is wrong.
fn one_by_one(
    store: &mut LightClientStore,
    updates: &[LightClientUpdate],
    current_slot: u64,
    network: &Network,
) -> Result<(), (usize, Error)> {
    for (index, update) in updates.iter().enumerate() {
        process_light_client_update(store, update, current_slot, network)
            .map_err(|error| (index, error))?;
    }
    Ok(())
}

/// A store as it is if all of the signatures are right. Nobody sees it before they are checked.
struct Batch<'a> {
    tentative: LightClientStore,
    signatures: Vec<SignatureSet>,
    /// All that the signatures depend on.
    transcript: Sha256,
    current_slot: u64,
    network: &'a Network,
}

impl<'a> Batch<'a> {
    fn new(store: &LightClientStore, current_slot: u64, network: &'a Network) -> Self {
        Self {
            tentative: store.clone(),
            signatures: Vec::new(),
            transcript: Sha256::new(),
            current_slot,
            network,
        }
    }

    /// Adds updates until one is refused, whatever the signatures are.
    fn add_all(&mut self, updates: &[LightClientUpdate]) -> Result<(), (usize, Error)> {
        for (index, update) in updates.iter().enumerate() {
            self.add(update).map_err(|error| (index, error))?;
        }
        Ok(())
    }

    fn add(&mut self, update: &LightClientUpdate) -> Result<(), Error> {
        let (store, network) = (&mut self.tentative, self.network);
        let claim = validate_all_but_signature(store, update, self.current_slot, network)?;
        let aggregate = &update.sync_aggregate;
        self.transcript.update(claim.signers_root);
        self.transcript.update(&aggregate.sync_committee_bits);
        self.transcript.update(claim.signature.message);
        self.transcript.update(aggregate.sync_committee_signature);
        self.signatures.push(claim.signature);
        follow(store, update, claim.next_sync_committee, network)
    }

    /// The store, if all of the signatures are right.
    fn verified(self, seed: &[u8; 32]) -> Option<LightClientStore> {
        let hold = match &self.signatures[..] {
            [] => true,
            [one] => bls::verify(one),
            many => {
                let transcript = self.transcript.finalize().into();
                let coefficients = bls::coefficients(seed, &transcript, many.len());
                bls::verify_batch(many, &coefficients)
            }
        };
        hold.then_some(self.tentative)
    }
}
