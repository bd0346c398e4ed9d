//! Our own messages: what decodes has exactly one encoding.
#![no_main]

use lampyris_wire::{
    frame::{self, Header},
    state::{Request, Response},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(request.encode().as_deref(), Ok(bytes));
    }
    if let Ok(response) = Response::decode(bytes) {
        assert_eq!(response.encode().as_deref(), Ok(bytes));
    }
    if let Some(header) = bytes.first_chunk() {
        if let Ok(header) = Header::decode(*header, frame::REQUEST_BYTES_MAX) {
            assert!(header.payload_bytes <= frame::REQUEST_BYTES_MAX);
        }
    }
});
