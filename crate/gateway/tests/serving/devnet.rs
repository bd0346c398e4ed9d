//! The same against a devnet that runs, with real proofs, blocks and events. `npm test` runs it by
//! `tests/browser/gateway-devnet.spec.mjs`, which starts one.

use crate::{
    client::{Client, config},
    follow_on, prove_transaction,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use lampyris_verify::{
    ExecutionBlock, Proven,
    config::{Network, NetworkJson},
    execution::EMPTY_CODE_HASH,
    light_client::LightClientStore,
    trie::NodeSet,
};
use lampyris_wire::{
    gossip::{TopicKind, topic_name},
    state::{AccountQuery, Request, Response},
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a devnet: npm test -- tests/browser/gateway-devnet.spec.mjs"]
async fn a_devnet_is_served_verifiably() {
    let path = std::env::var("LAMPYRIS_DEVNET").expect("LAMPYRIS_DEVNET names a file");
    let devnet: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let description: NetworkJson = serde_json::from_value(devnet["network"].clone()).unwrap();
    let network = Network::from_json(&description).unwrap();
    let checkpoint = devnet["checkpoint"].as_str().unwrap();
    let mut settings = config(devnet["beaconUrl"].as_str().unwrap(), checkpoint, 0);
    settings.executions = vec![devnet["executionUrl"].as_str().unwrap().into()];
    settings.fixed_clock_unix_ms = None;
    settings.network = network.clone();
    let digest = network.compute_fork_digest(network.epoch_at_slot(now(&network)));
    let topics = vec![topic_name(digest, TopicKind::OptimisticUpdate)];
    let mut client = Client::start(settings, topics).await;

    client
        .gossip(Duration::from_secs(1))
        .await
        .expect("the latest update within a second");
    client
        .gossip(Duration::from_secs(4))
        .await
        .expect("and the next in its slot");
    let store = follow_on(&client, checkpoint, &network, now(&network)).await;
    let head = store.optimistic().unwrap();
    accounts_are_proven(&client, &head, &devnet).await;
    ancestors_are_linked(&client, &store).await;
    transactions_are_found(&client, &devnet).await;
    let proposal = &devnet["contracts"]["proposals"][0];
    let text = proposal["description"].as_str().unwrap();
    let hint = address(&devnet["contracts"]["governors"][0]["address"]);
    let request = Request::Preimage {
        hash: keccak256(text),
        hint,
    };
    let bytes = text.as_bytes().to_vec().into();
    assert_eq!(client.state(request).await, Response::Preimage { bytes });
    client.stop().await;
}

async fn accounts_are_proven(client: &Client, head: &Proven<ExecutionBlock>, devnet: &Value) {
    let rich = address(&devnet["accounts"][0]["address"]);
    let token = address(&devnet["contracts"]["tokens"][0]["address"]);
    let nobody = Address::repeat_byte(0x77);
    // The balance of the first account, the total supply, and what was never written.
    let mapped = |key: Address| keccak256([key.into_word(), B256::ZERO].concat());
    let slots = vec![mapped(rich), B256::with_last_byte(2), B256::repeat_byte(9)];
    let query = |address, slots| AccountQuery { address, slots };
    let accounts = vec![
        query(rich, vec![B256::ZERO]),
        query(token, slots.clone()),
        query(nobody, vec![B256::ZERO]),
    ];
    let block_hash = head.value().hash;
    let Response::StateProof { nodes } = client
        .state(Request::StateProof {
            block_hash,
            accounts,
        })
        .await
    else {
        panic!("no proof");
    };
    let nodes = NodeSet::new(nodes).unwrap();
    assert!(
        *head
            .account(&nodes, rich)
            .unwrap()
            .value()
            .balance
            .as_limbs()
            != [0; 4]
    );
    assert_eq!(
        head.account(&nodes, nobody).unwrap().value().balance,
        U256::ZERO
    );
    let account = head.account(&nodes, token).unwrap();
    assert_ne!(account.value().code_hash, EMPTY_CODE_HASH);
    assert_ne!(
        *account.storage(&nodes, slots[0]).unwrap().value(),
        U256::ZERO
    );
    assert_eq!(
        *account.storage(&nodes, slots[2]).unwrap().value(),
        U256::ZERO
    );

    let code_hash = account.value().code_hash;
    let request = Request::Code {
        block_hash,
        address: token,
        code_hash,
    };
    let Response::Code { code } = client.state(request).await else {
        panic!("no code")
    };
    account.code(code.to_vec()).unwrap();
}

/// From the head back to the finalized block.
async fn ancestors_are_linked(client: &Client, store: &LightClientStore) {
    let (head, finalized) = (store.optimistic().unwrap(), store.finalized().unwrap());
    let hash = head.value().hash;
    let count = u16::try_from(head.value().number - finalized.value().number + 1).unwrap();
    let Response::Headers { rlp } = client.state(Request::Headers { hash, count }).await else {
        panic!("no headers");
    };
    assert_eq!(rlp.len(), usize::from(count));
    let mut header = head.header(&rlp[0]).unwrap();
    for parent in &rlp[1..] {
        header = header.parent(parent).unwrap();
    }
    assert_eq!(header.value().hash(), finalized.value().hash);
}

async fn transactions_are_found(client: &Client, devnet: &Value) {
    let url = devnet["executionUrl"].as_str().unwrap();
    let mut found = 0;
    for number in 1..8 {
        let number = format!("{number:#x}");
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber",
                           "params": [number, false] });
        let answer = reqwest::Client::new()
            .post(url)
            .json(&call)
            .send()
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let hashes: Vec<B256> =
            serde_json::from_value(answer["result"]["transactions"].clone()).unwrap();
        for (index, hash) in hashes.into_iter().enumerate() {
            assert_eq!(prove_transaction(client, hash).await, index as u64);
            found += 1;
        }
    }
    assert!(
        found > 0,
        "the devnet deploys its contracts in the first blocks"
    );
}

fn address(value: &Value) -> Address {
    serde_json::from_value(value.clone()).unwrap()
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test against a chain in real time"
)]
fn now(network: &Network) -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    network.slot_at_unix_ms(u64::try_from(elapsed.as_millis()).unwrap()) + 1
}
