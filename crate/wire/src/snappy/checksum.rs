//! The checksum of a chunk's data: CRC-32C, masked as the frame format says.

/// Castagnoli's polynomial, its bits in reverse.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What each byte does to a checksum.
static TABLE: [u32; 256] = table();

/// The checksum as it stands in a stream.
pub(super) fn masked_checksum(data: &[u8]) -> [u8; 4] {
    let checksum = !data.iter().fold(u32::MAX, |checksum, byte| {
        let [low, ..] = checksum.to_le_bytes();
        (checksum >> 8) ^ TABLE[usize::from(low ^ byte)]
    });
    let masked = checksum.rotate_right(15).wrapping_add(0xa282_ead8);
    masked.to_le_bytes()
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0_u32;
    while index < 256 {
        let mut value = index;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ (POLYNOMIAL * (value & 1));
            bit += 1;
        }
        table[index as usize] = value;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::masked_checksum;

    /// The check value of CRC-32C (`0xe3069283`), masked.
    #[test]
    fn checksum_of_the_nine_digits() {
        let masked = 0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8);
        assert_eq!(masked_checksum(b"123456789"), masked.to_le_bytes());
    }
}
