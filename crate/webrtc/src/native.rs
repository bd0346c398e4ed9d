//! The native half: listens and dials, on str0m.

mod certificate;
mod interfaces;
mod link;
mod listener;
mod newcomers;
mod patience;
mod socket;
mod stun;
mod table;
mod transport;

pub use certificate::Certificate;
pub use newcomers::{Rate, network};
pub use table::Limits;
#[cfg(feature = "fuzz")]
pub use table::fuzz_datagrams;
pub use transport::{Config, Transport};
