//! Each target over its seeds, over mutations of them, and over everything that was ever found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use lampyris_fuzz::TARGETS;
use lampyris_vectors::files::Files;

/// How many mutations of each seed are tried.
const MUTATIONS: u64 = 32;

#[test]
fn every_target_over_its_seeds_and_findings() {
    let files = Files::ours();
    let findings = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    let (mut runs, mut found) = (0, 0);
    for target in TARGETS {
        let seeds = (target.seeds)(&files);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        assert_eq!(
            seeds,
            (target.seeds)(&files),
            "{}: other seeds",
            target.name
        );
        (target.run)(&[]);
        for seed in &seeds {
            (target.run)(seed);
            for number in 0..MUTATIONS {
                (target.run)(&mutated(seed, number));
                runs += 1;
            }
        }
        let Ok(entries) = fs::read_dir(findings.join(target.name)) else {
            continue;
        };
        for entry in entries {
            (target.run)(&fs::read(entry.unwrap().path()).unwrap());
            found += 1;
        }
    }
    println!(
        "{} targets, {runs} mutated seeds, {found} findings",
        TARGETS.len()
    );
    let folders = fs::read_dir(findings)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    for folder in folders.filter(|name| name != "README.md") {
        let name = folder.to_str().unwrap();
        assert!(
            lampyris_fuzz::target(name).is_some(),
            "findings/{name} is of no target"
        );
    }
}

/// The seed with a few bytes changed, cut or doubled: the same for the same number.
fn mutated(seed: &[u8], number: u64) -> Vec<u8> {
    let mut state = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let mut bytes = seed.to_vec();
    for _ in 0..=next() % 3 {
        if bytes.is_empty() {
            return bytes;
        }
        let place = next() % bytes.len();
        match next() % 6 {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, u8::try_from(next() % 256).unwrap()),
            2 => drop(bytes.remove(place)),
            3 => bytes[place] = 0xff,
            _ => bytes[place] ^= 1 << (next() % 8),
        }
    }
    bytes
}
