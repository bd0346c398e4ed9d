//! Points, their encodings and hashes, against blst.

use blst::min_pk;
use std::vec::Vec;

use super::{Bytes, DST};
use crate::curve::{Affine, Jacobian};
use crate::field::{Field, Fp, Fp2};
use crate::hash::{hash_to_group, map_to_group};
use crate::multiply::sum_of_multiples;
use crate::{AggregateKey, PublicKey, Signature};

/// As blst takes a key of which the group is not checked.
fn blst_accepts_key(bytes: &[u8; 48]) -> bool {
    min_pk::PublicKey::uncompress(bytes).is_ok() && bytes[0] & 0x40 == 0
}

fn blst_accepts_signature(bytes: &[u8; 96]) -> bool {
    let signature = min_pk::Signature::uncompress(bytes);
    signature.is_ok_and(|signature| signature.validate(false).is_ok())
}

/// All ways to change one byte of an encoding that matter: flags, high bits, low bits.
fn changes<const N: usize>(bytes: [u8; N]) -> Vec<[u8; N]> {
    let mut changes = Vec::new();
    for flags in 0..=255 {
        let mut changed = bytes;
        changed[0] = flags;
        changes.push(changed);
    }
    for index in 1..N {
        for bit in [1, 0x80] {
            let mut changed = bytes;
            changed[index] ^= bit;
            changes.push(changed);
        }
    }
    changes
}

#[test]
fn keys_that_are_refused_and_accepted() {
    let mut random = Bytes::new(20);
    let mut inputs: Vec<[u8; 48]> = changes([0; 48]);
    let key = min_pk::SecretKey::key_gen(&[1; 32], &[])
        .unwrap()
        .sk_to_pk();
    inputs.extend(changes(key.to_bytes()));
    // Around the modulus.
    let modulus = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    let modulus: [u8; 48] = hex::decode(modulus).unwrap().try_into().unwrap();
    for last in 0..=255 {
        for flags in [0x80, 0xa0] {
            let mut bytes = modulus;
            (bytes[0], bytes[47]) = (bytes[0] | flags, last);
            inputs.push(bytes);
        }
    }
    for small in 0..=255 {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (0x80 | small << 5, small);
        inputs.push(bytes);
    }
    for _ in 0..100 {
        let mut bytes: [u8; 48] = random.take();
        bytes[0] = 0x80 | bytes[0] & 0x2f;
        inputs.push(bytes);
    }
    let accepted = inputs.iter().filter(|bytes| {
        let key = PublicKey::from_bytes(bytes);
        assert_eq!(key.is_some(), blst_accepts_key(bytes), "{bytes:02x?}");
        assert!(key.is_none_or(|key| key.to_bytes() == **bytes));
        key.is_some()
    });
    let accepted = accepted.count();
    assert!(
        accepted > 100 && accepted < inputs.len() - 100,
        "{accepted}"
    );
}

#[test]
fn signatures_that_are_refused_and_accepted() {
    let key = min_pk::SecretKey::key_gen(&[1; 32], &[]).unwrap();
    let mut inputs = changes([0; 96]);
    let mut members = 0;
    for message in 0..10 {
        let signature = key.sign(&[message], DST, &[]).to_bytes();
        let mut other = signature;
        other[0] ^= 0x20;
        inputs.extend([signature, other]);
        members += 2;
    }
    inputs.extend(changes(key.sign(&[1], DST, &[]).to_bytes()));
    let mut outside = 0;
    for bytes in inputs {
        let accepted = Signature::from_bytes(&bytes).is_some();
        assert_eq!(accepted, blst_accepts_signature(&bytes), "{bytes:02x?}");
        members -= i32::from(accepted);
        outside += i32::from(!accepted && min_pk::Signature::uncompress(&bytes).is_ok());
    }
    assert!(members <= 0, "{members}");
    assert!(outside > 50, "only {outside} outside of the group");
}

/// A point of the curve, most likely outside of the group.
fn any_point(random: &mut Bytes) -> Affine<Fp2> {
    loop {
        let x = Fp2::new(
            Fp::from_wide_bytes(&random.take()),
            Fp::from_wide_bytes(&random.take()),
        );
        let b = Fp2::ONE.times_xi().double().double();
        if let Some(y) = (x.square() * x + b).carried().square_root() {
            return Affine { x, y };
        }
    }
}

#[test]
fn the_law_of_the_group() {
    let mut random = Bytes::new(21);
    let [p, q] = [any_point(&mut random), any_point(&mut random)];
    let [a, b] = [Jacobian::from(p).double(), Jacobian::from(q).double()];
    let infinity = Jacobian::<Fp2>::INFINITY;
    assert!(a.add(&b).equals(&b.add(&a)));
    assert!(a.add_affine(&q).add(&b).equals(&a.add(&b.add_affine(&q))));
    assert!(a.add(&a).equals(&a.double()));
    assert!(Jacobian::from(p).add_affine(&p).equals(&a));
    assert!(a.add(&a.negated()).is_infinity());
    assert!(Jacobian::from(p).add_affine(&p.negated()).is_infinity());
    assert!(a.add(&infinity).equals(&a) && infinity.add(&a).equals(&a));
    assert!(infinity.add_affine(&p).equals(&p.into()));
    assert!(infinity.double().is_infinity() && infinity.add(&infinity).is_infinity());
    assert!(!a.equals(&b) && !a.equals(&infinity) && !a.equals(&a.negated()));
    assert!(infinity.affine().is_none());
    assert!(Jacobian::from(a.affine().unwrap()).equals(&a));
}

#[test]
fn multiples() {
    let mut random = Bytes::new(22);
    let points = [
        any_point(&mut random),
        any_point(&mut random),
        any_point(&mut random),
    ];
    let plain = |point: &Affine<Fp2>, scalar: u64| {
        (0..64).rev().fold(Jacobian::INFINITY, |sum, bit| {
            let sum = sum.double();
            if scalar >> bit & 1 == 1 {
                sum.add_affine(point)
            } else {
                sum
            }
        })
    };
    let mut scalars: Vec<_> = (0..40).collect();
    scalars.extend([
        u64::MAX,
        u64::MAX - 7,
        1 << 63,
        (1 << 63) - 1,
        0xd201_0000_0001_0000,
    ]);
    scalars.extend((0..5).map(|_| random.word()));
    for scalar in scalars {
        let others = [scalar, random.word(), random.word()];
        let sum = points
            .iter()
            .zip(others)
            .fold(Jacobian::INFINITY, |sum, (point, scalar)| {
                sum.add(&plain(point, scalar))
            });
        assert!(sum_of_multiples(&points, &others).equals(&sum), "{scalar}");
        let one = sum_of_multiples(&points[..1], &[scalar]);
        assert!(one.equals(&plain(&points[0], scalar)));
    }
    assert!(sum_of_multiples::<Fp>(&[], &[]).is_infinity());
    let parameter = Jacobian::from(points[0]).times_parameter();
    assert!(parameter.equals(&plain(&points[0], 0xd201_0000_0001_0000)));
    // Equal points, and points that cancel out.
    let [point, ..] = points;
    let twice = sum_of_multiples(&[point, point], &[77, 77]);
    assert!(twice.equals(&plain(&point, 154)));
    assert!(sum_of_multiples(&[point, point.negated()], &[5, 5]).is_infinity());
}

#[test]
fn into_the_group() {
    let mut random = Bytes::new(23);
    for _ in 0..4 {
        let point = Jacobian::from(any_point(&mut random));
        assert!(!point.is_in_group());
        assert!(point.into_group().is_in_group());
        assert!(!point.into_group().is_infinity());
    }
    assert!(Jacobian::INFINITY.is_in_group());
}

/// The secret key 1 signs a message with its hash.
#[test]
fn hashes() {
    let mut one = [0; 32];
    one[31] = 1;
    let key = min_pk::SecretKey::from_bytes(&one).unwrap();
    let mut random = Bytes::new(24);
    let mut messages: Vec<Vec<u8>> = (0..40).map(|_| random.take::<32>().to_vec()).collect();
    messages.extend([
        Vec::new(),
        [7; 55].to_vec(),
        [8; 64].to_vec(),
        [9; 200].to_vec(),
    ]);
    for message in messages {
        let expected = key.sign(&message, DST, &[]).serialize();
        assert_eq!(coordinates(&hash_to_group(&message)), expected);
    }
}

/// No message is known for these elements: zero, for which the map has an exception, equal ones,
/// and opposite ones.
#[test]
fn elements_of_no_known_message() {
    let mut random = Bytes::new(26);
    let wide = |random: &mut Bytes| Fp::from_wide_bytes(&random.take());
    let [u, v] = [0, 1].map(|_| Fp2::new(wide(&mut random), wide(&mut random)));
    for (u, v) in [(u, v), (Fp2::ZERO, v), (Fp2::ZERO, Fp2::ONE)] {
        let (mixed, uu, vv) = (
            map_to_group([u, v]),
            map_to_group([u, u]),
            map_to_group([v, v]),
        );
        assert!(mixed.is_in_group() && !mixed.is_infinity());
        assert!(mixed.double().equals(&uu.add(&vv)));
        let Affine { x, y } = mixed.affine().unwrap();
        let b = Fp2::ONE.times_xi().double().double();
        assert!(y.square() == x.square() * x + b);
    }
    assert!(map_to_group([u, -u]).is_infinity());
}

/// As blst serializes a point.
fn coordinates(point: &Jacobian<Fp2>) -> [u8; 192] {
    let Affine { x, y } = point.affine().unwrap();
    let parts = [x.imaginary, x.real, y.imaginary, y.real].map(Fp::to_bytes);
    parts.concat().try_into().unwrap()
}

#[test]
fn sums_of_keys() {
    let keys: Vec<_> = (0..8)
        .map(|seed| {
            min_pk::SecretKey::key_gen(&[seed; 32], &[])
                .unwrap()
                .sk_to_pk()
        })
        .collect();
    let ours = |key: &min_pk::PublicKey| PublicKey::from_bytes(&key.to_bytes()).unwrap();
    let mut sum = AggregateKey::from(ours(&keys[0]));
    let mut expected = min_pk::AggregatePublicKey::from_public_key(&keys[0]);
    let check = |sum: &AggregateKey, expected: &min_pk::AggregatePublicKey| {
        let Affine { x, y } = sum.0.affine().unwrap();
        let bytes = [x.to_bytes(), y.to_bytes()].concat();
        assert_eq!(bytes, expected.to_public_key().serialize());
    };
    // The first one twice.
    for key in &keys {
        sum.add(&ours(key));
        expected.add_public_key(key, false).unwrap();
        check(&sum, &expected);
    }
    for key in &keys[1..] {
        sum.subtract(&ours(key));
        expected.sub_aggregate(&min_pk::AggregatePublicKey::from_public_key(key));
        check(&sum, &expected);
    }
    sum.subtract(&ours(&keys[0]));
    assert!(!sum.is_infinity());
    sum.subtract(&ours(&keys[0]));
    assert!(sum.is_infinity());
    assert!(ours(&keys[0]) == ours(&keys[0]) && ours(&keys[0]) != ours(&keys[1]));
}

/// A point of order 13: any point times r and the cofactor but for one factor 13.
pub(super) fn point_of_small_order() -> Affine<Fp2> {
    let order = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
    let cofactor = "5d543a95414e7f1091d50792876a202cd91de4547085abaa68a205b2e5a7ddfa628f1cb4d9e82ef21537e293a6691ae1616ec6e786f0c70cf1c38e31c7238e5";
    let number = |digits: &str| num_bigint::BigUint::parse_bytes(digits.as_bytes(), 16).unwrap();
    let thirteen = num_bigint::BigUint::from(13u8);
    let mut rest = number(cofactor);
    while &rest % &thirteen == num_bigint::BigUint::ZERO {
        rest /= &thirteen;
    }
    let mut random = Bytes::new(25);
    loop {
        let point = any_point(&mut random);
        let factor = &rest * number(order);
        let mut multiple = (0..factor.bits())
            .rev()
            .fold(Jacobian::INFINITY, |sum, bit| {
                let sum = sum.double();
                if factor.bit(bit) {
                    sum.add_affine(&point)
                } else {
                    sum
                }
            });
        while let Some(point) = multiple.affine() {
            multiple = sum_of_multiples(&[point], &[13]);
            if multiple.is_infinity() {
                return point;
            }
        }
    }
}

/// The signature with an error added or subtracted.
pub(super) fn compressed_sum(
    signature: &[u8; 96],
    error: &Affine<Fp2>,
    negative: bool,
) -> [u8; 96] {
    let point = Signature::from_bytes(signature).unwrap().point().unwrap();
    let error = if negative { error.negated() } else { *error };
    let Affine { x, y } = Jacobian::from(point).add_affine(&error).affine().unwrap();
    let mut bytes = [x.imaginary, x.real].map(Fp::to_bytes).concat();
    bytes[0] |= crate::encoding::flags(y.is_large());
    bytes.try_into().unwrap()
}
