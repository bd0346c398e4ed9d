//! The swarm: libp2p over WebRTC, gossip, requests, introductions, heartbeat.
//!
//! It moves bytes between peers and believes none of them. A message is forwarded only after its
//! receiver said by [`Handle::report`] that it is good; a response is handed over as it came, bounded
//! in size and time. The same API runs natively (a gateway, tests) and in a browser tab.
//!
//! **Architecture Invariant:** peers' input never panics and never fills memory: every queue, stream,
//! response and table has a bound with a name. Nothing a peer does (or fails to do) blocks another.
//!
//! **Architecture Invariant:** every dial is answered by [`Event::Connected`] or [`Event::DialFailed`],
//! and every connected peer's end by one [`Event::Disconnected`], with a reason that a person
//! understands.
//!
//! ```
//! # async fn example() -> Result<(), lampyris_net::Error> {
//! use lampyris_net::{Config, Event, Swarm};
//! use lampyris_wire::Protocol;
//!
//! let (handle, mut events) = Swarm::new(Config::default())?;
//! handle.dial("/ip4/127.0.0.1/udp/9100/webrtc-direct/certhash/…/p2p/…")?;
//! while let Some(event) = events.next().await {
//!     if let Event::Connected { peer, .. } = event {
//!         let protocol = Protocol::LightClientFinalityUpdate;
//!         let _response = handle.request(&peer, protocol, Vec::new(), protocol.timeout_ms()).await;
//!     }
//! }
//! # Ok(()) }
//! ```

mod behaviour;
mod clock;
mod config;
mod driver;
mod error;
mod event;
mod executor;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod gossip;
mod handle;
mod heartbeat;
mod introduce;
mod key;
mod life;
mod places;
mod rate;
mod records;
mod relay;
mod requests;
mod shelf;
mod streams;
mod transport;

pub use config::{Config, Limits, Listen, Transport};
pub use driver::Swarm;
pub use error::{Error, RequestError, Result};
pub use event::{Event, Events, PeerKind, Responder, Verdict};
pub use handle::Handle;
pub use key::{Key, generate_key};
pub use records::Record;
pub use shelf::{SHELF_BYTES_MAX, Shelf};
#[cfg(not(target_arch = "wasm32"))]
pub use transport::{generate_certificate_pem, newcomers_refused};

pub use lampyris_webrtc::open_channels;
pub use lampyris_wire::{Fault, Protocol};
