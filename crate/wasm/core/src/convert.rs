//! Answers and refusals on their way to JavaScript.

use lampyris_client::Error;
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::plain::Plain;

/// A Rust value as a plain JavaScript value.
pub(crate) fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    value.serialize(Plain).map_err(|error| {
        JsValue::from_str(&format!(
            "bug: an answer cannot be turned into a JavaScript value: {error}"
        ))
    })
}

/// The rejection for a wrong argument.
pub(crate) fn argument(name: &str, problem: &str) -> JsValue {
    reject(Error::invalid_argument(format!("{name}: {problem}")))
}

/// A client's error as the plain object that JavaScript gets.
pub(crate) fn reject(error: Error) -> JsValue {
    to_js(&error).unwrap_or_else(|_| JsValue::from_str(&error.message))
}
