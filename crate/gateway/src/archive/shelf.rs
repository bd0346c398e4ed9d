//! The archive's files: one for each period, written at once and checked whenever it is read.
//!
//! A file is `magic ‖ keccak256(chunk) ‖ chunk`, and the chunk is what peers get. Beside them lies
//! the anchor, the store that the first of them is verified with.

use crate::{Error, files};
use alloy_primitives::Bytes;
use lampyris_verify::{config::Network, keccak256, light_client::LightClientStore};
use std::path::{Path, PathBuf};

/// What a file begins with: another layout has another number.
const MAGIC: &[u8] = b"lampyris update 1\n";

/// The longest file that is read: an update of mainnet is 27 kB.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// The longest anchor that is read: a store of mainnet is 80 kB.
const ANCHOR_BYTES_MAX: u64 = 1024 * 1024;

/// The folder of a network's archive.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The shelf of a network in the data folder `data`.
    pub(super) fn new(data: &Path, network: &Network) -> Self {
        let name = format!("updates-{}", files::network_name(network));
        Self {
            folder: data.join(name),
        }
    }

    /// The store that the archive began with; nothing when there is no archive.
    pub(super) fn anchor(&self, network: &Network) -> Result<Option<LightClientStore>, Error> {
        let Some(bytes) = files::read(&self.anchor_path(), ANCHOR_BYTES_MAX)? else {
            return Ok(None);
        };
        Ok(Some(LightClientStore::decode(&bytes, network)?))
    }

    /// Begins an archive.
    pub(super) fn begin(&self, anchor: &LightClientStore, network: &Network) -> Result<(), Error> {
        files::make_folder(&self.folder)?;
        files::write(&self.anchor_path(), &anchor.encode(network))
    }

    /// A period's chunk; nothing when there is none. A damaged file is an error.
    pub(super) fn read(&self, period: u64) -> Result<Option<Bytes>, Error> {
        let path = self.path(period);
        let Some(bytes) = files::read(&path, FILE_BYTES_MAX)? else {
            return Ok(None);
        };
        let damaged = || Error::File {
            path: path.display().to_string(),
            reason: "damaged: it is not what was written".into(),
        };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
        let (hash, chunk) = rest.split_first_chunk::<32>().ok_or_else(damaged)?;
        if keccak256(chunk) != *hash {
            return Err(damaged());
        }
        Ok(Some(Bytes::copy_from_slice(chunk)))
    }

    /// Puts a period's chunk into place.
    pub(super) fn write(&self, period: u64, chunk: &[u8]) -> Result<(), Error> {
        let bytes = [MAGIC, keccak256(chunk).as_slice(), chunk].concat();
        files::write(&self.path(period), &bytes)
    }

    /// Moves the whole archive out of the way; `moment` keeps the names apart. Says where it is.
    pub(super) fn put_aside(&self, moment: u64) -> Result<PathBuf, Error> {
        let aside = self.folder.with_extension(format!("aside-{moment}"));
        files::rename(&self.folder, &aside)?;
        Ok(aside)
    }

    fn path(&self, period: u64) -> PathBuf {
        self.folder.join(format!("{period:06}.update"))
    }

    fn anchor_path(&self) -> PathBuf {
        self.folder.join("anchor.store")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_or_altered_file_is_never_taken_for_an_update() {
        let data = std::env::temp_dir().join(format!("lampyris-shelf-{}", std::process::id()));
        let shelf = Shelf::new(&data, &Network::mainnet());
        files::make_folder(&shelf.folder).unwrap();
        assert_eq!(shelf.read(7).unwrap(), None);
        let chunk = Bytes::from(b"an update".repeat(20));
        shelf.write(7, &chunk).unwrap();
        assert_eq!(shelf.read(7).unwrap(), Some(chunk));

        let path = shelf.path(7);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(shelf.read(7).is_err(), "cut to {length}");
        }
        for position in 0..whole.len() {
            let mut altered = whole.clone();
            altered[position] ^= 1;
            std::fs::write(&path, altered).unwrap();
            assert!(shelf.read(7).is_err(), "altered at {position}");
        }
        // What a crash leaves behind before the file is put into place is not looked at.
        std::fs::write(path.with_extension("draft-1"), b"half").unwrap();
        std::fs::write(&path, whole).unwrap();
        assert!(shelf.read(7).unwrap().is_some());
        std::fs::remove_dir_all(data).unwrap();
    }
}
