//! Keccak-f\[1600\] ([FIPS 202](https://doi.org/10.6028/NIST.FIPS.202), section 3), for one state or
//! for two beside each other.

/// Lane (x, y) is at `x + 5 * y`.
pub(super) type State<L> = [L; 25];

/// What step ι adds in each round.
const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// A lane of one state, or the same lane of two.
pub(super) trait Lane: Copy {
    /// The same value in each.
    fn all(value: u64) -> Self;

    fn xor(self, other: Self) -> Self;

    /// `self`, and not `other`.
    fn and_not(self, other: Self) -> Self;

    /// To the left.
    fn rotate<const BITS: u32>(self) -> Self;
}

impl Lane for u64 {
    #[inline(always)]
    fn all(value: u64) -> Self {
        value
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn and_not(self, other: Self) -> Self {
        self & !other
    }

    #[inline(always)]
    fn rotate<const BITS: u32>(self) -> Self {
        self.rotate_left(BITS)
    }
}

/// All 24 rounds. They stay a loop: two or four in a row are longer and, in V8, slower.
#[inline(always)]
pub(super) fn permute<L: Lane>(state: &mut State<L>) {
    let mut lanes = *state;
    for constant in ROUND_CONSTANTS {
        lanes = round(&lanes, constant);
    }
    *state = lanes;
}

#[inline(always)]
fn round<L: Lane>(a: &State<L>, constant: u64) -> State<L> {
    let [d0, d1, d2, d3, d4] = parities(a);
    // θ: each lane takes in the parities of two columns. ρ and π: it is rotated, and moves to another
    // place. χ: rows are mixed. ι: the constant.
    let row0 = mix([
        a[0].xor(d0),
        a[6].xor(d1).rotate::<44>(),
        a[12].xor(d2).rotate::<43>(),
        a[18].xor(d3).rotate::<21>(),
        a[24].xor(d4).rotate::<14>(),
    ]);
    let row1 = mix([
        a[3].xor(d3).rotate::<28>(),
        a[9].xor(d4).rotate::<20>(),
        a[10].xor(d0).rotate::<3>(),
        a[16].xor(d1).rotate::<45>(),
        a[22].xor(d2).rotate::<61>(),
    ]);
    let row2 = mix([
        a[1].xor(d1).rotate::<1>(),
        a[7].xor(d2).rotate::<6>(),
        a[13].xor(d3).rotate::<25>(),
        a[19].xor(d4).rotate::<8>(),
        a[20].xor(d0).rotate::<18>(),
    ]);
    let row3 = mix([
        a[4].xor(d4).rotate::<27>(),
        a[5].xor(d0).rotate::<36>(),
        a[11].xor(d1).rotate::<10>(),
        a[17].xor(d2).rotate::<15>(),
        a[23].xor(d3).rotate::<56>(),
    ]);
    let row4 = mix([
        a[2].xor(d2).rotate::<62>(),
        a[8].xor(d3).rotate::<55>(),
        a[14].xor(d4).rotate::<39>(),
        a[15].xor(d0).rotate::<41>(),
        a[21].xor(d1).rotate::<2>(),
    ]);
    [
        row0[0].xor(L::all(constant)),
        row0[1],
        row0[2],
        row0[3],
        row0[4],
        row1[0],
        row1[1],
        row1[2],
        row1[3],
        row1[4],
        row2[0],
        row2[1],
        row2[2],
        row2[3],
        row2[4],
        row3[0],
        row3[1],
        row3[2],
        row3[3],
        row3[4],
        row4[0],
        row4[1],
        row4[2],
        row4[3],
        row4[4],
    ]
}

/// What θ adds to the lanes of each column: the parity of the column before it, and that of the one
/// behind it, rotated.
#[inline(always)]
fn parities<L: Lane>(a: &State<L>) -> [L; 5] {
    let column = |x: [L; 5]| x[0].xor(x[1]).xor(x[2]).xor(x[3]).xor(x[4]);
    let c0 = column([a[0], a[5], a[10], a[15], a[20]]);
    let c1 = column([a[1], a[6], a[11], a[16], a[21]]);
    let c2 = column([a[2], a[7], a[12], a[17], a[22]]);
    let c3 = column([a[3], a[8], a[13], a[18], a[23]]);
    let c4 = column([a[4], a[9], a[14], a[19], a[24]]);
    [
        c4.xor(c1.rotate::<1>()),
        c0.xor(c2.rotate::<1>()),
        c1.xor(c3.rotate::<1>()),
        c2.xor(c4.rotate::<1>()),
        c3.xor(c0.rotate::<1>()),
    ]
}

/// χ of a row.
#[inline(always)]
fn mix<L: Lane>(b: [L; 5]) -> [L; 5] {
    [
        b[0].xor(b[2].and_not(b[1])),
        b[1].xor(b[3].and_not(b[2])),
        b[2].xor(b[4].and_not(b[3])),
        b[3].xor(b[0].and_not(b[4])),
        b[4].xor(b[1].and_not(b[0])),
    ]
}
