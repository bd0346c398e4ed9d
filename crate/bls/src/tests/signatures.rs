//! Verification, one by one and in batches.

use blst::min_pk::SecretKey;
use std::vec::Vec;

use super::{Bytes, DST};
use crate::{AggregateKey, PublicKey, Signature, SignatureSet, verify, verify_batch};

fn secret(seed: u8) -> SecretKey {
    SecretKey::key_gen(&[seed; 32], &[]).unwrap()
}

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes(&secret(seed).sk_to_pk().to_bytes()).unwrap()
}

fn signed(seed: u8) -> SignatureSet {
    let message = Bytes::new(seed.into()).take();
    let signature = secret(seed).sign(&message, DST, &[]).to_bytes();
    SignatureSet {
        key: key(seed).into(),
        message,
        signature: Signature::from_bytes(&signature).unwrap(),
    }
}

fn infinity() -> Signature {
    let mut bytes = [0; 96];
    bytes[0] = 0xc0;
    Signature::from_bytes(&bytes).unwrap()
}

fn nobody() -> AggregateKey {
    let mut nobody = AggregateKey::from(key(1));
    nobody.subtract(&key(1));
    nobody
}

#[test]
fn one_signature() {
    let set = signed(1);
    assert!(verify(&set));
    for bit in [0, 7, 100, 255] {
        let mut other = set;
        other.message[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(&other));
    }
    assert!(!verify(&SignatureSet {
        key: key(2).into(),
        ..set
    }));
    assert!(!verify(&SignatureSet {
        signature: signed(2).signature,
        ..set
    }));
    assert!(!verify(&SignatureSet {
        signature: infinity(),
        ..set
    }));
    assert!(!verify(&SignatureSet {
        key: nobody(),
        ..set
    }));
    assert!(!verify(&SignatureSet {
        key: nobody(),
        signature: infinity(),
        ..set
    }));
    // The opposite key and the opposite signature are a valid pair, each alone is not.
    let mut bytes = secret(1).sk_to_pk().to_bytes();
    bytes[0] ^= 0x20;
    let opposite = PublicKey::from_bytes(&bytes).unwrap().into();
    assert!(!verify(&SignatureSet {
        key: opposite,
        ..set
    }));
    let mut bytes = secret(1).sign(&set.message, DST, &[]).to_bytes();
    bytes[0] ^= 0x20;
    let signature = Signature::from_bytes(&bytes).unwrap();
    assert!(!verify(&SignatureSet { signature, ..set }));
    assert!(verify(&SignatureSet {
        signature,
        key: opposite,
        ..set
    }));
}

#[test]
fn batches() {
    let mut random = Bytes::new(40);
    for size in 1..8_u8 {
        let sets: Vec<_> = (0..size).map(signed).collect();
        let coefficients: Vec<_> = sets.iter().map(|_| random.word()).collect();
        assert!(verify_batch(&sets, &coefficients));
        for wrong in 0..sets.len() {
            let refused = |change: fn(&mut SignatureSet)| {
                let mut sets = sets.clone();
                change(&mut sets[wrong]);
                assert!(!verify_batch(&sets, &coefficients), "{wrong} of {size}");
            };
            refused(|set| set.message[31] ^= 1);
            refused(|set| set.key.add(&key(99)));
            refused(|set| set.key = nobody());
            refused(|set| set.signature = signed(77).signature);
            refused(|set| set.signature = infinity());
            let mut zero = coefficients.clone();
            zero[wrong] = 0;
            assert!(!verify_batch(&sets, &zero));
        }
        assert!(!verify_batch(&sets, &coefficients[1..]));
        assert!(!verify_batch(&sets[1..], &coefficients));
    }
    assert!(!verify_batch(&[], &[]));
}

#[test]
fn edges_of_coefficients() {
    let sets = [signed(1), signed(2), signed(3)];
    for coefficients in [
        [1, 1, 1],
        [u64::MAX; 3],
        [1 << 63, 1, 2],
        [5, u64::MAX - 1, 1 << 62],
    ] {
        assert!(verify_batch(&sets, &coefficients));
    }
}

/// Errors that cancel out pass if both coefficients are the same, and only then: that is what
/// coefficients are for.
#[test]
fn swapped_signatures() {
    let [mut one, mut other] = [signed(1), signed(2)];
    core::mem::swap(&mut one.signature, &mut other.signature);
    assert!(!verify(&one) && !verify(&other));
    assert!(
        verify_batch(&[one, other], &[9, 9]),
        "the attack is a real one"
    );
    assert!(!verify_batch(&[one, other], &[9, 10]));
    assert!(!verify_batch(&[signed(3), one, other], &[1, 9, 8]));
}

/// Valid signatures of one message by opposite keys: their sum is infinity.
#[test]
fn signatures_that_sum_up_to_infinity() {
    let set = signed(1);
    let mut bytes = secret(1).sk_to_pk().to_bytes();
    bytes[0] ^= 0x20;
    let key = PublicKey::from_bytes(&bytes).unwrap().into();
    let mut bytes = secret(1).sign(&set.message, DST, &[]).to_bytes();
    bytes[0] ^= 0x20;
    let signature = Signature::from_bytes(&bytes).unwrap();
    let opposite = SignatureSet {
        key,
        signature,
        ..set
    };
    assert!(verify_batch(&[set, opposite], &[3, 3]));
    assert!(verify_batch(&[set, opposite], &[3, 4]));
    let mut wrong = opposite;
    wrong.message[0] ^= 1;
    assert!(!verify_batch(&[set, wrong], &[3, 3]));
}

/// Signatures with opposite errors of small order would cancel out with one chance in 13, were
/// they not refused when they are read.
#[test]
fn errors_outside_of_the_group() {
    let message = [3; 32];
    let signature = secret(1).sign(&message, DST, &[]).to_bytes();
    let error = super::points::point_of_small_order();
    let [plus, minus] = [false, true].map(|negative| {
        let bytes = super::points::compressed_sum(&signature, &error, negative);
        let on_curve = blst::min_pk::Signature::uncompress(&bytes).unwrap();
        assert!(on_curve.validate(false).is_err());
        bytes
    });
    assert!(Signature::from_bytes(&plus).is_none());
    assert!(Signature::from_bytes(&minus).is_none());
}
