use blst::min_pk::SecretKey;
use crate::*;
use std::vec::Vec;
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
fn set(seed: u8) -> SignatureSet {
    let key = SecretKey::key_gen(&[seed; 32], &[]).unwrap();
    let message = [seed; 32];
    SignatureSet { key: PublicKey::from_bytes(&key.sk_to_pk().to_bytes()).unwrap().into(), message, signature: Signature::from_bytes(&key.sign(&message, DST, &[]).to_bytes()).unwrap() }
}
#[test]
fn valid() {
    let s = set(3);
    assert!(verify(&s));
    assert!(!verify(&SignatureSet { message: [1; 32], ..s }));
    let sets: Vec<_> = (0..6).map(set).collect();
    assert!(verify_batch(&sets, &[1, 2, u64::MAX, 1 << 63, 7, 99999999999]));
    assert!(!verify_batch(&[sets[0], SignatureSet{signature: sets[3].signature, ..sets[1]}], &[5, 6]));
}
