//! Runs the changes, and counts.

use std::collections::BTreeMap;
use std::fmt::Debug;

use lampyris_verify::Error;

use crate::object::{Bits, Object, changes};

/// Fewer cases than this in all mean that a fixture was lost.
const LEAST: usize = 300_000;

/// What became of all changes.
#[derive(Default)]
pub(crate) struct Tally {
    rows: Vec<(&'static str, Count)>,
}

#[derive(Default)]
struct Count {
    refused: usize,
    exceptions: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Attacks one verifier with each change of a valid object.
    ///
    /// `excuse` says why a changed object is as good as the valid one, if it is.
    pub(crate) fn attack<T: PartialEq + Debug>(
        &mut self,
        verifier: &'static str,
        valid: &Object,
        bits: Bits,
        verify: impl Fn(&Object) -> Result<T, Error>,
        excuse: impl Fn(&Object) -> Option<&'static str>,
    ) {
        let cases = changes(valid, bits);
        self.attack_with(verifier, valid, cases, verify, excuse);
    }

    /// The same with changes that the caller made.
    pub(crate) fn attack_with<O, T: PartialEq + Debug>(
        &mut self,
        verifier: &'static str,
        valid: &O,
        cases: impl Iterator<Item = O>,
        verify: impl Fn(&O) -> Result<T, Error>,
        excuse: impl Fn(&O) -> Option<&'static str>,
    ) {
        let truth = verify(valid).unwrap_or_else(|error| panic!("{verifier}: {error}"));
        let count = self.count(verifier);
        for (number, changed) in cases.enumerate() {
            match (verify(&changed), excuse(&changed)) {
                (Err(_), None) => count.refused += 1,
                (Ok(result), Some(reason)) => {
                    assert_eq!(result, truth, "{verifier}, change {number}: {reason}");
                    *count.exceptions.entry(reason).or_default() += 1;
                }
                (Ok(_), None) => panic!("{verifier}: change {number} was accepted"),
                (Err(error), Some(reason)) => {
                    panic!("{verifier}: change {number} was refused ({error}), but {reason}")
                }
            }
        }
    }

    fn count(&mut self, verifier: &'static str) -> &mut Count {
        let place = self.rows.iter().position(|(name, _)| *name == verifier);
        let place = place.unwrap_or_else(|| {
            self.rows.push((verifier, Count::default()));
            self.rows.len() - 1
        });
        &mut self.rows[place].1
    }

    /// Prints the counts, in the form of the test runner's own last line too.
    pub(crate) fn finish(self) {
        println!("\ntampered objects, by verifier: cases = refused + exceptions");
        let (mut refused, mut excepted) = (0, 0);
        for (verifier, count) in &self.rows {
            let exceptions: usize = count.exceptions.values().sum();
            let cases = count.refused + exceptions;
            let part = count.refused;
            println!("  {verifier:<34}{cases:>8} = {part:>8} + {exceptions}");
            for (reason, number) in &count.exceptions {
                println!("      {number} accepted, the same result: {reason}");
            }
            assert!(count.refused > 0, "{verifier}: no cases");
            refused += count.refused;
            excepted += exceptions;
        }
        let cases = refused + excepted;
        println!("tampered objects: {cases} cases, {refused} refused, {excepted} exceptions");
        assert!(cases >= LEAST, "only {cases} cases");
        let verifiers = self.rows.len();
        println!("\ntest result: ok. {verifiers} passed; 0 failed; 0 ignored");
    }
}
