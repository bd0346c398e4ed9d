//! What the operator's port says, and that dashboard, alarms and documentation speak of what there is.

use crate::{
    client::{Client, config},
    node::Nodes,
    recordings::{FULU_CHECKPOINT, FULU_SIGNATURE_SLOT, clock, fulu},
};
use lampyris_gateway::Gateway;
use lampyris_net::Protocol;
use serde_json::Value;
use std::{collections::BTreeSet, path::PathBuf};

/// A status and a body.
pub(crate) async fn operator(gateway: &Gateway, path: &str) -> (u16, String) {
    let url = format!("http://{}{path}", gateway.metrics_address());
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn file(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Words that are names of metrics.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let words = text.split(|character| !is_part(character));
    let is_name = |word: &&str| {
        let ours = word
            .strip_prefix("lampyris_")
            .or(word.strip_prefix("process_"));
        ours.is_some_and(|rest| rest.contains(|letter: char| letter.is_ascii_lowercase()))
    };
    words.filter(is_name).map(str::to_owned).collect()
}

/// The expressions of a dashboard.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(text) if key == "expr" || key == "query" => found.push(text.to_owned()),
                    _ => expressions(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboard_alarms_and_documentation_name_what_is_exported() {
    let nodes = Nodes::start(fulu()).await;
    let config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    let client = Client::start(config, vec![]).await;
    client
        .ask(Protocol::LightClientFinalityUpdate, vec![])
        .await;
    let (status, text) = operator(&client.gateway, "/metrics").await;
    assert_eq!(status, 200);
    let exported = check_format(&text);

    let dashboard: Value = serde_json::from_str(&file("deploy/grafana.json")).unwrap();
    let mut found = Vec::new();
    expressions(&dashboard, &mut found);
    assert!(found.len() > 30, "{found:?}");
    let alarms = file("deploy/alerts.yml");
    let documentation = file("../../docs/gateway.md");
    for (what, text) in [
        ("the dashboard", found.join(" ")),
        ("an alarm", alarms),
        ("the documentation", documentation.clone()),
    ] {
        let used = names(&text);
        assert!(used.len() > 5, "{what}: {used:?}");
        for name in used {
            let parts = ["_bucket", "_sum", "_count"];
            let family = parts.iter().find_map(|part| name.strip_suffix(part));
            let is_exported =
                exported.contains(&name) || family.is_some_and(|family| exported.contains(family));
            assert!(is_exported, "{what} names {name}, which is not exported");
        }
    }
    for name in &exported {
        assert!(
            documentation.contains(name.as_str()),
            "{name} is not documented"
        );
    }
    client.stop().await;
}

/// Prometheus' rules and conventions; gives the families.
fn check_format(text: &str) -> BTreeSet<String> {
    let mut families = BTreeSet::new();
    let mut family = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(families.insert(name.to_owned()), "{name} twice");
            assert_eq!(
                kind == "counter",
                name.ends_with("_total"),
                "{name} is a {kind}"
            );
            family = name.to_owned();
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = sample.split('{').next().unwrap();
        assert!(name.starts_with(&family), "{line} stands below {family}");
    }
    families
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_says_how_it_is() {
    let nodes = Nodes::start(fulu()).await;
    let mut config = config(&nodes.url, FULU_CHECKPOINT, clock(FULU_SIGNATURE_SLOT));
    config.executions = vec!["http://user:secret@127.0.0.1:9/key".into()];
    let client = Client::start(config, vec![]).await;
    let (status, body) = operator(&client.gateway, "/health").await;
    let report: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    assert_eq!(report["headSlot"], 14_018_019);
    assert_eq!(report["upstreams"][0]["state"], "up");
    assert_eq!(report["upstreams"][1]["role"], "execution");
    let (_, metrics) = operator(&client.gateway, "/metrics").await;
    for text in [body, metrics] {
        assert!(!text.contains("secret") && !text.contains("key"), "{text}");
    }
    client.stop().await;
}

#[test]
fn the_image_is_built_from_the_whole_workspace() {
    let image = file("deploy/Containerfile");
    let copied: Vec<&str> = image
        .lines()
        .filter_map(|line| line.strip_prefix("COPY ")?.split(' ').next())
        .collect();
    let manifest = file("../../Cargo.toml");
    let members = manifest.split("members = [").nth(1).unwrap();
    let members = members.split(']').next().unwrap().split('"');
    let folders: Vec<&str> = members.skip(1).step_by(2).collect();
    assert!(folders.len() > 10, "{folders:?}");
    for folder in folders {
        let is_copied = copied.iter().any(|copied| {
            let rest = folder.strip_prefix(copied);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        assert!(is_copied, "{folder} is not copied");
    }
}
