//! Small files, private to their owner, replaced as a whole.

use crate::Error;
use lampyris_verify::config::Network;
use std::{
    fs,
    io::{ErrorKind, Read, Write},
    path::Path,
};

/// Makes a folder that only its owner may enter.
pub(crate) fn make_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failure(path, &error))
}

/// Reads a file of at most `bytes_max` bytes; nothing when there is none.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, Error> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| failure(path, &error))?,
    };
    let mut bytes = Vec::new();
    let read = file
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes);
    read.map_err(|error| failure(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > bytes_max) {
        let reason = format!("longer than {bytes_max} bytes");
        return Err(Error::File {
            path: path.display().to_string(),
            reason,
        });
    }
    Ok(Some(bytes))
}

/// Writes a file with mode 0600 and puts it into place at once.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&draft, path))
        .and_then(|()| sync_folder(path))
        .map_err(|error| failure(path, &error))
}

/// Makes a file's name as durable as its content.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Moves a file or folder.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|error| failure(from, &error))
}

/// What tells the files of one network from another's: networks may share a name.
pub(crate) fn network_name(network: &Network) -> String {
    let root = network.genesis_validators_root.to_string();
    let root = root.get(2..10).unwrap_or_default();
    format!("{root}-{}", network.genesis_time)
}

fn failure(path: &Path, error: &std::io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
