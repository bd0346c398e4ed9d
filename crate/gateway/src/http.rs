//! `/health` and `/metrics`, for the operator.

use crate::{Error, chain::Chain, metrics::Metrics};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// A head older than this many slots is no longer following.
const HEAD_AGE_SLOTS_MAX: u64 = 8;

#[derive(Debug, Clone)]
struct Shared {
    chain: Arc<Chain>,
    metrics: Arc<Metrics>,
}

/// Opens the operator's port; the future serves it.
pub(crate) async fn serve(
    address: SocketAddr,
    chain: Arc<Chain>,
    metrics: Arc<Metrics>,
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
        .with_state(Shared { chain, metrics });
    let serving = async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the operator's port failed");
        }
    };
    Ok((bound, serving))
}

async fn health(State(shared): State<Shared>) -> impl IntoResponse {
    let chain = &shared.chain;
    let behind = chain.progress().map(|progress| {
        (
            progress,
            chain.current_slot().saturating_sub(progress.head_slot),
        )
    });
    let (code, body) = match behind {
        Some((progress, behind)) if chain.clock().is_fixed() || behind <= HEAD_AGE_SLOTS_MAX => {
            (StatusCode::OK, report("ok", progress))
        }
        Some((progress, _)) => (StatusCode::SERVICE_UNAVAILABLE, report("behind", progress)),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            serde_json::json!({ "status": "starting" }),
        ),
    };
    (
        code,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
}

fn report(status: &str, progress: crate::metrics::Progress) -> serde_json::Value {
    serde_json::json!({
        "status": status,
        "headSlot": progress.head_slot,
        "headAgeSeconds": progress.head_age_seconds,
        "finalizedSlot": progress.finalized_slot,
    })
}

async fn render(State(shared): State<Shared>) -> impl IntoResponse {
    let text = shared.metrics.render(shared.chain.progress());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
