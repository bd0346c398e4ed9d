//! The plot: how many tabs have a head after which time.

use crate::{Options, Report, run};

/// A run and what to call it.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What was different.
    pub name: String,
    /// What came out.
    pub report: Report,
}

/// Runs the swarm whole, with dead gateways, with liars, and with both.
#[must_use]
pub fn curves(options: &Options) -> Vec<Curve> {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let (kill, byzantine) = (options.kill, options.byzantine);
    let killed = format!("{} of the gateways killed", percent(kill));
    let lying = format!("{} liars", percent(byzantine));
    [
        ("all well".to_owned(), 0.0, 0.0),
        (killed.clone(), kill, 0.0),
        (lying.clone(), 0.0, byzantine),
        (format!("{killed}, {lying}"), kill, byzantine),
    ]
    .into_iter()
    .map(|(name, kill, byzantine)| {
        eprintln!("{name}:");
        let options = Options {
            kill,
            byzantine,
            ..options.clone()
        };
        let report = run(&options, true);
        Curve { name, report }
    })
    .collect()
}

/// Draws the curves.
#[must_use]
pub fn draw(_curves: &[Curve], _options: &Options) -> String {
    String::new()
}
