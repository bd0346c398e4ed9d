//! What one peer found true it serves to another, when nobody else has it any more.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests fail by panics, in real time"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{memory_dialler, memory_listener};
use lampyris_net::{Protocol, Shelf};
use lampyris_wire::req_resp;

const UPDATES: Protocol = Protocol::LightClientUpdatesByRange;

fn range(start: u64, count: u64) -> Vec<u8> {
    req_resp::encode_request(&[start.to_le_bytes(), count.to_le_bytes()].concat())
}

fn updates(periods: std::ops::Range<u8>) -> Vec<u8> {
    periods
        .flat_map(|period| req_resp::encode_chunk([0; 4], &[period; 300]))
        .collect()
}

#[tokio::test]
async fn a_tab_serves_what_it_verified_after_the_gateway_is_gone() {
    let (mut gateway, mut tab) = (memory_listener(&[]), memory_listener(&[]));
    let address = tab.address().await;
    tab.connect(&mut gateway).await;
    gateway.serve(|_, _| Some(updates(5..8)));
    let shelf = Arc::new(Mutex::new(Shelf::default()));
    let served = Arc::clone(&shelf);
    tab.serve(move |protocol, body| Some(served.lock().unwrap().answer(protocol, &body)));
    let answer = tab.ask(&gateway.id(), UPDATES, range(5, 3), 5_000).await;
    let answer = answer.unwrap();
    shelf
        .lock()
        .unwrap()
        .answered(1, UPDATES, range(5, 3), &answer);

    let mut newcomer = memory_dialler(false);
    newcomer.handle.dial(&address).unwrap();
    newcomer.until_connected(&tab.id()).await;
    gateway.handle.close().unwrap();
    let id = tab.id();
    let ask = || newcomer.ask(&id, UPDATES, range(6, 2), 5_000);
    let refused = ask().await.unwrap();
    assert_eq!(refused.first(), Some(&req_resp::code::RESOURCE_UNAVAILABLE));
    shelf.lock().unwrap().keep(1);
    assert_eq!(ask().await.unwrap(), updates(6..8));
    assert_eq!(
        shelf.lock().unwrap().served_bytes(),
        updates(6..8).len() as u64
    );
}
