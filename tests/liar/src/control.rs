//! The control port: which lie to tell.

use crate::liar::{Liar, Lie};
use axum::{Json, Router, extract::State, routing::get};
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

async fn order(State(liar): State<Arc<Liar>>, Json(lie): Json<Lie>) -> Json<serde_json::Value> {
    tracing::info!(?lie, "ordered");
    liar.order(lie);
    Json(liar.report())
}

async fn report(State(liar): State<Arc<Liar>>) -> Json<serde_json::Value> {
    Json(liar.report())
}
