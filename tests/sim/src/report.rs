//! What came out of a run.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use crate::{
    event::Time,
    liars::Lie,
    options::Options,
    world::{FIRST_SLOT, Node, WARM_UP, World},
};

/// A tab counts for a head if it came this long before.
const SETTLED: Time = 10_000_000;

/// What came out of a run. Times are from the instant at which a head may be published to that at which
/// a tab's client shows it, over all honest tabs that were there for the whole slot and came ten
/// seconds before; whoever had it only in the next slot counts as having never got it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The share of deliveries that took place.
    pub delivered: f64,
    /// Half had the head after this time.
    pub p50_ms: Option<f64>,
    /// Nineteen of twenty.
    pub p95_ms: Option<f64>,
    /// Ninety-nine of a hundred.
    pub p99_ms: Option<f64>,
    /// The slowest.
    pub max_ms: Option<f64>,
    /// Nineteen of twenty, of the heads since gateways were killed.
    pub p95_after_kill_ms: Option<f64>,
    /// The share of deliveries that took place, head by head.
    pub delivered_by_head: Vec<f64>,
    /// Heads shown by honest clients that are not on the chain.
    pub wrong_accepted: u64,
    /// Honest tabs over all, and liars among tabs and gateways.
    pub honest_tabs: u64,
    /// See above.
    pub liars: u64,
    /// Of these, how many at least one honest neighbour cut off or graylisted, and how many of all
    /// their neighbours have.
    pub liars_caught: u64,
    /// By trade: liars, and those caught.
    pub trades: Vec<Trade>,
    /// Deliveries that were expected.
    pub expected: u64,
    /// Of a tab, on the average, a minute: messages it sent of any kind.
    pub messages_per_tab_minute: f64,
    /// Bytes it sent.
    pub bytes_sent_per_tab_minute: f64,
    /// Bytes it got.
    pub bytes_received_per_tab_minute: f64,
    /// Of a gateway: bytes it sent.
    pub bytes_sent_per_gateway_minute: f64,
    /// Signature checks of a tab in the whole run, on the average, the first minute's examinations of
    /// its neighbours included.
    pub signature_checks_per_tab: f64,
    /// And the most of any tab.
    pub signature_checks_max: u64,
    /// Simulated seconds.
    pub seconds: f64,
    /// Events taken, for the curious.
    pub events: u64,
    /// Every delivery: head, tab, and milliseconds if it took place.
    #[serde(skip)]
    pub deliveries: Vec<Delivery>,
}

/// A trade of liars.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trade {
    /// Its name.
    pub name: &'static str,
    /// Who has it.
    pub liars: u64,
    /// Of these, those caught.
    pub caught: u64,
}

/// A head and a tab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivery {
    /// The head, from 0.
    pub head: u64,
    /// The tab's number.
    pub tab: usize,
    /// How long it took.
    pub ms: Option<f64>,
}

impl Report {
    pub(crate) fn new(world: &World) -> Self {
        let options = &world.options;
        let deliveries = deliveries(world);
        let after = if options.kill > 0.0 {
            options.heads / 2
        } else {
            options.heads
        };
        let all = sorted(deliveries.iter());
        let killed = sorted(deliveries.iter().filter(|one| one.head >= after));
        let honest = |is_gateway: bool| {
            let nodes = world.nodes.iter();
            nodes.filter(move |node| node.is_honest() && node.is_gateway == is_gateway)
        };
        let minutes = |is_gateway| {
            honest(is_gateway)
                .map(|node| lived(world, node))
                .sum::<f64>()
        };
        let (tab_minutes, gateway_minutes) = (minutes(false), minutes(true));
        let sum = |is_gateway, of: fn(&Node) -> u64| number(honest(is_gateway).map(of).sum());
        let trades = trades(world);
        Self {
            delivered: share(deliveries.iter()),
            p50_ms: percentile(&all, 50),
            p95_ms: percentile(&all, 95),
            p99_ms: percentile(&all, 99),
            max_ms: percentile(&all, 100),
            p95_after_kill_ms: percentile(&killed, 95),
            delivered_by_head: (0..options.heads)
                .map(|head| share(deliveries.iter().filter(|one| one.head == head)))
                .collect(),
            wrong_accepted: world
                .nodes
                .iter()
                .filter(|node| node.is_honest())
                .map(|node| node.wrong)
                .sum(),
            honest_tabs: count(honest(false).count()),
            liars: trades.iter().map(|trade| trade.liars).sum(),
            liars_caught: trades.iter().map(|trade| trade.caught).sum(),
            trades,
            expected: count(deliveries.len()),
            messages_per_tab_minute: ratio(
                sum(false, |node| node.traffic.messages_sent),
                tab_minutes,
            ),
            bytes_sent_per_tab_minute: ratio(
                sum(false, |node| node.traffic.bytes_sent),
                tab_minutes,
            ),
            bytes_received_per_tab_minute: ratio(
                sum(false, |node| node.traffic.bytes_received),
                tab_minutes,
            ),
            bytes_sent_per_gateway_minute: ratio(
                sum(true, |node| node.traffic.bytes_sent),
                gateway_minutes,
            ),
            signature_checks_per_tab: ratio(
                sum(false, |node| node.traffic.signature_checks),
                number(count(honest(false).count())),
            ),
            signature_checks_max: honest(false)
                .map(|node| node.traffic.signature_checks)
                .max()
                .unwrap_or(0),
            seconds: number(world.end()) / 1.0e6,
            events: world.events,
            deliveries,
        }
    }

    /// Every delivery as a line: head, tab, milliseconds or nothing.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut lines = String::from("head,tab,ms\n");
        for one in &self.deliveries {
            let ms = one.ms.map_or(String::new(), |ms| format!("{ms:.1}"));
            lines.push_str(&format!("{},{},{ms}\n", one.head, one.tab));
        }
        lines
    }

    /// A table for people.
    #[must_use]
    pub fn table<'a>(&'a self, options: &'a Options) -> impl Display + 'a {
        Table(self, options)
    }
}

struct Table<'a>(&'a Report, &'a Options);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(report, options) = self;
        let ms = |time: Option<f64>| time.map_or("never".into(), |time| format!("{time:.0} ms"));
        let line = |f: &mut Formatter<'_>, name: &str, value: &dyn Display| {
            writeln!(f, "{name:<42} {value}")
        };
        writeln!(
            f,
            "{} tabs, {} gateways, {:.0} % of them killed, {:.0} % liars, seed {}\n",
            options.peers,
            options.gateways,
            options.kill * 100.0,
            options.byzantine * 100.0,
            options.seed
        )?;
        line(
            f,
            "heads delivered",
            &format!("{:.3} %", report.delivered * 100.0),
        )?;
        line(f, "time to a tab, median", &ms(report.p50_ms))?;
        line(f, "  95 of a hundred", &ms(report.p95_ms))?;
        line(f, "  99 of a hundred", &ms(report.p99_ms))?;
        line(f, "  the slowest", &ms(report.max_ms))?;
        if options.kill > 0.0 {
            line(
                f,
                "  95 of a hundred, after the killing",
                &ms(report.p95_after_kill_ms),
            )?;
        }
        line(f, "wrong heads accepted", &report.wrong_accepted)?;
        let caught = format!("{} of {}", report.liars_caught, report.liars);
        line(f, "liars graylisted or cut off", &caught)?;
        for trade in &report.trades {
            let caught = format!("{} of {}", trade.caught, trade.liars);
            line(f, &format!("  {}", trade.name), &caught)?;
        }
        let per_minute = |value: f64| format!("{value:.0} a minute");
        let kilobytes = |value: f64| format!("{:.1} kB a minute", value / 1_000.0);
        line(
            f,
            "messages sent by a tab",
            &per_minute(report.messages_per_tab_minute),
        )?;
        line(
            f,
            "bytes sent by a tab",
            &kilobytes(report.bytes_sent_per_tab_minute),
        )?;
        line(
            f,
            "bytes received by a tab",
            &kilobytes(report.bytes_received_per_tab_minute),
        )?;
        line(
            f,
            "bytes sent by a gateway",
            &kilobytes(report.bytes_sent_per_gateway_minute),
        )?;
        let checks = format!(
            "{:.1}, at most {}",
            report.signature_checks_per_tab, report.signature_checks_max
        );
        line(f, "signature checks by a tab", &checks)?;
        let simulated = format!("{:.0} s in {} events", report.seconds, report.events);
        line(f, "simulated", &simulated)
    }
}

fn deliveries(world: &World) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for head in 0..world.options.heads {
        let published = world.published(FIRST_SLOT + head);
        let closed = world.published(FIRST_SLOT + head + 1);
        for (tab, node) in world.nodes.iter().enumerate() {
            let is_settled = node.joined.saturating_add(SETTLED) <= published;
            if node.is_gateway || !node.is_honest() || !is_settled || node.left < closed {
                continue;
            }
            let index = usize::try_from(head).unwrap_or(usize::MAX);
            let at = node.arrivals.get(index).filter(|at| **at <= closed);
            let ms = at.map(|at| number(at.saturating_sub(published)) / 1_000.0);
            deliveries.push(Delivery { head, tab, ms });
        }
    }
    deliveries
}

/// Times in order; what did not arrive is missing at the end.
fn sorted<'a>(deliveries: impl Iterator<Item = &'a Delivery>) -> (Vec<f64>, usize) {
    let (mut times, mut all) = (Vec::new(), 0);
    for delivery in deliveries {
        times.extend(delivery.ms);
        all += 1;
    }
    times.sort_by(f64::total_cmp);
    (times, all)
}

fn percentile((times, all): &(Vec<f64>, usize), percent: usize) -> Option<f64> {
    let rank = (all * percent).div_ceil(100).checked_sub(1)?;
    times.get(rank).copied()
}

/// How many minutes of the run a node was there.
fn lived(world: &World, node: &Node) -> f64 {
    let until = node.left.min(world.end());
    number(until.saturating_sub(node.joined)) / 60.0e6
}

fn trades(world: &World) -> Vec<Trade> {
    let now = world.now;
    let is_caught = |liar: usize| {
        let mut honest = world.nodes.iter().filter(|node| node.is_honest());
        honest.any(|node| node.shunned.contains_key(&liar) || node.mesh.is_graylisted(liar, now))
    };
    let trade = |lie: Lie| {
        let of = world.nodes.iter().enumerate();
        let liars: Vec<usize> = of
            .filter(|(_, node)| node.lie == Some(lie))
            .map(|(id, _)| id)
            .collect();
        Trade {
            name: lie.name(),
            liars: count(liars.len()),
            caught: count(liars.into_iter().filter(|liar| is_caught(*liar)).count()),
        }
    };
    Lie::ALL.into_iter().map(trade).collect()
}

/// One line about where the simulation is.
pub(crate) fn progress_line(world: &World) -> String {
    let head = world.true_slot().saturating_sub(FIRST_SLOT) + 1;
    let checks: u64 = world
        .nodes
        .iter()
        .map(|node| node.traffic.signature_checks)
        .sum();
    let (now, end) = (world.now / 1_000_000, world.end() / 1_000_000);
    let warm_up = WARM_UP / 1_000_000;
    format!(
        "head {head} of {}, second {now} of {end} ({warm_up} to warm up), {} events, {checks} signature checks",
        world.options.heads, world.events
    )
}

/// How many of the deliveries took place.
fn share<'a>(deliveries: impl Iterator<Item = &'a Delivery>) -> f64 {
    let (arrived, all) = sorted(deliveries);
    ratio(number(count(arrived.len())), number(count(all)))
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Exact up to 2^53.
fn number(value: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    let number = value as f64;
    number
}
