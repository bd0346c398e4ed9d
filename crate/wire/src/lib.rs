//! What Lampyris peers say to each other: protocol names, messages, framing.
//!
//! Pure: bytes in, bytes out, no I/O, no clock. It knows the shape of messages and nothing of their
//! truth; whether a proof proves anything is for `lampyris_verify` to say.
//!
//! **Architecture Invariant:** every decoder checks declared sizes against a named bound *before* it
//! allocates, never panics, and its [`Error`] says whose fault it was.
//!
//! ```
//! use lampyris_wire::{req_resp, state::{Request, Response}};
//!
//! let request = Request::Transaction { hash: [7; 32].into() };
//! assert_eq!(Request::decode(&request.encode()?)?, request);
//! let sent = Response::Sent { hash: [7; 32].into() };
//! assert_eq!(Response::decode(&sent.encode()?)?, sent);
//!
//! // Ethereum's own requests: an empty one is zero bytes.
//! assert_eq!(req_resp::encode_request(&[]), Vec::<u8>::new());
//! # Ok::<(), lampyris_wire::Error>(())
//! ```

mod error;
pub mod frame;
pub mod gossip;
pub mod introduce;
pub mod mesh;
mod protobuf;
mod protocol;
pub mod relay;
pub mod req_resp;
pub mod signalling;
mod snappy;
mod ssz;
pub mod state;
pub mod uvarint;

pub use error::{Error, Fault, Result};
pub use protocol::{HEARTBEAT_PROTOCOL, INTRODUCE_PROTOCOL, Protocol, RECORDS_PROTOCOL};
