//! Telling the page that this instance has crashed.
//!
//! A panic traps: the instance stops in the middle of whatever it did, and promises that wait for it
//! would wait for ever.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::Future,
    panic,
    sync::Once,
};

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::{event, object};

thread_local! {
    /// Who is told.
    static LISTENERS: RefCell<Vec<Function>> = const { RefCell::new(Vec::new()) };
    /// How to reject each open promise.
    static OPEN: RefCell<HashMap<u64, Function>> = RefCell::new(HashMap::new());
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Tells a listener when this instance crashes.
pub(crate) fn watch(on_event: &Function) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            console_error_panic_hook::hook(info);
            crashed(&info.to_string());
        }));
    });
    LISTENERS.with_borrow_mut(|listeners| listeners.push(on_event.clone()));
}

/// A promise for a future's result, which a crash rejects.
pub(crate) fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let mut future = Some(future);
    Promise::new(&mut |resolve, reject| {
        let number = NEXT.replace(NEXT.get() + 1);
        OPEN.with_borrow_mut(|open| open.insert(number, reject.clone()));
        // A promise's executor is called once.
        if let Some(future) = future.take() {
            spawn_local(async move {
                let result = future.await;
                OPEN.with_borrow_mut(|open| open.remove(&number));
                let _thrown = match result {
                    Ok(value) => resolve.call1(&JsValue::NULL, &value),
                    Err(error) => reject.call1(&JsValue::NULL, &error),
                };
            });
        }
    })
}

/// Rejects what is open and tells who listens. Both happen after the trap, as microtasks: nobody may
/// call into an instance in the middle of its panic.
fn crashed(reason: &str) {
    OPEN.with(|open| {
        let Ok(mut open) = open.try_borrow_mut() else {
            return;
        };
        for (_, reject) in open.drain() {
            let error = object::error("the swarm crashed", "failed");
            let _thrown = reject.call1(&JsValue::NULL, &error);
        }
    });
    LISTENERS.with(|listeners| {
        let Ok(listeners) = listeners.try_borrow() else {
            return;
        };
        for listener in listeners.iter() {
            let told = listener.bind1(&JsValue::NULL, &event::closed(reason));
            queue_microtask(&told);
        }
    });
}

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(task: &Function);
}
