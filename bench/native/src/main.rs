//! What `npm run bench` needs natively.
//!
//! `lampyris-bench data VECTORS` prints recorded mainnet data in the form in which our peers send it,
//! as JSON with bytes in hexadecimal. `lampyris-bench limits VECTORS` prints how long this machine
//! takes, natively, for what every client must do at least: milliseconds by measurement.

#![allow(
    clippy::unwrap_used,
    reason = "a program for measurements: what is unexpected ends it"
)]

mod consensus;
mod execution;
mod limits;

use std::path::Path;

use serde_json::{Value, json};

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let printed = match arguments.as_slice() {
        [what, vectors] if what == "data" => data(Path::new(vectors)),
        [what, vectors] if what == "limits" => limits::measured(Path::new(vectors)),
        _ => panic!("usage: lampyris-bench data|limits VECTORS"),
    };
    println!("{printed}");
}

fn data(vectors: &Path) -> Value {
    let proofs = execution::cases(vectors);
    let proofs = proofs
        .iter()
        .map(|case| (case.what.to_owned(), case.to_json()));
    json!({
        "capella": consensus::capella(vectors),
        "deneb": consensus::deneb(vectors),
        "electra": consensus::electra(vectors),
        "proofs": proofs.collect::<serde_json::Map<_, _>>(),
    })
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&read(path)).unwrap()
}
