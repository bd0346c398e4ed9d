use lampyris_vote::U256;
use lampyris_vote::power::{gini, herfindahl_hirschman, nakamoto_coefficient, turnout};
use proptest::prelude::*;

fn weights(numbers: &[u64]) -> Vec<U256> {
    numbers.iter().copied().map(U256::from).collect()
}

#[test]
fn the_nakamoto_coefficient_needs_more_than_half() {
    assert_eq!(nakamoto_coefficient(&weights(&[50, 50])), Some(2));
    assert_eq!(nakamoto_coefficient(&weights(&[1, 51, 48])), Some(1));
    assert_eq!(nakamoto_coefficient(&weights(&[1, 1, 1, 1, 1])), Some(3));
    assert_eq!(nakamoto_coefficient(&weights(&[0, 7])), Some(1));
    assert_eq!(nakamoto_coefficient(&weights(&[0, 0])), None);
    assert_eq!(nakamoto_coefficient(&[]), None);
    assert_eq!(nakamoto_coefficient(&[U256::MAX; 5]), Some(3));
}

#[test]
fn gini_is_between_equality_and_one() {
    let parts = |numbers| gini(&weights(numbers)).unwrap().parts_per_million();
    assert_eq!(parts(&[3, 3, 3]), 0);
    assert_eq!(parts(&[5]), 0);
    assert_eq!(
        parts(&[0, 0, 0, 8]),
        750_000,
        "one of four has all: 1 - 1/4"
    );
    assert_eq!(parts(&[4, 1, 3, 2]), 250_000);
    assert_eq!(gini(&[]), None);
    assert_eq!(gini(&weights(&[0])), None);
    assert_eq!(gini(&[U256::MAX; 9]).unwrap().parts_per_million(), 0);
}

#[test]
fn the_herfindahl_hirschman_index_adds_squared_shares() {
    let parts = |numbers| {
        herfindahl_hirschman(&weights(numbers))
            .unwrap()
            .parts_per_million()
    };
    assert_eq!(parts(&[9]), 1_000_000);
    assert_eq!(parts(&[2, 2, 2, 2]), 250_000);
    assert_eq!(parts(&[6, 3, 1]), 460_000);
    assert_eq!(herfindahl_hirschman(&[]), None);
    assert_eq!(herfindahl_hirschman(&weights(&[0])), None);
    assert_eq!(
        herfindahl_hirschman(&[U256::MAX; 2]),
        None,
        "too large to square"
    );
    let all = herfindahl_hirschman(&[U256::MAX]).unwrap();
    assert_eq!(all.parts_per_million(), 1_000_000);
}

#[test]
fn turnout_is_cast_of_eligible() {
    let third = turnout(U256::from(1), U256::from(3)).unwrap();
    assert_eq!(third.parts_per_million(), 333_333);
    assert_eq!(turnout(U256::ZERO, U256::ZERO), None);
    assert_eq!(
        turnout(U256::MAX, U256::MAX).unwrap().parts_per_million(),
        1_000_000
    );
    assert_eq!(
        turnout(U256::MAX, U256::from(1))
            .unwrap()
            .parts_per_million(),
        u64::MAX
    );
}

proptest! {
    /// Against the definitions, in floating point and by brute force.
    #[test]
    fn measures_are_as_defined(numbers in proptest::collection::vec(0u32..1000, 1..12)) {
        let total = numbers.iter().map(|number| f64::from(*number)).sum::<f64>();
        prop_assume!(total > 0.0);
        let weights = numbers.iter().map(|number| U256::from(*number)).collect::<Vec<_>>();
        let near = |fraction: lampyris_vote::power::Fraction, expected: f64| {
            let got = f64::from(u32::try_from(fraction.parts_per_million()).unwrap()) / 1e6;
            (got - expected).abs() < 2e-6
        };

        let differences = numbers.iter().flat_map(|one| {
            numbers.iter().map(move |other| (f64::from(*one) - f64::from(*other)).abs())
        });
        let count = f64::from(u32::try_from(numbers.len()).unwrap());
        prop_assert!(near(gini(&weights).unwrap(), differences.sum::<f64>() / (2.0 * count * total)));

        let squares = numbers.iter().map(|number| (f64::from(*number) / total).powi(2)).sum();
        prop_assert!(near(herfindahl_hirschman(&weights).unwrap(), squares));

        // The smallest coalition of all 2^n that holds more than half.
        let smallest = (0u32..1 << numbers.len())
            .filter(|coalition| {
                let members = (0..).zip(&numbers).filter(|(bit, _)| coalition >> bit & 1 == 1);
                2.0 * members.map(|(_, number)| f64::from(*number)).sum::<f64>() > total
            })
            .map(u32::count_ones)
            .min();
        let coefficient = nakamoto_coefficient(&weights).map(|count| u32::try_from(count).unwrap());
        prop_assert_eq!(coefficient, smallest);
    }
}
