//! The plot: how many tabs have a head after which time.

use std::{fmt::Write as _, panic::resume_unwind, thread};

use crate::{Options, Report, run};

/// The drawing's size, and where its axes cross.
const SIZE: (f64, f64) = (720.0, 400.0);
const ORIGIN: (f64, f64) = (64.0, 340.0);
/// Where the axes end.
const END: (f64, f64) = (700.0, 24.0);
/// Points of a curve.
const POINTS: usize = 200;
/// The time axis ends at a multiple of this.
const STEP_MS: f64 = 100.0;
/// Each curve's colour on light and on dark ground, and its dashes: told apart without colours too.
const STYLES: [(&str, &str, &str); 4] = [
    ("#1a7f37", "#56d364", "none"),
    ("#0969da", "#79c0ff", "8 3"),
    ("#9a6700", "#e3b341", "2 3"),
    ("#cf222e", "#ff7b72", "10 3 2 3"),
];

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
    let killed = format!("{} of gateways killed", percent(kill));
    let lying = format!("{} liars", percent(byzantine));
    let runs = [
        ("all well".to_owned(), 0.0, 0.0),
        (killed.clone(), kill, 0.0),
        (lying.clone(), 0.0, byzantine),
        (format!("{killed}, {lying}"), kill, byzantine),
    ];
    // Side by side: runs share nothing, and signature checks are counted by thread.
    let running = runs.map(|(name, kill, byzantine)| {
        let options = Options {
            kill,
            byzantine,
            ..options.clone()
        };
        let tells_progress = name.contains(", ");
        (name, thread::spawn(move || run(&options, tells_progress)))
    });
    let mut curves = Vec::new();
    for (name, running) in running {
        match running.join() {
            Ok(report) => curves.push(Curve { name, report }),
            Err(panic) => resume_unwind(panic),
        }
    }
    curves
}

/// Draws, for each run, the share of deliveries done after each time. The heads are those of the second
/// half, in which gateways are dead if any are.
#[must_use]
pub fn draw(curves: &[Curve], options: &Options) -> String {
    let times: Vec<Vec<f64>> = curves.iter().map(|curve| times(curve, options)).collect();
    let slowest = times
        .iter()
        .filter_map(|times| times.get(times.len() * 99 / 100))
        .copied()
        .fold(STEP_MS, f64::max);
    let last_ms = (slowest * 1.1 / STEP_MS).ceil() * STEP_MS;
    let mut svg = head(options);
    axes(&mut svg, last_ms);
    for (index, (curve, times)) in curves.iter().zip(&times).enumerate() {
        let all = expected(curve, options);
        let mut path = String::new();
        for point in 0..=POINTS {
            let ms = last_ms * float(point) / float(POINTS);
            let done = times.partition_point(|time| *time <= ms);
            let (x, y) = place(ms / last_ms, float(done) / float(all.max(1)));
            let _infallible = write!(path, "{}{x:.1} {y:.1}", if point == 0 { "M" } else { "L" });
        }
        let y = 250.0 + 20.0 * float(index);
        let _infallible = writeln!(
            svg,
            "<path class=\"c{index}\" d=\"{path}\"/>\n\
             <path class=\"c{index}\" d=\"M380 {y}h36\"/><text x=\"424\" y=\"{}\">{}</text>",
            y + 4.0,
            curve.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(options: &Options) -> String {
    let mut style = String::from(
        "text{font:13px system-ui,sans-serif;fill:#1f2328}path{fill:none;stroke-width:2}\
         .axis{stroke:#57606a;stroke-width:1}.grid{stroke:#d0d7de;stroke-width:1}",
    );
    let mut dark = String::from(
        "text{fill:#e6edf3}.axis{stroke:#8b949e}.grid{stroke:#30363d}rect{fill:#0d1117}",
    );
    for (index, (light, night, dashes)) in STYLES.iter().enumerate() {
        let _infallible = write!(
            style,
            ".c{index}{{stroke:{light};stroke-dasharray:{dashes}}}"
        );
        let _infallible = write!(dark, ".c{index}{{stroke:{night}}}");
    }
    let (width, height) = SIZE;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Delivery of a new head over time\">\n<style>{style}rect{{fill:#fff}}\
         @media(prefers-color-scheme:dark){{{dark}}}</style>\n\
         <rect width=\"{width}\" height=\"{height}\"/>\n\
         <text x=\"64\" y=\"16\">{} tabs, {} gateways, {} ms from peer to peer, {:.0} % loss</text>\n",
        options.peers,
        options.gateways,
        options.latency_ms,
        options.loss * 100.0
    )
}

fn axes(svg: &mut String, last_ms: f64) {
    for percent in [0, 25, 50, 75, 95, 100] {
        let (x, y) = place(0.0, f64::from(percent) / 100.0);
        let _infallible = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{x} {y:.1}H{}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{percent} %</text>",
            END.0,
            x - 8.0,
            y + 4.0
        );
    }
    let mut ms = 0.0;
    while ms <= last_ms {
        let (x, y) = place(ms / last_ms, 0.0);
        let _infallible = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{x:.1} {y}v5\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{ms}</text>",
            y + 20.0
        );
        ms += STEP_MS * (last_ms / STEP_MS / 8.0).ceil();
    }
    let _infallible = writeln!(
        svg,
        "<path class=\"axis\" d=\"M{x} {top}V{y}H{right}\"/>\
         <text x=\"{middle}\" y=\"384\" text-anchor=\"middle\">\
         milliseconds since the head may be published</text>\
         <text transform=\"translate(14 182) rotate(-90)\" text-anchor=\"middle\">\
         tabs that have the head</text>",
        x = ORIGIN.0,
        y = ORIGIN.1,
        top = END.1,
        right = END.0,
        middle = (ORIGIN.0 + END.0) / 2.0
    );
}

/// The times of a run's deliveries, in order.
fn times(curve: &Curve, options: &Options) -> Vec<f64> {
    let counted = counted(curve, options);
    let mut times: Vec<f64> = counted.filter_map(|delivery| delivery.ms).collect();
    times.sort_by(f64::total_cmp);
    times
}

fn expected(curve: &Curve, options: &Options) -> usize {
    counted(curve, options).count()
}

fn counted<'a>(
    curve: &'a Curve,
    options: &Options,
) -> impl Iterator<Item = &'a crate::Delivery> + use<'a> {
    let first = options.heads / 2;
    let deliveries = curve.report.deliveries.iter();
    deliveries.filter(move |delivery| delivery.head >= first)
}

/// A place in the drawing: both axes go from 0 to 1.
fn place(x: f64, y: f64) -> (f64, f64) {
    (
        ORIGIN.0 + x * (END.0 - ORIGIN.0),
        ORIGIN.1 - y * (ORIGIN.1 - END.1),
    )
}

fn float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
