//! The Beacon API's JSON against SSZ.

use lampyris_vectors::files::Files;
use lampyris_verify::config::{Fork, Network};
use lampyris_verify::containers::{
    LightClientBootstrap, LightClientFinalityUpdate, LightClientUpdate,
};

/// Objects that were recorded both ways are the same.
#[test]
fn json_and_ssz_are_the_same() {
    let files = Files::ours();
    let preset = Network::mainnet().preset;
    let recorded = |kind: &str| {
        let find = |end: &str| {
            let is_it = |path: &str| path.starts_with("argument-zk") && path.ends_with(end);
            files.find(is_it).remove(0)
        };
        let mut json = files.json(&find(&format!("base-data/{kind}Deneb.json")));
        if json.is_array() {
            json = json[0].take();
        }
        (
            json["data"].take(),
            files.bytes(&find(&format!("LightClient{kind}Deneb.ssz"))),
        )
    };
    let (json, ssz) = recorded("Bootstrap");
    let object = LightClientBootstrap::from_json(&json, Fork::Deneb, &preset);
    assert_eq!(
        object,
        LightClientBootstrap::decode(&ssz, Fork::Deneb, &preset)
    );
    let (json, ssz) = recorded("Update");
    let object = LightClientUpdate::from_json(&json, Fork::Deneb, &preset);
    assert_eq!(
        object,
        LightClientUpdate::decode(&ssz, Fork::Deneb, &preset)
    );
    let (json, ssz) = recorded("FinalityUpdate");
    let object = LightClientFinalityUpdate::from_json(&json, Fork::Deneb, &preset);
    assert_eq!(
        object,
        LightClientFinalityUpdate::decode(&ssz, Fork::Deneb, &preset)
    );
}
