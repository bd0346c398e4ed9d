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

/// Connections at once; a tab costs about 1 MB.
const CONNECTIONS: u32 = 1_024;

/// Tabs behind one address: a classroom, an office.
const TABS_PER_ADDRESS: u32 = 64;

const EXAMPLES: &str = "\
Examples:
  In front of one's own nodes, on mainnet:
    lampyris-gateway --network mainnet --beacon http://127.0.0.1:5052 --execution http://127.0.0.1:8545

  With a second pair of nodes for when the first fails, lags or lies:
    lampyris-gateway --network mainnet \\
      --beacon http://127.0.0.1:5052,https://node.example/beacon \\
      --execution http://127.0.0.1:8545,https://node.example/execution

  In front of a provider, on a port of choice, starting from a block root that you trust:
    lampyris-gateway --network sepolia --beacon https://node.example/key --execution https://node.example/key \\
      --listen 0.0.0.0:4001 --checkpoint 0x9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b

  From a file; what the command line says wins:
    lampyris-gateway --config gateway.toml --metrics 127.0.0.1:9200

  gateway.toml:
    network = \"mainnet\"
    beacon = [\"http://127.0.0.1:5052\", \"https://node.example/beacon\"]
    execution = \"http://127.0.0.1:8545\"
    data = \"/var/lib/lampyris\"

RUST_LOG sets what is logged (info by default; for example RUST_LOG=lampyris_gateway=debug).
SIGTERM and SIGINT stop it: it answers what it was asked, says farewell and ends within 8 seconds; a
second signal ends it at once.

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
    /// Consensus nodes: addresses of their Beacon API, the preferred ones first.
    #[arg(long, value_name = "URL[,URL…]", value_delimiter = ',')]
    #[serde(default, deserialize_with = "one_or_more")]
    pub beacon: Vec<String>,
    /// Execution nodes: addresses of their JSON-RPC, the preferred ones first.
    #[arg(long, value_name = "URL[,URL…]", value_delimiter = ',')]
    #[serde(default, deserialize_with = "one_or_more")]
    pub execution: Vec<String>,
    /// UDP address for WebRTC [default: 0.0.0.0:9100]; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// TCP address for WebSocket, for tabs without UDP; for pages on https a proxy in front adds TLS [default: none].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen_websocket: Option<SocketAddr>,
    /// Public addresses to be told of by other peers, if not those that are listened on: multiaddresses.
    #[arg(long, value_name = "ADDRESS[,…]", value_delimiter = ',')]
    #[serde(default, deserialize_with = "one_or_more")]
    pub announce: Vec<String>,
    /// Folder for key, certificate, chain state and archive [default: lampyris-gateway in the user's data folder].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// HTTP address for /health and /metrics [default: 127.0.0.1:9101].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Peers that are served at once, 1 MB of memory each [default: 1024].
    #[arg(long, value_name = "NUMBER")]
    pub connections: Option<u32>,
    /// Peers that may share a network address; all limits of an address follow from it [default: 64].
    #[arg(long, value_name = "NUMBER")]
    pub tabs_per_address: Option<u32>,
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
    /// Addresses of Beacon APIs, the preferred ones first.
    pub beacons: Vec<String>,
    /// Addresses of JSON-RPCs, the preferred ones first.
    pub executions: Vec<String>,
    /// UDP address for WebRTC.
    pub listen: SocketAddr,
    /// TCP address for WebSocket, if any.
    pub listen_websocket: Option<SocketAddr>,
    /// The addresses under which peers tell of this gateway; those that are listened on if there are none.
    pub announce: Vec<String>,
    /// Where key, certificate, chain state and archive are.
    pub data: PathBuf,
    /// Where `/health` and `/metrics` are.
    pub metrics: SocketAddr,
    /// How many peers are served at once.
    pub connections_max: u32,
    /// How many of them may share a network address.
    pub tabs_per_address_max: u32,
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
            beacons: first_given([self.beacon, file.beacon]).ok_or_else(|| missing("beacon"))?,
            executions: first_given([self.execution, file.execution])
                .ok_or_else(|| missing("execution"))?,
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or_else(|| address(LISTEN)),
            listen_websocket: self.listen_websocket.or(file.listen_websocket),
            announce: first_given([self.announce, file.announce]).unwrap_or_default(),
            data: self.data.or(file.data).unwrap_or_else(default_data),
            metrics: self
                .metrics
                .or(file.metrics)
                .unwrap_or_else(|| address(METRICS)),
            connections_max: self.connections.or(file.connections).unwrap_or(CONNECTIONS),
            tabs_per_address_max: self
                .tabs_per_address
                .or(file.tabs_per_address)
                .unwrap_or(TABS_PER_ADDRESS),
            checkpoint: self.checkpoint.or(file.checkpoint),
            fixed_clock_unix_ms: self.fixed_clock.or(file.fixed_clock),
        })
    }
}

fn first_given(lists: [Vec<String>; 2]) -> Option<Vec<String>> {
    lists.into_iter().find(|list| !list.is_empty())
}

/// A text, or a list of texts.
fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    })
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
                        listen = \"127.0.0.1:1\"\nlisten-websocket = \"127.0.0.1:3\"\nfixed-clock = 7\n";

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
        assert_eq!(config.listen_websocket, Some(address("127.0.0.1:3")));
        assert_eq!(config.metrics, address(METRICS));
        assert_eq!(config.fixed_clock_unix_ms, Some(7));
        assert_eq!(config.connections_max, CONNECTIONS);
    }

    #[test]
    fn several_nodes_are_given_in_either_way() {
        let file = FILE.replace("\"http://b\"", "[\"http://b\", \"http://c\"]");
        let config = config(&file, &["--execution", "http://1,http://2"]).unwrap();
        assert_eq!(config.beacons, ["http://b", "http://c"]);
        assert_eq!(config.executions, ["http://1", "http://2"]);
        let repeated = ["--beacon", "http://1", "--beacon", "http://2"];
        let config = self::config(FILE, &repeated).unwrap();
        assert_eq!(config.beacons, ["http://1", "http://2"]);
        assert_eq!(config.executions, ["http://e"]);
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
