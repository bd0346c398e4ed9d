//! The client for JavaScript: class `Core`, made to live in a worker.
//!
//! This crate knows JavaScript and nothing else: each method turns plain values into the types of
//! `lampyris_client`, calls it, and turns the answer back. Chain integers become `bigint`, bytes
//! `0x…` strings. Errors are plain objects `{ code, fault, message }`.

mod config;
mod convert;
mod core;
mod fields;
mod host;
mod plain;

pub use crate::core::Core;
