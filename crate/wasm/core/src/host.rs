//! The worker's side of the client's `Platform`: time, entropy, storage, and peers through the page.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Date, Promise, Uint8Array};
use lampyris_client::{Event, LocalFuture, Platform, RequestError, Verdict};
use lampyris_wire::Protocol;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::convert::to_js;

#[wasm_bindgen]
extern "C" {
    /// What the worker does for the core; see `pkg/core-worker.js`.
    pub type Host;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &Host,
        peer: &str,
        protocol: &str,
        body: Uint8Array,
        timeout_ms: u32,
        number: u32,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method)]
    fn keep(this: &Host, number: u32);
    #[wasm_bindgen(method)]
    fn dial(this: &Host, address: &str);
    #[wasm_bindgen(method)]
    fn disconnect(this: &Host, peer: &str, reason: &str);
    #[wasm_bindgen(method)]
    fn subscribe(this: &Host, topic: &str);
    #[wasm_bindgen(method)]
    fn unsubscribe(this: &Host, topic: &str);
    #[wasm_bindgen(method)]
    fn report(this: &Host, message_id: Uint8Array, peer: &str, verdict: &str);
    #[wasm_bindgen(method, catch)]
    fn load(this: &Host, key: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn keys(this: &Host, prefix: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn store(this: &Host, key: &str, value: JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method)]
    fn emit(this: &Host, event: JsValue);
    #[wasm_bindgen(method, catch)]
    fn sleep(this: &Host, ms: u32) -> Result<Promise, JsValue>;
}

/// The client's platform in a browser's worker.
pub(crate) struct Worker {
    host: Host,
    subscribed: RefCell<Vec<String>>,
    /// How many requests were made.
    requests: Cell<u32>,
    last_answer: Rc<Cell<u32>>,
}

impl Worker {
    pub(crate) fn new(host: Host) -> Self {
        Self {
            host,
            subscribed: RefCell::default(),
            requests: Cell::default(),
            last_answer: Rc::default(),
        }
    }
}

impl Platform for Worker {
    fn unix_ms(&self) -> u64 {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole milliseconds since 1970, below 2^53"
        )]
        let now = Date::now() as u64;
        now
    }

    fn fill_entropy(&self, bytes: &mut [u8]) {
        let filled = getrandom::fill(bytes);
        assert!(
            filled.is_ok(),
            "a browser's worker has crypto.getRandomValues"
        );
    }

    fn sleep(&self, ms: u32) -> LocalFuture<()> {
        let timer = self.host.sleep(ms);
        Box::pin(async move {
            let _elapsed = settle(timer).await;
        })
    }

    fn spawn(&self, task: LocalFuture<()>) {
        spawn_local(task);
    }

    fn request(
        &self,
        peer: &str,
        protocol: Protocol,
        body: Vec<u8>,
        timeout_ms: u32,
    ) -> LocalFuture<Result<Vec<u8>, RequestError>> {
        let body = Uint8Array::from(body.as_slice());
        let number = self.requests.get().wrapping_add(1);
        self.requests.set(number);
        let name = protocol_name(protocol);
        let answer = self.host.request(peer, name, body, timeout_ms, number);
        let last_answer = Rc::clone(&self.last_answer);
        Box::pin(async move {
            let answer = settle(answer).await;
            last_answer.set(number);
            match answer {
                Ok(bytes) => bytes
                    .dyn_into::<Uint8Array>()
                    .map(|bytes| bytes.to_vec())
                    .map_err(|_| RequestError::Failed),
                Err(error) => Err(request_error(&error)),
            }
        })
    }

    fn last_answer(&self) -> u32 {
        self.last_answer.get()
    }

    fn keep(&self, answer: u32) {
        self.host.keep(answer);
    }

    fn dial(&self, address: &str) {
        self.host.dial(address);
    }

    fn disconnect(&self, peer: &str, reason: &str) {
        self.host.disconnect(peer, reason);
    }

    fn subscribe(&self, topic: &str) {
        let mut subscribed = self.subscribed.borrow_mut();
        if !subscribed.iter().any(|known| known == topic) {
            subscribed.push(topic.into());
            self.host.subscribe(topic);
        }
    }

    fn unsubscribe(&self, topic: &str) {
        let mut subscribed = self.subscribed.borrow_mut();
        if let Some(place) = subscribed.iter().position(|known| known == topic) {
            subscribed.swap_remove(place);
            self.host.unsubscribe(topic);
        }
    }

    fn report(&self, message_id: &[u8], peer: &str, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Accept => "accept",
            Verdict::Ignore => "ignore",
            Verdict::Reject => "reject",
        };
        self.host
            .report(Uint8Array::from(message_id), peer, verdict);
    }

    fn load(&self, key: &str) -> LocalFuture<Option<Vec<u8>>> {
        let record = self.host.load(key);
        Box::pin(async move {
            let record = settle(record).await.ok()?.dyn_into::<Uint8Array>().ok()?;
            Some(record.to_vec())
        })
    }

    fn keys(&self, prefix: &str) -> LocalFuture<Vec<String>> {
        let keys = self.host.keys(prefix);
        Box::pin(async move {
            let keys = settle(keys)
                .await
                .ok()
                .and_then(|keys| keys.dyn_into::<Array>().ok());
            keys.map(|keys| keys.iter().filter_map(|key| key.as_string()).collect())
                .unwrap_or_default()
        })
    }

    fn save(&self, key: &str, value: Option<Vec<u8>>) -> LocalFuture<bool> {
        let value = value.map_or(JsValue::UNDEFINED, |value| {
            Uint8Array::from(value.as_slice()).into()
        });
        let stored = self.host.store(key, value);
        Box::pin(async move { settle(stored).await.is_ok() })
    }

    fn emit(&self, event: Event) {
        if let Ok(event) = to_js(&event) {
            self.host.emit(event);
        }
    }
}

async fn settle(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

/// The names that `lampyris_net`'s bindings know.
const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::LightClientBootstrap => "light_client_bootstrap",
        Protocol::LightClientUpdatesByRange => "light_client_updates_by_range",
        Protocol::LightClientFinalityUpdate => "light_client_finality_update",
        Protocol::LightClientOptimisticUpdate => "light_client_optimistic_update",
        Protocol::State => "state",
    }
}

fn request_error(error: &JsValue) -> RequestError {
    let code = js_sys::Reflect::get(error, &JsValue::from_str("code"));
    match code.ok().and_then(|code| code.as_string()).as_deref() {
        Some("timeout") => RequestError::Timeout,
        Some("disconnected") => RequestError::Disconnected,
        Some("unsupported") => RequestError::Unsupported,
        Some("too_large") => RequestError::TooLarge,
        _ => RequestError::Failed,
    }
}
