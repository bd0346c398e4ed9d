use super::*;
use crate::{clock::Clock, files, upstream::health::Outcome};
use lampyris_verify::{
    config::{Fork, Network, NetworkJson},
    containers::LightClientBootstrap,
    light_client::LightClientStore,
};
use lampyris_wire::gossip;
use serde_json::json;
use std::path::PathBuf;

/// The specification's own chain of the minimal preset, with periods of 64 slots.
const VECTOR: &str = "../../tests/vectors/consensus-spec-tests-v1.6.1-generated/tests/minimal/electra/light_client/sync/pyspec_tests/light_client_sync";
const ROOT: &str = "0xda4a3e65daf44b6583babb262faa8fbd3751683b2b7d1c6300cc4ead0c24d22e";
const PERIOD_0: &str = "0x966d1a091dfb11a7ca0eb5a40faf1d95b28e8189d367090bc781afbcb155fb3b_sf";
const PERIOD_1: &str = "0x319845cf6929fbbcc875acefc3018154a7702e4792fb96bd9925f7f88eea5a95_sf";
/// Of period 2: without finality, and with it.
const PERIOD_2: &str = "0xdca5cca5dce1df95a37bc0dfc1f66d613c942dde8650fbca87b49b4b25523231_sx";
const PERIOD_2_BETTER: &str =
    "0x91d7631a507a471b4a70babbf795185ec644f10349208c91206668f8aca84834_sf";
/// Just after the last of them.
const SLOT: u64 = 131;

fn network() -> Network {
    let forks = [
        "phase0",
        "altair",
        "bellatrix",
        "capella",
        "deneb",
        "electra",
    ];
    let forks = forks.iter().enumerate().map(|(number, name)| {
        json!({ "name": name, "version": format!("0x0{number}000001"), "epoch": 0 })
    });
    let description: NetworkJson = serde_json::from_value(json!({
        "name": "vector",
        "chainId": 1,
        "preset": "minimal",
        "genesisTime": 1_578_009_600,
        "genesisValidatorsRoot":
            "0x0a08c27fe4ece2483f9e581f78c66379a06f96e9c24cd1390594ff939b26f95b",
        "slotDurationMs": 6_000,
        "forks": forks.collect::<Vec<_>>(),
    }))
    .unwrap();
    Network::from_json(&description).unwrap()
}

fn object(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(VECTOR);
    let bytes = std::fs::read(folder.join(format!("{name}.ssz_snappy"))).unwrap();
    gossip::decompress(&bytes, 64 * 1024).unwrap()
}

fn update(name: &str) -> LightClientUpdate {
    let ssz = object(&format!("update_{name}"));
    LightClientUpdate::decode(&ssz, Fork::Electra, &network().preset).unwrap()
}

fn updates(names: &[&str]) -> Vec<LightClientUpdate> {
    names.iter().map(|name| update(name)).collect()
}

/// A folder of its own that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("lampyris-archive-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        files::make_folder(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, period: u64) -> PathBuf {
        let folder = format!("updates-{}", files::network_name(&network()));
        self.0.join(folder).join(format!("{period:06}.update"))
    }

    fn bytes(&self, period: u64) -> Vec<u8> {
        std::fs::read(self.file(period)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// The archive in a folder, opened anew as after a restart.
fn open(folder: &Folder) -> Archive {
    let network = network();
    let clock = Clock::new(Some(network.slot_start_unix_ms(SLOT)));
    let chain = Arc::new(Chain::new(network.clone(), clock));
    let bootstrap = object("bootstrap");
    let bootstrap = LightClientBootstrap::decode(&bootstrap, Fork::Electra, &network.preset);
    chain
        .bootstrap(ROOT.parse().unwrap(), &bootstrap.unwrap())
        .unwrap();
    let beacons = Pool::new("beacon", []);
    let archive = Archive::new(chain, beacons, Arc::default(), &folder.0);
    archive.shared.open().unwrap();
    archive
}

fn take(archive: &Archive, start: u64, names: &[&str]) -> Result<(), Error> {
    archive.shared.take(start, &updates(names))
}

fn next(archive: &Archive) -> (u64, bool) {
    let inner = archive.shared.lock().clone().unwrap();
    (inner.next, inner.running.is_some())
}

#[tokio::test]
async fn periods_are_sealed_and_the_running_one_gets_better() {
    let folder = Folder::new("sealed");
    let archive = open(&folder);
    assert_eq!(next(&archive), (0, false));
    take(&archive, 0, &[PERIOD_0, PERIOD_1, PERIOD_2]).unwrap();
    assert_eq!(next(&archive), (2, true));
    let (sealed, first) = (folder.bytes(1), folder.bytes(2));

    take(&archive, 2, &[PERIOD_2_BETTER]).unwrap();
    let better = folder.bytes(2);
    assert!(better != first);
    take(&archive, 2, &[PERIOD_2]).unwrap();
    assert!(folder.bytes(2) == better, "never by a worse one");
    take(&archive, 0, &[PERIOD_0, PERIOD_1, PERIOD_2]).unwrap();
    assert!(folder.bytes(1) == sealed, "what is sealed stays");
    assert_eq!(next(&archive), (2, true), "its committee is not final yet");

    // What is served is what lies in the files, without their headers.
    let served = archive.updates(0, 128).await.unwrap();
    assert_eq!(served.len(), 3);
    for (period, chunk) in (0..).zip(&served) {
        assert!(folder.bytes(period).ends_with(chunk));
        assert_eq!(archive.update(period).await.unwrap().is_some(), period < 3);
    }
    let sum: u64 = served.iter().map(length).sum();
    assert_eq!(archive.shared.lock().as_ref().unwrap().bytes, sum);
    assert_eq!(archive.updates(1, 1).await.unwrap(), served[1..2]);
    assert!(archive.updates(3, 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_restart_verifies_and_goes_on() {
    let folder = Folder::new("restart");
    take(&open(&folder), 0, &[PERIOD_0, PERIOD_1, PERIOD_2]).unwrap();
    let archive = open(&folder);
    assert_eq!(next(&archive), (2, true));
    assert_eq!(archive.updates(0, 9).await.unwrap().len(), 3);
    take(&archive, 2, &[PERIOD_2_BETTER]).unwrap();

    // The last file may have been written before its period was over: it is not sealed by itself.
    std::fs::remove_file(folder.file(2)).unwrap();
    let archive = open(&folder);
    assert_eq!(next(&archive), (1, true));
    assert_eq!(archive.updates(0, 9).await.unwrap().len(), 2);
    take(&archive, 1, &[]).unwrap();
    assert_eq!(next(&archive), (2, false), "the nodes know no better one");
}

#[tokio::test]
async fn a_torn_file_is_fetched_again_and_the_others_are_not() {
    let folder = Folder::new("torn");
    take(&open(&folder), 0, &[PERIOD_0, PERIOD_1, PERIOD_2_BETTER]).unwrap();
    let (whole, last) = (folder.bytes(1), folder.bytes(2));
    for length in [0, 10, 60, whole.len() - 1] {
        std::fs::write(folder.file(1), &whole[..length]).unwrap();
        let archive = open(&folder);
        assert_eq!(next(&archive), (1, false), "cut to {length}");
        assert_eq!(archive.updates(0, 9).await.unwrap().len(), 1);
        take(&archive, 1, &[PERIOD_1, PERIOD_2]).unwrap();
        assert_eq!(next(&archive), (2, true));
        assert!(folder.bytes(1) == whole);
        assert!(folder.bytes(2) == last, "the better one was on the disk");
    }
    // One with a right hash and wrong content, as only somebody with access can make.
    let chunk = archive_chunk(&last);
    open(&folder).shared.shelf.write(1, &chunk).unwrap();
    assert_eq!(next(&open(&folder)), (1, false));
}

#[tokio::test]
async fn damage_while_it_runs_is_not_served_and_heals() {
    let folder = Folder::new("damage");
    take(&open(&folder), 0, &[PERIOD_0, PERIOD_1, PERIOD_2]).unwrap();
    let archive = open(&folder);
    let whole = folder.bytes(1);
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    std::fs::write(folder.file(1), altered).unwrap();
    // From memory it is still good.
    assert_eq!(archive.updates(0, 9).await.unwrap().len(), 3);
    let shared = &archive.shared;
    shared.kept.keep(1, Bytes::new(), KEPT_BYTES_MAX - 200);
    shared.kept.keep(7, Bytes::new(), KEPT_BYTES_MAX - 200);
    assert_eq!(archive.updates(0, 9).await.unwrap().len(), 1);
    assert!(archive.is_due());
    shared.open().unwrap();
    take(&archive, 1, &[PERIOD_1]).unwrap();
    assert!(folder.bytes(1) == whole);
    assert_eq!(archive.updates(0, 9).await.unwrap().len(), 3);
}

#[test]
fn a_lie_is_named_and_what_came_before_it_stays() {
    let folder = Folder::new("lie");
    let archive = open(&folder);
    let mut lie = updates(&[PERIOD_0, PERIOD_1]);
    lie[1].attested_header.beacon.proposer_index ^= 1;
    let taken = archive.shared.take(0, &lie);
    assert_eq!(Outcome::of(&taken), Outcome::Lied, "{taken:?}");
    assert_eq!(next(&archive), (1, false));
    assert!(!folder.file(1).exists());
    let taken = take(&archive, 0, &[PERIOD_1]);
    assert!(taken.is_ok(), "an old period is not looked at: {taken:?}");
    let taken = take(&archive, 1, &[PERIOD_2]);
    assert_eq!(Outcome::of(&taken), Outcome::Failed, "of another period");
}

#[test]
fn an_archive_that_contradicts_the_checkpoint_is_put_aside() {
    let folder = Folder::new("contradiction");
    let archive = open(&folder);
    take(&archive, 0, &[PERIOD_0, PERIOD_1]).unwrap();
    assert_eq!(next(&open(&folder)), (1, true), "it agrees with itself");

    // An anchor with another committee: two keys have changed places.
    let store = archive.shared.chain.store().unwrap();
    let (mut record, committee) = (
        store.encode(&network()),
        store.current_sync_committee().encode(),
    );
    let keys = &committee[..96];
    let at = record.windows(96).position(|bytes| bytes == keys).unwrap();
    record[at..at + 96].rotate_left(48);
    let forged = LightClientStore::decode(&record, &network()).unwrap();
    archive.shared.shelf.begin(&forged, &network()).unwrap();
    let file = folder.bytes(0);
    assert_eq!(next(&open(&folder)), (0, false));
    assert!(!folder.file(0).exists());
    let mut kept = std::fs::read_dir(&folder.0).unwrap();
    let aside = kept.find_map(|entry| {
        let path = entry.unwrap().path();
        let is_aside = path.extension()?.to_str()?.starts_with("aside-");
        is_aside.then_some(path)
    });
    let aside = aside.expect("nothing is thrown away");
    assert_eq!(std::fs::read(aside.join("000000.update")).unwrap(), file);
    take(&open(&folder), 0, &[PERIOD_0]).unwrap();
}

/// What a file holds behind its header.
fn archive_chunk(file: &[u8]) -> Vec<u8> {
    file[b"lampyris update 1\n".len() + 32..].to_vec()
}
