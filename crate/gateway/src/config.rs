//! What a gateway is started with: the command line, and a TOML file with the same keys.

use crate::Error;
use alloy_primitives::B256;
use clap::Parser;
use lampyris_verify::config::{Network, NetworkJson};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

const LISTEN: &str = "0.0.0.0:9100";
const METRICS: &str = "127.0.0.1:9101";

const EXAMPLES: &str = "\
Examples:
  In front of one's own nodes, on mainnet:
    lampyris-gateway --network mainnet --beacon http://127.0.0.1:5052 --execution http://127.0.0.1:8545

  In front of a provider, on a port of choice, starting from a block root that you trust:
    lampyris-gateway --network sepolia --beacon https://node.example/key --execution https://node.example/key \\
      --listen 0.0.0.0:4001 --checkpoint 0x9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b

  From a file; what the command line says wins:
    lampyris-gateway --config gateway.toml --metrics 127.0.0.1:9200

  gateway.toml:
    network = \"mainnet\"
    beacon = \"http://127.0.0.1:5052\"
    execution = \"http://127.0.0.1:8545\"
    data = \"/var/lib/lampyris\"

Once ready, one line `listening on <multiaddress>` is printed for each address; it goes into the
`gateways` of a page's config.json. It stays the same as long as --data and --listen do.";

/// The command line; every key may be in the file instead.
#[derive(Debug, Clone, Default, Parser, Deserialize)]
#[command(
    name = "lampyris-gateway",
    version,
    about = "Serves Ethereum to browser tabs over WebRTC, from any beacon and execution node.",
    after_help = EXAMPLES
)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Arguments {
    /// mainnet, sepolia, hoodi, or a file that describes the network (network.json).
    #[arg(long, value_name = "NAME|FILE")]
    pub network: Option<String>,
    /// Consensus node: address of its Beacon API.
    #[arg(long, value_name = "URL")]
    pub beacon: Option<String>,
    /// Execution node: address of its JSON-RPC.
    #[arg(long, value_name = "URL")]
    pub execution: Option<String>,
    /// UDP address for WebRTC [default: 0.0.0.0:9100]; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder for key, certificate and chain state [default: lampyris-gateway in the user's data folder].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// HTTP address for /health and /metrics [default: 127.0.0.1:9101].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Root of a finalized block to start from, instead of the consensus node's word.
    #[arg(long, value_name = "ROOT")]
    pub checkpoint: Option<B256>,
    /// For replays: chain time stands still at this moment (milliseconds since 1970).
    #[arg(long, value_name = "UNIX_MS")]
    pub fixed_clock: Option<u64>,
    /// TOML file with these keys.
    #[arg(long, value_name = "FILE.toml")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}

/// A complete configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The network that is served.
    pub network: Network,
    /// Address of the Beacon API.
    pub beacon: String,
    /// Address of the JSON-RPC.
    pub execution: String,
    /// UDP address for WebRTC.
    pub listen: SocketAddr,
    /// Where key, certificate and chain state are.
    pub data: PathBuf,
    /// Where `/health` and `/metrics` are.
    pub metrics: SocketAddr,
    /// The block root that is trusted, unless the consensus node is.
    pub checkpoint: Option<B256>,
    /// When chain time stands still.
    pub fixed_clock_unix_ms: Option<u64>,
}

impl Arguments {
    /// Reads the file, if one is named, and completes the configuration.
    pub fn into_config(self) -> Result<Config, Error> {
        let file = match &self.config {
            Some(path) => parse_file(&read(path)?, path)?,
            None => Self::default(),
        };
        let missing = |key: &str| {
            Error::Configuration(format!("--{key} is missing; see lampyris-gateway --help"))
        };
        let network = self
            .network
            .or(file.network)
            .ok_or_else(|| missing("network"))?;
        Ok(Config {
            network: load_network(&network)?,
            beacon: self
                .beacon
                .or(file.beacon)
                .ok_or_else(|| missing("beacon"))?,
            execution: self
                .execution
                .or(file.execution)
                .ok_or_else(|| missing("execution"))?,
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or_else(|| address(LISTEN)),
            data: self.data.or(file.data).unwrap_or_else(default_data),
            metrics: self
                .metrics
                .or(file.metrics)
                .unwrap_or_else(|| address(METRICS)),
            checkpoint: self.checkpoint.or(file.checkpoint),
            fixed_clock_unix_ms: self.fixed_clock.or(file.fixed_clock),
        })
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("the constants above are addresses")
}

fn default_data() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    folder("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| folder("HOME").map(|home| Path::new(&home).join(".local/share")))
        .unwrap_or_default()
        .join("lampyris-gateway")
}

fn parse_file(text: &str, path: &Path) -> Result<Arguments, Error> {
    toml::from_str(text)
        .map_err(|error| Error::Configuration(format!("{}: {error}", path.display())))
}

fn load_network(name: &str) -> Result<Network, Error> {
    if let Some(network) = Network::by_name(name) {
        return Ok(network);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(Error::Configuration(format!(
            "--network {name}: neither a known network (mainnet, sepolia, hoodi) nor a file"
        )));
    }
    let description: NetworkJson = serde_json::from_str(&read(path)?)
        .map_err(|error| Error::Configuration(format!("{}: {error}", path.display())))?;
    Ok(Network::from_json(&description)?)
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "network = \"sepolia\"\nbeacon = \"http://b\"\nexecution = \"http://e\"\n\
                        listen = \"127.0.0.1:1\"\nfixed-clock = 7\n";

    fn config(file: &str, arguments: &[&str]) -> Result<Config, Error> {
        let folder = std::env::temp_dir().join(format!(
            "lampyris-config-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("gateway.toml");
        std::fs::write(&path, file).unwrap();
        let path_text = path.to_str().unwrap();
        let given = ["lampyris-gateway", "--config", path_text].into_iter();
        let arguments = Arguments::parse_from(given.chain(arguments.iter().copied()));
        let config = arguments.into_config();
        std::fs::remove_dir_all(&folder).unwrap();
        config
    }

    #[test]
    fn the_file_completes_the_command_line() {
        let config = config(FILE, &["--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(config.network.name, "sepolia");
        assert_eq!(config.listen, address("127.0.0.1:2"));
        assert_eq!(config.metrics, address(METRICS));
        assert_eq!(config.fixed_clock_unix_ms, Some(7));
    }

    #[test]
    fn mistakes_are_named() {
        let text = |result: Result<Config, Error>| result.unwrap_err().to_string();
        assert!(text(config("beacon = \"http://b\"", &[])).contains("--network is missing"));
        assert!(text(config("becon = \"http://b\"", &[])).contains("becon"));
        assert!(text(config(FILE, &["--network", "nonesuch"])).contains("nonesuch"));
        assert!(text(config("checkpoint = \"0x12\"", &[])).contains("checkpoint"));
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
