//! All vectors of this repository, as `lampyris-vectors` runs them.

use lampyris_vectors::report::Report;
use lampyris_vectors::{run_files, sync};

/// So many there are at least: fewer means that a suite lost its files.
const LEAST: [(&str, usize); 20] = [
    ("RLP", 80),
    ("TrieTests", 15),
    ("accounts and their storage", 30),
    ("beacon blocks", 41),
    ("blocks", 37),
    ("blocks that are wrong", 7),
    ("bls", 70),
    ("bls, Ethereum's own", 12),
    ("chains", 9),
    ("codes", 8),
    ("expectations", 44),
    ("light-client objects", 19),
    ("light_client/data_collection", 5),
    ("light_client/single_merkle_proof", 30),
    ("light_client/sync", 24),
    (sync::FORCED, 1),
    ("light_client/update_ranking", 3),
    ("portal: headers with proof", 4),
    ("receipts of blocks", 8),
    ("ssz_static", 300),
];

#[test]
fn every_vector() {
    let mut report = Report::default();
    run_files(&lampyris_vectors::files::Files::ours(), &mut report);
    println!("{report}");
    assert!(report.failures().is_empty(), "{:#?}", report.failures());
    for (kind, least) in LEAST {
        assert!(
            report.passed(kind) >= least,
            "only {} of {kind}",
            report.passed(kind)
        );
    }
}
