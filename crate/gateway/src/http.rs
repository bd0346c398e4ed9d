//! `/health` and `/metrics`, for the operator.

use crate::{
    Error,
    metrics::{self, Exposition, Metrics},
    serve::Server,
    upstream::{Upstreams, pool::Report},
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// What the operator is told of.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    pub(crate) server: Arc<Server>,
    pub(crate) upstreams: Upstreams,
    pub(crate) metrics: Arc<Metrics>,
}

/// Opens the operator's port; the future serves it.
pub(crate) async fn serve(
    address: SocketAddr,
    operator: Operator,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send), Error> {
    let failure = |error: std::io::Error| Error::Listen {
        address: format!("{address} (--metrics)"),
        reason: error.to_string(),
    };
    let listener = TcpListener::bind(address).await.map_err(failure)?;
    let bound = listener.local_addr().map_err(failure)?;
    let router = Router::new()
        .route("/health", get(health))
        .route("/metrics", get(render))
        .with_state(operator);
    let serving = async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the operator's port failed");
        }
    };
    Ok((bound, serving))
}

async fn health(State(operator): State<Operator>) -> impl IntoResponse {
    let (status, body) = operator.health();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
}

async fn render(State(operator): State<Operator>) -> impl IntoResponse {
    let text = operator.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

impl Operator {
    /// HTTP status and body of `/health`.
    fn health(&self) -> (u16, Value) {
        let chain = self.server.chain();
        let reports = self.upstreams.reports();
        let progress = chain.progress();
        let (code, status) = if self.server.is_stopping() {
            (503, "stopping")
        } else if progress.is_none() {
            (503, "starting")
        } else if !chain.follows() {
            (503, "behind")
        } else if is_without(&reports, "beacon") || is_without(&reports, "execution") {
            // What is known is served, and nothing new.
            (200, "degraded")
        } else {
            (200, "ok")
        };
        let mut body = json!({ "status": status });
        if let Some(progress) = progress {
            body["headSlot"] = progress.head_slot.into();
            body["headAgeSeconds"] = progress.head_age_seconds.into();
            body["finalizedSlot"] = progress.finalized_slot.into();
        }
        body["upstreams"] = reports.iter().map(describe).collect();
        (code, body)
    }

    /// The body of `/metrics`.
    fn render(&self) -> String {
        let mut text = Exposition::default();
        text.family("lampyris_build_info", "gauge", "Which version this is");
        text.sample(&[("version", env!("CARGO_PKG_VERSION"))], &1);
        let chain = self.server.chain();
        metrics::write_progress(&mut text, chain.progress(), chain.follows());
        self.metrics.write(&mut text);
        metrics::write_reports(&mut text, &self.upstreams.reports());
        let questions = [
            ("beacon", self.upstreams.beacons.failovers_and_hedges()),
            (
                "execution",
                self.upstreams.executions.failovers_and_hedges(),
            ),
        ];
        text.family(
            "lampyris_upstream_failovers_total",
            "counter",
            "Questions that went to another node because one failed",
        );
        for (role, (failovers, _)) in questions {
            text.sample(&[("role", role)], &failovers);
        }
        text.family(
            "lampyris_upstream_hedges_total",
            "counter",
            "Questions that went to another node because one was slow",
        );
        for (role, (_, hedges)) in questions {
            text.sample(&[("role", role)], &hedges);
        }
        metrics::write_caches(&mut text, &self.server.caches());
        self.server.archive().write(&mut text);
        text.into_text()
    }
}

/// Whether all nodes of a role are set aside.
fn is_without(reports: &[Report], role: &str) -> bool {
    let mut of_role = reports.iter().filter(|report| report.role == role);
    of_role.all(|report| report.aside.is_some())
}

fn describe(report: &Report) -> Value {
    let mut value = json!({
        "role": report.role,
        "url": report.label,
        "state": report.aside.map_or("up", |(reason, _)| reason.label()),
        "latencyMilliseconds": u64::try_from(report.latency.as_millis()).unwrap_or(u64::MAX),
        "failureRatio": (report.failure_share * 1_000.0).round() / 1_000.0,
    });
    if let Some((_, remaining)) = report.aside {
        value["secondsLeft"] = remaining.as_secs().into();
    }
    if !report.complaint.is_empty() {
        value["lastComplaint"] = report.complaint.clone().into();
    }
    value
}
