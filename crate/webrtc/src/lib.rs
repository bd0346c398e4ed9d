//! webrtc-direct for libp2p, natively and in a tab; and WebRTC between tabs that were introduced.
//!
//! A tab reaches a peer whose address it knows, without a domain, a certificate authority or anybody who
//! introduces them: the address names the hash of the peer's certificate. One UDP port of the listener
//! serves all connections, and both versions of the protocol ([`Version`]).
//!
//! ```text
//!  dialler (tab, or native)                                        listener (native)
//!     │  knows /ip4/…/udp/…/webrtc-direct/certhash/H/p2p/L            │
//!     │  makes an offer, and the listener's answer, which is          │
//!     │  never sent: address and H, and credentials that it invents   │
//!     │                                                               │
//!     │ ── STUN request, USERNAME "libp2p+webrtc+v2/…:ufrag" ───────▶ │ table: whose is it? a new one's:
//!     │                                                               │ version, rates, limits; from the
//!     │ ◀─────────────────── STUN response ────────────────────────── │ USERNAME: the dialler's offer
//!     │ ◀═══════════════ DTLS: the certificate has hash H ══════════▶ │ any certificate D will do
//!     │ ◀═══════════════ SCTP: data channels ═══════════════════════▶ │
//!     │ ◀── data channel 0: Noise XX, prologue "…" ‖ D ‖ H ─────────▶ │ (the listener begins)
//!     │  L is who has the address's peer id,                          │ the dialler is who it says,
//!     │  and has seen the certificate that we showed                  │ and nobody is in between
//!     │                                                               │
//!     │ ◀── one data channel a stream, from either side ────────────▶ │
//! ```
//!
//! Handlers for streams exist before the first byte of the handshake, so that none is missed; nobody is
//! given a stream before the other side is authenticated. Streams are framed so that they can half-close
//! and break, and their data channels are closed when both directions have ended.
//!
//! Two tabs, of which neither has an address, connect by an offer and an answer that somebody carries
//! between them (`offer` and `answer`, in a browser only). From DTLS on it is the same: Noise is bound to
//! both certificates, so the carrier need not be trusted. With other implementations the two descriptions
//! travel on a connection that is authenticated itself, and Noise is left out (`answer_sdp`).
//!
//! `muxer` drives a connection through the seam `backend`, natively over str0m (`native/link.rs`), in a
//! tab over the browser's own (`web/link.rs`). There are no tasks but a listener's reader: dropping a
//! connection is all that its end takes.
//!
//! **Architecture Invariant:** nobody's datagrams, messages or silence panic, hang or fill memory. What
//! has no bound of the protocol has one here: connections, handshakes, newcomers a second and
//! remembered addresses ([`Limits`]), addresses and waiting datagrams of a connection, its data channels,
//! unread and unsent bytes, the time of a handshake and of silence.
//!
//! **Architecture Invariant:** no call of the browser is trusted not to throw.
//!
//! ```
//! # #[cfg(not(target_arch = "wasm32"))]
//! # fn example(keys: libp2p_identity::Keypair) -> Result<(), Box<dyn std::error::Error>> {
//! use lampyris_webrtc::{Certificate, Config, Transport};
//! use libp2p_core::{Transport as _, transport::ListenerId};
//!
//! // Kept, for it is part of the address.
//! let certificate = Certificate::generate()?;
//! let mut transport = Transport::new(Config::new(keys, certificate));
//! transport.listen_on(ListenerId::next(), "/ip4/0.0.0.0/udp/9100/webrtc-direct".parse()?)?;
//! # Ok(()) }
//! ```

mod backend;
mod census;
mod channel;
mod clock;
#[cfg(any(target_arch = "wasm32", test, feature = "fuzz"))]
mod description;
mod error;
mod frame;
#[cfg(all(feature = "fuzz", not(target_arch = "wasm32")))]
pub mod fuzz;
mod muxer;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(any(target_arch = "wasm32", test, feature = "fuzz"))]
#[cfg_attr(feature = "fuzz", allow(dead_code, reason = "fuzzers only read"))]
mod sdp;
mod signal;
mod substream;
mod upgrade;
mod version;
#[cfg(target_arch = "wasm32")]
mod web;

pub use census::open_channels;
pub use error::Error;
pub use frame::FrameError;
#[cfg(not(target_arch = "wasm32"))]
pub use native::{Certificate, Config, Limits, Rate, Transport, network};
pub use substream::Substream;
pub use version::Version;
#[cfg(target_arch = "wasm32")]
pub use web::{
    Answerer, Config, Introduced, Offerer, Pending, Signalled, Transport, answer, answer_sdp, offer,
};
