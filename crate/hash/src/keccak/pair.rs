//! The same lane of two states in one register of WebAssembly.

use core::arch::wasm32::{
    i64x2_shl, i64x2_splat, u64x2, u64x2_extract_lane, u64x2_shr, v128, v128_andnot, v128_or,
    v128_xor,
};

use super::permutation::Lane;

/// Two lanes.
#[derive(Clone, Copy)]
pub(super) struct Pair(v128);

impl Pair {
    #[inline(always)]
    pub(super) fn new(lanes: [u64; 2]) -> Self {
        Self(u64x2(lanes[0], lanes[1]))
    }

    #[inline(always)]
    pub(super) fn first(self) -> u64 {
        u64x2_extract_lane::<0>(self.0)
    }

    #[inline(always)]
    pub(super) fn second(self) -> u64 {
        u64x2_extract_lane::<1>(self.0)
    }
}

impl Lane for Pair {
    #[inline(always)]
    fn all(value: u64) -> Self {
        Self(i64x2_splat(value.cast_signed()))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    #[inline(always)]
    fn and_not(self, other: Self) -> Self {
        Self(v128_andnot(self.0, other.0))
    }

    #[inline(always)]
    fn rotate<const BITS: u32>(self) -> Self {
        Self(v128_or(
            i64x2_shl(self.0, BITS),
            u64x2_shr(self.0, 64 - BITS),
        ))
    }
}
