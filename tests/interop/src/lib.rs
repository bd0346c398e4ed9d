//! Our WebRTC transport against other implementations: see the tests.
