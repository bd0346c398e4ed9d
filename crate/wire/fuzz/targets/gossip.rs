//! Gossip: topics have one name, messages stay within their bound.
#![no_main]

use lampyris_wire::gossip::{
    MESSAGE_BYTES_MAX, compress, decompress, message_id, parse_topic, topic_name,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(topic) = std::str::from_utf8(bytes) {
        if let Ok((digest, kind)) = parse_topic(topic) {
            assert_eq!(topic_name(digest, kind), topic);
        }
    }
    let _ = message_id("topic", bytes);
    if let Ok(data) = decompress(bytes, MESSAGE_BYTES_MAX) {
        assert!(data.len() <= MESSAGE_BYTES_MAX);
        assert_eq!(decompress(&compress(&data), MESSAGE_BYTES_MAX), Ok(data));
    }
});
