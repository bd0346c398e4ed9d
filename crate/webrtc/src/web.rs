//! The browser half: a tab dials, is introduced to other tabs, and is called by other implementations.

mod binding;
mod introduced;
mod link;
mod signalled;
mod transport;

pub use introduced::{Answerer, Introduced, Offerer, Pending, answer, offer};
pub use signalled::{Signalled, answer_sdp};
pub use transport::{Config, Transport};
