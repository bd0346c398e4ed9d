//! The browser half: a tab dials, and is introduced to other tabs.

mod binding;
mod introduced;
mod link;
mod transport;

pub use introduced::{Answerer, Introduced, Offerer, Pending, answer, offer};
pub use transport::{Config, Transport};
