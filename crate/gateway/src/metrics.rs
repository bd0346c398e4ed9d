//! What the gateway counts, in the text form that Prometheus reads.

mod process;
mod state;
mod text;

pub use state::Progress;
pub(crate) use state::{CacheReport, write_caches, write_progress, write_reports};
pub(crate) use text::Exposition;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the histogram of answers, in seconds.
const ANSWER_BUCKETS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 8.0, 25.0];

/// Counters of one gateway. Labels are fixed words and configured nodes, so that their number is
/// bounded.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Peers that are connected.
    pub(crate) peers: AtomicU64,
    /// Connections that were taken.
    pub(crate) connections: AtomicU64,
    /// Connections that were closed because their address has too many.
    pub(crate) connections_refused: AtomicU64,
    /// Requests that are being answered.
    pub(crate) in_flight: AtomicU64,
    /// Files that could not be written.
    pub(crate) storage_errors: AtomicU64,
    requests: Mutex<BTreeMap<&'static str, Requests>>,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    published: Mutex<BTreeMap<&'static str, Volume>>,
    received: Mutex<BTreeMap<&'static str, Volume>>,
    upstream: Mutex<BTreeMap<CallKey, Calls>>,
}

/// Role and name of a node, and what it is asked.
type CallKey = (&'static str, Arc<str>, &'static str);

#[derive(Debug, Default, Clone)]
struct Requests {
    outcomes: BTreeMap<&'static str, u64>,
    request_bytes: u64,
    response_bytes: u64,
    buckets: [u64; ANSWER_BUCKETS.len()],
    seconds: f64,
    count: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Calls {
    count: u64,
    errors: u64,
    seconds: f64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Volume {
    count: u64,
    bytes: u64,
}

/// An answered request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) kind: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) took: Duration,
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn count_request(&self, answered: Answered) {
        let seconds = answered.took.as_secs_f64();
        let mut requests = lock(&self.requests);
        let requests = requests.entry(answered.kind).or_default();
        *requests.outcomes.entry(answered.outcome).or_default() += 1;
        requests.request_bytes += answered.request_bytes;
        requests.response_bytes += answered.response_bytes;
        requests.seconds += seconds;
        requests.count += 1;
        for (count, bound) in requests.buckets.iter_mut().zip(ANSWER_BUCKETS) {
            *count += u64::from(seconds <= bound);
        }
    }

    /// Counts a request that a limit refused.
    pub(crate) fn count_refusal(&self, limit: &'static str) {
        *lock(&self.refusals).entry(limit).or_default() += 1;
    }

    /// Counts a message that was published.
    pub(crate) fn count_published(&self, topic: &'static str, bytes: u64) {
        lock(&self.published).entry(topic).or_default().add(bytes);
    }

    /// Counts a message that came, by what it turned out to be.
    pub(crate) fn count_received(&self, verdict: &'static str, bytes: u64) {
        lock(&self.received).entry(verdict).or_default().add(bytes);
    }

    /// Counts a call to an upstream node.
    pub(crate) fn count_upstream(
        &self,
        role: &'static str,
        label: &Arc<str>,
        call: &'static str,
        took: Duration,
        succeeded: bool,
    ) {
        let mut upstream = lock(&self.upstream);
        let calls = upstream.entry((role, label.clone(), call)).or_default();
        calls.count += 1;
        calls.errors += u64::from(!succeeded);
        calls.seconds += took.as_secs_f64();
    }

    /// Writes all of it.
    pub(crate) fn write(&self, to: &mut Exposition) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        to.gauge("lampyris_peers", "Connected peers", load(&self.peers));
        to.gauge(
            "lampyris_channels",
            "Open WebRTC data channels, of all connections",
            lampyris_net::open_channels(),
        );
        to.counter(
            "lampyris_connections_total",
            "Connections that peers opened",
            load(&self.connections),
        );
        to.counter(
            "lampyris_connections_refused_total",
            "Connections closed because their address has too many",
            load(&self.connections_refused),
        );
        to.counter(
            "lampyris_newcomers_refused_total",
            "WebSocket connections closed because too many had not said who they are",
            lampyris_net::newcomers_refused(),
        );
        to.gauge(
            "lampyris_requests_in_flight",
            "Requests that are being answered",
            load(&self.in_flight),
        );
        to.counter(
            "lampyris_storage_errors_total",
            "Files that could not be written",
            load(&self.storage_errors),
        );
        self.write_requests(to);
        self.write_gossip(to);
        self.write_upstream(to);
        process::write(to);
    }

    fn write_requests(&self, to: &mut Exposition) {
        let requests = lock(&self.requests).clone();
        to.family("lampyris_requests_total", "counter", "Requests of peers");
        for (kind, requests) in &requests {
            for (outcome, count) in &requests.outcomes {
                to.sample(&[("kind", kind), ("outcome", outcome)], count);
            }
        }
        to.family(
            "lampyris_request_bytes_total",
            "counter",
            "Bytes of requests of peers",
        );
        for (kind, requests) in &requests {
            to.sample(&[("kind", kind)], &requests.request_bytes);
        }
        to.family(
            "lampyris_response_bytes_total",
            "counter",
            "Bytes of responses to peers",
        );
        for (kind, requests) in &requests {
            to.sample(&[("kind", kind)], &requests.response_bytes);
        }
        to.family(
            "lampyris_request_duration_seconds",
            "histogram",
            "Time from a request to its response",
        );
        for (kind, requests) in &requests {
            let bounds = ANSWER_BUCKETS.map(|bound| bound.to_string());
            for (bound, count) in bounds.iter().zip(requests.buckets) {
                to.part("_bucket", &[("kind", kind), ("le", bound)], &count);
            }
            let all = [("kind", *kind), ("le", "+Inf")];
            to.part("_bucket", &all, &requests.count);
            to.part("_sum", &[("kind", kind)], &requests.seconds);
            to.part("_count", &[("kind", kind)], &requests.count);
        }
        to.family(
            "lampyris_requests_refused_total",
            "counter",
            "Requests refused, by the limit that they exceeded",
        );
        for (limit, count) in lock(&self.refusals).iter() {
            to.sample(&[("limit", limit)], count);
        }
    }

    fn write_gossip(&self, to: &mut Exposition) {
        let published = lock(&self.published).clone();
        to.family(
            "lampyris_gossip_published_total",
            "counter",
            "Messages published, repetitions for newcomers included",
        );
        for (topic, volume) in &published {
            to.sample(&[("topic", topic)], &volume.count);
        }
        to.family(
            "lampyris_gossip_published_bytes_total",
            "counter",
            "Bytes of messages published, each counted once and not for each peer",
        );
        for (topic, volume) in &published {
            to.sample(&[("topic", topic)], &volume.bytes);
        }
        let received = lock(&self.received).clone();
        to.family(
            "lampyris_gossip_received_total",
            "counter",
            "Messages received from peers, by what they turned out to be",
        );
        for (verdict, volume) in &received {
            to.sample(&[("verdict", verdict)], &volume.count);
        }
        to.family(
            "lampyris_gossip_received_bytes_total",
            "counter",
            "Bytes of messages received from peers",
        );
        for (verdict, volume) in &received {
            to.sample(&[("verdict", verdict)], &volume.bytes);
        }
    }

    fn write_upstream(&self, to: &mut Exposition) {
        let upstream = lock(&self.upstream).clone();
        let mut family = |name: &'static str, help: &str, value: fn(&Calls) -> String| {
            to.family(name, "counter", help);
            for ((role, label, call), calls) in &upstream {
                let labels = [("role", *role), ("upstream", label), ("call", call)];
                to.sample(&labels, &value(calls));
            }
        };
        family(
            "lampyris_upstream_calls_total",
            "Calls to Ethereum nodes",
            |calls| calls.count.to_string(),
        );
        family(
            "lampyris_upstream_errors_total",
            "Calls to Ethereum nodes without a usable answer",
            |calls| calls.errors.to_string(),
        );
        family(
            "lampyris_upstream_seconds_total",
            "Time spent waiting for answers of Ethereum nodes",
            |calls| calls.seconds.to_string(),
        );
    }
}

impl Volume {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_rendered_with_their_labels() {
        let metrics = Metrics::default();
        for milliseconds in [3, 300] {
            metrics.count_request(Answered {
                kind: "state_proof",
                outcome: "answered",
                request_bytes: 60,
                response_bytes: 4_000,
                took: Duration::from_millis(milliseconds),
            });
        }
        let node = "http://node \"1\"".into();
        let took = Duration::from_millis(250);
        metrics.count_upstream("execution", &node, "eth_getProof", took, false);
        metrics.count_refusal("peer_rate");
        let mut text = Exposition::default();
        metrics.write(&mut text);
        let text = text.into_text();
        let labels = r#"{role="execution",upstream="http://node \"1\"",call="eth_getProof"}"#;
        for line in [
            r#"lampyris_requests_total{kind="state_proof",outcome="answered"} 2"#,
            r#"lampyris_response_bytes_total{kind="state_proof"} 8000"#,
            r#"lampyris_request_duration_seconds_bucket{kind="state_proof",le="0.005"} 1"#,
            r#"lampyris_request_duration_seconds_bucket{kind="state_proof",le="+Inf"} 2"#,
            r#"lampyris_request_duration_seconds_sum{kind="state_proof"} 0.303"#,
            r#"lampyris_requests_refused_total{limit="peer_rate"} 1"#,
            &format!("lampyris_upstream_errors_total{labels} 1"),
            &format!("lampyris_upstream_seconds_total{labels} 0.25"),
        ] {
            assert!(
                text.lines().any(|got| got == line),
                "{line} is not in:\n{text}"
            );
        }
    }
}
