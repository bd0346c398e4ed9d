//! The wasm of the page: [`lampyris_net`] for JavaScript.
//!
//! It lives on the page's thread, for `RTCPeerConnection` exists nowhere else, and moves bytes between
//! peers and the worker, which verifies them. It believes nothing and holds nothing worth stealing.
//!
//! **Architecture Invariant:** a crash ends the instance and is told: all open promises are rejected
//! and a `closed` event is given, so that the page can start another.

mod crash;
mod event;
mod object;

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Promise};
use lampyris_net::{Config, Handle, Limits, Protocol, RequestError, Shelf, Verdict};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Links to other tabs. With four, a tab whose gateways are gone has all of the swarm within some steps,
/// and each of them costs a browser about as much as an idle gateway.
const TABS: u32 = 4;

/// What a swarm is started with: `{ topics?: string[], tabs?: number }`, with the topics to subscribe to
/// and how many links to other tabs are wanted.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    topics: Vec<String>,
    tabs: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            tabs: TABS,
        }
    }
}

/// The swarm of a page.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Swarm {
    handle: Handle,
    shelf: Rc<RefCell<Shelf>>,
}

#[wasm_bindgen]
impl Swarm {
    /// Starts it. `onEvent` gets plain objects, each with a `type`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        config: JsValue,
        #[wasm_bindgen(js_name = onEvent)] on_event: Function,
    ) -> Result<Self, JsValue> {
        let options = if config.is_undefined() || config.is_null() {
            Options::default()
        } else {
            serde_wasm_bindgen::from_value(config).map_err(|error| failed(&error))?
        };
        crash::watch(&on_event);
        let config = Config {
            topics: options.topics,
            serve: true,
            limits: Limits {
                tabs: options.tabs,
                ..Limits::default()
            },
            ..Config::default()
        };
        let (handle, events) = lampyris_net::Swarm::new(config).map_err(|error| failed(&error))?;
        let shelf = Rc::<RefCell<Shelf>>::default();
        spawn_local(event::forward(events, Rc::clone(&shelf), on_event));
        Ok(Self { handle, shelf })
    }

    /// Who we are.
    #[wasm_bindgen(getter, js_name = peerId)]
    #[must_use]
    pub fn peer_id(&self) -> String {
        self.handle.peer_id()
    }

    /// Connects to a peer. A `connected` or `dial_failed` event follows.
    pub fn dial(&self, address: &str) -> Result<(), JsValue> {
        self.handle.dial(address).map_err(|error| failed(&error))
    }

    /// Closes the connection to a peer. A `disconnected` event with this reason follows.
    pub fn disconnect(&self, peer: &str, reason: &str) -> Result<(), JsValue> {
        self.handle
            .disconnect(peer, reason)
            .map_err(|error| failed(&error))
    }

    /// Asks a connected peer; gives the response's bytes as they came. Those of a request with a number
    /// may be kept by it.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array>")]
    pub fn request(
        &self,
        peer: String,
        protocol: &str,
        body: Vec<u8>,
        #[wasm_bindgen(js_name = timeoutMs)] timeout_ms: u32,
        number: Option<u32>,
    ) -> Promise {
        let (handle, shelf) = (self.handle.clone(), Rc::clone(&self.shelf));
        let protocol = protocol_of(protocol);
        crash::promise(async move {
            let (protocol, request) = (protocol?, body.clone());
            let response = handle.request(&peer, protocol, body, timeout_ms).await;
            let response = response.map_err(|error| request_failed(&error))?;
            if let Some(number) = number {
                let mut shelf = shelf.borrow_mut();
                shelf.answered(number, protocol, request, &response);
            }
            Ok(object::bytes(&response))
        })
    }

    /// The answer to the request of this number is true, and may be served to others.
    pub fn keep(&self, number: u32) {
        self.shelf.borrow_mut().keep(number);
    }

    /// How many bytes of true answers were served to others.
    #[wasm_bindgen(getter, js_name = servedBytes)]
    #[must_use]
    pub fn served_bytes(&self) -> f64 {
        // JavaScript's numbers are exact up to 9 petabytes.
        #[allow(clippy::cast_precision_loss, reason = "it is shown to people")]
        let bytes = self.shelf.borrow().served_bytes() as f64;
        bytes
    }

    /// Takes part in a topic's gossip.
    pub fn subscribe(&self, topic: &str) -> Result<(), JsValue> {
        self.handle.subscribe(topic).map_err(|error| failed(&error))
    }

    /// Takes part no more.
    pub fn unsubscribe(&self, topic: &str) -> Result<(), JsValue> {
        self.handle
            .unsubscribe(topic)
            .map_err(|error| failed(&error))
    }

    /// Publishes a message; fails when no peer wants its topic.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn publish(&self, topic: String, data: Vec<u8>) -> Promise {
        let handle = self.handle.clone();
        crash::promise(async move {
            let published = handle.publish(&topic, data).await;
            published
                .map(|()| JsValue::UNDEFINED)
                .map_err(|error| failed(&error))
        })
    }

    /// Says what a gossip message turned out to be: `accept`, `ignore` or `reject`.
    pub fn report(
        &self,
        #[wasm_bindgen(js_name = messageId)] message_id: &[u8],
        peer: &str,
        verdict: &str,
    ) -> Result<(), JsValue> {
        let verdict = match verdict {
            "accept" => Verdict::Accept,
            "ignore" => Verdict::Ignore,
            "reject" => Verdict::Reject,
            other => return Err(failed(&format!("unknown verdict {other}"))),
        };
        if verdict == Verdict::Accept {
            self.shelf.borrow_mut().accepted(message_id);
        }
        self.handle
            .report(message_id, peer, verdict)
            .map_err(|error| failed(&error))
    }

    /// Signed records of gateways, verified: `{ peer, addresses, envelope }`. A `records` event tells of
    /// new ones.
    #[must_use]
    pub fn records(&self) -> Vec<JsValue> {
        let records = self.handle.records();
        records.iter().map(event::record).collect()
    }

    /// Takes a record of before, if it is genuine.
    pub fn remember(&self, envelope: &[u8]) {
        // One that is false or old is worth nothing, and nobody's fault any more.
        let _taken = self.handle.remember(envelope);
    }

    /// Forgets where a peer is.
    pub fn forget(&self, peer: &str) -> Result<(), JsValue> {
        self.handle.forget(peer).map_err(|error| failed(&error))
    }

    /// Closes all connections. A `closed` event follows.
    pub fn close(&self) {
        // It fails only when the swarm is closed already.
        let _closed = self.handle.close();
    }
}

fn protocol_of(name: &str) -> Result<Protocol, JsValue> {
    match name {
        "light_client_bootstrap" => Ok(Protocol::LightClientBootstrap),
        "light_client_updates_by_range" => Ok(Protocol::LightClientUpdatesByRange),
        "light_client_finality_update" => Ok(Protocol::LightClientFinalityUpdate),
        "light_client_optimistic_update" => Ok(Protocol::LightClientOptimisticUpdate),
        "state" => Ok(Protocol::State),
        other => Err(failed(&format!("unknown protocol {other}"))),
    }
}

fn failed(error: &impl ToString) -> JsValue {
    object::error(&error.to_string(), "failed")
}

fn request_failed(error: &RequestError) -> JsValue {
    object::error(&error.to_string(), error.code())
}
