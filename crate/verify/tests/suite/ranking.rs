//! `light_client/update_ranking`: updates from the best to the worst.

use lampyris_verify::config::Fork;
use lampyris_verify::containers::LightClientUpdate;
use lampyris_verify::light_client::is_better_update;
use serde::Deserialize;

use crate::files::{Files, Layout};
use crate::networks;

#[derive(Deserialize)]
struct Meta {
    updates_count: usize,
}

fn is_ranking_case(path: &str) -> bool {
    path.contains("tests/") && path.contains("/light_client/update_ranking/")
}

#[test]
fn every_case_of_update_ranking() {
    let files = Files::new();
    let cases = files.find(|path| is_ranking_case(path) && path.ends_with("/meta.yaml"));
    for meta in &cases {
        let layout = Layout::of(files.relative(meta));
        let fork = Fork::from_name(layout.fork).unwrap();
        let network = networks::at_fork(networks::preset(layout.preset), fork);
        let count = files.yaml::<Meta>(meta).updates_count;
        let updates: Vec<_> = (0..count)
            .map(|index| {
                let path = meta.with_file_name(format!("updates_{index}.ssz_snappy"));
                let bytes = files.ssz_snappy(&path);
                let update = LightClientUpdate::decode(&bytes, fork, &network.preset).unwrap();
                assert_eq!(update.encode(fork), bytes, "{}", path.display());
                update
            })
            .collect();
        for (better, first) in updates.iter().enumerate() {
            for (worse, second) in updates.iter().enumerate().skip(better + 1) {
                let at = format!("{}: {better} and {worse}", meta.display());
                assert!(is_better_update(first, second, &network), "{at}");
                assert!(!is_better_update(second, first, &network), "{at}");
            }
        }
    }
    files.assert_count("cases of light_client/update_ranking", cases.len(), 3);
    files.assert_all_opened(is_ranking_case);
}
