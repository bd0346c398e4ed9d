//! What the parts of the gateway say of themselves at the moment.

use super::Exposition;
use crate::upstream::{health::Reason, pool::Report};

/// How far the gateway has followed the chain.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Slot of the newest verified head.
    pub head_slot: u64,
    /// Seconds of chain time since that slot began.
    pub head_age_seconds: u64,
    /// Slot of the newest verified finalized header.
    pub finalized_slot: u64,
}

/// What a cache holds and was good for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CacheReport {
    pub(crate) name: &'static str,
    pub(crate) bytes: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

/// Writes how far the chain is followed.
pub(crate) fn write_progress(to: &mut Exposition, progress: Option<Progress>, follows: bool) {
    to.gauge(
        "lampyris_synced",
        "1 while the head is recent",
        u64::from(follows),
    );
    let mut family = |name: &'static str, help: &str, value: fn(Progress) -> u64| {
        to.family(name, "gauge", help);
        if let Some(progress) = progress {
            to.sample(&[], &value(progress));
        }
    };
    family("lampyris_head_slot", "Slot of the verified head", |it| {
        it.head_slot
    });
    family(
        "lampyris_head_age_seconds",
        "Time since the slot of the verified head began",
        |it| it.head_age_seconds,
    );
    family(
        "lampyris_finalized_slot",
        "Slot of the verified finalized header",
        |it| it.finalized_slot,
    );
}

/// Writes how the upstream nodes fare.
pub(crate) fn write_reports(to: &mut Exposition, reports: &[Report]) {
    let labels = |report: &Report| [("role", report.role), ("upstream", "")];
    let mut family = |name: &'static str, help: &str, value: fn(&Report) -> f64| {
        to.family(name, "gauge", help);
        for report in reports {
            let mut labels = labels(report);
            labels[1].1 = &report.label;
            to.sample(&labels, &value(report));
        }
    };
    family(
        "lampyris_upstream_up",
        "1 while a node is asked, 0 while it is set aside",
        |report| f64::from(u8::from(report.aside.is_none())),
    );
    family(
        "lampyris_upstream_latency_seconds",
        "Usual delay of a node's small answers",
        |report| report.latency.as_secs_f64(),
    );
    family(
        "lampyris_upstream_failure_ratio",
        "Share of a node's recent calls that failed",
        |report| report.failure_share,
    );
    to.family(
        "lampyris_upstream_asides_total",
        "counter",
        "How often a node was set aside, by reason",
    );
    for report in reports {
        for reason in Reason::ALL {
            let count = report.asides.get(&reason).copied().unwrap_or_default();
            let mut labels = [("role", report.role), ("upstream", ""), ("reason", "")];
            labels[1].1 = &report.label;
            labels[2].1 = reason.label();
            to.sample(&labels, &count);
        }
    }
}

/// Writes what the caches hold.
pub(crate) fn write_caches(to: &mut Exposition, caches: &[CacheReport]) {
    let mut family = |name, kind, help: &str, value: fn(&CacheReport) -> u64| {
        to.family(name, kind, help);
        for cache in caches {
            to.sample(&[("cache", cache.name)], &value(cache));
        }
    };
    family(
        "lampyris_cache_bytes",
        "gauge",
        "Bytes held in memory",
        |cache| cache.bytes,
    );
    family(
        "lampyris_cache_hits_total",
        "counter",
        "Answers found in memory",
        |cache| cache.hits,
    );
    family(
        "lampyris_cache_misses_total",
        "counter",
        "Answers not found in memory",
        |cache| cache.misses,
    );
}
