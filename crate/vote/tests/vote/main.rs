//! Governors read from storage: against real contracts, against a slow model, and in few rounds.

mod rounds;
mod session;
