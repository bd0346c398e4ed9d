//! What the gateway counts, in the text form that Prometheus reads.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Counters of one gateway. Labels are fixed words, so that their number is bounded.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Peers that are connected.
    pub(crate) peers: AtomicU64,
    /// Bytes of requests received.
    pub(crate) request_bytes: AtomicU64,
    /// Bytes of responses sent.
    pub(crate) response_bytes: AtomicU64,
    /// Gossip messages published, re-publications included.
    pub(crate) gossip_published: AtomicU64,
    /// Gossip messages received.
    pub(crate) gossip_received: AtomicU64,
    requests: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    upstream: Mutex<BTreeMap<(&'static str, &'static str), Calls>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Calls {
    count: u64,
    errors: u64,
    seconds: f64,
}

/// How far the gateway has followed the chain, for `Metrics::render`.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Slot of the newest verified head.
    pub head_slot: u64,
    /// Seconds of chain time since that slot began.
    pub head_age_seconds: u64,
    /// Slot of the newest verified finalized header.
    pub finalized_slot: u64,
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn count_request(&self, protocol: &'static str, outcome: &'static str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((protocol, outcome)).or_default() += 1;
    }

    /// Counts a call to an upstream node.
    pub(crate) fn count_upstream(
        &self,
        node: &'static str,
        call: &'static str,
        took: Duration,
        succeeded: bool,
    ) {
        let mut upstream = self.upstream.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = upstream.entry((node, call)).or_default();
        calls.count += 1;
        calls.errors += u64::from(!succeeded);
        calls.seconds += took.as_secs_f64();
    }

    /// All counters as text.
    pub(crate) fn render(&self, progress: Option<Progress>) -> String {
        let mut text = String::new();
        let mut plain = |name: &str, kind: &str, help: &str, value: u64| {
            head(&mut text, name, kind, help);
            line(&mut text, name, "", &value);
        };
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        plain("peers", "gauge", "Connected peers", load(&self.peers));
        plain(
            "request_bytes_total",
            "counter",
            "Bytes received",
            load(&self.request_bytes),
        );
        plain(
            "response_bytes_total",
            "counter",
            "Bytes sent",
            load(&self.response_bytes),
        );
        let published = load(&self.gossip_published);
        plain(
            "gossip_published_total",
            "counter",
            "Gossip messages published",
            published,
        );
        let received = load(&self.gossip_received);
        plain(
            "gossip_received_total",
            "counter",
            "Gossip messages received",
            received,
        );
        plain(
            "synced",
            "gauge",
            "1 when following the chain",
            u64::from(progress.is_some()),
        );
        if let Some(progress) = progress {
            plain(
                "head_slot",
                "gauge",
                "Slot of the verified head",
                progress.head_slot,
            );
            let age = progress.head_age_seconds;
            plain("head_age_seconds", "gauge", "Age of the verified head", age);
            let finalized = progress.finalized_slot;
            plain(
                "finalized_slot",
                "gauge",
                "Slot of the verified finalized header",
                finalized,
            );
        }
        self.render_requests(&mut text);
        self.render_upstream(&mut text);
        text
    }

    fn render_requests(&self, text: &mut String) {
        head(
            text,
            "requests_total",
            "counter",
            "Requests of peers by protocol and outcome",
        );
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for ((protocol, outcome), count) in requests.iter() {
            let labels = format!("{{protocol=\"{protocol}\",outcome=\"{outcome}\"}}");
            line(text, "requests_total", &labels, count);
        }
    }

    fn render_upstream(&self, text: &mut String) {
        let upstream = self.upstream.lock().unwrap_or_else(PoisonError::into_inner);
        let mut family = |name: &str, help: &str, value: fn(&Calls) -> f64| {
            head(text, name, "counter", help);
            for ((node, call), calls) in upstream.iter() {
                let labels = format!("{{node=\"{node}\",call=\"{call}\"}}");
                line(text, name, &labels, &value(calls));
            }
        };
        #[allow(
            clippy::cast_precision_loss,
            reason = "a counter of calls stays far below 2^53"
        )]
        {
            family("upstream_calls_total", "Calls to Ethereum nodes", |calls| {
                calls.count as f64
            });
            family("upstream_errors_total", "Calls that failed", |calls| {
                calls.errors as f64
            });
        }
        family(
            "upstream_seconds_total",
            "Time spent waiting for answers",
            |calls| calls.seconds,
        );
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(
        text,
        "# HELP lampyris_{name} {help}.\n# TYPE lampyris_{name} {kind}"
    );
}

fn line(text: &mut String, name: &str, labels: &str, value: &dyn std::fmt::Display) {
    let _ = writeln!(text, "lampyris_{name}{labels} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_rendered_with_their_labels() {
        let metrics = Metrics::default();
        metrics.count_request("state", "answered");
        metrics.count_request("state", "answered");
        metrics.count_upstream(
            "execution",
            "eth_getProof",
            Duration::from_millis(250),
            false,
        );
        let progress = Progress {
            head_slot: 7,
            head_age_seconds: 2,
            finalized_slot: 3,
        };
        let text = metrics.render(Some(progress));
        for line in [
            "lampyris_head_slot 7",
            "lampyris_requests_total{protocol=\"state\",outcome=\"answered\"} 2",
            "lampyris_upstream_errors_total{node=\"execution\",call=\"eth_getProof\"} 1",
            "lampyris_upstream_seconds_total{node=\"execution\",call=\"eth_getProof\"} 0.25",
        ] {
            assert!(
                text.lines().any(|got| got == line),
                "{line} is missing in:\n{text}"
            );
        }
        assert!(metrics.render(None).contains("lampyris_synced 0"));
    }
}
