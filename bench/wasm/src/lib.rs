//! What `npm run bench` measures of ours: the verifying core, called directly.
//!
//! It is built with the profile of the shipped wasm. What is measured ([`consensus`], [`execution`])
//! takes the bytes that a peer sends, with one copy into wasm, and ends with a typed value.

pub mod consensus;
pub mod execution;

use lampyris_wire::state::Response;
use wasm_bindgen::JsError;

/// Reads a response of our state protocol.
fn response(bytes: &[u8]) -> Result<Response, JsError> {
    Ok(Response::decode(bytes)?)
}

fn unexpected<T>() -> Result<T, JsError> {
    Err(JsError::new("a response of another kind"))
}
