//! The browser half: a tab dials.

mod binding;
mod link;
mod transport;

pub use transport::{Config, Transport};
