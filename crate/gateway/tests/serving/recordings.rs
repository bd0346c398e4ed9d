//! What was recorded of mainnet.

#![allow(dead_code, reason = "each test uses its part")]

use crate::node::{Recording, vector};
use alloy_primitives::{U256, keccak256};
use lampyris_verify::config::{Fork, Network};
use serde_json::{Value, json};

pub(crate) const FULU: &str = "nimbus-verified-proxy-mainnet-fulu";
pub(crate) const FULU_CHECKPOINT: &str =
    "0x9bcb90ec3a294591b77dd2a58e973578715cdc0e6eeeb286bc06dd120057f18b";
pub(crate) const FULU_SIGNATURE_SLOT: u64 = 14_018_020;
pub(crate) const DENEB: &str = "argument-zk-mainnet-deneb/inclusion/base-data";
pub(crate) const DENEB_CHECKPOINT: &str =
    "0xf783c545d2dd90cee6c4cb92a9324323ef397f6ec85e1a3d61c48cf6cfc979e2";
pub(crate) const DENEB_SIGNATURE_SLOT: u64 = 9_567_543;
pub(crate) const GOVERNOR: &str = "0x408ed6354d4973f66138c91495f2f2fcbd8724c3";

/// Mainnet on 1 April 2026, JSON only, with the blocks that a transaction is looked up in.
pub(crate) fn fulu() -> Recording {
    let full = vector("trin-mainnet-blocks-receipts/block-19433902.json");
    let number = full["number"].as_str().unwrap().to_owned();
    Recording {
        fork: Fork::Fulu,
        checkpoint: FULU_CHECKPOINT.into(),
        period: 1711,
        ssz: false,
        bootstrap: vector(&format!("{FULU}/lc_bootstrap.json")),
        update: vector(&format!("{FULU}/lc_updates.json"))[0].clone(),
        finality: vector(&format!("{FULU}/lc_finality.json")),
        optimistic: vector(&format!("{FULU}/lc_optimistic.json")),
        blocks: vec![vector(&format!("{FULU}/block_0x17a2d23.json")), full],
        receipts: vec![(
            number,
            vector("trin-mainnet-blocks-receipts/receipts-19433902.json"),
        )],
        proofs: vec![],
        logs: vec![proposal_created("Pay the gardener")],
    }
}

/// Mainnet on 22 July 2024, in SSZ, with an account's proof at the finalized block.
pub(crate) fn deneb() -> Recording {
    let finality = vector(&format!("{DENEB}/FinalityUpdateDeneb.json"));
    let mut optimistic = finality.clone();
    let data = optimistic["data"].as_object_mut().unwrap();
    data.retain(|key, _| !key.starts_with("final"));
    let proof = vector(&format!("{DENEB}/EthGetProof.json"));
    let address = proof["address"].as_str().unwrap().to_lowercase();
    Recording {
        fork: Fork::Deneb,
        checkpoint: DENEB_CHECKPOINT.into(),
        period: 1167,
        ssz: true,
        bootstrap: vector(&format!("{DENEB}/BootstrapDeneb.json")),
        update: vector(&format!("{DENEB}/UpdateDeneb.json"))[0].clone(),
        finality,
        optimistic,
        blocks: vec![],
        receipts: vec![],
        proofs: vec![(address, "0x136ad94".into(), proof)],
        logs: vec![],
    }
}

fn proposal_created(text: &str) -> Value {
    let mut data = vec![0u8; 9 * 32];
    data[9 * 32 - 2..].copy_from_slice(&(9u16 * 32).to_be_bytes());
    data.extend(U256::from(text.len()).to_be_bytes::<32>());
    data.extend(text.as_bytes());
    let signature = "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],\
                     uint256,uint256,string)";
    let data = alloy_primitives::hex::encode_prefixed(data);
    json!({ "address": GOVERNOR, "topics": [keccak256(signature)], "data": data })
}

/// Eight seconds into a slot.
pub(crate) fn clock(signature_slot: u64) -> u64 {
    Network::mainnet().slot_start_unix_ms(signature_slot) + 8_000
}
