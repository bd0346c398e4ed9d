//! `lampyris-fuzz-seeds [DIR]`: writes the seeds of every target into `DIR/<target>/`, and prints a
//! line `<target>\t<what it attacks>` for each. Without a folder it only prints.

use std::fs;
use std::path::PathBuf;

use lampyris_fuzz::TARGETS;
use lampyris_vectors::files::Files;

fn main() -> std::io::Result<()> {
    if let Some(folder) = std::env::args_os().nth(1) {
        let files = Files::ours();
        for target in TARGETS {
            let folder = PathBuf::from(&folder).join(target.name);
            fs::create_dir_all(&folder)?;
            for (index, seed) in (target.seeds)(&files).iter().enumerate() {
                fs::write(folder.join(format!("seed-{index:03}")), seed)?;
            }
        }
    }
    for target in TARGETS {
        println!("{}\t{}", target.name, target.what);
    }
    Ok(())
}
