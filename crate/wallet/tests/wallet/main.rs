//! The wallet against vectors that others made, and against itself with every byte changed.

mod addresses;
mod fees;
mod keys;
mod transactions;
mod vectors;
