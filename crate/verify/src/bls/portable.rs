//! Our own, for targets without 64-bit arithmetic; see `docs/architecture.md`.

pub(crate) use lampyris_bls::{
    AggregateKey, PublicKey, Signature, SignatureSet, verify, verify_batch,
};
