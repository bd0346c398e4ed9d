//! `lampyris-gateway`: see `--help`.

use clap::Parser;
use lampyris_gateway::{Arguments, Honest, run};
use std::{io::IsTerminal, sync::Arc};
use tracing_subscriber::EnvFilter;

/// What is logged unless RUST_LOG says otherwise.
const LOG: &str = "info,libp2p_swarm=warn";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(LOG))?;
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .init();
    run(Arguments::parse().into_config()?, Arc::new(Honest)).await?;
    Ok(())
}
