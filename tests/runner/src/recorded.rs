//! How recorded objects lie in their files.

use std::path::Path;

use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientFinalityUpdate, LightClientHeader, LightClientOptimisticUpdate, LightClientUpdate,
    SyncCommittee,
};
use lampyris_verify::light_client::LightClientStore;
use lampyris_verify::{B256, Error};
use serde::Deserialize;
use serde_json::Value;

use crate::chains::HeaderCheck;
use crate::files::{Files, name};

/// Where an object lies.
#[derive(Debug, Deserialize)]
pub struct Object {
    /// The file, from the chain on.
    pub file: String,
    format: String,
    #[serde(default)]
    index: usize,
    /// The fork of its shape.
    #[serde(alias = "fork_of_attested")]
    pub fork: String,
    /// The checkpoint, of a bootstrap.
    pub trusted_block_root: Option<B256>,
    /// What its header says, of a bootstrap.
    pub header: Option<HeaderCheck>,
    fork_digest: Option<String>,
}

/// An object of any kind, decoded.
#[derive(Debug)]
pub enum Decoded {
    /// An update.
    Update(LightClientUpdate),
    /// A finality update.
    Finality(LightClientFinalityUpdate),
    /// An optimistic update.
    Optimistic(LightClientOptimisticUpdate),
}

/// A chain may begin with committees that are simply trusted: those of a finality update.
#[must_use]
pub fn start_without_bootstrap(
    files: &Files,
    folder: &Path,
    network: &Network,
) -> LightClientStore {
    let start = "current_sync_committee_";
    let mut beside = files.within(folder).map(|path| name(path));
    let slot = beside
        .find_map(|name| name.strip_prefix(start))
        .expect("trusted committees");
    let json = |name: &str| files.json(&folder.join(format!("{name}_{slot}")));
    let committee = |name: &str| SyncCommittee::from_json(&json(name), &network.preset).unwrap();
    let update = json("finality_update");
    let number = slot.trim_end_matches(".json").parse().unwrap();
    let fork = network.fork_at_slot(number);
    let header = LightClientHeader::from_json(&update["finalized_header"], fork).unwrap();
    let current = committee("current_sync_committee");
    let next = committee("next_sync_committee");
    trusted_store(&header, &current, Some(&next), network)
}

/// A store that is simply trusted, as one is that was kept: through its record.
pub fn trusted_store(
    header: &LightClientHeader,
    current: &SyncCommittee,
    next: Option<&SyncCommittee>,
    network: &Network,
) -> LightClientStore {
    let header = header.encode(Fork::NEWEST);
    let next = next.map_or_else(Vec::new, SyncCommittee::encode);
    // Version, genesis, five offsets, two maxima, a flag; then the parts.
    let variable = [&header, &header, &current.encode(), &next, &Vec::new()];
    let mut offset = u32::try_from(1 + 32 + 5 * 4 + 8 + 8 + 1).unwrap();
    let mut record = vec![1];
    record.extend_from_slice(network.genesis_validators_root.as_slice());
    for part in variable {
        record.extend_from_slice(&offset.to_le_bytes());
        offset += u32::try_from(part.len()).unwrap();
    }
    record.extend_from_slice(&[0; 17]);
    variable
        .iter()
        .for_each(|part| record.extend_from_slice(part));
    LightClientStore::decode(&record, network).unwrap()
}

/// The bytes or the JSON of one object.
#[derive(Debug)]
pub enum Read {
    /// The Beacon API's JSON.
    Json(Value),
    /// SSZ.
    Ssz(Vec<u8>),
}

/// Decodes an object, and checks that it encodes to the same again.
pub fn decode(
    files: &Files,
    folder: &Path,
    kind: &str,
    object: &Object,
    network: &Network,
) -> Result<Decoded, Error> {
    let fork = Fork::from_name(&object.fork).unwrap();
    let preset = &network.preset;
    let read = read(files, folder, object, network);
    macro_rules! object {
        ($type:ty) => {{
            let decoded = match &read {
                Read::Json(data) => <$type>::from_json(data, fork, preset)?,
                Read::Ssz(bytes) => {
                    let decoded = <$type>::decode(bytes, fork, preset)?;
                    assert_eq!(decoded.encode(fork), *bytes);
                    decoded
                }
            };
            assert_eq!(
                <$type>::decode(&decoded.encode(fork), fork, preset),
                Ok(decoded.clone())
            );
            decoded
        }};
    }
    Ok(match kind {
        "update" => Decoded::Update(object!(LightClientUpdate)),
        "finality_update" => Decoded::Finality(object!(LightClientFinalityUpdate)),
        "optimistic_update" => Decoded::Optimistic(object!(LightClientOptimisticUpdate)),
        other => panic!("unknown kind {other}"),
    })
}

/// Reads an object, in any of the formats.
#[must_use]
pub fn read(files: &Files, folder: &Path, object: &Object, network: &Network) -> Read {
    let path = folder.join(&object.file);
    let with_digest = |bytes: &[u8]| {
        let (digest, ssz) = bytes.split_first_chunk().unwrap();
        let (fork, _) = network
            .fork_by_digest(*digest)
            .expect("a known fork digest");
        assert_eq!(fork.name(), object.fork, "{}", path.display());
        if let Some(expected) = &object.fork_digest {
            assert_eq!(format!("0x{}", hex::encode(digest)), *expected);
        }
        Read::Ssz(ssz.to_vec())
    };
    match object.format.as_str() {
        "json" => Read::Json(files.json(&path)),
        "beacon-api-json" | "beacon-api-json-list" => {
            let mut json = files.json(&path);
            if json.is_array() {
                json = json[object.index].take();
            }
            if let Some(version) = json["version"].as_str() {
                assert_eq!(version, object.fork, "{}", path.display());
            }
            Read::Json(json["data"].take())
        }
        "ssz" => Read::Ssz(files.bytes(&path)),
        // u64 length, then fork digest and object, again and again.
        "beacon-api-ssz-list" => {
            let bytes = files.bytes(&path);
            let mut rest = bytes.as_slice();
            let mut chunks = Vec::new();
            while let Some((length, behind)) = rest.split_first_chunk() {
                let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
                let (chunk, behind) = behind.split_at(length);
                chunks.push(chunk);
                rest = behind;
            }
            with_digest(chunks[object.index])
        }
        format if format.starts_with("portal") => {
            #[derive(Deserialize)]
            struct Content {
                content_value: String,
            }
            let content: Content = files.yaml(&path);
            let bytes = hex::decode(content.content_value.strip_prefix("0x").unwrap()).unwrap();
            if format.contains("List[") {
                let offset = |index: usize| {
                    let word = bytes[index * 4..][..4].try_into().unwrap();
                    usize::try_from(u32::from_le_bytes(word)).unwrap()
                };
                let start = offset(object.index);
                let is_last = object.index + 1 == offset(0) / 4;
                let end = if is_last {
                    bytes.len()
                } else {
                    offset(object.index + 1)
                };
                with_digest(&bytes[start..end])
            } else {
                with_digest(&bytes)
            }
        }
        other => panic!("unknown format {other}"),
    }
}
