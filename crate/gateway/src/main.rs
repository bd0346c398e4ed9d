//! `lampyris-gateway`: see `--help`.

use clap::Parser;
use lampyris_gateway::{Arguments, Honest, run};
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("info"))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    run(Arguments::parse().into_config()?, Arc::new(Honest)).await?;
    Ok(())
}
