//! `lampyris-vectors DIR…`: runs whatever test vectors lie below the folders.

use std::path::Path;
use std::process::ExitCode;

use lampyris_vectors::report::silence_broken_cases;
use lampyris_vectors::run;

fn main() -> ExitCode {
    let folders: Vec<_> = std::env::args_os().skip(1).collect();
    let missing = folders.iter().find(|folder| !Path::new(folder).exists());
    if folders.is_empty() || missing.is_some() {
        eprintln!("usage: lampyris-vectors DIR…");
        if let Some(folder) = missing {
            eprintln!("{} does not exist", Path::new(folder).display());
        }
        return ExitCode::from(2);
    }
    silence_broken_cases();
    let report = run(folders.iter().map(Path::new));
    print!("{report}");
    if report.failures().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
