//! SSZ objects: what is decoded has one encoding only.
#![no_main]

use lampyris_verify::config::{Fork, Network, Preset};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientOptimisticUpdate, LightClientUpdate,
};
use lampyris_verify::light_client::{LightClientStore, gloas};
use libfuzzer_sys::fuzz_target;

const FORKS: [Fork; 8] = [
    Fork::Phase0,
    Fork::Altair,
    Fork::Bellatrix,
    Fork::Capella,
    Fork::Deneb,
    Fork::Electra,
    Fork::Fulu,
    Fork::Gloas,
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let fork = FORKS[usize::from(choice % 8)];
    let preset = &Preset::MINIMAL;
    match choice / 8 % 6 {
        0 => {
            if let Ok(object) = LightClientBootstrap::decode(bytes, fork, preset) {
                assert_eq!(object.encode(fork), bytes);
            }
        }
        1 => {
            if let Ok(object) = LightClientUpdate::decode(bytes, fork, preset) {
                assert_eq!(object.encode(fork), bytes);
            }
        }
        2 => {
            if let Ok(object) = LightClientFinalityUpdate::decode(bytes, fork, preset) {
                assert_eq!(object.encode(fork), bytes);
            }
        }
        3 => {
            if let Ok(object) = LightClientOptimisticUpdate::decode(bytes, fork, preset) {
                assert_eq!(object.encode(fork), bytes);
            }
        }
        4 => {
            if let Ok(header) = gloas::LightClientHeader::decode(bytes) {
                assert_eq!(header.encode(), bytes);
            }
        }
        _ => {
            let mut network = Network::mainnet();
            network.preset = *preset;
            let _ = LightClientStore::decode(bytes, &network);
        }
    }
});
