//! Beacon blocks in SSZ, read by the slow model: their root, and the execution block in them.

use std::path::Path;

use alloy_primitives::B64;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::execution::Header;
use lampyris_verify::trie::ordered_trie_root;
use lampyris_verify::{Address, B256, Bytes, U256};

use crate::execution::hash_of_requests;
use crate::files::{Files, name};
use crate::report::Report;
use crate::ssz_model::Type;
use crate::ssz_schema::Schema;

/// A beacon block, as far as it is looked at.
#[derive(Debug)]
pub struct BeaconBlock {
    /// Its slot.
    pub slot: u64,
    /// Its parent's root.
    pub parent_root: B256,
    /// Its root.
    pub root: B256,
    /// The root of the block with its signature, if it has one.
    pub signed_root: Option<B256>,
    /// The header of the execution block in it, since the merge.
    pub execution: Option<Header>,
}

/// Reads each `…beacon_blocks_<id>.ssz` and `block.ssz` of mainnet.
///
/// Returns the headers of the execution blocks in them.
pub fn run(files: &Files, report: &mut Report) -> Vec<Header> {
    let mut headers = Vec::new();
    let network = Network::mainnet();
    for path in files.find(|path| path.ends_with(".ssz")) {
        let Some(id) = id(&path) else {
            continue;
        };
        report.case("beacon blocks", files.relative(&path), || {
            let bytes = files.bytes(&path);
            let schema = |fork| Schema {
                fork,
                preset: network.preset,
            };
            let block = BeaconBlock::decode(&bytes, &|slot| schema(network.fork_at_slot(slot)));
            if let Ok(root) = id.parse::<B256>() {
                assert_eq!(block.root, root);
            }
            if let Ok(slot) = id.parse::<u64>() {
                assert_eq!(block.slot, slot);
            }
            headers.extend(block.execution);
        });
    }
    for path in files.named("headers.ssz") {
        let roots = path.with_file_name("block_roots.ssz");
        if files.has(&roots) {
            let at = files.relative(&path);
            report.case("beacon headers of a period", at, || {
                check_headers(files, &path, &roots)
            });
        }
    }
    headers
}

fn id(path: &Path) -> Option<&str> {
    let name = name(path).strip_suffix(".ssz")?;
    match name.rsplit_once("beacon_blocks_") {
        Some((_, id)) => Some(id),
        None => (name == "block").then_some(""),
    }
}

/// All slots of a period: a slot without a block has no header, and the root of the one before.
fn check_headers(files: &Files, headers: &Path, roots: &Path) {
    let headers = files.bytes(headers);
    let roots = files.bytes(roots);
    assert_eq!(headers.len() / 112, roots.len() / 32);
    let mut before: Option<B256> = None;
    for (header, root) in headers.chunks(112).zip(roots.chunks(32)) {
        let header = lampyris_verify::containers::BeaconBlockHeader::decode(header).unwrap();
        if header == Default::default() {
            assert_eq!(before, Some(B256::from_slice(root)));
            continue;
        }
        let got = header.hash_tree_root();
        assert_eq!(got, B256::from_slice(root), "slot {}", header.slot);
        if let Some(before) = before.filter(|before| *before != got) {
            assert_eq!(header.parent_root, before, "slot {}", header.slot);
        }
        before = Some(got);
    }
}

impl BeaconBlock {
    /// Reads a block, signed or not.
    ///
    /// # Panics
    /// If it isn't one, or its execution block has another hash than it says.
    #[must_use]
    pub fn decode(bytes: &[u8], schema: &dyn Fn(u64) -> Schema) -> Self {
        let is_signed = bytes.starts_with(&100_u32.to_le_bytes());
        let message = if is_signed { &bytes[100..] } else { bytes };
        let slot = u64::from_le_bytes(message[..8].try_into().unwrap());
        let schema = schema(slot);
        let block = schema.by_name("BeaconBlock").unwrap();
        let parent_root = B256::from_slice(&message[16..48]);
        let body = fields(&block, message)[4];
        let body_type = schema.by_name("BeaconBlockBody").unwrap();
        let parts = fields(&body_type, body);
        let payload = (schema.fork >= Fork::Bellatrix).then(|| parts[9]);
        let Type::Container(types) = &body_type else {
            panic!("a body is a container")
        };
        // Before the merge, payloads are empty.
        let payload = payload.filter(|payload| B256::from_slice(&payload[..32]) != B256::ZERO);
        let execution = payload.map(|payload| {
            let requests = (schema.fork >= Fork::Electra).then(|| fields(&types[12], parts[12]));
            execution_header(
                &fields(&types[9], payload),
                schema.fork,
                parent_root,
                requests,
            )
        });
        Self {
            slot,
            parent_root,
            root: block.root(message),
            signed_root: is_signed.then(|| {
                let signed = schema.by_name("SignedBeaconBlock");
                signed.expect("it is modelled").root(bytes)
            }),
            execution,
        }
    }
}

fn fields<'a>(of: &Type, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let Type::Container(types) = of else {
        panic!("only containers have fields")
    };
    crate::ssz_model::split(types, bytes)
}

fn execution_header(
    payload: &[&[u8]],
    fork: Fork,
    parent_root: B256,
    requests: Option<Vec<&[u8]>>,
) -> Header {
    let number = |index: usize| u64::from_le_bytes(payload[index].try_into().unwrap());
    let hash = |index: usize| B256::from_slice(payload[index]);
    let has_blobs = fork >= Fork::Deneb;
    let header = Header {
        parent_hash: hash(0),
        ommers_hash: crate::execution::NO_OMMERS,
        beneficiary: Address::from_slice(payload[1]),
        state_root: hash(2),
        transactions_root: ordered_trie_root(&transactions(payload[13])),
        receipts_root: hash(3),
        logs_bloom: alloy_primitives::Bloom::from_slice(payload[4]),
        difficulty: U256::ZERO,
        number: number(6),
        gas_limit: number(7),
        gas_used: number(8),
        timestamp: number(9),
        extra_data: Bytes::copy_from_slice(payload[10]),
        mix_hash: hash(5),
        nonce: B64::ZERO,
        base_fee_per_gas: Some(U256::from_le_slice(payload[11])),
        withdrawals_root: (fork >= Fork::Capella)
            .then(|| ordered_trie_root(&withdrawals(payload[14]))),
        blob_gas_used: has_blobs.then(|| number(15)),
        excess_blob_gas: has_blobs.then(|| number(16)),
        parent_beacon_block_root: has_blobs.then_some(parent_root),
        requests_hash: requests.map(|requests| hash_of_requests(&requests)),
    };
    assert_eq!(header.hash(), hash(12), "the execution block's hash");
    header
}

fn transactions(bytes: &[u8]) -> Vec<Bytes> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let count = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize / 4;
    let parts = crate::ssz_model::split(&vec![Type::ByteList(1 << 30); count], bytes);
    parts.into_iter().map(Bytes::copy_from_slice).collect()
}

fn withdrawals(bytes: &[u8]) -> Vec<Bytes> {
    let encode = |withdrawal: &[u8]| {
        let number =
            |place: usize| u64::from_le_bytes(withdrawal[place..place + 8].try_into().unwrap());
        let json = serde_json::json!({
            "index": number(0),
            "validatorIndex": number(8),
            "address": Address::from_slice(&withdrawal[16..36]),
            "amount": number(36),
        });
        crate::rpc_json::withdrawal(&json)
    };
    bytes.chunks(44).map(encode).collect()
}
