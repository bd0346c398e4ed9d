//! `light_client/update_ranking`: updates from the best to the worst.

use std::path::Path;

use lampyris_verify::containers::LightClientUpdate;
use lampyris_verify::light_client::is_better_update;
use serde::Deserialize;

use crate::files::Files;
use crate::networks::{self, at_fork};
use crate::report::{Report, Skip};

#[derive(Deserialize)]
struct Meta {
    updates_count: usize,
}

/// Runs every case.
pub fn run(files: &Files, report: &mut Report) {
    for meta in files.named("meta.yaml") {
        if files.has(&meta.with_file_name("updates_0.ssz_snappy")) {
            let name = files.relative(&meta);
            report.case_or_skip("light_client/update_ranking", name, || rank(files, &meta));
        }
    }
}

fn rank(files: &Files, meta: &Path) -> Result<(), Skip> {
    let count = files.yaml::<Meta>(meta).updates_count;
    let path = |index: usize| meta.with_file_name(format!("updates_{index}.ssz_snappy"));
    let objects: Vec<_> = (0..count)
        .map(|index| files.ssz_snappy(&path(index)))
        .collect();
    let (fork, preset) = networks::of_path(meta)?;
    let network = at_fork(preset, fork);
    let decode = |bytes: &Vec<u8>| {
        let update = LightClientUpdate::decode(bytes, fork, &preset).unwrap();
        assert_eq!(update.encode(fork), *bytes);
        update
    };
    let updates: Vec<_> = objects.iter().map(decode).collect();
    assert!(count > 1, "nothing to rank");
    for (better, first) in updates.iter().enumerate() {
        for (worse, second) in updates.iter().enumerate().skip(better + 1) {
            assert!(
                is_better_update(first, second, &network),
                "{better} and {worse}"
            );
            assert!(
                !is_better_update(second, first, &network),
                "{better} and {worse}"
            );
        }
    }
    Ok(())
}
