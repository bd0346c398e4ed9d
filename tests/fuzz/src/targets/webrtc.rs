//! Where the targets of the WebRTC transport begin; they themselves are in its crate, which keeps private
//! what they attack.

use lampyris_vectors::files::Files;

/// How long the messages are, then a stream: data, data with a flag, flags, an unknown field.
pub(super) fn frame_seeds(_: &Files) -> Vec<Vec<u8>> {
    let long = [vec![255, 0x83, 0x01, 0x12, 0x80, 0x01], vec![7; 128]].concat();
    vec![
        vec![0, 6, 0x12, 4, 1, 2, 3, 4],
        vec![2, 5, 0x08, 0, 0x12, 1, 9, 2, 0x08, 3],
        vec![4, 2, 0x08, 1, 2, 0x08, 2, 0, 4, 0x18, 5, 0x08, 0],
        long,
    ]
}

pub(super) fn description_seeds(_: &Files) -> Vec<Vec<u8>> {
    let hash = vec!["AB"; 32].join(":");
    let credentials = format!(
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {hash}\r\n"
    );
    let candidate =
        |address| format!("a=candidate:1 1 udp 2113937151 {address} 50000 typ host\r\n");
    let addresses = [
        "192.0.2.1",
        "2001:db8::1",
        "6f0c1d52-0000-4000-8000-000000000000.local",
    ];
    let whole = credentials.clone() + &addresses.map(candidate).concat();
    let browsers = format!("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n{whole}a=setup:actpass\r\n");
    let later = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host ufrag abcd".to_owned();
    [credentials, whole, browsers, later]
        .map(String::into_bytes)
        .into()
}

pub(super) fn username_seeds(_: &Files) -> Vec<Vec<u8>> {
    let v1 = "libp2p+webrtc+v1/abcdefgh";
    let v2 = "libp2p+webrtc+v2/aB3+/aB3+/aB3+/aB3+/ab:own1";
    vec![format!("{v1}:{v1}").into_bytes(), v2.as_bytes().to_vec()]
}

/// Steps of four bytes: what is done, whose address (two), how many or which.
pub(super) fn datagram_seeds(_: &Files) -> Vec<Vec<u8>> {
    let newcomers: Vec<u8> = (0..12)
        .flat_map(|number| [0, number, number, number])
        .collect();
    let settled: Vec<u8> = (0..12)
        .flat_map(|number| [[0, 1, number, number], [4, 0, 0, 0]].concat())
        .collect();
    let moving = [
        [0, 1, 1, 1],
        [0, 1, 2, 1],
        [5, 0, 0, 255],
        [5, 0, 0, 255],
        [0, 1, 2, 2],
        [3, 0, 0, 0],
    ];
    // A STUN request that is the input itself: a header and no attribute.
    let stun = [vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42], vec![2; 12]];
    vec![newcomers, settled, moving.concat(), stun.concat()]
}
