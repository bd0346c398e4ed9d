//! SHA-256's compression ([FIPS 180-4](https://doi.org/10.6028/NIST.FIPS.180-4), section 6.2), of as
//! many messages at once as a word has lanes.

/// A word of one message, or the same word of several.
pub(super) trait Word: Copy {
    /// The same value in each.
    fn all(value: u32) -> Self;

    fn add(self, other: Self) -> Self;

    fn xor(self, other: Self) -> Self;

    /// The bits of `one` where `self` has them set, else those of `zero`.
    fn choose(self, one: Self, zero: Self) -> Self;

    fn shift_right<const BITS: u32>(self) -> Self;

    fn rotate_right<const BITS: u32>(self) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn all(value: u32) -> Self {
        value
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn choose(self, one: Self, zero: Self) -> Self {
        zero ^ (self & (one ^ zero))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        self >> BITS
    }

    #[inline(always)]
    fn rotate_right<const BITS: u32>(self) -> Self {
        self.rotate_right(BITS)
    }
}

/// What the state is at first.
pub(super) const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// What each round adds.
const ROUND_CONSTANTS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// What is behind a message of 64 bytes, as the rounds take it: a one, zeros, the length in bits.
const PADDING: [u32; 64] = {
    let mut schedule = [0; 64];
    schedule[0] = 0x8000_0000;
    schedule[15] = 512;
    let mut index = 16;
    while index < 64 {
        let (old, new): (u32, u32) = (schedule[index - 15], schedule[index - 2]);
        let old = old.rotate_right(7) ^ old.rotate_right(18) ^ (old >> 3);
        let new = new.rotate_right(17) ^ new.rotate_right(19) ^ (new >> 10);
        let sum: u32 = old.wrapping_add(new).wrapping_add(schedule[index - 16]);
        schedule[index] = sum.wrapping_add(schedule[index - 7]);
        index += 1;
    }
    let mut index = 0;
    while index < 64 {
        schedule[index] = schedule[index].wrapping_add(ROUND_CONSTANTS[index]);
        index += 1;
    }
    schedule
};

/// The hash of messages of 64 bytes.
#[inline(always)]
pub(super) fn hash<W: Word>(message: [W; 16]) -> [W; 8] {
    let state = compress(INITIAL.map(W::all), &schedule(message));
    compress(state, &PADDING.map(W::all))
}

/// The message, expanded to a word for each round, with the constants added.
#[inline(always)]
pub(super) fn schedule<W: Word>(message: [W; 16]) -> [W; 64] {
    let mut words = [W::all(0); 64];
    words[..16].copy_from_slice(&message);
    for index in 16..64 {
        let (old, new) = (words[index - 15], words[index - 2]);
        let old = old
            .rotate_right::<7>()
            .xor(old.rotate_right::<18>())
            .xor(old.shift_right::<3>());
        let new = new
            .rotate_right::<17>()
            .xor(new.rotate_right::<19>())
            .xor(new.shift_right::<10>());
        words[index] = words[index - 16].add(old).add(words[index - 7]).add(new);
    }
    for (word, constant) in words.iter_mut().zip(ROUND_CONSTANTS) {
        *word = word.add(W::all(constant));
    }
    words
}

/// Takes in a block.
#[inline(always)]
pub(super) fn compress<W: Word>(state: [W; 8], schedule: &[W; 64]) -> [W; 8] {
    let mut next = state;
    for word in schedule {
        next = round(next, *word);
    }
    for (next, state) in next.iter_mut().zip(state) {
        *next = next.add(state);
    }
    next
}

#[inline(always)]
fn round<W: Word>([a, b, c, d, e, f, g, h]: [W; 8], word: W) -> [W; 8] {
    let of_e = e
        .rotate_right::<6>()
        .xor(e.rotate_right::<11>())
        .xor(e.rotate_right::<25>());
    let of_a = a
        .rotate_right::<2>()
        .xor(a.rotate_right::<13>())
        .xor(a.rotate_right::<22>());
    let majority = a.xor(b).choose(c, a);
    let first = h.add(word).add(of_e).add(e.choose(f, g));
    let second = of_a.add(majority);
    [first.add(second), a, b, c, d.add(first), e, f, g]
}
