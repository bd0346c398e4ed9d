//! The same word of four messages in one register of WebAssembly.

use core::arch::wasm32::{
    i32x4_add, i32x4_shl, i32x4_splat, u32x4, u32x4_extract_lane, u32x4_shr, v128, v128_bitselect,
    v128_or, v128_xor,
};

use super::compression::Word;

/// Four words.
#[derive(Clone, Copy)]
pub(super) struct Four(v128);

impl Four {
    #[inline(always)]
    pub(super) fn new([a, b, c, d]: [u32; 4]) -> Self {
        Self(u32x4(a, b, c, d))
    }

    #[inline(always)]
    pub(super) fn words(self) -> [u32; 4] {
        [
            u32x4_extract_lane::<0>(self.0),
            u32x4_extract_lane::<1>(self.0),
            u32x4_extract_lane::<2>(self.0),
            u32x4_extract_lane::<3>(self.0),
        ]
    }
}

impl Word for Four {
    #[inline(always)]
    fn all(value: u32) -> Self {
        Self(i32x4_splat(value.cast_signed()))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }

    #[inline(always)]
    fn choose(self, one: Self, zero: Self) -> Self {
        Self(v128_bitselect(one.0, zero.0, self.0))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Self(u32x4_shr(self.0, BITS))
    }

    #[inline(always)]
    fn rotate_right<const BITS: u32>(self) -> Self {
        Self(v128_or(
            u32x4_shr(self.0, BITS),
            i32x4_shl(self.0, 32 - BITS),
        ))
    }
}
