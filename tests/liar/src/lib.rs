//! A real gateway that lies on demand, so that tests can show that nobody falls for it.
//!
//! `POST /lie` on the control port takes `{"kind", "how", "seed"}`: answers of that kind are altered
//! from then on, everything else stays honest. `GET /lie` says which lie is told and how often it was.

mod alter;
mod control;
mod history;
mod liar;

pub use control::serve as serve_control;
pub use liar::{How, Kind, Liar, Lie};
