//! The vectors' folder, and which of its files were opened.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The folder, with a record of what was read from it.
pub(crate) struct Files {
    root: PathBuf,
    opened: RefCell<BTreeSet<PathBuf>>,
}

impl Files {
    /// The folder that `LAMPYRIS_VECTORS` names, or our own.
    pub(crate) fn new() -> Self {
        std::env::var_os("LAMPYRIS_VECTORS").map_or_else(Self::ours, |root| Self {
            root: root.into(),
            ..Self::ours()
        })
    }

    /// Our own, for tests of certain files.
    pub(crate) fn ours() -> Self {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
        Self {
            root: root.into(),
            opened: RefCell::default(),
        }
    }

    /// Says how many there were, and fails if of our own there are fewer than there should be.
    pub(crate) fn assert_count(&self, what: &str, count: usize, least: usize) {
        println!("{count} {what}");
        assert!(
            count >= least || self.root != Self::ours().root,
            "only {count} {what}"
        );
    }

    /// All files whose path, from the root on, fits.
    pub(crate) fn find(&self, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if fits(self.relative(&path)) {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// A path from the root on.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a str {
        path.strip_prefix(&self.root).unwrap().to_str().unwrap()
    }

    pub(crate) fn bytes(&self, path: &Path) -> Vec<u8> {
        self.opened.borrow_mut().insert(path.to_owned());
        fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file of the specification's tests, uncompressed.
    pub(crate) fn ssz_snappy(&self, path: &Path) -> Vec<u8> {
        snap::raw::Decoder::new()
            .decompress_vec(&self.bytes(path))
            .unwrap()
    }

    pub(crate) fn yaml<T: DeserializeOwned>(&self, path: &Path) -> T {
        let text = String::from_utf8(self.bytes(path)).unwrap();
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn json(&self, path: &Path) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(path)).unwrap()
    }

    /// Fails if a file that fits was never opened.
    pub(crate) fn assert_all_opened(&self, fits: impl Fn(&str) -> bool) {
        let opened = self.opened.borrow();
        let missed: Vec<_> = self
            .find(fits)
            .into_iter()
            .filter(|path| !opened.contains(path))
            .collect();
        assert!(
            missed.is_empty(),
            "{} files were not opened: {missed:#?}",
            missed.len()
        );
    }
}

/// The folders of the path, from the root on: of the specification's layout
/// `…/tests/<preset>/<fork>/<runner>/<handler>/<suite>/<case>/<file>`.
pub(crate) struct Layout<'a> {
    pub(crate) preset: &'a str,
    pub(crate) fork: &'a str,
    pub(crate) handler: &'a str,
    pub(crate) suite: &'a str,
}

impl<'a> Layout<'a> {
    pub(crate) fn of(path: &'a str) -> Self {
        let parts: Vec<_> = path.split('/').collect();
        let tests = parts.iter().position(|part| *part == "tests").unwrap();
        Self {
            preset: parts[tests + 1],
            fork: parts[tests + 2],
            handler: parts[tests + 4],
            suite: parts[tests + 5],
        }
    }
}
