//! `lampyris-liar`: see `--help`.

use clap::Parser;
use lampyris_gateway::{Arguments, Gateway};
use lampyris_liar::{Liar, serve_control};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tracing_subscriber::EnvFilter;

/// The command line: a gateway's, and where to be told what to lie about.
#[derive(Debug, Parser)]
#[command(
    name = "lampyris-liar",
    version,
    about = "A gateway that lies, for tests."
)]
struct Options {
    #[command(flatten)]
    gateway: Arguments,
    /// HTTP address of the control, on the loopback interface; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Answers so many milliseconds later, so that others are asked first.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    late_ms: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("info"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let options = Options::parse();
    anyhow::ensure!(
        options.control.ip().is_loopback(),
        "--control must be on the loopback interface"
    );
    let liar = Arc::new(Liar::late(Duration::from_millis(options.late_ms)));
    let gateway = Gateway::start(options.gateway.into_config()?, liar.clone()).await?;
    liar.watch(gateway.server());
    let control = serve_control(options.control, liar).await?;
    println!("control on http://{control}");
    gateway.run_until_stopped().await?;
    Ok(())
}
