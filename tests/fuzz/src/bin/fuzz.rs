//! The fuzzer of one target, which `LAMPYRIS_FUZZ_TARGET` names.
#![no_main]

use std::sync::LazyLock;

use lampyris_fuzz::{Target, target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("LAMPYRIS_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("LAMPYRIS_FUZZ_TARGET names no target: {name:?}"))
});

// What a target reads of the vectors it reads before any input's time counts.
libfuzzer_sys::fuzz_target!(init: (TARGET.run)(&[]), |input: &[u8]| (TARGET.run)(input));
