//! Headers, receipts and accounts: what is decoded has one encoding only.
#![no_main]

use lampyris_verify::execution::{Account, Header, Receipt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = Header::decode_rlp(bytes) {
        assert_eq!(header.encode_rlp(), bytes);
    }
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert_eq!(receipt.encode(), bytes);
    }
    let _ = Account::decode_rlp(bytes);
});
