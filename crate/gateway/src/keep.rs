//! The verified chain state in a file, so that a restart needs no bootstrap.
//!
//! The file holds the checkpoint that the state was started from and the store's record. A state
//! that was started from another checkpoint than the configured one is not used.

use crate::{Error, files};
use alloy_primitives::B256;
use lampyris_verify::{config::Network, light_client::LightClientStore};
use std::path::{Path, PathBuf};

/// The largest file that is read: a store of mainnet is 80 kB.
const BYTES_MAX: u64 = 1024 * 1024;

/// Where chain states are kept.
#[derive(Debug, Clone)]
pub(crate) struct Keep {
    folder: PathBuf,
}

impl Keep {
    /// Chain states in `folder`, which exists.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The state that was kept for a network, if it was started from `checkpoint` or none is given.
    pub(crate) fn load(
        &self,
        network: &Network,
        checkpoint: Option<B256>,
    ) -> Result<Option<LightClientStore>, Error> {
        let Some(bytes) = files::read(&self.path(network), BYTES_MAX)? else {
            return Ok(None);
        };
        let short = || Error::malformed("kept chain state", "cut");
        let (started_from, record) = bytes.split_first_chunk::<32>().ok_or_else(short)?;
        if checkpoint.is_some_and(|checkpoint| checkpoint != *started_from) {
            tracing::info!("the kept chain state started from another checkpoint: starting anew");
            return Ok(None);
        }
        Ok(Some(LightClientStore::decode(record, network)?))
    }

    /// Keeps a state.
    pub(crate) fn save(
        &self,
        network: &Network,
        checkpoint: Option<B256>,
        store: &LightClientStore,
    ) -> Result<(), Error> {
        let mut bytes = checkpoint.unwrap_or_default().to_vec();
        bytes.extend_from_slice(&store.encode(network));
        files::write(&self.path(network), &bytes)
    }

    fn path(&self, network: &Network) -> PathBuf {
        let name = files::network_name(network);
        self.folder.join(format!("chain-{name}.bin"))
    }
}
