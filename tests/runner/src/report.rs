//! What became of the cases.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Where and why the last case broke off.
    static BROKEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Why a case could not be run; a reader has to accept it.
pub type Skip = String;

/// What became of the cases so far.
#[derive(Debug, Default)]
pub struct Report {
    passed: BTreeMap<&'static str, usize>,
    failed: Vec<(String, String)>,
    skipped: BTreeMap<Skip, Vec<String>>,
}

impl Report {
    /// Runs a case, which asserts as tests do.
    pub fn case(&mut self, kind: &'static str, name: &str, case: impl FnOnce()) {
        self.case_or_skip(kind, name, || {
            case();
            Ok(())
        });
    }

    /// Runs a case that may find out that it cannot be run.
    pub fn case_or_skip(
        &mut self,
        kind: &'static str,
        name: &str,
        case: impl FnOnce() -> Result<(), Skip>,
    ) {
        match panic::catch_unwind(AssertUnwindSafe(case)) {
            Ok(Ok(())) => *self.passed.entry(kind).or_default() += 1,
            Ok(Err(reason)) => self.skip(reason, name),
            Err(payload) => {
                let reason = BROKEN.take().unwrap_or_else(|| message(payload.as_ref()));
                self.fail(&format!("{kind}: {name}"), reason);
            }
        }
    }

    /// Runs a suite: what breaks outside of its cases is a failure too, and not the end.
    pub fn suite<T: Default>(&mut self, name: &str, suite: impl FnOnce(&mut Self) -> T) -> T {
        match panic::catch_unwind(AssertUnwindSafe(|| suite(self))) {
            Ok(result) => result,
            Err(payload) => {
                let reason = BROKEN.take().unwrap_or_else(|| message(payload.as_ref()));
                self.fail(name, reason);
                T::default()
            }
        }
    }

    /// Notes a failure.
    pub fn fail(&mut self, name: &str, reason: impl Into<String>) {
        self.failed.push((name.to_owned(), reason.into()));
    }

    /// Notes what is not run, and why.
    pub fn skip(&mut self, reason: impl Into<Skip>, name: &str) {
        let names = self.skipped.entry(reason.into()).or_default();
        names.push(name.to_owned());
    }

    /// The number of cases of a kind that passed.
    #[must_use]
    pub fn passed(&self, kind: &str) -> usize {
        self.passed.get(kind).copied().unwrap_or_default()
    }

    /// The failures, each with its reason.
    #[must_use]
    pub fn failures(&self) -> &[(String, String)] {
        &self.failed
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.passed {
            writeln!(out, "passed {count}: {kind}")?;
        }
        for (reason, names) in &self.skipped {
            writeln!(out, "skipped {}: {reason}", names.len())?;
            for name in names {
                writeln!(out, "    {name}")?;
            }
        }
        for (name, reason) in &self.failed {
            writeln!(out, "FAILED {name}\n    {reason}")?;
        }
        let passed: usize = self.passed.values().sum();
        let skipped: usize = self.skipped.values().map(Vec::len).sum();
        let failed = self.failed.len();
        writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// What `run` makes, if it doesn't break: for what a case will look at again.
pub fn attempt<T>(run: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(run)).ok()
}

/// Keeps broken cases from printing themselves: the report tells of them.
pub fn silence_broken_cases() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| {
            format!(" ({}:{})", place.file(), place.line())
        });
        let text = format!("{}{place}", message(info.payload()));
        BROKEN.set(Some(text));
    }));
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    });
    text.unwrap_or_else(|| "panicked".to_owned())
}
