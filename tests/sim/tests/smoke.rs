//! The simulation in small: that heads arrive, that nothing wrong is believed, that chance repeats, and
//! that the measurement would notice if it were otherwise.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use clap::Parser;
use lampyris_sim::{Options, Report, plot, run};

const SMALL: &str = "sim --peers 60 --gateways 6 --kill 0.5 --byzantine 0.2 --heads 4";

fn options(text: &str) -> Options {
    let options = Options::parse_from(text.split_whitespace());
    options.validate().unwrap();
    options
}

fn simulate(text: &str) -> Report {
    run(&options(text), false)
}

#[test]
fn heads_reach_everybody_and_chance_repeats() {
    let report = simulate(SMALL);
    assert!(report.expected > 4 * 30, "{report:?}");
    assert!(report.delivered > 0.99, "{report:?}");
    assert!(report.p95_after_kill_ms.unwrap() < 2_000.0, "{report:?}");
    assert_eq!(report.wrong_accepted, 0);
    assert!(report.liars >= 12 && report.honest_tabs >= 48, "{report:?}");
    // Who forges or replays is found out by somebody; an equivocator says what is true, and silence is
    // no crime.
    for trade in &report.trades {
        if ["forge", "replay"].contains(&trade.name) {
            assert!(trade.liars > 0 && trade.caught == trade.liars, "{trade:?}");
        }
    }
    // Signature checks are bounded by neighbours and heads, not by what liars send: of each neighbour
    // an examination of three answers, of each head one check and one for finality, and forgeries,
    // each of which costs its sender the link.
    assert!(report.signature_checks_max < 100, "{report:?}");

    assert_eq!(simulate(SMALL), report, "the same seed");
    let other = simulate(&format!("{SMALL} --seed 2"));
    assert_ne!(other.p50_ms, report.p50_ms, "another seed");
}

#[test]
fn five_sybils_for_each_honest_peer_keep_no_head_away() {
    // Whoever wants can open tabs; gateways are chosen by people, so that few of them lie.
    let sybils = "--byzantine 0.834 --byzantine-gateways 0.2 --churn 0";
    let report = simulate(&format!("sim --peers 120 --gateways 10 --heads 3 {sybils}"));
    assert_eq!((report.honest_tabs, report.liars), (20, 102));
    assert_eq!(report.wrong_accepted, 0);
    assert!((report.delivered - 1.0).abs() < f64::EPSILON, "{report:?}");
    assert!(report.p95_ms.unwrap() < 2_000.0, "{report:?}");
}

#[test]
fn credulous_tabs_show_what_is_wrong() {
    let credulous = Options {
        credulous: true,
        ..options(SMALL)
    };
    let report = run(&credulous, false);
    assert!(report.wrong_accepted > 20, "{report:?}");
}

#[test]
fn without_gateways_nothing_is_delivered() {
    let report = simulate("sim --peers 30 --gateways 2 --kill 1 --heads 4 --churn 0");
    // Two heads before all gateways die, two after.
    assert_eq!(report.delivered_by_head, [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(report.p95_ms, None);
}

#[test]
fn results_can_be_drawn_and_listed() {
    let options = options("sim --peers 20 --gateways 2 --heads 2 --churn 0");
    let report = run(&options, false);
    let lines = report.csv().lines().count();
    assert_eq!(lines, 1 + 2 * 20);
    assert!(report.table(&options).to_string().contains("100.000 %"));
    let json = serde_json::to_value(&report).unwrap();
    for name in ["delivered", "p50_ms", "p95_ms", "p99_ms", "wrong_accepted"] {
        assert!(
            json.get(name).is_some_and(|value| value.is_number()),
            "{name}"
        );
    }
    let name = "all well".to_owned();
    let drawing = plot::draw(&[plot::Curve { name, report }], &options);
    assert!(drawing.starts_with("<svg") && drawing.contains("tabs that have the head"));
}

#[test]
fn wrong_options_are_refused() {
    for wrong in [
        "--kill 1.5",
        "--byzantine -1",
        "--loss nan",
        "--heads 0",
        "--slot-ms 10",
    ] {
        let text = format!("sim {wrong}").replace(" -1", "=-1");
        let options = Options::try_parse_from(text.split_whitespace());
        assert!(
            options.map_or(true, |options| options.validate().is_err()),
            "{wrong}"
        );
    }
}
