//! What strangers send, for a fuzzer: each function takes any bytes, and panics if what they meet is wrong.

use crate::{
    description::{Description, Side, later_candidate},
    frame::{self, Decoder, FRAME_BYTES_MAX, Frame, FrameError, PAYLOAD_BYTES_MAX},
    version::{Credentials, Version},
};

pub use crate::native::fuzz_datagrams as datagrams;

/// The bytes of a stream: however messages cut them, the same frames come out, and little is kept.
pub fn frames(input: &[u8]) {
    let Some((cut, stream)) = input.split_first() else {
        return;
    };
    let whole = decoded([stream]);
    let parts = decoded(stream.chunks(usize::from(*cut) + 1));
    assert_eq!(whole, parts, "cut every {} bytes", usize::from(*cut) + 1);
    for frame in whole.0 {
        assert!(frame.payload.len() < FRAME_BYTES_MAX);
        if let Some(flag) = frame.flag {
            let (again, end) = decoded([frame::flag(flag).as_ref()]);
            assert_eq!((again.len(), end), (1, None));
            assert_eq!(again.first().and_then(|again| again.flag), Some(flag));
        }
        for payload in frame.payload.chunks(PAYLOAD_BYTES_MAX) {
            let (again, end) = decoded([frame::data(payload).as_ref()]);
            assert_eq!((again.len(), end), (1, None));
            assert!(again.iter().all(|again| again.payload == payload));
        }
    }
}

/// All frames of a stream's messages, and its error if it has one.
fn decoded<'a>(messages: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<FrameError>) {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    for message in messages {
        decoder.push(message);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        assert!(decoder.waiting() < FRAME_BYTES_MAX);
    }
    (frames, None)
}

/// A stranger's description of a connection: it has one form, and adds no line to the SDP that it does
/// not show itself. A browser's own SDP is read, too.
pub fn description(input: &[u8]) {
    if let Some(description) = Description::decode(input) {
        assert_eq!(description.encode(), input);
        let sides = [Side::Offerer, Side::Answerer];
        let whole = sides.map(|side| description.to_sdp(side));
        let trickling = sides.map(|side| description.to_trickling_sdp(side));
        for sdp in whole.into_iter().chain(trickling) {
            assert_eq!(Description::from_sdp(&sdp).as_ref(), Some(&description));
            assert!(sdp.lines().count() < 32 && sdp.is_ascii(), "{sdp}");
        }
    }
    let own = std::str::from_utf8(input).ok();
    // What comes later than the description adds one address to it, and no line.
    if let Some(candidate) = own.and_then(later_candidate) {
        assert_eq!(later_candidate(&candidate).as_ref(), Some(&candidate));
        assert!(candidate.lines().count() == 1 && candidate.is_ascii());
    }
    if let Some(description) = own.and_then(Description::from_sdp) {
        assert_eq!(
            Description::decode(&description.encode()),
            Some(description)
        );
    }
}

/// A USERNAME: what is taken from it is what the dialler meant, and safe to write into SDP.
pub fn username(input: &[u8]) {
    let Some((listener, dialler)) = std::str::from_utf8(input)
        .ok()
        .and_then(|username| username.split_once(':'))
    else {
        return;
    };
    let Some(credentials) = Credentials::from_username(listener, dialler) else {
        return;
    };
    assert_eq!(credentials.listener, listener);
    assert_eq!(credentials.dialler_ufrag, dialler);
    assert!(listener.starts_with(credentials.version.prefix()));
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    for text in [listener, dialler, &credentials.dialler_password] {
        assert!(text.len() <= 256 && text.bytes().all(is_safe));
    }
    match credentials.version {
        Version::V1 => assert_eq!(credentials.dialler_password, dialler),
        Version::V2 => {
            let meant = Credentials::of_dialler(dialler, &credentials.dialler_password);
            assert_eq!(meant, Some(credentials));
        }
    }
}
