//! The control port: which lie to tell.

use crate::liar::{Liar, Lie};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// Opens the control port and serves it in the background.
pub async fn serve(address: SocketAddr, liar: Arc<Liar>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/lie", get(report).post(order))
        .with_state(liar);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(bound)
}

/// Refuses with 409 as long as the liar knows too little of the past; what it told before, it tells on.
async fn order(
    State(liar): State<Arc<Liar>>,
    Json(lie): Json<Lie>,
) -> Result<Json<serde_json::Value>, (StatusCode, &'static str)> {
    if !liar.is_able(lie) {
        let reason = "nothing is known yet that would be stale; ask again later";
        return Err((StatusCode::CONFLICT, reason));
    }
    tracing::info!(?lie, "ordered");
    liar.order(lie);
    Ok(Json(liar.report()))
}

async fn report(State(liar): State<Arc<Liar>>) -> Json<serde_json::Value> {
    Json(liar.report())
}
