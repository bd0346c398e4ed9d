//! The Ethereum nodes behind the gateway: one consensus node by its Beacon API, one execution node
//! by JSON-RPC. Their answers are bounded in bytes and time, and checked by hash where there is one.

pub(crate) mod beacon;
pub(crate) mod block;
pub(crate) mod events;
pub(crate) mod execution;
pub(crate) mod http;
pub(crate) mod json;
pub(crate) mod proposal;
pub(crate) mod receipt;
pub(crate) mod transaction;
