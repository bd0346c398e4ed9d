//! The flags in the first byte of a compressed point.

const COMPRESSED: u8 = 1 << 7;
const INFINITY: u8 = 1 << 6;
const LARGE: u8 = 1 << 5;

/// What the first byte says besides the coordinate's highest bits.
pub(crate) struct Flags {
    /// The point is at infinity.
    pub(crate) infinity: bool,
    /// Of the two y, it is the greater one.
    pub(crate) large: bool,
}

impl Flags {
    /// Takes the flags out of the first byte; none if the point is not compressed.
    pub(crate) fn take(byte: &mut u8) -> Option<Self> {
        let flags = Self {
            infinity: *byte & INFINITY != 0,
            large: *byte & LARGE != 0,
        };
        let compressed = *byte & COMPRESSED != 0;
        *byte &= !(COMPRESSED | INFINITY | LARGE);
        compressed.then_some(flags)
    }
}

/// The first byte's flags of a point that is not at infinity.
pub(crate) fn flags(large: bool) -> u8 {
    COMPRESSED | if large { LARGE } else { 0 }
}
