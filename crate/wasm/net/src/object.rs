//! Making plain JavaScript values.

use js_sys::{Error, Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

/// A plain object.
pub(crate) fn plain(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name, value);
    }
    object.into()
}

/// A copy of bytes.
pub(crate) fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// An `Error` with a `code`.
pub(crate) fn error(message: &str, code: &str) -> JsValue {
    let error = Error::new(message);
    set(&error, "code", &code.into());
    error.into()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a field of an object that we just made cannot fail.
    let _set = Reflect::set(object, &name.into(), value);
}
