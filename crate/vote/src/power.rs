//! How concentrated power is: exact, with integers and fractions of integers.
//!
//! An address is no person: an exchange is many, and a person can have many. What is computed from
//! a list says nothing about weights that are not in it.

use alloy_primitives::{U256, U512, Uint};

/// An exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// The part.
    pub numerator: U512,
    /// The whole, never zero.
    pub denominator: U512,
}

impl Fraction {
    /// In millionths, rounded down; for fractions up to one.
    #[must_use]
    pub fn parts_per_million(&self) -> u64 {
        type Wide = Uint<576, 9>;
        let numerator = Wide::from(self.numerator) * Wide::from(1_000_000);
        let quotient = numerator
            .checked_div(Wide::from(self.denominator))
            .unwrap_or_default();
        u64::try_from(quotient).unwrap_or(u64::MAX)
    }
}

/// The Nakamoto coefficient: how many of the largest together hold more than half. Nothing when
/// all weights are zero.
#[must_use]
pub fn nakamoto_coefficient(weights: &[U256]) -> Option<usize> {
    let total = sum(weights);
    let mut weights = weights.to_vec();
    weights.sort_unstable_by(|left, right| right.cmp(left));
    let mut held = U512::ZERO;
    weights.iter().enumerate().find_map(|(index, weight)| {
        held += U512::from(*weight);
        (held > total - held).then_some(index + 1)
    })
}

/// The Gini coefficient: 0 when all weights are equal, near 1 when one has everything.
/// `Σ (2i - n - 1) x_i / (n Σ x)` over ascending weights. Nothing when all are zero.
#[must_use]
pub fn gini(weights: &[U256]) -> Option<Fraction> {
    let total = sum(weights);
    let mut ascending = weights.to_vec();
    ascending.sort_unstable();
    let count = U512::from(ascending.len());
    let ranked = (1u64..)
        .zip(&ascending)
        .map(|(rank, weight)| U512::from(2 * rank) * U512::from(*weight))
        .fold(U512::ZERO, |sum, term| sum + term);
    // Not negative: ascending weights put at least as much on high ranks as on low ones.
    let numerator = ranked - (count + U512::ONE) * total;
    fraction(numerator, count * total)
}

/// The Herfindahl-Hirschman index: the sum of squared shares, 1 when one has everything. Its
/// reciprocal is the number of equal voters that would be as concentrated. Nothing when all weights
/// are zero, or when they add up to 2^256 or more.
#[must_use]
pub fn herfindahl_hirschman(weights: &[U256]) -> Option<Fraction> {
    let total = sum(weights);
    if total.bit_len() > 256 {
        return None; // its square would not fit
    }
    let squares = weights
        .iter()
        .map(|weight| U512::from(*weight) * U512::from(*weight))
        .fold(U512::ZERO, |sum, square| sum + square);
    fraction(squares, total * total)
}

/// How much of what could be cast was cast. Nothing when nothing could be.
#[must_use]
pub fn turnout(cast: U256, eligible: U256) -> Option<Fraction> {
    fraction(U512::from(cast), U512::from(eligible))
}

/// No overflow: fewer than 2^64 numbers of 256 bits.
fn sum(weights: &[U256]) -> U512 {
    weights
        .iter()
        .fold(U512::ZERO, |sum, weight| sum + U512::from(*weight))
}

fn fraction(numerator: U512, denominator: U512) -> Option<Fraction> {
    (denominator != U512::ZERO).then_some(Fraction {
        numerator,
        denominator,
    })
}
