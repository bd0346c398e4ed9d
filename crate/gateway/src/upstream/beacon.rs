//! The consensus node, asked by the Beacon API; SSZ where it has it, JSON where not.

use super::{
    events::{Event, Parser},
    http::{Answer, Limits, Node},
    json::parse_decimal,
};
use crate::Error;
use alloy_primitives::B256;
use lampyris_verify::{
    config::{Fork, Network, Preset},
    containers::{
        LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate,
        LightClientUpdate,
    },
};
use reqwest::{RequestBuilder, Response, header};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// For everything but updates: a bootstrap of mainnet is 26 kB, as JSON 60 kB.
const OBJECT: Limits = Limits {
    bytes_max: 512 * 1024,
    timeout: Duration::from_secs(8),
};

/// For 128 updates: 3.4 MB, as JSON 9 MB.
const UPDATES: Limits = Limits {
    bytes_max: 24 * 1024 * 1024,
    timeout: Duration::from_secs(25),
};

/// What is accepted, best first. SSZ is a third of the size.
const ACCEPT: &str = "application/octet-stream;q=1.0,application/json;q=0.9";

const FINALITY_TOPIC: &str = "light_client_finality_update";
const OPTIMISTIC_TOPIC: &str = "light_client_optimistic_update";

/// A consensus node.
#[derive(Debug, Clone)]
pub(crate) struct Beacon {
    node: Node,
    network: Arc<Network>,
}

/// News from the event stream.
#[derive(Debug)]
pub(crate) enum News {
    /// A new finality update.
    Finality(Box<LightClientFinalityUpdate>),
    /// A new optimistic update.
    Optimistic(Box<LightClientOptimisticUpdate>),
}

/// The node's event stream.
#[derive(Debug)]
pub(crate) struct EventStream {
    response: Response,
    parser: Parser,
    preset: Preset,
    label: String,
}

type Decode<T> = fn(&[u8], Fork, &Preset) -> Result<T, lampyris_verify::Error>;
type FromJson<T> = fn(&Value, Fork, &Preset) -> Result<T, lampyris_verify::Error>;

impl Beacon {
    /// The node at `node`, which should be of `network`.
    pub(crate) fn new(node: Node, network: Arc<Network>) -> Self {
        Self { node, network }
    }

    /// Refuses a node of another network.
    pub(crate) async fn check_network(&self) -> Result<(), Error> {
        let answer = self
            .ask("/eth/v1/beacon/genesis", "genesis", OBJECT, false)
            .await?;
        let value = parse_json("genesis", &answer.body)?;
        let field = |name: &str| {
            let field = value.pointer(&format!("/data/{name}"));
            field.ok_or_else(|| Error::malformed("genesis", format!("{name} is missing")))
        };
        let root = field("genesis_validators_root")?
            .as_str()
            .unwrap_or_default();
        let expected = self.network.genesis_validators_root.to_string();
        self.expect("genesis validators root", &expected, &root.to_lowercase())?;
        let time = parse_decimal(field("genesis_time")?).unwrap_or_default();
        self.expect(
            "genesis time",
            &self.network.genesis_time.to_string(),
            &time.to_string(),
        )
    }

    /// The bootstrap of a block.
    pub(crate) async fn bootstrap(&self, root: B256) -> Result<LightClientBootstrap, Error> {
        let path = format!("/eth/v1/beacon/light_client/bootstrap/{root}");
        let decode = LightClientBootstrap::decode;
        self.object(&path, "bootstrap", decode, LightClientBootstrap::from_json)
            .await
    }

    /// The latest finality update.
    pub(crate) async fn finality_update(&self) -> Result<LightClientFinalityUpdate, Error> {
        let path = "/eth/v1/beacon/light_client/finality_update";
        let decode = LightClientFinalityUpdate::decode;
        self.object(
            path,
            "finality_update",
            decode,
            LightClientFinalityUpdate::from_json,
        )
        .await
    }

    /// The latest optimistic update.
    pub(crate) async fn optimistic_update(&self) -> Result<LightClientOptimisticUpdate, Error> {
        let path = "/eth/v1/beacon/light_client/optimistic_update";
        let decode = LightClientOptimisticUpdate::decode;
        self.object(
            path,
            "optimistic_update",
            decode,
            LightClientOptimisticUpdate::from_json,
        )
        .await
    }

    /// The best updates of `count` periods from `start`; fewer when there are no more.
    pub(crate) async fn updates(
        &self,
        start: u64,
        count: u64,
    ) -> Result<Vec<LightClientUpdate>, Error> {
        let path =
            format!("/eth/v1/beacon/light_client/updates?start_period={start}&count={count}");
        let answer = self.ask(&path, "updates", UPDATES, true).await?;
        let mut updates = if answer.is_ssz {
            decode_updates(&answer.body, &self.network)?
        } else {
            parse_updates(&answer.body, &self.network.preset)?
        };
        updates.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(updates)
    }

    /// Opens the event stream.
    pub(crate) async fn events(&self) -> Result<EventStream, Error> {
        let path = format!("/eth/v1/events?topics={FINALITY_TOPIC},{OPTIMISTIC_TOPIC}");
        let request = self
            .node
            .get(&path)?
            .header(header::ACCEPT, "text/event-stream");
        let response = self.node.open(request, "events").await?;
        Ok(EventStream {
            response,
            parser: Parser::default(),
            preset: self.network.preset,
            label: format!("beacon {} events", self.node.origin()),
        })
    }

    async fn object<T>(
        &self,
        path: &str,
        call: &'static str,
        decode: Decode<T>,
        from_json: FromJson<T>,
    ) -> Result<T, Error> {
        let answer = self.ask(path, call, OBJECT, true).await?;
        let preset = &self.network.preset;
        if answer.is_ssz {
            let version = answer.consensus_version.as_deref();
            return Ok(decode(&answer.body, fork_by_name(call, version)?, preset)?);
        }
        versioned(call, &parse_json(call, &answer.body)?, preset, from_json)
    }

    async fn ask(
        &self,
        path: &str,
        call: &'static str,
        limits: Limits,
        ssz: bool,
    ) -> Result<Answer, Error> {
        let accept = if ssz { ACCEPT } else { "application/json" };
        let request: RequestBuilder = self.node.get(path)?.header(header::ACCEPT, accept);
        self.node.send(request, call, limits).await
    }

    fn expect(&self, what: &'static str, expected: &str, got: &str) -> Result<(), Error> {
        if expected == got {
            return Ok(());
        }
        let (expected, got) = (expected.into(), got.chars().take(80).collect());
        Err(Error::WrongNetwork {
            url: self.node.origin(),
            what,
            expected,
            got,
        })
    }
}

impl EventStream {
    /// Waits for the next update. Events that cannot be read are an error: another stream may do
    /// better.
    pub(crate) async fn next(&mut self) -> Result<News, Error> {
        loop {
            while let Some(event) = self.parser.pop() {
                if let Some(news) = parse_news(&event, &self.preset)? {
                    return Ok(news);
                }
            }
            let ended = |reason: String| Error::Unreachable {
                url: self.label.clone(),
                reason,
            };
            let piece = self
                .response
                .chunk()
                .await
                .map_err(|error| ended(error.to_string()))?;
            let piece = piece.ok_or_else(|| ended("the stream ended".into()))?;
            self.parser
                .push(&piece)
                .map_err(|_| Error::malformed("event stream", "a line is too long"))?;
        }
    }
}

fn parse_news(event: &Event, preset: &Preset) -> Result<Option<News>, Error> {
    const WHAT: &str = "event";
    let parse = || parse_json(WHAT, &event.data);
    Ok(match event.name.as_str() {
        FINALITY_TOPIC => {
            let from_json = LightClientFinalityUpdate::from_json;
            let update = versioned(WHAT, &parse()?, preset, from_json)?;
            Some(News::Finality(Box::new(update)))
        }
        OPTIMISTIC_TOPIC => {
            let from_json = LightClientOptimisticUpdate::from_json;
            let update = versioned(WHAT, &parse()?, preset, from_json)?;
            Some(News::Optimistic(Box::new(update)))
        }
        _ => None,
    })
}

/// Reads `{version, data}`.
fn versioned<T>(
    what: &'static str,
    value: &Value,
    preset: &Preset,
    from_json: FromJson<T>,
) -> Result<T, Error> {
    let fork = fork_by_name(what, value.get("version").and_then(Value::as_str))?;
    let data = value
        .get("data")
        .ok_or_else(|| Error::malformed(what, "no data"))?;
    Ok(from_json(data, fork, preset)?)
}

fn parse_updates(body: &[u8], preset: &Preset) -> Result<Vec<LightClientUpdate>, Error> {
    let value = parse_json("updates", body)?;
    // The specification has a bare list; some nodes wrap it.
    let list = value
        .as_array()
        .or_else(|| value.get("data").and_then(Value::as_array));
    list.ok_or_else(|| Error::malformed("updates", "not a list"))?
        .iter()
        .map(|item| versioned("updates", item, preset, LightClientUpdate::from_json))
        .collect()
}

/// Reads updates as the Beacon API frames them: `u64le length ‖ fork digest ‖ update`, each.
fn decode_updates(body: &[u8], network: &Network) -> Result<Vec<LightClientUpdate>, Error> {
    let cut = || Error::malformed("updates", "cut in the middle");
    let mut updates = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
        let (chunk, behind) = behind.split_at_checked(length).ok_or_else(cut)?;
        let (digest, ssz) = chunk.split_first_chunk::<4>().ok_or_else(cut)?;
        let (fork, _) = network
            .fork_by_digest(*digest)
            .ok_or_else(|| Error::malformed("updates", "unknown fork digest"))?;
        updates.push(LightClientUpdate::decode(ssz, fork, &network.preset)?);
        rest = behind;
    }
    Ok(updates)
}

fn fork_by_name(what: &'static str, name: Option<&str>) -> Result<Fork, Error> {
    let name = name.ok_or_else(|| Error::malformed(what, "no consensus version"))?;
    let name = name.trim().to_lowercase();
    Fork::from_name(&name)
        .ok_or_else(|| Error::malformed(what, format!("unknown consensus version {name}")))
}

fn parse_json(what: &'static str, body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|error| Error::malformed(what, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATES_JSON: &str = include_str!(
        "../../../../tests/vectors/nimbus-verified-proxy-mainnet-fulu/lc_updates.json"
    );

    /// The update as the Beacon API frames it in SSZ.
    fn framed(network: &Network) -> Vec<u8> {
        let updates = parse_updates(UPDATES_JSON.as_bytes(), &network.preset).unwrap();
        let ssz = updates[0].encode(Fork::Fulu);
        let epoch = network.epoch_at_slot(updates[0].attested_header.beacon.slot);
        let length = u64::try_from(ssz.len()).unwrap() + 4;
        let digest = network.compute_fork_digest(epoch);
        [&length.to_le_bytes()[..], &digest, &ssz].concat()
    }

    #[test]
    fn updates_are_the_same_in_json_and_ssz() {
        let network = Network::mainnet();
        let one = framed(&network);
        let two = [one.as_slice(), &one].concat();
        let from_json = parse_updates(UPDATES_JSON.as_bytes(), &network.preset).unwrap();
        let decoded = decode_updates(&two, &network).unwrap();
        assert_eq!(decoded, [from_json[0].clone(), from_json[0].clone()]);
        assert!(decode_updates(&[], &network).unwrap().is_empty());
    }

    #[test]
    fn cut_or_foreign_updates_are_refused() {
        let network = Network::mainnet();
        let whole = framed(&network);
        for length in [1, 7, 8, 11, 12, 100, whole.len() - 1] {
            assert!(
                decode_updates(&whole[..length], &network).is_err(),
                "{length}"
            );
        }
        let mut foreign = whole.clone();
        foreign[8] ^= 1;
        assert!(decode_updates(&foreign, &network).is_err());
        let mut endless = whole;
        endless[..8].fill(0xff);
        assert!(decode_updates(&endless, &network).is_err());
    }

    #[test]
    fn events_of_other_topics_are_passed_over() {
        let preset = Network::mainnet().preset;
        let event = |name: &str, data: &[u8]| Event {
            name: name.into(),
            data: data.to_vec(),
        };
        assert!(
            parse_news(&event("head", b"{}"), &preset)
                .unwrap()
                .is_none()
        );
        assert!(parse_news(&event(FINALITY_TOPIC, b"{}"), &preset).is_err());
        assert!(parse_news(&event(OPTIMISTIC_TOPIC, b"<html>"), &preset).is_err());
    }
}
