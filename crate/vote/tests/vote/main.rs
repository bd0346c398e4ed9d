//! Governors read from storage: against real contracts, against a slow model, and in few rounds.

mod against_model;
mod ballot;
mod bounds;
mod devnet;
mod model;
mod power;
mod rounds;
mod session;
mod storage;
