//! Plain values across the border, both ways.

use js_sys::{Array, BigInt, Object, Reflect};
use lampyris_client::Error;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

/// The only key of a chain integer on its way out; see `lampyris_client::event::Big`.
const BIGINT_KEY: &str = "$bigint";

/// A Rust value as a plain JavaScript value.
pub(crate) fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new()
        .serialize_missing_as_null(true)
        .serialize_maps_as_objects(true);
    let plain = value.serialize(&serializer).map_err(bug)?;
    revive(plain)
}

/// The rejection for a wrong argument.
pub(crate) fn argument(name: &str, problem: &str) -> JsValue {
    reject(Error::invalid_argument(format!("{name}: {problem}")))
}

/// A client's error as the plain object that JavaScript gets.
pub(crate) fn reject(error: Error) -> JsValue {
    to_js(&error).unwrap_or_else(|_| JsValue::from_str(&error.message))
}

fn bug(error: serde_wasm_bindgen::Error) -> JsValue {
    JsValue::from_str(&format!(
        "bug: an answer cannot be turned into a JavaScript value: {error}"
    ))
}

/// Turns every `{ "$bigint": "0x…" }` into a `bigint`.
fn revive(value: JsValue) -> Result<JsValue, JsValue> {
    if let Some(array) = value.dyn_ref::<Array>() {
        for (index, item) in (0..).zip(array.iter()) {
            array.set(index, revive(item)?);
        }
    } else if value.is_object() && !value.is_instance_of::<js_sys::Uint8Array>() {
        let object: &Object = value.unchecked_ref();
        let keys = Object::keys(object);
        if keys.length() == 1 && keys.get(0) == JsValue::from_str(BIGINT_KEY) {
            let digits = Reflect::get(&value, &keys.get(0))?;
            return Ok(BigInt::new(&digits)?.into());
        }
        for key in keys.iter() {
            let revived = revive(Reflect::get(&value, &key)?)?;
            Reflect::set(&value, &key, &revived)?;
        }
    }
    Ok(value)
}
