//! The Beacon API's JSON.
#![no_main]

use lampyris_verify::config::{Fork, Network, NetworkJson, Preset};
use lampyris_verify::containers::{LightClientBootstrap, LightClientUpdate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(json) = serde_json::from_slice::<NetworkJson>(bytes) {
        let _ = Network::from_json(&json);
    }
    if let Ok(json) = serde_json::from_slice(bytes) {
        let _ = LightClientBootstrap::from_json(&json, Fork::Fulu, &Preset::MINIMAL);
        let _ = LightClientUpdate::from_json(&json, Fork::Deneb, &Preset::MINIMAL);
    }
});
