//! HTTP to upstream nodes, bounded in bytes and time.

use crate::{Error, clock::monotonic, metrics::Metrics};
use reqwest::{Client, RequestBuilder, Response, Url, header};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest error text that is read from a node.
const ERROR_BODY_BYTES_MAX: usize = 4 * 1024;

/// Calls to one node that are under way at once; others wait within their time.
const CALLS_MAX: usize = 64;

/// An upstream node.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    client: Client,
    calls: Arc<Semaphore>,
    base: Url,
    role: &'static str,
    label: Arc<str>,
    metrics: Arc<Metrics>,
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Whether it is SSZ, not JSON.
    pub(crate) is_ssz: bool,
    /// The `Eth-Consensus-Version` header.
    pub(crate) consensus_version: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// How much an answer may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Its length.
    pub(crate) bytes_max: usize,
    /// The time for the whole of it.
    pub(crate) timeout: Duration,
}

impl Node {
    /// A node at `url`, which plays `role` in metrics and messages.
    pub(crate) fn new(url: &str, role: &'static str, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let invalid = |reason: String| Error::Configuration(format!("--{role} {url}: {reason}"));
        let mut base = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(invalid("not an http or https address".into()));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("lampyris-gateway/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| invalid(error.to_string()))?;
        Ok(Self {
            client,
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            label: base.origin().ascii_serialization().into(),
            base,
            role,
            metrics,
        })
    }

    /// The same node by another name in metrics and messages: two may have the same address but for
    /// what is secret in it.
    pub(crate) fn labelled(mut self, label: &str) -> Self {
        self.label = label.into();
        self
    }

    /// The node's name: its address without what may be secret in it (user, password, path, query).
    pub(crate) fn origin(&self) -> String {
        self.label.to_string()
    }

    /// A GET of `path`, which may have a query.
    pub(crate) fn get(&self, path: &str) -> Result<RequestBuilder, Error> {
        let url = self.base.join(path.trim_start_matches('/'));
        let url = url.map_err(|error| Error::malformed("upstream path", error))?;
        Ok(self.client.get(url))
    }

    /// A POST of JSON to the node's address as configured.
    pub(crate) fn post(&self, body: &serde_json::Value) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Some(path) = url.path().strip_suffix('/').map(str::to_owned) {
            url.set_path(&path);
        }
        self.client.post(url).json(body)
    }

    /// Sends a request and reads the whole answer within `limits`; `call` names it in metrics.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        call: &'static str,
        limits: Limits,
    ) -> Result<Answer, Error> {
        let start = monotonic();
        let result = timeout(limits.timeout, async {
            // The semaphore is never closed, so that this only waits.
            let _permit = self.calls.acquire().await;
            self.send_unmeasured(request, call, limits).await
        });
        let late = || Error::Unreachable {
            url: self.label(call),
            reason: "no answer in time".into(),
        };
        let result = result.await.unwrap_or_else(|_| Err(late()));
        self.metrics.count_upstream(
            self.role,
            &self.label,
            call,
            start.elapsed(),
            result.is_ok(),
        );
        result
    }

    /// Opens a stream whose body the caller reads.
    pub(crate) async fn open(
        &self,
        request: RequestBuilder,
        call: &str,
    ) -> Result<Response, Error> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(call, &error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Error::Status {
            url: self.label(call),
            status: response.status().as_u16(),
        })
    }

    async fn send_unmeasured(
        &self,
        request: RequestBuilder,
        call: &str,
        limits: Limits,
    ) -> Result<Answer, Error> {
        let mut response = request
            .send()
            .await
            .map_err(|error| self.unreachable(call, &error))?;
        let status = response.status();
        let is_json = header_of(&response, header::CONTENT_TYPE.as_str())
            .is_some_and(|value| value.contains("json"));
        // Some execution nodes answer JSON-RPC errors with an HTTP status of failure.
        let is_rpc_error = is_json && call.starts_with("eth_");
        if !status.is_success() && !is_rpc_error {
            return Err(Error::Status {
                url: self.label(call),
                status: status.as_u16(),
            });
        }
        let bytes_max = if status.is_success() {
            limits.bytes_max
        } else {
            ERROR_BODY_BYTES_MAX
        };
        let mut body = Vec::new();
        while let Some(piece) = response
            .chunk()
            .await
            .map_err(|error| self.unreachable(call, &error))?
        {
            if body.len().saturating_add(piece.len()) > bytes_max {
                return Err(Error::TooLong {
                    url: self.label(call),
                    limit: bytes_max,
                });
            }
            body.extend_from_slice(&piece);
        }
        let is_ssz = header_of(&response, header::CONTENT_TYPE.as_str())
            .is_some_and(|value| value.contains("octet-stream"));
        let consensus_version = header_of(&response, "eth-consensus-version");
        Ok(Answer {
            is_ssz,
            consensus_version,
            body,
        })
    }

    fn unreachable(&self, call: &str, error: &reqwest::Error) -> Error {
        let reason = if error.is_timeout() {
            "no answer in time".into()
        } else if error.is_connect() {
            "cannot connect".into()
        } else {
            // The address in the error's text may hold a provider's key.
            std::error::Error::source(error).map_or_else(|| "failed".into(), ToString::to_string)
        };
        Error::Unreachable {
            url: self.label(call),
            reason,
        }
    }

    fn label(&self, call: &str) -> String {
        format!("{} {} {call}", self.role, self.label)
    }
}

fn header_of(response: &Response, name: &str) -> Option<String> {
    response
        .headers()
        .get(name)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_an_address_stay_out_of_messages() {
        let url = "https://user:password@node.example/v3/key?token=t";
        let node = Node::new(url, "execution", Arc::default()).unwrap();
        assert_eq!(
            node.label("eth_call"),
            "execution https://node.example eth_call"
        );
    }

    #[test]
    fn an_address_that_is_not_http_is_refused() {
        for url in ["node", "ftp://node.example", "127.0.0.1:5052"] {
            assert!(Node::new(url, "beacon", Arc::default()).is_err(), "{url}");
        }
    }

    #[test]
    fn paths_are_joined_under_the_base() {
        let node = Node::new("http://[::1]:5052/key", "beacon", Arc::default()).unwrap();
        let request = node
            .get("/eth/v1/beacon/genesis?x=1")
            .unwrap()
            .build()
            .unwrap();
        assert_eq!(
            request.url().as_str(),
            "http://[::1]:5052/key/eth/v1/beacon/genesis?x=1"
        );
        assert!(is_loopback(&node.base));
    }
}
