//! What is simulated.

use std::path::PathBuf;

use clap::Parser;

/// Simulates a swarm: the client's own code in thousands of tabs, over a network in memory with
/// latency, loss and churn. The same options give the same output, on any machine.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Tabs.
    #[arg(long, default_value_t = 2_000)]
    pub peers: usize,
    /// Gateways, which publish the heads.
    #[arg(long, default_value_t = 20)]
    pub gateways: usize,
    /// The share of the gateways that is killed in the middle of the run, honest ones only, an
    /// instant before a head is published.
    #[arg(long, default_value_t = 0.0)]
    pub kill: f64,
    /// The share of liars, among tabs and among gateways.
    #[arg(long, default_value_t = 0.0)]
    pub byzantine: f64,
    /// The share of liars among gateways, if it is another.
    #[arg(long)]
    pub byzantine_gateways: Option<f64>,
    /// Heads that are measured.
    #[arg(long, default_value_t = 8)]
    pub heads: u64,
    /// Milliseconds from head to head.
    #[arg(long, default_value_t = 12_000)]
    pub slot_ms: u64,
    /// Milliseconds from peer to peer, one way, on the average; links have half to three halves of it.
    #[arg(long, default_value_t = 80.0)]
    pub latency_ms: f64,
    /// The share of packets lost. Data channels send again after their timeout.
    #[arg(long, default_value_t = 0.01)]
    pub loss: f64,
    /// The share of tabs that leaves and is replaced by new ones, a minute. Half of them vanish
    /// without a word.
    #[arg(long, default_value_t = 0.1)]
    pub churn: f64,
    /// Gateways that a tab knows; it links to each.
    #[arg(long, default_value_t = 3)]
    pub known: usize,
    /// Tabs that a gateway takes; the default is that of `lampyris-gateway`.
    #[arg(long, default_value_t = 1_024)]
    pub places: usize,
    /// Milliseconds of computing that a signature check takes in a tab.
    #[arg(long, default_value_t = 15.0)]
    pub check_ms: f64,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Prints one object of JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Writes every delivery: head, tab, milliseconds.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Runs the same swarm whole, with dead gateways, with liars and with both, and draws for each how
    /// many tabs have a head after which time, as an SVG.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Tabs believe all that can be decoded: to see that the measurement notices.
    #[arg(skip)]
    pub credulous: bool,
}

impl Options {
    /// Checks what clap cannot.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn validate(&self) -> Result<(), String> {
        let shares = [
            ("kill", self.kill),
            ("byzantine", self.byzantine),
            ("byzantine-gateways", self.byzantine_gateways.unwrap_or(0.0)),
            ("loss", self.loss),
        ];
        for (name, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("--{name} is a share between 0 and 1, not {share}"));
            }
        }
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        if !positive(self.latency_ms) || !positive(self.churn) || !positive(self.check_ms) {
            return Err("--latency-ms, --churn and --check-ms must not be negative".into());
        }
        if self.peers == 0 || self.gateways == 0 || self.heads == 0 || self.slot_ms < 1_000 {
            return Err("there must be a tab, a gateway, a head, and slots of a second".into());
        }
        if self.peers > 100_000 || self.gateways > self.peers {
            return Err("at most 100000 tabs, and no more gateways than tabs".into());
        }
        Ok(())
    }
}
