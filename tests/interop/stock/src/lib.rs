//! Our peers against the stock native ones: see the tests.
