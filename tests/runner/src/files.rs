//! The files below a folder, and which of them were opened.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The files below a folder, with a record of what was read of them.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    all: Vec<PathBuf>,
    opened: RefCell<BTreeSet<PathBuf>>,
}

impl Files {
    /// The files below `root`.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        let root =
            std::path::absolute(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
        let mut all = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            if folder.is_file() {
                all.push(folder);
                continue;
            }
            for entry in fs::read_dir(&folder).unwrap() {
                folders.push(entry.unwrap().path());
            }
        }
        all.sort();
        Self {
            root,
            all,
            opened: RefCell::default(),
        }
    }

    /// The vectors of this repository.
    #[must_use]
    pub fn ours() -> Self {
        Self::below(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../vectors"
        )))
    }

    /// All files whose path, from the root on, fits.
    pub fn find(&self, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let all = self.all.iter();
        all.filter(|path| fits(self.relative(path)))
            .cloned()
            .collect()
    }

    /// All files of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<PathBuf> {
        let all = self.all.iter();
        all.filter(|path| path.ends_with(name)).cloned().collect()
    }

    /// Whether there is such a file.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        self.all
            .binary_search_by(|other| other.as_path().cmp(path))
            .is_ok()
    }

    /// The files that lie in a folder, or below it.
    pub fn within<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
        self.all.iter().filter(move |path| path.starts_with(folder))
    }

    /// The name of the folder itself.
    #[must_use]
    pub fn folder(&self) -> &str {
        name(&self.root)
    }

    /// A path from the root on.
    #[must_use]
    pub fn relative<'a>(&self, path: &'a Path) -> &'a str {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let relative = if relative.as_os_str().is_empty() {
            path
        } else {
            relative
        };
        relative.to_str().unwrap_or("a name that is no text")
    }

    /// The bytes of a file.
    ///
    /// # Panics
    /// If it cannot be read, as all readers do if a file isn't what it should be.
    #[must_use]
    pub fn bytes(&self, path: &Path) -> Vec<u8> {
        self.open(path);
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if path.extension().is_none_or(|extension| extension != "gz") {
            return bytes;
        }
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    /// Notes that a file was understood.
    pub fn open(&self, path: &Path) {
        self.opened.borrow_mut().insert(path.to_owned());
    }

    /// A file of the specification's tests, uncompressed.
    #[must_use]
    pub fn ssz_snappy(&self, path: &Path) -> Vec<u8> {
        let bytes = snap::raw::Decoder::new().decompress_vec(&self.bytes(path));
        bytes.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The YAML of a file.
    #[must_use]
    pub fn yaml<T: DeserializeOwned>(&self, path: &Path) -> T {
        let text = String::from_utf8(self.bytes(path)).unwrap();
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The JSON of a file.
    #[must_use]
    pub fn json(&self, path: &Path) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether a file was understood.
    #[must_use]
    pub fn is_open(&self, path: &Path) -> bool {
        self.opened.borrow().contains(path)
    }

    /// The files that nobody opened.
    #[must_use]
    pub fn unopened(&self) -> Vec<&PathBuf> {
        let opened = self.opened.borrow();
        let all = self.all.iter();
        all.filter(|path| !opened.contains(*path)).collect()
    }
}

/// A file's name.
#[must_use]
pub fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

/// The folders of the specification's layout
/// `<preset>/<fork>/<runner>/<handler>/<suite>/<case>/<file>`.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// `mainnet`, `minimal` or `general`.
    pub preset: &'a str,
    /// The fork's name.
    pub fork: &'a str,
    /// What is tested, such as `light_client`.
    pub runner: &'a str,
    /// Which part of it.
    pub handler: &'a str,
    /// Which kind of cases.
    pub suite: &'a str,
}

impl<'a> Layout<'a> {
    /// The layout of a path, if it has it.
    #[must_use]
    pub fn of(path: &'a Path) -> Option<Self> {
        let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
        let presets = ["mainnet", "minimal", "general"];
        let start = parts.windows(6).rposition(|parts| {
            presets.contains(&parts[0])
                && lampyris_verify::config::Fork::from_name(parts[1]).is_some()
        })?;
        Some(Self {
            preset: parts[start],
            fork: parts[start + 1],
            runner: parts[start + 2],
            handler: parts[start + 3],
            suite: parts[start + 4],
        })
    }
}
