//! The fields against plain integers and plain polynomials.

use num_bigint::{BigInt, BigUint, Sign};
use std::vec::Vec;
use std::{array, vec};

use super::Bytes;
use crate::field::{BITS, Field, Fp, Fp2, Fp6, Fp12, LIMBS, invert_all};

fn modulus() -> BigUint {
    let digits = b"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf\
                   6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
    BigUint::parse_bytes(digits, 16).unwrap()
}

fn integer(element: Fp) -> BigUint {
    BigUint::from_bytes_be(&element.to_bytes())
}

fn fp(integer: &BigUint) -> Fp {
    let mut bytes = [0; 48];
    let short = (integer % modulus()).to_bytes_be();
    bytes[48 - short.len()..].copy_from_slice(&short);
    Fp::from_bytes(&bytes).unwrap()
}

/// The element that these limbs stand for.
fn integer_of_limbs(limbs: &[i32; LIMBS]) -> BigUint {
    let terms = limbs.iter().enumerate();
    let value: BigInt = terms
        .map(|(i, limb)| BigInt::from(*limb) << (BITS as usize * i))
        .sum();
    let modulus = BigInt::from_biguint(Sign::Plus, modulus());
    let radix = BigInt::from(1) << (BITS as usize * LIMBS);
    let inverse = radix.modpow(&(&modulus - 2), &modulus);
    let value = (value * inverse % &modulus + &modulus) % &modulus;
    value.to_biguint().unwrap()
}

/// Random elements, and those at the edges.
fn elements(random: &mut Bytes, count: usize) -> Vec<Fp> {
    let one = BigUint::from(1u8);
    let mut elements = vec![
        Fp::ZERO,
        Fp::ONE,
        Fp::HALF,
        fp(&(modulus() - &one)),
        fp(&(modulus() >> 1)),
        fp(&((modulus() >> 1) + &one)),
    ];
    elements.extend((0..count).map(|_| Fp::from_wide_bytes(&random.take())));
    elements
}

#[test]
fn operations() {
    let elements = elements(&mut Bytes::new(1), 10);
    let p = modulus();
    for &a in &elements {
        let x = integer(a);
        assert!(x < p);
        assert_eq!(integer(-a), (&p - &x) % &p);
        assert_eq!(integer(a.square()), &x * &x % &p);
        assert_eq!(integer(a.inverse()), x.modpow(&(&p - 2u8), &p));
        assert_eq!(integer(a.inverse_root()), x.modpow(&((&p - 3u8) >> 2), &p));
        assert_eq!(a.is_odd(), x.bit(0));
        assert_eq!(a.is_large(), &x << 1 > p);
        assert_eq!(a.is_zero(), x == BigUint::ZERO);
        let power = x.modpow(&((&p - 1u8) >> 1), &p);
        let is_square = power <= BigUint::from(1u8);
        assert_eq!(a.square_root().is_some(), is_square);
        if let Some(root) = a.square_root() {
            assert!(root.square() == a);
        }
        for &b in &elements {
            let y = integer(b);
            assert_eq!(integer(a * b), &x * &y % &p);
            assert_eq!(integer(a + b), (&x + &y) % &p);
            assert_eq!(integer(a - b), (&x + &p - &y) % &p);
            assert_eq!(a == b, x == y);
        }
    }
}

#[test]
fn all_multiples_of_zero_are_zero() {
    let p = fp(&(modulus() >> 1));
    let zero = p.double() + Fp::ONE;
    let mut sum = zero;
    for _ in 0..2 {
        assert!(sum.is_zero() && (-sum).is_zero() && sum.carried().is_zero());
        assert!((sum + Fp::ONE).carried() == Fp::ONE);
        sum = sum.double();
    }
}

#[test]
fn bytes_not_below_the_modulus_are_refused() {
    let bytes = |integer: BigUint| -> [u8; 48] { integer.to_bytes_be().try_into().unwrap() };
    assert!(Fp::from_bytes(&bytes(modulus() - 1u8)).is_some());
    assert!(Fp::from_bytes(&bytes(modulus())).is_none());
    assert!(Fp::from_bytes(&bytes(modulus() + 1u8)).is_none());
    assert!(Fp::from_bytes(&bytes(modulus() + (BigUint::from(1u8) << 380))).is_none());
    assert!(Fp::from_bytes(&[0xff; 48]).is_none());
}

#[test]
fn wide_bytes() {
    let mut random = Bytes::new(2);
    for bytes in [[0; 64], [0xff; 64], random.take(), random.take()] {
        let expected = BigUint::from_bytes_be(&bytes) % modulus();
        assert_eq!(integer(Fp::from_wide_bytes(&bytes)), expected);
    }
}

/// Limbs as large as the bounds allow, all of one sign or of changing ones: no column overflows.
#[test]
fn extreme_limbs() {
    // Units of the operands of a product: of one element, of a sum of up to four, and so on.
    for (a, b) in [(1, 1), (1, 14), (2, 14), (2, 7), (4, 8), (5, 6), (4, 4)] {
        for signs in 0..16 {
            let limbs = |units: i32, positive: bool, alternate: bool| -> [i32; LIMBS] {
                array::from_fn(|i| {
                    let limb = if i == LIMBS - 1 {
                        1 << 22
                    } else {
                        units << (BITS - 1)
                    };
                    let negative = positive == (alternate && i % 2 == 1);
                    if negative { -limb } else { limb }
                })
            };
            let x = limbs(a, signs & 1 == 1, signs & 2 == 2);
            let y = limbs(b, signs & 4 == 4, signs & 8 == 8);
            let expected = integer_of_limbs(&x) * integer_of_limbs(&y) % modulus();
            let [element, other] = [x, y].map(Fp::from_limbs);
            assert_eq!(integer(element * other), expected);
            assert!((element * other).units() <= 1);
            assert_eq!(integer(element), integer_of_limbs(&x));
            assert!(element.carried() == element && element.carried().units() <= 1);
            if a <= 5 {
                let square = integer_of_limbs(&x).pow(2) % modulus();
                assert_eq!(integer(element.square()), square);
            }
            if a <= 7 && b <= 7 && a * b <= 16 {
                let [element, other] = [Fp2::new(element, element), Fp2::new(other, -other)];
                // (x + x u) (y - y u) = 2 x y.
                let product = element * other;
                assert_eq!(integer(product.real), &expected * 2u8 % modulus());
                assert!(product.imaginary.is_zero());
                let product = element * other.conjugate();
                assert_eq!(integer(product.imaginary), &expected * 2u8 % modulus());
                assert!(product.real.is_zero());
            }
        }
    }
}

/// An element of any of the fields: coefficients of w^0 to w^5, each of u^0 and u^1.
type Polynomial = [[BigUint; 2]; 6];

fn polynomial(element: &Fp12) -> Polynomial {
    let (even, odd) = element.parts();
    let pair = |element: Fp2| [integer(element.real), integer(element.imaginary)];
    [even.a, odd.a, even.b, odd.b, even.c, odd.c].map(pair)
}

/// By the schoolbook, with w^6 = 1 + u and u² = -1.
fn times(a: &Polynomial, b: &Polynomial) -> Polynomial {
    let p = modulus();
    let mut product: Polynomial = Default::default();
    for (i, [x, xu]) in a.iter().enumerate() {
        for (j, [y, yu]) in b.iter().enumerate() {
            let mut real = x * y + (&p - xu) * yu;
            let mut imaginary = x * yu + xu * y;
            if i + j >= 6 {
                let minus = &p * &p * 4u8 - &imaginary;
                imaginary += &real;
                real += minus;
            }
            let [r, m] = &mut product[(i + j) % 6];
            *r = (&*r + real) % &p;
            *m = (&*m + imaginary) % &p;
        }
    }
    product
}

fn fp2(random: &mut Bytes) -> Fp2 {
    Fp2::new(
        Fp::from_wide_bytes(&random.take()),
        Fp::from_wide_bytes(&random.take()),
    )
}

fn fp6(random: &mut Bytes) -> Fp6 {
    Fp6::new(fp2(random), fp2(random), fp2(random))
}

fn fp12(random: &mut Bytes) -> Fp12 {
    Fp12::new(fp6(random), fp6(random))
}

/// Pairs of elements, among them some with parts that are 0, 1 and -1.
fn pairs() -> Vec<[Fp12; 2]> {
    let mut random = Bytes::new(3);
    let mut elements: Vec<_> = (0..4).map(|_| fp12(&mut random)).collect();
    let edges = [Fp::ZERO, Fp::ONE, -Fp::ONE, Fp::HALF];
    for _ in 0..6 {
        let mut part = || edges[usize::from(random.take::<1>()[0] % 4)];
        let mut element = || Fp2::new(part(), part());
        let mut triple = || Fp6::new(element(), element(), element());
        elements.push(Fp12::new(triple(), triple()));
    }
    elements.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

#[test]
fn the_field_of_pairings() {
    for [a, b] in pairs() {
        let (x, y) = (polynomial(&a), polynomial(&b));
        assert_eq!(polynomial(&(a * b)), times(&x, &y));
        assert_eq!(polynomial(&a.square()), times(&x, &x));
        let (part, _) = b.parts();
        let line = [part.a, part.b, part.c];
        let sparse = Fp12::new(
            Fp6::new(line[0], line[1], Fp2::ZERO),
            Fp6::new(Fp2::ZERO, line[2], Fp2::ZERO),
        );
        assert_eq!(
            polynomial(&a.times_line(&line)),
            times(&x, &polynomial(&sparse))
        );
        assert!((a * a.inverse()).is_one());
        assert!(!a.is_one());
    }
    assert!(Fp12::ONE.is_one());
}

#[test]
fn frobenius_is_a_power() {
    let element = fp12(&mut Bytes::new(4));
    let p = modulus();
    let mut power = Fp12::ONE;
    for i in (0..p.bits()).rev() {
        power = power.square();
        if p.bit(i) {
            power = power * element;
        }
    }
    assert_eq!(polynomial(&element.frobenius()), polynomial(&power));
    let conjugate = (0..6).fold(element, |element, _| element.frobenius());
    assert_eq!(polynomial(&element.conjugate()), polynomial(&conjugate));
}

#[test]
fn cyclotomic_squares() {
    let mut random = Bytes::new(5);
    for _ in 0..4 {
        let element = fp12(&mut random);
        let element = element.conjugate() * element.inverse();
        let mut element = element.frobenius().frobenius() * element;
        for _ in 0..70 {
            let square = element.square();
            element = element.cyclotomic_square();
            assert!((element * square.inverse()).is_one());
        }
        assert!((element * element.conjugate()).is_one());
    }
}

#[test]
fn smaller_fields() {
    let mut random = Bytes::new(6);
    for _ in 0..8 {
        let (a, b, c) = (fp2(&mut random), fp2(&mut random), fp6(&mut random));
        assert!(a.square() == a * a);
        assert!(a * a.inverse() == Fp2::ONE);
        assert!((c * c.inverse() - Fp6::ONE).is_zero());
        assert!((a + b) * (a - b) == a.square() - b.square());
        assert!(a.times_xi() == a * Fp2::ONE.times_xi());
    }
    assert!(Fp2::ZERO.inverse().is_zero());
}

#[test]
fn square_roots() {
    let mut random = Bytes::new(7);
    let edges = [Fp::ZERO, Fp::ONE, -Fp::ONE, Fp::HALF];
    let mut elements: Vec<_> = edges
        .iter()
        .flat_map(|a| edges.map(|b| Fp2::new(*a, b)))
        .collect();
    elements.extend((0..10).map(|_| fp2(&mut random)));
    let mut roots = 0;
    for element in elements {
        let square = element.square();
        let root = square.square_root().unwrap();
        assert!(root == element || root == -element);
        // ξ is not a square.
        assert!(element.is_zero() || square.times_xi().square_root().is_none());
        if let Some(root) = element.square_root() {
            assert!(root.square() == element);
            roots += 1;
        }
    }
    assert!(roots >= 12, "{roots}");
}

#[test]
fn many_inverses() {
    let mut random = Bytes::new(8);
    let mut elements: Vec<_> = (0..9).map(|_| fp2(&mut random)).collect();
    elements[0] = Fp2::ZERO;
    elements[4] = Fp2::ZERO;
    let mut inverses = elements.clone();
    invert_all(&mut inverses);
    for (element, inverse) in elements.iter().zip(inverses) {
        assert!(element.inverse() == inverse);
    }
}
