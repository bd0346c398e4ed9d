//! Headers, transactions, receipts, withdrawals and accounts: what is decoded has one encoding only.
#![no_main]

use lampyris_verify::execution::{Account, Header, Receipt, Transaction, Withdrawal};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = Header::decode_rlp(bytes) {
        assert_eq!(header.encode_rlp(), bytes);
    }
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert_eq!(receipt.encode(), bytes);
    }
    if let Ok(transaction) = Transaction::decode(bytes) {
        assert_eq!(transaction.encode(), bytes);
    }
    if let Ok(withdrawal) = Withdrawal::decode_rlp(bytes) {
        assert_eq!(withdrawal.encode_rlp(), bytes);
    }
    let _ = Account::decode_rlp(bytes);
});
