//! A runner that passes everything is worse than none: each expectation and each object of a sample
//! of every suite is changed, and the runner must fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

use lampyris_vectors::report::{Report, silence_broken_cases};
use lampyris_vectors::run;

/// A change of a file, after which something fails.
#[derive(Clone, Copy)]
enum Flip {
    /// Another hexadecimal digit in the first `0x…` behind this text.
    Digit(&'static str),
    /// Another text.
    Text(&'static str, &'static str),
    /// A bit in the middle.
    Bit,
    /// A bit in the middle of what snappy has compressed.
    SnappyBit,
    /// The last byte is missing.
    Shorter,
}
use Flip::{Bit, Digit, Shorter, SnappyBit, Text};

/// What lies in the vectors, copied as it is: folders and files; then each changed file.
struct Sample {
    from: &'static [&'static str],
    flips: &'static [(&'static str, &'static [Flip])],
}

const SPEC: &str = "consensus-spec-tests-v1.6.1-generated/tests/";

const SAMPLES: &[Sample] = &[
    Sample {
        from: &["SPEC/minimal/electra/ssz_static/LightClientHeader"],
        flips: &[
            ("roots.yaml", &[Digit("root")]),
            ("serialized.ssz_snappy", &[SnappyBit, Shorter]),
        ],
    },
    Sample {
        from: &["SPEC/minimal/altair/ssz_static/SyncCommittee"],
        flips: &[
            ("roots.yaml", &[Digit("root")]),
            ("serialized.ssz_snappy", &[SnappyBit]),
        ],
    },
    Sample {
        from: &["SPEC/minimal/electra/light_client/sync/pyspec_tests/light_client_sync"],
        flips: &[
            (
                "steps.yaml",
                &[
                    Digit("beacon_root"),
                    Digit("execution_root"),
                    Digit("update_fork_digest"),
                    Text("slot: 24", "slot: 25"),
                ],
            ),
            (
                "meta.yaml",
                &[
                    Digit("trusted_block_root"),
                    Digit("genesis_validators_root"),
                ],
            ),
            ("bootstrap.ssz_snappy", &[SnappyBit]),
        ],
    },
    Sample {
        from: &["SPEC/minimal/electra/light_client/single_merkle_proof"],
        flips: &[
            (
                "proof.yaml",
                &[
                    Digit("leaf"),
                    Digit("branch"),
                    Text("leaf_index: ", "leaf_index: 1"),
                ],
            ),
            ("object.ssz_snappy", &[SnappyBit]),
        ],
    },
    Sample {
        from: &["SPEC/minimal/capella/light_client/update_ranking"],
        flips: &[
            ("updates_3.ssz_snappy", &[Shorter]),
            ("meta.yaml", &[Text("updates_count: ", "updates_count: 9")]),
        ],
    },
    Sample {
        from: &["SPEC/minimal/altair/light_client/data_collection"],
        flips: &[(
            "steps.yaml",
            &[Digit("block_root"), Digit("data"), Digit("head_block_root")],
        )],
    },
    Sample {
        from: &["SPEC/general/altair/bls"],
        flips: &[(
            "data.yaml",
            &[
                Text("output: true", "output: false"),
                Text("output: false", "output: true"),
            ],
        )],
    },
    Sample {
        from: &["bls12-381-tests-generated"],
        flips: &[
            (
                "verify/verify_valid",
                &[Text("\"output\": true", "\"output\": false")],
            ),
            (
                "_tampered_signature",
                &[Text("\"output\": false", "\"output\": true")],
            ),
            (
                "aggregate_verify_valid",
                &[Text("\"output\": true", "\"output\": false")],
            ),
            (
                "batch_verify_valid",
                &[Text("\"output\": true", "\"output\": false")],
            ),
            (
                "batch_verify_invalid",
                &[Text("\"output\": false", "\"output\": true")],
            ),
            (
                "deserialization_G1/",
                &[Text("\"output\": false", "\"output\": true")],
            ),
            (
                "deserialization_G2/",
                &[Text("\"output\": false", "\"output\": true")],
            ),
            ("hash_to_G2/", &[Digit("\"y\"")]),
            ("sign/sign_case", &[Digit("\"output\"")]),
            ("aggregate/aggregate_0x", &[Digit("\"output\"")]),
        ],
    },
    Sample {
        from: &["nimbus-verified-proxy-mainnet-fulu"],
        flips: &[
            (
                "chain.json",
                &[
                    Text("\"accepted\": true", "\"accepted\": false"),
                    Digit("beacon_root"),
                    Digit("current_sync_committee_root"),
                    Digit("trusted_block_root"),
                    Digit("genesis_validators_root"),
                ],
            ),
            (
                "lc_updates.json",
                &[Digit("sync_committee_signature"), Digit("state_root")],
            ),
            (
                "block_0x17a2d23.json",
                &[
                    Digit("stateRoot"),
                    Digit("\"r\""),
                    Digit("\"amount\""),
                    Digit("\"hash\""),
                ],
            ),
        ],
    },
    Sample {
        from: &["helios-rpc-mainnet-21925176"],
        flips: &[
            (
                "expected.json",
                &[
                    Digit("\"balance\""),
                    Digit("receipts_root"),
                    Digit("block_hash"),
                    Text("\"kind\": \"present\"", "\"kind\": \"absent\""),
                ],
            ),
            (
                "rpc/proof.json",
                &[
                    Digit("balance"),
                    Digit("storageHash"),
                    Digit("accountProof"),
                ],
            ),
            (
                "rpc/receipts.json",
                &[
                    Digit("cumulativeGasUsed"),
                    Digit("\"data\""),
                    Digit("\"topics\""),
                ],
            ),
            ("rpc/logs.json", &[Digit("\"data\"")]),
            ("verifiable_api/receipt.json", &[Digit("receiptProof")]),
        ],
    },
    Sample {
        from: &["union-sepolia-storage-proofs"],
        flips: &[
            (
                "expected.json",
                &[
                    Text("\"verified\": true", "\"verified\": false"),
                    Digit("state_root"),
                ],
            ),
            (
                "valid_storage_proof_sepolia.json",
                &[Digit("\"value\""), Digit("storageProof"), Digit("nonce")],
            ),
        ],
    },
    Sample {
        from: &["op-service-goerli-blocks-negative"],
        flips: &[(
            "_metadata.json",
            &[
                Text("\"fail\":true", "\"fail\":false"),
                Text("-success\"", "-success\",\"fail\":true"),
            ],
        )],
    },
    Sample {
        from: &["portal-spec-tests-mainnet"],
        flips: &[
            (
                "headers_with_proof/17034870.yaml",
                &[Digit("content_key"), Digit("content_value")],
            ),
            ("beacon_data/17042287/block_roots.ssz", &[Bit]),
            (
                "block_data/block-data-22431084.yaml",
                &[Digit("body"), Digit("receipts")],
            ),
            (
                "state/validation/account_trie_node.yaml",
                &[Digit("block_header"), Digit("content_value_offer")],
            ),
            ("deneb/optimistic_update.yaml", &[Digit("content_value")]),
        ],
    },
    Sample {
        from: &["ethereum-tests"],
        flips: &[
            (
                "trieanyorder.json",
                &[Digit("\"root\""), Text("puppy", "kitten")],
            ),
            ("trietest_secureTrie.json", &[Digit("\"root\"")]),
            (
                "rlptest.json",
                &[Digit("\"out\""), Text("\"dog\"", "\"cat\"")],
            ),
        ],
    },
    Sample {
        from: &["execution-apis-tests"],
        flips: &[
            ("chain.rlp", &[Bit, Shorter]),
            ("debug_getRawHeader/", &[Digit("result")]),
            ("debug_getRawBlock/", &[Digit("result")]),
            ("eth_getProof/", &[Digit("accountProof")]),
        ],
    },
    Sample {
        from: &[
            "colibri-mainnet/cases/eth_getLogs1",
            "colibri-mainnet/README.md",
        ],
        flips: &[(
            "eth_getBlockReceipts",
            &[Digit("cumulativeGasUsed"), Digit("\"topics\"")],
        )],
    },
    Sample {
        from: &["devnet-history"],
        flips: &[(
            "history.json",
            &[Digit("beaconRoots"), Digit("ancestors"), Digit("\"root\"")],
        )],
    },
];

#[test]
fn each_change_of_an_expectation_fails() -> Result<(), String> {
    silence_broken_cases();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let mut survived = Vec::new();
    let mut failed = 0;
    for (number, sample) in SAMPLES.iter().enumerate() {
        let folder = Folder::new(number);
        for from in sample.from {
            let from = from.replace("SPEC/", SPEC);
            if !copy(&vectors.join(&from), &folder.0.join(&from)) {
                survived.push(format!("{from} is missing"));
            }
        }
        let before = folder.report();
        if !before.failures().is_empty() {
            survived.push(format!("unchanged, and fails: {:?}", before.failures()));
        }
        for (file, flips) in sample.flips {
            for (index, flip) in flips.iter().enumerate() {
                let changed = folder.change(file, *flip);
                let at = format!("{} {file}, change {index}", sample.from[0]);
                let Some((path, original)) = changed else {
                    survived.push(format!("{at}: nothing to change"));
                    continue;
                };
                if folder.report().failures().is_empty() {
                    survived.push(at);
                } else {
                    failed += 1;
                }
                fs::write(path, original).unwrap();
            }
        }
    }
    println!("{failed} changed expectations and objects, all of which fail");
    none_of(survived)
}

/// Not an assertion: panics are silent here.
fn none_of(passed: Vec<String>) -> Result<(), String> {
    if passed.is_empty() {
        Ok(())
    } else {
        Err(format!("these pass though they are wrong: {passed:#?}"))
    }
}

/// What nobody knows is a failure, and so is what cannot be read.
#[test]
fn unknown_and_broken_files_fail() -> Result<(), String> {
    silence_broken_cases();
    let files = [
        ("something.bin", "?"),
        ("chain_new.json", "{"),
        ("expected.json", "[{\"hash\":\"0x00\"}]"),
        ("case/roots.yaml", "root: '0x00'"),
        ("TrieTests/other.json", "[]"),
        ("RLPTests/other.json", "{}"),
        (
            "tests/eth_getBlockByNumber/a.io",
            "<< {\"result\":{\"number\":\"0x1\"}}",
        ),
    ];
    let mut passed = Vec::new();
    for (number, (name, content)) in files.into_iter().enumerate() {
        let folder = Folder::new(SAMPLES.len() + number);
        let path = folder.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if folder.report().failures().is_empty() {
            passed.push(name.to_owned());
        }
    }
    none_of(passed)
}

/// A temporary folder.
struct Folder(PathBuf);

impl Folder {
    fn new(number: usize) -> Self {
        let name = format!("lampyris-flipped-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn report(&self) -> Report {
        run(std::iter::once(self.0.as_path()))
    }

    /// Changes the first file in whose path this is and that the change fits.
    fn change(&self, part: &str, flip: Flip) -> Option<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        list(&self.0, &mut files);
        files.sort();
        let fits = |path: &&PathBuf| path.to_str().unwrap().contains(part);
        files.iter().filter(fits).find_map(|path| {
            let original = fs::read(path).unwrap();
            let changed = flip.apply(&original)?;
            fs::write(path, changed).unwrap();
            Some((path.clone(), original))
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Flip {
    fn apply(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut changed = bytes.to_vec();
        match self {
            Digit(behind) => {
                let text = std::str::from_utf8(bytes).ok()?;
                let start = text.find(behind)? + behind.len();
                let digits = start + text[start..].find("0x")? + 2;
                let length = text[digits..]
                    .find(|digit: char| !digit.is_ascii_hexdigit())
                    .unwrap_or(text.len() - digits);
                let last = digits + length.checked_sub(1)?;
                changed[last] = if bytes[last] == b'1' { b'2' } else { b'1' };
            }
            Text(from, to) => {
                let text = std::str::from_utf8(bytes).ok()?;
                changed = text
                    .contains(from)
                    .then(|| text.replacen(from, to, 1))?
                    .into();
            }
            Bit => *changed.get_mut(bytes.len() / 2)? ^= 1,
            SnappyBit => {
                let mut inner = snap::raw::Decoder::new().decompress_vec(bytes).ok()?;
                let middle = inner.len() / 2;
                *inner.get_mut(middle)? ^= 1;
                changed = snap::raw::Encoder::new().compress_vec(&inner).ok()?;
            }
            Shorter => drop(changed.pop()?),
        }
        (changed != bytes).then_some(changed)
    }
}

/// Whether there is anything.
fn copy(from: &Path, to: &Path) -> bool {
    let mut files = Vec::new();
    list(from, &mut files);
    for file in &files {
        let target = match file.strip_prefix(from) {
            Ok(rest) if !rest.as_os_str().is_empty() => to.join(rest),
            _ => to.to_owned(),
        };
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, &target).unwrap();
    }
    !files.is_empty()
}

fn list(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_owned());
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten() {
        list(&entry.unwrap().path(), files);
    }
}
