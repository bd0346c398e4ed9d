//! One suite for both backends.

use super::blst::DST;
use super::{coefficients, first_nonzero_word};

macro_rules! suite {
    ($name:ident, $backend:ident) => {
        #[allow(clippy::clone_on_copy, reason = "only one backend's types are `Copy`")]
        mod $name {
            use super::{DST, coefficients};
            use crate::bls::$backend::{
                AggregateKey, PublicKey, Signature, SignatureSet, verify, verify_batch,
            };
            use ::blst::min_pk::SecretKey;
            use alloc::vec::Vec;

            fn secret_key(seed: u8) -> SecretKey {
                SecretKey::key_gen(&[seed; 32], &[]).unwrap()
            }

            fn signed(seed: u8, message: [u8; 32]) -> SignatureSet {
                let key = secret_key(seed);
                let signature = key.sign(&message, DST, &[]).to_bytes();
                SignatureSet {
                    key: PublicKey::from_bytes(&key.sk_to_pk().to_bytes())
                        .unwrap()
                        .into(),
                    message,
                    signature: Signature::from_bytes(&signature).unwrap(),
                }
            }

            fn key(seed: u8) -> PublicKey {
                PublicKey::from_bytes(&secret_key(seed).sk_to_pk().to_bytes()).unwrap()
            }

            fn infinity_signature() -> Signature {
                let mut bytes = [0; 96];
                bytes[0] = 0xc0;
                Signature::from_bytes(&bytes).unwrap()
            }

            #[test]
            fn batches_of_all_sizes() {
                for size in [1_u8, 2, 3, 8, 20] {
                    let sets: Vec<_> = (0..size).map(|seed| signed(seed, [seed; 32])).collect();
                    let factors = coefficients(&[1; 32], &[2; 32], sets.len());
                    assert!(verify_batch(&sets, &factors), "{size} signatures");
                    assert!(!verify_batch(&sets, &factors[1..]));
                    assert!(!verify_batch(&sets, &alloc::vec![0; sets.len()]));
                    for wrong in 0..size {
                        let mut sets = sets.clone();
                        sets[usize::from(wrong)].message[31] ^= 1;
                        assert!(!verify(&sets[usize::from(wrong)]));
                        assert!(!verify_batch(&sets, &factors), "{wrong} of {size} is wrong");
                    }
                }
                assert!(!verify_batch(&[], &[]));
            }

            /// Two wrong signatures whose errors cancel out pass where factors are equal, and only there.
            #[test]
            fn errors_that_cancel_out() {
                let [mut one, mut other] = [signed(1, [1; 32]), signed(2, [2; 32])];
                core::mem::swap(&mut one.signature, &mut other.signature);
                let sets = [one, other];
                assert!(!verify(&sets[0]) && !verify(&sets[1]));
                assert!(verify_batch(&sets, &[5, 5]), "the attack is a real one");
                let factors = coefficients(&[1; 32], &[2; 32], 2);
                assert!(!verify_batch(&sets, &factors));
            }

            #[test]
            fn sums_of_keys() {
                let mut sum = AggregateKey::from(key(1));
                sum.add(&key(2));
                sum.add(&key(3));
                sum.subtract(&key(1));
                sum.subtract(&key(3));
                let SignatureSet {
                    message, signature, ..
                } = signed(2, [9; 32]);
                let set = |key| SignatureSet {
                    key,
                    message,
                    signature: signature.clone(),
                };
                assert!(verify(&set(sum.clone())));
                // The same key twice, and a key less itself.
                sum.add(&key(2));
                assert!(!verify(&set(sum.clone())));
                sum.subtract(&key(2));
                assert!(verify(&set(sum.clone())));
                sum.subtract(&key(2));
                assert!(!verify(&set(sum)));
            }

            /// Nobody's key, under which nobody's signature would hold of anything.
            #[test]
            fn the_key_at_infinity() {
                let mut nobody = AggregateKey::from(key(1));
                nobody.subtract(&key(1));
                let set = || SignatureSet {
                    key: nobody.clone(),
                    message: [3; 32],
                    signature: infinity_signature(),
                };
                assert!(!verify(&set()));
                assert!(!verify_batch(&[set()], &[1]));
                assert!(!verify_batch(&[signed(1, [1; 32]), set()], &[1, 2]));
                let mut silent = signed(1, [1; 32]);
                silent.signature = infinity_signature();
                assert!(!verify(&silent));
                assert!(!verify_batch(&[silent], &[1]));
            }

            #[test]
            fn malformed_points() {
                assert!(PublicKey::from_bytes(&[0xff; 48]).is_none());
                assert!(PublicKey::from_bytes(&[0; 48]).is_none());
                let mut infinity = [0; 48];
                infinity[0] = 0xc0;
                assert!(PublicKey::from_bytes(&infinity).is_none());
                assert!(Signature::from_bytes(&[0xff; 96]).is_none());
                assert!(Signature::from_bytes(&[0; 96]).is_none());
                // On the curve, outside of the subgroup: small numbers as x, until one has a y.
                let outside = (1..=255).find_map(|x| {
                    let mut bytes = [0; 96];
                    (bytes[0], bytes[95]) = (0x80, x);
                    let on_curve = ::blst::min_pk::Signature::from_bytes(&bytes).is_ok();
                    on_curve.then_some(bytes)
                });
                assert!(Signature::from_bytes(&outside.unwrap()).is_none());
            }
        }
    };
}

suite!(on_blst, blst);
suite!(on_portable, portable);

#[test]
fn coefficients_depend_on_everything() {
    let factors = coefficients(&[1; 32], &[2; 32], 3);
    assert_eq!(factors.len(), 3);
    assert_eq!(coefficients(&[1; 32], &[2; 32], 3), factors);
    let mut all = factors;
    all.extend(coefficients(&[2; 32], &[2; 32], 3));
    all.extend(coefficients(&[1; 32], &[1; 32], 3));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 9);
    let mut digest = [0; 32];
    assert_eq!(first_nonzero_word(&digest), 1);
    digest[23] = 7;
    assert_eq!(first_nonzero_word(&digest), 7);
}
