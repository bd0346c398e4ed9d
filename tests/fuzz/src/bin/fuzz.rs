//! The fuzzer of one target, which `LAMPYRIS_FUZZ_TARGET` names.
#![no_main]

use std::sync::LazyLock;

use lampyris_fuzz::{Target, target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("LAMPYRIS_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("LAMPYRIS_FUZZ_TARGET names no target: {name:?}"))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| (TARGET.run)(input));
