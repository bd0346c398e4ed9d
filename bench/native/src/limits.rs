//! The physical limits: what every client has to do at least, done natively.

#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use blst::BLST_ERROR;
use blst::min_pk::{PublicKey, SecretKey, Signature};
use keccak_asm::Keccak256;
use serde_json::{Map, Value, json};

use crate::execution;

/// Domain separation tag of Ethereum's consensus layer.
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
/// The signatures of `catch_up_46`.
const PERIODS: u8 = 46;
/// How long each measurement goes on, at least.
const DURATION: Duration = Duration::from_millis(400);

/// Milliseconds by measurement.
pub(crate) fn measured(vectors: &Path) -> Value {
    let mut limits = Map::new();
    let signed: Vec<_> = (0..PERIODS).map(Signed::new).collect();
    let one = fastest(|| signed[0].verify());
    limits.insert("period_update".to_owned(), json!(one));
    limits.insert("finality_update".to_owned(), json!(one));
    let together = fastest(|| verify_all(&signed));
    let all = together.min(one * f64::from(PERIODS));
    limits.insert("catch_up_46".to_owned(), json!(all));
    for case in execution::cases(vectors) {
        let hash = || {
            for bytes in &case.hashed {
                black_box(Keccak256::digest(black_box(bytes)));
            }
        };
        limits.insert(case.what.to_owned(), json!(fastest(hash)));
    }
    limits.into()
}

/// A message with its signature and key, as they arrive. To verify them takes as long whoever signed.
struct Signed {
    key: PublicKey,
    message: [u8; 32],
    signature: [u8; 96],
}

impl Signed {
    fn new(number: u8) -> Self {
        let secret = SecretKey::key_gen(&[number; 32], &[]).unwrap();
        let message = [number; 32];
        Self {
            key: secret.sk_to_pk(),
            message,
            signature: secret.sign(&message, DST, &[]).to_bytes(),
        }
    }

    fn verify(&self) {
        let signature = Signature::from_bytes(&self.signature).unwrap();
        let result = signature.verify(true, &self.message, DST, &[], &self.key, false);
        assert_eq!(result, BLST_ERROR::BLST_SUCCESS);
    }
}

/// All at once, with random factors of 64 bits.
fn verify_all(signed: &[Signed]) {
    let signatures = signed
        .iter()
        .map(|signed| Signature::from_bytes(&signed.signature));
    let signatures: Vec<_> = signatures.map(Result::unwrap).collect();
    let factors: Vec<_> = (1..=signed.len())
        .map(|number| {
            let mut factor = blst::blst_scalar::default();
            let number = u64::try_from(number).unwrap();
            let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            factor.b[..8].copy_from_slice(&word.to_le_bytes());
            factor
        })
        .collect();
    let result = Signature::verify_multiple_aggregate_signatures(
        &signed
            .iter()
            .map(|signed| &signed.message[..])
            .collect::<Vec<_>>(),
        DST,
        &signed.iter().map(|signed| &signed.key).collect::<Vec<_>>(),
        false,
        &signatures.iter().collect::<Vec<_>>(),
        true,
        &factors,
        64,
    );
    assert_eq!(result, BLST_ERROR::BLST_SUCCESS);
}

/// Milliseconds of the fastest time: a limit is what it takes undisturbed.
fn fastest(mut once: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut fastest = Duration::MAX;
    while start.elapsed() < DURATION {
        let start = Instant::now();
        once();
        fastest = fastest.min(start.elapsed());
    }
    fastest.as_secs_f64() * 1e3
}
