//! The Ethereum nodes behind the gateway: consensus nodes by their Beacon API, execution nodes by
//! JSON-RPC. Their answers are bounded in bytes and time, and checked by hash where there is one.
//! Who fails, lags or lies is passed over for a while.

pub(crate) mod beacon;
pub(crate) mod block;
pub(crate) mod events;
pub(crate) mod execution;
pub(crate) mod health;
pub(crate) mod http;
pub(crate) mod json;
pub(crate) mod pool;
pub(crate) mod proposal;
pub(crate) mod receipt;
pub(crate) mod transaction;
pub(crate) mod watch;

use crate::{Error, metrics::Metrics};
use beacon::Beacon;
use execution::Execution;
use http::Node;
use lampyris_verify::config::Network;
use pool::{Pool, Report};
use std::sync::Arc;

/// All nodes.
#[derive(Debug, Clone)]
pub(crate) struct Upstreams {
    /// The consensus nodes.
    pub(crate) beacons: Pool<Beacon>,
    /// The execution nodes.
    pub(crate) executions: Pool<Execution>,
}

impl Upstreams {
    /// The nodes at these addresses, the preferred ones first.
    pub(crate) fn new(
        beacons: &[String],
        executions: &[String],
        network: &Network,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, Error> {
        let network = Arc::new(network.clone());
        let beacons = nodes("beacon", beacons, metrics)?
            .into_iter()
            .map(|node| (node.origin(), Beacon::new(node, network.clone())));
        let executions = nodes("execution", executions, metrics)?
            .into_iter()
            .map(|node| (node.origin(), Execution::new(node)));
        Ok(Self {
            beacons: Pool::new("beacon", beacons),
            executions: Pool::new("execution", executions),
        })
    }

    /// What is known of each node.
    pub(crate) fn reports(&self) -> Vec<Report> {
        let mut reports = self.beacons.reports();
        reports.extend(self.executions.reports());
        reports
    }
}

/// Nodes with names that differ.
fn nodes(role: &'static str, urls: &[String], metrics: &Arc<Metrics>) -> Result<Vec<Node>, Error> {
    let mut nodes: Vec<Node> = Vec::new();
    for url in urls {
        let node = Node::new(url, role, metrics.clone())?;
        let origin = node.origin();
        let same = |node: &&Node| node.origin().split(" #").next() == Some(origin.as_str());
        let node = match nodes.iter().filter(same).count() {
            0 => node,
            others => node.labelled(&format!("{origin} #{}", others.saturating_add(1))),
        };
        nodes.push(node);
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_at_one_address_are_told_apart_without_their_keys() {
        let urls = [
            "https://a.example/key1",
            "https://a.example/key2",
            "http://b",
        ];
        let nodes = nodes("beacon", &urls.map(String::from), &Arc::default()).unwrap();
        let names: Vec<_> = nodes.iter().map(Node::origin).collect();
        assert_eq!(
            names,
            ["https://a.example", "https://a.example #2", "http://b"]
        );
    }
}
